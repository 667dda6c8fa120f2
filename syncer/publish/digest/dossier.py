"""Every figure of a scope by name, with its evidence: what `why` tells and pages link to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from syncer.domain.evidence import Backing, telling
from syncer.domain.report import Evidence, GateResult, GroupResult, ProjectResult, Risk
from syncer.domain.statement import DateMove
from syncer.publish.digest.backing import (
    Scope,
    chance_evidence,
    colour_evidence,
    count_evidence,
    dates_evidence,
    edge_evidence,
    measure_evidence,
    override_evidence,
)
from syncer.publish.digest.context import Context
from syncer.publish.digest.figures import chance, likely_and_safe, probability_of, word
from syncer.publish.digest.gates import gate_line
from syncer.publish.digest.risks import title
from syncer.publish.digest.wording import counted, day, one_decimal, span
from syncer.publish.progress import estimate_share, items_share
from syncer.rollup.tolerance import round_half_up

_NO_FORECAST: Final = "no forecast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure: `key` names it in an address, `items` are the uids behind it.

    `listed` is the query that finds those items among all, empty where none does.
    """

    key: str
    name: str
    text: str
    evidence: Backing
    items: tuple[str, ...] = ()
    listed: str = ""


def dossier(entry: Scope, context: Context) -> tuple[Figure, ...]:
    """The figures of a program, product or project, the most asked for first."""
    if isinstance(entry, ProjectResult):
        return (*_common(entry, context), *_of_project(entry, context), *_rest(entry, context))
    return (*_common(entry, context), *_rest(entry, context))


def _common(entry: Scope, context: Context) -> Iterator[Figure]:
    shown = (_shown(entry, context),) if entry.shown != entry.computed else ()
    colours = colour_evidence(entry, context), *override_evidence(entry, context)
    yield Figure(
        key="colour",
        name="Colour",
        text=f"{word(entry.shown.health)} by {entry.shown.rule}",
        evidence=Backing(*colours, *shown),
    )
    yield Figure(
        key="chance",
        name="Chance of target",
        text=chance(probability_of(entry), entry.target, today=context.today),
        evidence=Backing(chance_evidence(entry, context)),
    )
    likely, safe = likely_and_safe(entry)
    is_known = bool(likely or safe) or probability_of(entry) is not None
    backing = dates_evidence if is_known else chance_evidence
    yield Figure(
        key="dates",
        name="Likely and safe date",
        text=span(likely, safe, today=context.today) if is_known else _NO_FORECAST,
        evidence=Backing(backing(entry, context)),
    )
    yield Figure(
        key="done",
        name="Done",
        text=_done(entry, context),
        evidence=Backing(count_evidence(entry, context), *measure_evidence(entry, context)),
        listed="counted=1",
    )
    yield Figure(
        key="confidence",
        name="Confidence",
        text=_confidence(entry),
        evidence=Backing(_quality(entry, context), *_fixes(entry, context)),
        items=tuple(dict.fromkeys(uid for fix in entry.quality.fixes for uid in fix.items)),
    )


def _estimated(entry: Scope, context: Context) -> str:
    """`40 % of the estimated points`, empty where progress is by count."""
    if not isinstance(entry, ProjectResult):
        return ""
    return estimate_share(entry.by_estimate, context.shown.text)


def _done(entry: Scope, context: Context) -> str:
    items = f"{entry.done} of {entry.total}, {entry.remaining} open"
    return "; ".join(filter(None, (items, _estimated(entry, context))))


def _shown(entry: Scope, context: Context) -> Evidence:
    return Evidence(
        label=f"{context.name(entry)}: colour shown",
        value=word(entry.shown.health),
        formula=f"{entry.shown.rule}: {context.shown.text(entry.shown.reason, 300)}",
    )


def _confidence(entry: Scope) -> str:
    score = entry.quality.score
    return f"{entry.quality.confidence}" + (
        f", quality {score} of 100" if score is not None else ""
    )


def _quality(entry: Scope, context: Context) -> Evidence:
    rules = context.rules.quality
    return Evidence(
        label=f"{context.name(entry)}: data quality",
        value=_confidence(entry),
        formula="weighted shares of dated, owned, fresh, consistent, broken down, synced",
        inputs=tuple(context.shown.text(reason) for reason in entry.quality.reasons),
        thresholds=(f"High from {rules.high:g}", f"Medium from {rules.medium:g}"),
    )


def _fixes(entry: Scope, context: Context) -> Iterator[Evidence]:
    for fix in entry.quality.fixes:
        yield Evidence(
            label=f"{context.name(entry)}: {fix.text}",
            value=f"+{counted(fix.points, 'point')}",
            formula="the same weighted shares with this gap closed and nothing else",
        )


_NAMES: Final = {
    "pace": "Pace",
    "plan": "Progress by plan",
    "slip": "Slip",
    "scope": "Scope in twelve weeks",
    "cycle": "Cycle time",
    "backtest": "Our 85 % held",
}


def _figure(key: str, text: str, evidence: Evidence) -> Figure:
    name = _NAMES.get(key, "Late dependency")
    return Figure(key=key, name=name, text=text, evidence=Backing(evidence))


def _of_project(project: ProjectResult, context: Context) -> Iterator[Figure]:
    yield _pace(project, context)
    yield _plan(project, context)
    pushes = counted(project.pushes, "push", "pushes")
    yield _figure("slip", f"{project.slip_days} d, {pushes}", _slip(project, context))
    yield _scope(project, context)
    yield _work(project, context)
    yield _cycle(project, context)
    yield from _loads(project, context)
    if project.backtest.total:
        yield _backtest(project, context)
    for number, edge in enumerate(context.edges(project), start=1):
        told = f"{edge.lateness} working days late"
        yield _figure(f"late-{number}", told, edge_evidence(edge, context))


def _pace(project: ProjectResult, context: Context) -> Figure:
    pace, weeks = project.forecast.pace, project.forecast.inputs.throughput
    backing = Evidence(
        label=f"{context.name(project)}: items done a week",
        value=", ".join(map(str, weeks)) or "none",
        formula="the mean of complete weeks, oldest first, each item once",
    )
    return _figure("pace", "–" if pace is None else f"{one_decimal(pace)} a week", backing)


def _plan(project: ProjectResult, context: Context) -> Figure:
    spi, is_weighted = project.facts.spi, bool(_estimated(project, context))
    done = f"{items_share(project)} of the items" if is_weighted else _share(project.progress)
    backing = Evidence(
        label=f"{context.name(project)}: progress by planned progress",
        value=f"{done} done, {_share(project.planned)} planned",
        formula="planned: working days passed by working days from start to target",
        inputs=(f"start {project.start}", f"target {project.target}"),
    )
    return _figure("plan", "–" if spi is None else f"SPI {spi:.2f}", backing)


def _scope(project: ProjectResult, context: Context) -> Figure:
    given = project.forecast.inputs
    backing = Evidence(
        label=f"{context.name(project)}: net growth, without splitting",
        value=f"{given.scope_added:+d} on {given.scope_at_start}",
        formula=f"the forecast reckons with {one_decimal(100 * given.scope_growth)} % more",
    )
    return _figure("scope", f"{given.scope_added:+d} items", backing)


def _work(project: ProjectResult, context: Context) -> Figure:
    flow = project.flow
    limit = "no limit known" if flow.aging_limit is None else f"aging after {flow.aging_limit} days"
    backing = Evidence(
        label=f"{context.name(project)}: work in progress",
        value=counted(project.wip, "item"),
        formula="begun and not done",
        thresholds=(limit,),
    )
    return Figure(
        key="work",
        name="In progress",
        text=f"{project.wip}, {len(flow.aging)} aging, {len(flow.blocked)} blocked",
        evidence=Backing(backing),
        items=tuple(dict.fromkeys((*flow.aging, *flow.blocked))),
        listed="counted=1&status=open",
    )


def _cycle(project: ProjectResult, context: Context) -> Figure:
    flow = project.flow
    times = "–" if flow.cycle_p50 is None else f"{flow.cycle_p50} – {flow.cycle_p85} days"
    backing = Evidence(
        label=f"{context.name(project)}: cycle time of what was done lately",
        value=f"{counted(flow.finished, 'item')}; half and 85 %: {times}",
        formula="calendar days from begun to done, both counted",
        inputs=(f"blocked on {flow.blocked_days} days",),
    )
    return _figure("cycle", times, backing)


def _loads(project: ProjectResult, context: Context) -> Iterator[Figure]:
    """What the project's team has to do, with all its projects."""
    for one in context.snapshot.loads:
        if project.key in one.projects:
            likely = f"{one.likely} likely" if one.likely else "too little history to say"
            backing = Evidence(
                label=f"{context.shown.text(one.name)}: due within {one.weeks} weeks",
                value=f"{counted(one.due, 'item')}, {likely}",
                formula=f"likely: the median of what {one.weeks} weeks finish, from complete weeks",
                inputs=tuple(context.short(f"proj:{key}") for key in one.projects),
                thresholds=(f"overbooked above {context.rules.detectors.res2_load:g}",),
            )
            load = "" if one.load is None else f", load {one.load:.2f}"
            yield Figure(
                key="load",
                name="Load of the team",
                text=f"{one.due} due, {likely}{load}",
                evidence=Backing(backing),
                items=one.items,
            )


def _backtest(project: ProjectResult, context: Context) -> Figure:
    past = project.backtest
    backing = Evidence(
        label=f"{context.name(project)}: 85 % dates of the past that can be judged",
        value=f"{past.held} of {past.total} held",
        formula=f"the plain bootstrap held {past.plain_held}",
    )
    return _figure("backtest", f"{past.held} of {past.total} times", backing)


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{round_half_up(100 * value)} %"


def _slip(project: ProjectResult, context: Context) -> Evidence:
    return Evidence(
        label=f"{context.name(project)}: target {project.target}, first {project.baseline_target}",
        value=f"slip {project.slip_days} working days, pushes {project.pushes}"
        + (f", explained {project.pushes_explained}" if project.pushes else ""),
        formula="working days from the first target; a push is a move later by three or more, "
        "explained by a reason of 20 characters or a decision within two days",
        inputs=tuple(_moved(move, context) for move in project.target_moves),
    )


def _moved(move: DateMove, context: Context) -> str:
    why = f": {context.shown.text(move.reason)}" if move.reason else ""
    on = day(context.local(move.at).date(), today=context.today)
    return f"{move.before} → {move.after} on {on} by {move.by or 'unknown'}{why}"


def _rest(entry: Scope, context: Context) -> Iterator[Figure]:
    for key, name, ledger in (
        ("program", "Cross-project work", entry.ledgers.program),
        ("product", "Product work", entry.ledgers.product),
        ("unclassified", "Unclassified", entry.ledgers.unclassified),
    ):
        told = f"{ledger.open} open, {ledger.late} late, {ledger.done} done"
        yield Figure(
            key=f"ledger-{key}",
            name=name,
            text=told,
            evidence=Backing(
                Evidence(
                    label=f"{context.name(entry)}: {name.lower()}",
                    value=told,
                    formula="items by the level of their verdict, epics beside their parts",
                )
            ),
            listed=f"level={key}",
        )
    for risk in context.risks_in_view(context.snapshot.risks):
        if _concerns(risk, entry, context):
            yield _risk(risk, context)
    mine = [gate for gate in context.snapshot.gates if context.resolve(gate.scope) == entry.scope]
    for number, gate in enumerate(mine, start=1):
        yield _gate(number, gate, context)


def _concerns(risk: Risk, entry: Scope, context: Context) -> bool:
    if context.resolve(risk.scope) == entry.scope:
        return True
    keys = entry.projects if isinstance(entry, GroupResult) else (entry.key,)
    return any(key in risk.projects for key in keys)


def _risk(risk: Risk, context: Context) -> Figure:
    """A risk: its score, and the figures that made it fire with the items behind them."""
    came = risk.materialised_at
    own = Evidence(
        label=f"{risk.rule}: {title(risk, context)}",
        inputs=() if came is None else (f"came true on {came.isoformat()}",),
        value=f"{risk.band}, score {risk.score}",
        formula=f"probability {risk.probability} × impact {risk.impact} of 5",
        rule=risk.rule,
    )
    behind = tuple(uid for piece in risk.evidence for uid in piece.items)
    named = tuple(item.uid for item in risk.subjects)
    return Figure(
        key=risk.id,
        name=f"Risk {risk.id}",
        text=f"{title(risk, context)}, {risk.band}",
        evidence=Backing(own, *telling(context.shown.evidence(risk.evidence))),
        items=tuple(dict.fromkeys((*named, *behind))),
    )


def _gate(number: int, gate: GateResult, context: Context) -> Figure:
    line = gate_line(gate, context)
    return Figure(
        key=f"gate-{number}",
        name=f"Gate {line.name}",
        text=f"{line.day}: {line.chance}",
        evidence=line.evidence,
    )
