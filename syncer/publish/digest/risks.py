"""Block 5, the top risks: band, owner, and what is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from syncer.domain.evidence import Backing, telling
from syncer.domain.report import Evidence, ProjectResult, Risk, RiskChange
from syncer.domain.statement import Roam
from syncer.publish.audience import Lens
from syncer.publish.digest.backing import item_keys
from syncer.publish.digest.context import Context
from syncer.publish.digest.model import DecisionNeeded, RiskLine
from syncer.publish.digest.tracker_text import clean
from syncer.publish.digest.wording import day, days, first_words, listed, long_day, money
from syncer.rollup.display import show_overrun
from syncer.rollup.tolerance import at_least

_MOST_EXECUTIVE = 3
_MOST = 5
_PER_PROJECT = 2
_TITLE_WORDS = 16
_STEP_WORDS = 12
_NAMED_PROJECTS = 3
_ONE_DAY = 0.5
_MARKS = {
    RiskChange.NEW: "NEW",
    RiskChange.REOPENED: "REOPENED",
    RiskChange.WORSENED: "WORSENED",
}


def top_risks(context: Context, decisions: Sequence[DecisionNeeded]) -> tuple[RiskLine, ...]:
    """The ranked risks that this audience may read, at most two of one project."""
    most = _MOST_EXECUTIVE if context.view.lens is Lens.EXECUTIVE else _MOST
    asked = frozenset(decision.scope for decision in decisions)
    return tuple(risk_line(risk, context, asked) for risk in ranked(context)[:most])


def ranked(context: Context) -> list[Risk]:
    """Open risks in the snapshot's rank, without a third of one project."""
    seen: Counter[str] = Counter()
    kept: list[Risk] = []
    for risk in context.risks_in_view(context.snapshot.risks):
        scope = context.resolve(risk.scope)
        if risk.change is RiskChange.CLOSED or risk.roam is Roam.RESOLVED:
            continue
        seen[scope] += scope.startswith("proj:")
        if seen[scope] <= _PER_PROJECT:
            kept.append(risk)
    return kept


def risk_line(risk: Risk, context: Context, asked: frozenset[str]) -> RiskLine:
    """One risk as this audience may read it; `asked` are the scopes with a decision above."""
    ask = first_words(context.shown.text(risk.ask, 120), _STEP_WORDS)
    if not ask and risk.rule.startswith("SCH") and context.resolve(risk.scope) in asked:
        ask = "decision above"
    return RiskLine(
        id=risk.id,
        rule=risk.rule,
        scope=context.resolve(risk.scope),
        title=title(risk, context),
        band=risk.band,
        mark=_MARKS.get(risk.change, "") if risk.change and context.previous else "",
        detail=_detail(risk, context),
        owner=clean(risk.owner, 40),
        ask=ask,
        next_step=_next_step(risk, context),
        since=_since(risk, context),
        evidence=_evidence(risk, context),
    )


def title(risk: Risk, context: Context) -> str:
    """What may happen, in short names: `Network misses 19 March`."""
    project = _own_project(risk, context)
    if risk.rule in {"SCH-1", "SCH-2"} and project is not None and project.target is not None:
        verb = "misses" if project.target >= context.today else "missed"
        when = long_day(project.target, today=context.today)
        return f"{context.short(project.scope)} {verb} {when}"
    text = context.shown.text(risk.title, 120)
    if project is not None:
        text = text.replace(project.name, context.short(project.scope))
    return first_words(text, _TITLE_WORDS) or clean(risk.rule)


def _own_project(risk: Risk, context: Context) -> ProjectResult | None:
    scope = context.resolve(risk.scope)
    if scope.startswith("proj:"):
        return context.snapshot.project(scope.partition(":")[2])
    return None


def _detail(risk: Risk, context: Context) -> str:
    """How far it reaches: the overrun and its price, or the projects hit."""
    parts: list[str] = []
    if risk.rule.startswith("SCH") and risk.exposure_days is not None:
        parts.append(_overrun(risk, context))
    if len(risk.projects) > 1:
        places = list(dict.fromkeys(context.place(key) for key in risk.projects))
        more = len(places) - _NAMED_PROJECTS
        named = places[:_NAMED_PROJECTS] + ([f"{more} more"] if more > 0 else [])
        parts.append(f"hits {listed(named)}")
    if risk.roam is Roam.ACCEPTED:
        parts.append("accepted")
    return ", ".join(part for part in parts if part)


def _overrun(risk: Risk, context: Context) -> str:
    exposure = risk.exposure_days or 0.0
    project = _own_project(risk, context)
    is_open = project is not None and project.forecast.overrun_open
    if not at_least(exposure, _ONE_DAY) and not is_open:
        return ""
    length = show_overrun(exposure, chance_at_horizon=0.0 if is_open else 1.0)
    price = money(risk.exposure_money, context.snapshot.currency) if risk.exposure_money else ""
    return f"expected overrun {length}" + (f" ({price})" if price else "")


def _next_step(risk: Risk, context: Context) -> str:
    step = first_words(context.shown.text(risk.next_step, 120), _STEP_WORDS).rstrip(".")
    if step and risk.next_step_by:
        step = f"{step} by {day(risk.next_step_by, today=context.today)}"
    return step


def _since(risk: Risk, context: Context) -> str:
    """Since when it is known, for a risk that an earlier edition already had."""
    first = risk.first_seen
    if risk.change in {None, RiskChange.NEW, RiskChange.REOPENED}:
        return ""
    if first is None or first >= context.today:
        return ""
    return f"since {day(first, today=context.today)}{_or_before(first, context)}"


def _or_before(first: date, context: Context) -> str:
    """A reconstructed week before is as far as a first edition looks, not where it began."""
    before = context.previous
    if before is None or not before.reconstructed:
        return ""
    return " or before" if first <= context.local(before.as_of).date() else ""


def _evidence(risk: Risk, context: Context) -> Backing:
    own = Evidence(
        label=f"{risk.rule}: {title(risk, context)}",
        value=f"{risk.band}: probability {risk.probability} of 5, impact {risk.impact} of 5",
        formula=_exposure(risk),
        items=item_keys(risk.subjects, context),
        rule=risk.rule,
        inputs=tuple(_inputs(risk, context)),
        thresholds=_bands(context),
    )
    return Backing(own, *telling(context.shown.evidence(risk.evidence)))


def _inputs(risk: Risk, context: Context) -> Iterator[str]:
    """What the line tells beside its score: dates, owner, reach, and what it would cost."""
    project = _own_project(risk, context)
    if project is not None and project.target is not None:
        yield f"target {project.target.isoformat()}"
    for told, when in (
        ("first seen", risk.first_seen),
        ("came true on", risk.materialised_at),
        ("next felt", risk.proximity),
        ("next step by", risk.next_step_by),
    ):
        if when is not None:
            yield f"{told} {when.isoformat()}"
    if risk.exposure_days is not None:
        yield f"expected overrun {show_overrun(risk.exposure_days, chance_at_horizon=1.0)}"
    if risk.exposure_money:
        price = money(risk.exposure_money, context.snapshot.currency)
        yield f"{price} = {risk.exposure_money:.0f} {context.snapshot.currency}"
    if risk.projects:
        yield f"{len(risk.projects)} projects hit"
    for text in (risk.title, risk.ask, risk.next_step, risk.text):
        if text:
            yield context.shown.text(text, 300)


def _bands(context: Context) -> tuple[str, ...]:
    medium, high, critical = context.rules.scoring.bands
    return (f"medium from {medium}, high from {high}, critical from {critical}",)


def _exposure(risk: Risk) -> str:
    if risk.exposure_days is None:
        return f"score {risk.score} = probability × impact"
    return f"score {risk.score} = probability × impact; exposure {days_of(risk.exposure_days)}"


def days_of(exposure: float) -> str:
    """`7.7 working days` as evidence shows them; whole numbers without a fraction."""
    whole = exposure.is_integer()
    return days(int(exposure)) if whole else f"{exposure:.1f} working days"
