"""Of what changed: pace against need, targets and decisions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from syncer.domain.evidence import Backing
from syncer.domain.health import Health
from syncer.domain.report import Evidence, ProjectResult
from syncer.domain.statement import DecisionState
from syncer.publish.digest.context import Context
from syncer.publish.digest.figures import inputs
from syncer.publish.digest.model import Claim
from syncer.publish.digest.tracker_text import clean
from syncer.publish.digest.wording import (
    counted,
    day,
    first_words,
    long_day,
    moved,
    one_decimal,
    sentence,
)
from syncer.rollup.calendar import working_days
from syncer.rollup.tolerance import below

_LONGEST = 30
_EVEN = 0.5


def change_claim(text: str, kind: str, first: Evidence, *more: Evidence) -> Claim:
    """One fact of the block, with its evidence; a long one is cut between words."""
    told = first_words(sentence(text), _LONGEST)
    return Claim(text=told, kind=kind, evidence=Backing(first, *more))


def how_moved(before: date | None, after: date | None, today: date) -> str:
    """`moved from 8 to 22 January`, `lost its date (was 8 Jan)`: what became of a date."""
    if before is None and after is None:
        return "has no date"
    if after is None:
        return f"lost its date (was {day(before, today=today)})" if before else ""
    if before is None:
        return f"got the date {long_day(after, today=today)}"
    return f"moved {moved(before, after, today=today)}"


def trail(before: date | None, after: date | None) -> str:
    """`2027-01-08 → 2027-01-22` for evidence."""
    return " → ".join(when.isoformat() if when else "none" for when in (before, after))


def paces(context: Context) -> Iterator[Claim]:
    """Red projects whose pace is not what the target needs."""
    for project in context.projects:
        chance = project.forecast.probability
        by_chance = chance is not None and below(chance, _EVEN)
        claim = _pace(project, context) if by_chance else None
        if claim is not None and project.shown.health is Health.RED:
            yield claim


def _pace(project: ProjectResult, context: Context) -> Claim | None:
    """Such as `Network: 82 items in 17 weeks need 4.8 a week; the pace is 4.7`."""
    given = project.forecast.inputs
    weeks = _weeks_left(project, context)
    if weeks <= 0 or not given.throughput or not given.remaining:
        return None
    pace = sum(given.throughput) / len(given.throughput)
    grew = f" and scope grew by {given.scope_added}" if given.scope_added > 0 else ""
    span = one_decimal(weeks).removesuffix(".0")
    text = (
        f"{context.short(project.scope)}: {counted(given.remaining, 'item')} in {span} weeks need "
        f"{one_decimal(given.remaining / weeks)} a week; the pace is {one_decimal(pace)}{grew}"
    )
    backing = Evidence(
        label=f"{context.name(project)}: pace against need",
        value=f"{one_decimal(pace)} a week",
        formula=inputs(project.forecast),
        inputs=(
            f"{given.remaining} open ÷ {span} working weeks to {given.target}",
            f"needed: {one_decimal(given.remaining / weeks)} a week",
            f"scope grew by {given.scope_added}",
        ),
    )
    return change_claim(text, "pace", backing)


def _weeks_left(project: ProjectResult, context: Context) -> float:
    """Working weeks from today to the target, both included."""
    given = project.forecast.inputs
    if given.target is None:
        return 0.0
    today = date.fromordinal(given.as_of.toordinal() - 1)
    return working_days(today, given.target, context.view.days_off) / 5


def targets(context: Context) -> Iterator[Claim]:
    """Targets that are other ones than in the last edition."""
    for project in context.projects:
        before = context.earlier_project(project.key)
        if before is None or before.target is None or before.target == project.target:
            continue
        name = context.short(project.scope)
        why = next((m.reason for m in reversed(project.target_moves) if m.reason), "")
        reason = f" ({clean(context.shown.text(why, 60), 60)})" if why else ""
        backing = Evidence(
            label=f"{context.name(project)}: target",
            value=trail(before.target, project.target),
            formula=f"slip {project.slip_days} working days, pushes {project.pushes}",
            inputs=(clean(context.shown.text(why, 60), 60),) if why else (),
        )
        change = how_moved(before.target, project.target, context.today)
        verb = (
            change if project.target else f"removed (was {day(before.target, today=context.today)})"
        )
        yield change_claim(f"{name}'s target {verb}{reason}", "target", backing)


def decided(context: Context) -> Iterator[Claim]:
    """Decisions that were made since the last edition."""
    for decision in context.snapshot.decisions:
        since = context.local(context.previous.as_of).date() if context.previous else None
        is_new = (
            decision.decided_on is not None and since is not None and decision.decided_on >= since
        )
        if decision.state is not DecisionState.DECIDED or not is_new:
            continue
        scope = context.resolve(decision.scope)
        if context.ungrouped or scope in context.scopes:
            question = first_words(context.shown.text(decision.question, 120), 12)
            outcome = first_words(context.shown.text(decision.outcome, 120), 12)
            backing = Evidence(
                label="Decided",
                value=f"{clean(decision.decider, 40)}, {decision.decided_on}",
                inputs=tuple(
                    context.shown.text(text, 160) for text in (decision.question, decision.outcome)
                ),
            )
            yield change_claim(f"Decided: {question} {outcome}", "decision", backing)
