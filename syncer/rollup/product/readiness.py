"""Whether a release may ship: a checklist gate, not a score (digest.md 4.4).

READY only if nothing is open; CONDITIONAL if all that is open may be waived: a gate with a waiver
that covers the release, or one that is no must; NOT READY otherwise. What nobody knows is open: a
chance that is withheld, must features that nobody has named, a function that has not spoken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from syncer.domain.item import StatusCategory, WorkItem
from syncer.domain.mention import ItemMention
from syncer.domain.product import (
    GateCheck,
    MustFeatures,
    OpenPoint,
    Readiness,
    ReleaseCheck,
    Wait,
)
from syncer.domain.release import Function, GateState, ReleaseGate
from syncer.rollup.colours.health import short_date
from syncer.rollup.display import show_probability
from syncer.rollup.risks.detected import counted
from syncer.rollup.tolerance import below

SURE: Final = 0.85
"""The chance of its date below which no release is ready."""


def judged(check: ReleaseCheck) -> ReleaseCheck:
    """The release with its open points and the verdict that follows from them."""
    points = tuple(open_points(check))
    return replace(check, points=points, verdict=verdict(points))


def verdict(points: Sequence[OpenPoint]) -> Readiness:
    """READY without open points, CONDITIONAL where every one of them may be waived."""
    if not points:
        return Readiness.READY
    waivable = all(point.waivable for point in points)
    return Readiness.CONDITIONAL if waivable else Readiness.NOT_READY


def verdict_line(check: ReleaseCheck) -> str:
    """`NOT READY 10/12`: with how many must features are done, where some are not."""
    must = check.must
    count = f" {must.done}/{must.total}" if must.done < must.total else ""
    return f"{check.verdict}{count}"


def open_points(check: ReleaseCheck) -> Iterator[OpenPoint]:
    """Everything on the checklist that is not ticked, in the checklist's order."""
    yield from _must(check.must)
    if check.must_fix:
        bugs = counted(len(check.must_fix), "must-fix bug")
        yield OpenPoint(kind="bugs", text=f"{bugs} open")
    for gate in check.gates:
        if gate.state is not GateState.READY:
            waivable = gate.state is GateState.WAIVED or not gate.must
            text = f"{gate.function}: {gate.why}"
            yield OpenPoint(kind="gate", text=text, waivable=waivable)
    yield from _date(check)
    yield from _waits(check.waits)


def _must(must: MustFeatures) -> Iterator[OpenPoint]:
    if not must.total:
        text = "nobody has said which features are a must"
        if must.cancelled:
            text = f"no must feature is left, {must.cancelled} cancelled"
        yield OpenPoint(kind="must", text=text)
    elif must.done < must.total:
        yield OpenPoint(kind="must", text=f"{must.done} of {must.total} must features done")


def _date(check: ReleaseCheck) -> Iterator[OpenPoint]:
    if check.on is None:
        yield OpenPoint(kind="date", text="no release date")
    elif check.probability is None:
        why = check.withheld or "no forecast"
        yield OpenPoint(kind="date", text=f"no chance of {short_date(check.on)}: {why}")
    elif below(check.probability, SURE):
        shown, needed = show_probability(check.probability), show_probability(SURE)
        chance = f"just under {needed}" if shown == needed else shown
        text = f"{chance} chance of {short_date(check.on)}, {needed} needed"
        yield OpenPoint(kind="date", text=text)


def _waits(waits: Sequence[Wait]) -> Iterator[OpenPoint]:
    """One point for each group that is late or cannot say when: the worst of its items."""
    seen: set[str] = set()
    undated = [wait for wait in waits if wait.lateness is None]
    late = [wait for wait in waits if wait.lateness is not None and wait.lateness >= 1]
    for wait in (*sorted(late, key=_worst_first), *undated):
        if wait.partner not in seen:
            seen.add(wait.partner)
            yield OpenPoint(kind="wait", text=wait_line(wait))


def _worst_first(wait: Wait) -> tuple[int, str]:
    return -(wait.lateness or 0), wait.partner


def wait_line(wait: Wait) -> str:
    """`waits for 5G Infrastructure, 2 days late`."""
    verb = "blocks" if wait.blocks else "waits for"
    if wait.lateness is None:
        how = "nobody knows until when"
    else:
        how = f"{counted(wait.lateness, 'day')} late" if wait.lateness >= 1 else "in time"
    return f"{verb} {wait.partner_name}, {how}"


def gate_checks(
    said: Sequence[ReleaseGate],
    *,
    today: date,
    on: date | None,
    items: dict[str, tuple[WorkItem, ItemMention]],
) -> tuple[GateCheck, ...]:
    """All functions in their order; one of whom nothing is said has not said go.

    `items` are those that gates name, by `<connection>:<key>`; `on` is the release date.
    """
    given = {gate.function: gate for gate in said}
    every = (given.get(one, ReleaseGate(function=one)) for one in Function)
    return tuple(_gate(gate, today=today, on=on, found=items.get(gate.item)) for gate in every)


def _gate(
    gate: ReleaseGate, *, today: date, on: date | None, found: tuple[WorkItem, ItemMention] | None
) -> GateCheck:
    state, why = _standing(gate, found[0] if found else None, today=today, on=on)
    return GateCheck(
        function=gate.function,
        state=state,
        must=gate.must,
        by=gate.by,
        on=gate.on,
        until=gate.until,
        reason=gate.reason,
        item=found[1] if found else None,
        why=why,
    )


def _standing(
    gate: ReleaseGate, item: WorkItem | None, *, today: date, on: date | None
) -> tuple[GateState, str]:
    if item is not None and item.status_category is StatusCategory.DONE:
        return GateState.READY, "its item is done"
    if gate.state is GateState.WAIVED:
        return _waiver(gate, today=today, on=on)
    if gate.item:
        return GateState.NOT_READY, "its item is not done" if item else "its item is not there"
    if gate.state is GateState.READY and gate.on is not None and gate.on > today:
        return GateState.NOT_READY, f"not before {short_date(gate.on)}"
    words = {GateState.READY: f"ready, says {gate.by}", GateState.NOT_READY: "not ready"}
    return gate.state, words.get(gate.state, "nobody has said")


def _waiver(gate: ReleaseGate, *, today: date, on: date | None) -> tuple[GateState, str]:
    """A waiver counts while it lasts, and only if it lasts until the release."""
    until = gate.until
    if until is None or until < today:
        ended = f" on {short_date(until)}" if until else ""
        return GateState.NOT_READY, f"waiver of {gate.by} ended{ended}"
    if on is not None and until < on:
        return (
            GateState.NOT_READY,
            f"waiver of {gate.by} ends on {short_date(until)}, before the release",
        )
    return GateState.WAIVED, f"waived until {short_date(until)} by {gate.by}"
