"""The facts that hold a colour to its past: plans, weeks too early, data that was missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from syncer.domain.health import Health
from syncer.domain.portfolio import FixedTarget, Portfolio
from syncer.domain.report import ProjectResult, Snapshot, SourceState
from syncer.domain.statement import (
    Baseline,
    DateMove,
    Decision,
    DecisionState,
    Statements,
)
from syncer.rollup.evaluate import evaluate
from tests.unit.rollup.builders import AS_OF, TODAY, make_inputs
from tests.unit.rollup.scenes import SAID, TARGET, planned, portfolio, run, steady

NET = steady("NET", weekly=3, remaining=12)
LATE = steady("NET", weekly=3, remaining=70)
OF = portfolio("net")
WEEK = timedelta(days=7)


def only(snapshot: Snapshot) -> ProjectResult:
    (project,) = snapshot.projects
    return project


def moved(at: datetime, before: date, after: date) -> Statements:
    return Statements(target_moves=(("net", DateMove(at=at, before=before, after=after)),))


def baseline(at: datetime, target: date | None = None, **more: object) -> Baseline:
    return Baseline(project="net", approved_by="CTO", at=at, target=target, **more)  # type: ignore[arg-type]  # names of fields


FIRST = date(2026, 12, 31)
MOVED = moved(AS_OF - timedelta(days=3), FIRST, TARGET)


def test_r5_an_old_approval_does_not_excuse_a_later_slip() -> None:
    old = baseline(AS_OF - timedelta(days=70), FIRST)
    project = only(run(NET, OF, statements=replace(MOVED, baselines=(old,))))
    assert (project.slip_days, project.computed.rule) == (56, "R5")


def test_r5_an_approval_without_a_date_approves_no_date() -> None:
    bare = baseline(AS_OF - timedelta(days=1), item_uids=frozenset({"jira:NET-1"}))
    assert only(run(NET, OF, statements=replace(MOVED, baselines=(bare,)))).computed.rule == "R5"


def test_a4_a_rebaseline_is_amber_for_one_edition_and_tells_the_whole_slip() -> None:
    before = evaluate(make_inputs(NET, OF, as_of=AS_OF - WEEK, statements=MOVED))
    approved = replace(MOVED, baselines=(baseline(AS_OF - timedelta(days=1), TARGET),))
    now = run(NET, OF, statements=approved, previous=before)
    assert (only(now).computed.health, only(now).computed.rule) == (Health.AMBER, "A4")
    assert only(now).computed.reason == "rebaselined, +56 working days in total"
    later = evaluate(make_inputs(NET, OF, as_of=AS_OF + WEEK, statements=approved, previous=now))
    assert only(later).computed.rule != "A4"


def test_the_first_approval_of_the_plan_in_force_is_no_rebaseline() -> None:
    before = evaluate(make_inputs(NET, OF, as_of=AS_OF - WEEK))
    approved = Statements(baselines=(baseline(AS_OF - timedelta(days=1), TARGET),))
    now = run(NET, OF, statements=approved, previous=before)
    assert only(now).computed.health is Health.GREEN


# --- too early --------------------------------------------------------------------------------


def _young(previous: Snapshot | None, as_of: datetime) -> Snapshot:
    """A project with a far target and hardly any history."""
    project = replace(planned("net"), start=date(2026, 11, 2), target=FixedTarget(date(2036, 1, 1)))
    items = [item for item in NET if item.is_open]
    return evaluate(
        make_inputs(items, Portfolio(projects=(project,)), as_of=as_of, previous=previous)
    )


def test_too_early_lasts_six_weeks_then_it_is_unknown_and_stays_so() -> None:
    seen: list[Health] = []
    snapshot: Snapshot | None = None
    for number in range(9):
        snapshot = _young(snapshot, AS_OF + number * WEEK)
        seen.append(only(snapshot).computed.health)
    assert seen == [Health.TOO_EARLY] * 7 + [Health.UNKNOWN] * 2


def test_weeks_without_an_edition_count_too() -> None:
    after = _young(_young(None, AS_OF), AS_OF + 7 * WEEK)
    assert only(after).computed.health is Health.UNKNOWN


def test_a_correction_counts_as_the_edition_it_corrects() -> None:
    first = _young(None, AS_OF)
    once, again = _young(first, AS_OF + WEEK), _young(first, AS_OF + WEEK + timedelta(hours=3))
    assert only(once).facts.too_early_weeks == only(again).facts.too_early_weeks == 1


# --- hysteresis -------------------------------------------------------------------------------


def _blind(previous: Snapshot) -> Snapshot:
    never = [SourceState(connection="jira", container="NET", last_success_at=None)]
    return run(NET, OF, sources=never, previous=previous)


def test_missing_data_is_unknown_at_once_and_no_way_out_of_red() -> None:
    red = run(LATE, OF)
    blind = _blind(_blind(red))
    assert only(blind).shown.health is Health.UNKNOWN
    assert only(blind).before_unknown is Health.RED
    seen = run(NET, OF, previous=blind)
    assert (only(seen).computed.health, only(seen).shown.health) == (Health.GREEN, Health.RED)
    assert only(seen).before_unknown is None
    assert only(run(NET, OF, previous=seen)).shown.health is Health.GREEN


def test_what_was_green_before_its_data_went_missing_is_green_at_once() -> None:
    seen = run(NET, OF, previous=_blind(run(NET, OF)))
    assert (only(seen).shown.health, only(seen).shown.rule) == (Health.GREEN, "G")


@pytest.mark.parametrize(
    ("scope", "on", "state", "health"),
    [
        ("net", TODAY, DecisionState.DECIDED, Health.GREEN),
        ("proj:net", TODAY - timedelta(days=7), DecisionState.DECIDED, Health.GREEN),
        ("net", TODAY - timedelta(days=8), DecisionState.DECIDED, Health.RED),
        ("net", TODAY, DecisionState.WITHDRAWN, Health.RED),
        ("out", TODAY, DecisionState.DECIDED, Health.RED),
    ],
)
def test_a_decision_taken_since_the_last_edition_lets_an_improvement_show(
    scope: str, on: date, state: DecisionState, health: Health
) -> None:
    red = evaluate(make_inputs(LATE, OF, as_of=AS_OF - WEEK))
    taken = Decision(
        id="D-1", scope=scope, question="Cut?", decider="CTO", needed_by=None, confirmed_by="J",
        state=state, decided_on=on, provenance=SAID,
    )  # fmt: skip
    now = run(NET, OF, previous=red, statements=Statements(decisions=(taken,)))
    assert only(now).shown.health is health


def test_bulk_cancelling_shows_only_in_the_second_week() -> None:
    """The items of a scope may be cut by anybody; a decision is what makes it count at once."""
    now = run(NET, OF, previous=run(LATE, OF))
    assert (only(now).computed.health, only(now).shown.health) == (Health.GREEN, Health.RED)
