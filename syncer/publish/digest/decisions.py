"""Block 2, the decisions: the only part that needs the reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from syncer.domain.evidence import Backing
from syncer.domain.report import Evidence, Levers, ProjectResult
from syncer.domain.statement import Decision, DecisionOption, DecisionState
from syncer.publish.digest.context import Context
from syncer.publish.digest.figures import inputs
from syncer.publish.digest.model import DecisionNeeded, Option, ShownItem
from syncer.publish.digest.tracker_text import clean
from syncer.publish.digest.wording import (
    counted,
    day,
    days,
    first_words,
    listed,
    long_day,
    money,
    moved,
    one_decimal,
    sentence,
    weekday,
)
from syncer.rollup.display import show_probability

MOST = 3
_LETTERS = "ABCDEFGHIJ"
_OPTION_WORDS = 14
_QUESTION_WORDS = 20
_SHOWN_MOVES = 3
_LISTED = 3
_SURE = 0.85


def needed(context: Context) -> tuple[DecisionNeeded, ...]:
    """Every open, confirmed decision of this audience, the most pressing first."""
    mine = [d for d in context.snapshot.decisions if _is_open(d) and _in_view(d, context)]
    return tuple(_line(decision, context) for decision in sorted(mine, key=_pressing))


def _is_open(decision: Decision) -> bool:
    """Only a named person's confirmation brings a draft before its decider."""
    return decision.state is DecisionState.OPEN and bool(decision.confirmed_by.strip())


def _in_view(decision: Decision, context: Context) -> bool:
    scope = context.resolve(decision.scope)
    return context.ungrouped or scope in context.scopes or scope == "portfolio"


def _pressing(decision: Decision) -> tuple[date, str]:
    return decision.needed_by or date.max, decision.id


def _line(decision: Decision, context: Context) -> DecisionNeeded:
    project = context.project_of(decision.scope)
    overdue = (context.today - decision.needed_by).days if decision.needed_by else 0
    options = _options(decision, project, context)
    return DecisionNeeded(
        id=decision.id,
        scope=context.resolve(decision.scope),
        question=first_words(context.shown.text(decision.question, 160), _QUESTION_WORDS),
        decider=clean(decision.decider, 40),
        needed_by=decision.needed_by,
        overdue_days=max(0, overdue),
        deadline=_deadline(decision.needed_by, context.today),
        moved=_moved_before(project, context) if project else "",
        cost_of_waiting=_cost(project, context) if project else "",
        recommendation=_stray_recommendation(decision, options, context),
        options=options,
        evidence=_evidence(decision, project, context),
    )


def _deadline(needed_by: date | None, today: date) -> str:
    if needed_by is None:
        return "no date set"
    if needed_by < today:
        return f"overdue since {day(needed_by, today=today)}"
    return f"by {weekday(needed_by)} {day(needed_by, today=today)}"


def _moved_before(project: ProjectResult, context: Context) -> str:
    """`Moved once already (19 Feb → 19 Mar)`: targets remember their past."""
    if not project.pushes:
        return ""
    steps = [m for m in project.target_moves if m.before and m.after]
    dates = [m.before for m in steps[:1]] + [m.after for m in steps]
    known = [when for when in dates if when is not None]
    shown = known if len(known) <= _SHOWN_MOVES else [known[0], known[-1]]
    trail = " → ".join(day(when, today=context.today) for when in shown)
    times = {1: "once", 2: "twice"}.get(project.pushes, f"{project.pushes} times")
    return f"Moved {times} already ({trail})." if trail else f"Moved {times} already."


def _cost(project: ProjectResult, context: Context) -> str:
    weekly = project.cost_of_delay_per_week
    if not weekly:
        return ""
    return f"Each week of delay costs {money(weekly, context.snapshot.currency)}."


def _options(
    decision: Decision, project: ProjectResult | None, context: Context
) -> tuple[Option, ...]:
    if decision.options:
        return _own_options(decision, context)
    if project is None or project.levers is None:
        return ()
    made = (
        _cut(project, project.levers, context),
        _move(project, project.levers, context),
        _keep(project, project.levers),
    )
    letter = decision.recommendation.strip().rstrip(".)").upper()
    return tuple(
        _recommended(option, by=decision.confirmed_by) if option.letter == letter else option
        for option in made
        if option is not None
    )


def _recommended(option: Option, *, by: str) -> Option:
    return replace(option, recommended_by=clean(by, 40))


def _own_options(decision: Decision, context: Context) -> tuple[Option, ...]:
    source = decision.provenance.source or decision.provenance.door.value
    wanted = decision.recommendation.strip()
    made: list[Option] = []
    for letter, given in zip(_LETTERS, decision.options, strict=False):
        option = Option(
            letter=letter,
            text=first_words(context.shown.text(given.text, 120), _OPTION_WORDS),
            effect=first_words(context.shown.text(given.effect, 120), _OPTION_WORDS),
            evidence=_told(given, source, context),
        )
        chosen = wanted.rstrip(".)").upper() == letter or (wanted and wanted == given.text.strip())
        made.append(_recommended(option, by=decision.confirmed_by) if chosen else option)
    return tuple(made)


def _told(given: DecisionOption, source: str, context: Context) -> Backing:
    """An option that a person worded: the words are theirs, no figure of it is ours."""
    words = "; ".join(part for part in (given.text, given.effect) if part)
    return Backing(
        Evidence(
            label="Option as given",
            value=clean(source) or "a person",
            formula="stated, not computed",
            inputs=(context.shown.text(words, 300),),
        )
    )


def _cut(project: ProjectResult, levers: Levers, context: Context) -> Option | None:
    """Drop optional items; no such option where there are too few, or nothing need go."""
    if not levers.drop or len(levers.candidates) < levers.drop or project.target is None:
        return None
    target = long_day(project.target, today=context.today)
    countable = filter(context.shown.may_count, levers.candidates)
    items = tuple(context.shown.candidate(item) for item in countable)
    return Option(
        letter="A",
        text=f"cut {levers.drop} of {counted(len(levers.candidates), 'optional item')}",
        effect=f"{_shown(levers.drop_probability)} for {target}",
        items=items,
        listed=_listed(items),
        evidence=_lever_evidence(
            project,
            "cut to the largest scope that has 85 %",
            found=(
                f"drop {levers.drop} of {len(levers.candidates)}",
                f"listed: {_listed(items)}",
                f"chance then {_shown(levers.drop_probability)}",
                "candidates: open, not started, not must, blocking nothing",
            ),
            items=tuple(item.key for item in items if item.key),
        ),
    )


def _listed(items: Sequence[ShownItem]) -> str:
    """`NET-201, NET-204, NET-209 and 28 more`: where the words for a whole list are missing."""
    keys = [item.key for item in items if item.key]
    more = len(items) - min(len(keys), _LISTED)
    return listed(keys[:_LISTED] + ([f"{more} more"] if keys and more else []))


def _move(project: ProjectResult, levers: Levers, context: Context) -> Option | None:
    """Move the target to the safe date, with what that costs."""
    if levers.move_to is None:
        return None
    working = counted(levers.move_days, "working day") if levers.move_days else ""
    price = money(levers.move_money, context.snapshot.currency) if levers.move_money else ""
    cost = ", ".join(part for part in (working, price) if part)
    effect = "; ".join(part for part in (_shown(levers.move_probability), cost) if part)
    return Option(
        letter="B",
        text=f"move to {long_day(levers.move_to, today=context.today)}",
        effect=effect,
        evidence=_lever_evidence(
            project,
            "first working day with 85 %; days to it at cost a week",
            found=(
                f"move to {levers.move_to.isoformat()}",
                f"chance then {_shown(levers.move_probability)}",
                *((f"{working}, {levers.move_days} ÷ 5 weeks",) if working else ()),
                *((f"{price} = {levers.move_money:.0f}",) if levers.move_money else ()),
            ),
        ),
    )


def _keep(project: ProjectResult, levers: Levers) -> Option | None:
    """Keep scope and date: what pace that takes, beside today's."""
    if levers.pace_needed is None:
        return None
    today = f"; today {one_decimal(levers.pace_now)}" if levers.pace_now is not None else ""
    return Option(
        letter="C",
        text="keep both",
        effect=f"needs {one_decimal(levers.pace_needed)} items a week{today}",
        evidence=_lever_evidence(
            project,
            "mean pace times open items over items that have 85 %",
            found=(f"{one_decimal(levers.pace_needed)} a week needed{today}",),
        ),
    )


def _shown(probability: float | None) -> str:
    return show_probability(probability) if probability is not None else "unknown chance"


def _lever_evidence(
    project: ProjectResult, formula: str, *, found: tuple[str, ...], items: tuple[str, ...] = ()
) -> Backing:
    target = () if project.target is None else (f"target {project.target.isoformat()}",)
    return Backing(
        Evidence(
            label="Lever",
            value=formula,
            formula=inputs(project.forecast),
            inputs=(*found, *target),
            thresholds=(f"the chance that makes Green: {show_probability(_SURE)}",),
            items=items,
        )
    )


def _stray_recommendation(decision: Decision, options: tuple[Option, ...], context: Context) -> str:
    """A recommendation that is none of the offered options is told in its own words."""
    text = decision.recommendation.strip()
    if not text or any(option.recommended_by for option in options):
        return ""
    words = first_words(context.shown.text(text, 120), _OPTION_WORDS)
    if len(words) == 1:
        words = f"option {words}, which is not open at present"
    return sentence(f"{clean(decision.confirmed_by, 40)} recommends: {words}")


def _evidence(decision: Decision, project: ProjectResult | None, context: Context) -> Backing:
    said = decision.provenance
    asked = context.local(said.at).date().isoformat()
    entries = [
        Evidence(
            label="Decision asked",
            value=f"{clean(said.author, 40)}, {asked}",
            formula=f"confirmed by {clean(decision.confirmed_by, 40)}",
            inputs=tuple(_asked(decision, context)),
        )
    ]
    if project and project.pushes:
        steps = (m for m in project.target_moves if m.before and m.after)
        trail = "; ".join(_step(m.before, m.after, context) for m in steps)
        slipped = f"slip {days(project.slip_days)}, {counted(project.pushes, 'push', 'pushes')}"
        entries.append(Evidence(label="Target history", value=slipped, formula=trail))
    if project and project.cost_of_delay_per_week:
        weekly, currency = project.cost_of_delay_per_week, context.snapshot.currency
        cost = f"{money(weekly, currency)} = {weekly:.0f} {currency} a week"
        entries.append(Evidence(label="Cost of delay", value=cost, formula="as configured"))
    return Backing(*entries)


def _asked(decision: Decision, context: Context) -> Iterator[str]:
    """The decision in its own words and dates."""
    due = decision.needed_by
    yield f"needed by {due.isoformat()}" if due else "no date set"
    yield context.shown.text(decision.question, 160)
    if decision.recommendation:
        yield context.shown.text(decision.recommendation, 120)


def _step(before: date | None, after: date | None, context: Context) -> str:
    return moved(before, after, today=context.today) if before and after else ""
