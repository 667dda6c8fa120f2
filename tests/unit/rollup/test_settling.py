"""Improvement needs two weeks or a discrete cause, through the whole roll-up (rollup.md 3.2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncer.domain.change import ChangeField
from syncer.domain.health import Health
from syncer.domain.item import ResolutionKind
from syncer.domain.portfolio import FixedTarget
from syncer.domain.statement import Decision, DecisionState, Statements
from tests.unit.rollup.builders import CANCELLED, TODAY, make_change, make_item
from tests.unit.rollup.scenes import SAID, portfolio, steady
from tests.unit.rollup.weeks import WEEK, Weeks, project_in

RED, GREEN = Health.RED, Health.GREEN


def late(remaining: int = 70) -> Weeks:
    """More open items than seventeen weeks of three can hold: Red."""
    weeks = Weeks(items=steady("NET", weekly=3, remaining=remaining), portfolio=portfolio("net"))
    assert project_in(weeks.roll()).shown.health is RED
    return weeks


def cancel(weeks: Weeks, count: int) -> None:
    """So many open items are given up on the Wednesday."""
    at = weeks.now + WEEK / 3
    for item in [one for one in weeks.items if one.is_open][:count]:
        change = make_change(at, ChangeField.STATUS, "TODO", "CANCELLED", actor="Ann")
        weeks.change(
            item.uid, change,
            status_category=CANCELLED, resolution_kind=ResolutionKind.NOT_DELIVERED,
        )  # fmt: skip


def test_doing_more_needs_a_second_week() -> None:
    weeks = late()
    first = project_in(weeks.week(done=45))
    assert (first.computed.health, first.shown.health) == (GREEN, RED)
    assert project_in(weeks.week(done=3)).shown.health is GREEN


def test_items_that_leave_are_a_discrete_cause() -> None:
    weeks = late(54)
    cancel(weeks, 5)
    project = project_in(weeks.week(done=3))
    assert project.computed.health is not RED
    assert project.shown == project.computed
    assert weeks.turned()[0].cause == "scope"


def test_a_cut_so_large_that_somebody_must_have_agreed_waits_for_the_decision() -> None:
    weeks = late()
    cancel(weeks, 40)
    first = project_in(weeks.week(done=3))
    assert first.computed.health is not RED
    assert first.shown.health is RED
    assert project_in(weeks.week(done=3)).shown.health is not RED


def test_an_item_that_leaves_and_is_not_the_cause_is_none() -> None:
    weeks = late()
    cancel(weeks, 1)
    project = project_in(weeks.week(done=35))
    assert (project.computed.health, project.shown.health) == (GREEN, RED)


def test_items_that_come_are_none() -> None:
    weeks = late()
    weeks.items.append(make_item("NET-900", created_at=weeks.now))
    assert project_in(weeks.week(done=35)).shown.health is RED


@pytest.mark.parametrize("decided", [True, False])
def test_a_decision_is_a_discrete_cause(*, decided: bool) -> None:
    weeks = late()
    made = Decision(
        id="D-1",
        scope="net",
        question="Cut?",
        decider="CTO",
        needed_by=None,
        confirmed_by="J. Roth",
        state=DecisionState.DECIDED if decided else DecisionState.OPEN,
        decided_on=TODAY if decided else None,
        provenance=SAID,
    )
    weeks.statements = Statements(decisions=(made,))
    assert project_in(weeks.week(done=35)).shown.health is (GREEN if decided else RED)


def test_a_moved_target_is_a_discrete_cause() -> None:
    weeks = late()
    target = weeks.portfolio.projects[0].target
    assert isinstance(target, FixedTarget)
    weeks.declare("net", target=replace(target, on=target.on - WEEK))
    assert project_in(weeks.week(done=45)).shown.health is GREEN
