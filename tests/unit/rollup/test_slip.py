from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from syncer.domain.portfolio import FixedTarget, Portfolio
from syncer.domain.statement import Baseline, DateMove, Decision, DecisionState, Statements
from syncer.rollup.past.slip import Remark, Slip, target_slip
from tests.unit.rollup.builders import noon
from tests.unit.rollup.scenes import SAID, TARGET, planned, run, steady

ACTIVE = datetime(2026, 4, 1, 8, tzinfo=UTC)
MOVED = datetime(2026, 9, 14, 9, tzinfo=UTC)
AS_OF = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
FEB_19, FEB_26, MAR_5, MAR_19 = (
    date(2027, 2, 19),
    date(2027, 2, 26),
    date(2027, 3, 5),
    date(2027, 3, 19),
)


def move(hours: float, before: date | None, after: date | None, reason: str = "") -> DateMove:
    return DateMove(at=MOVED + timedelta(hours=hours), before=before, after=after, reason=reason)


def slip(*moves: DateMove, **changed: object) -> Slip:
    arguments = {"active_since": ACTIVE, "as_of": AS_OF}
    return target_slip(moves, **(arguments | changed))  # type: ignore[arg-type] # keywords by name


@pytest.mark.parametrize(
    ("moves", "days", "pushes"),
    [
        pytest.param([move(0, FEB_19, MAR_19)], 20, 1, id="E30"),
        pytest.param([move(0, FEB_19, MAR_5), move(20, MAR_5, FEB_19)], 0, 0, id="E31"),
        pytest.param([move(0, FEB_26, FEB_19)], -5, 0, id="E32"),
        pytest.param([move(0, FEB_19, MAR_5), move(49, MAR_5, FEB_19)], 0, 1, id="too-late"),
        pytest.param([move(0, FEB_19, MAR_5), move(500, MAR_5, MAR_19)], 20, 2, id="twice"),
        pytest.param([move(0, FEB_19, date(2027, 2, 23))], 2, 0, id="too-short"),
        pytest.param([move(0, FEB_19, MAR_19), move(20, MAR_19, MAR_5)], 10, 1, id="half-undone"),
        pytest.param(
            [move(0, FEB_19, MAR_5), move(20, MAR_5, FEB_19), move(40, FEB_19, MAR_5)],
            10,
            1,
            id="undone-and-done-again",
        ),
        pytest.param(
            [move(0, FEB_19, MAR_5), move(9, MAR_5, MAR_19), move(30, MAR_19, FEB_19)],
            0,
            0,
            id="two-undone-at-once",
        ),
    ],
)
def test_slip_and_pushes(moves: list[DateMove], days: int, pushes: int) -> None:
    found = slip(*moves)
    assert found.days == days
    assert len(found.pushes) == pushes


def test_the_order_of_the_record_does_not_matter() -> None:
    moves = [move(0, FEB_19, MAR_5), move(500, MAR_5, MAR_19)]
    assert slip(*reversed(moves)) == slip(*moves)


def test_a_holiday_shortens_a_slip() -> None:
    assert slip(move(0, FEB_19, FEB_26), holidays={date(2027, 2, 22)}).days == 4


def test_a_target_that_never_moved() -> None:
    found = slip(standing=MAR_19)
    assert (found.baseline, found.current, found.days) == (MAR_19, MAR_19, 0)


def test_no_target_has_no_slip() -> None:
    found = slip()
    assert (found.baseline, found.days, found.removed) == (None, None, False)


def test_the_baseline_stood_for_two_days() -> None:
    found = slip(move(0, None, FEB_19), move(47, FEB_19, MAR_5), move(100, MAR_5, MAR_19))
    assert found.baseline == MAR_5
    assert len(found.pushes) == 1


def test_planning_before_the_start_is_no_slip() -> None:
    found = slip(
        move(0, FEB_19, MAR_5), move(100, MAR_5, MAR_19), active_since=MOVED + timedelta(hours=99)
    )
    assert found.baseline == MAR_19
    assert (found.days, found.pushes) == (0, ())


def test_a_target_too_young_for_a_baseline() -> None:
    found = slip(move(0, None, FEB_19), as_of=MOVED + timedelta(hours=3))
    assert (found.baseline, found.current, found.days) == (None, FEB_19, None)


def test_a_move_after_the_moment_is_not_known_yet() -> None:
    assert slip(move(0, FEB_19, MAR_19), as_of=MOVED - timedelta(hours=1)).current is None
    before = slip(
        move(-999, None, FEB_19), move(0, FEB_19, MAR_19), as_of=MOVED - timedelta(hours=1)
    )
    assert (before.current, before.pushes) == (FEB_19, ())


def test_taking_the_date_away_hides_no_push() -> None:
    gone = slip(move(0, FEB_19, None))
    assert (gone.removed, gone.current, gone.days) == (True, FEB_19, 0)
    back = slip(move(0, FEB_19, None), move(300, None, MAR_19))
    assert (back.removed, back.days, len(back.pushes)) == (False, 20, 1)


def test_a_record_that_moves_nothing_is_ignored() -> None:
    found = slip(move(0, None, FEB_19), move(30, FEB_19, FEB_19), move(60, FEB_19, MAR_19))
    assert (found.baseline, found.days) == (FEB_19, 20)


def approved(hours: float, target: date | None) -> Baseline:
    at = MOVED + timedelta(hours=hours)
    return Baseline(project="network", approved_by="CTO", at=at, target=target)


def test_an_approved_baseline_starts_anew() -> None:
    found = slip(move(0, FEB_19, MAR_19), approved=approved(24, MAR_19))
    assert (found.baseline, found.days, found.pushes) == (MAR_19, 0, ())


def test_a_push_after_the_approval_counts() -> None:
    found = slip(move(0, FEB_19, MAR_5), move(400, MAR_5, MAR_19), approved=approved(24, MAR_5))
    assert (found.days, len(found.pushes)) == (10, 1)


def test_a_baseline_without_a_target_or_of_the_future_changes_nothing() -> None:
    moves = move(0, FEB_19, MAR_19)
    assert slip(moves, approved=approved(24, None)) == slip(moves)
    assert slip(moves, approved=approved(9999, MAR_19)) == slip(moves)


LONG = "The regulator asked for a second survey."


@pytest.mark.parametrize(
    ("reason", "remarks", "explained"),
    [
        ("", [], 0),
        ("configuration", [], 0),
        (LONG, [], 1),
        ("", [Remark(at=MOVED + timedelta(days=2), text=LONG)], 1),
        ("", [Remark(at=MOVED - timedelta(days=2), text=LONG)], 1),
        ("", [Remark(at=MOVED + timedelta(days=2, hours=1), text=LONG)], 0),
        ("", [Remark(at=MOVED, text="19 letters, no more")], 0),
        ("", [Remark(at=MOVED, text="   agreed   " + " " * 20)], 0),
        ("", [Remark(at=MOVED, text="B", decision=True)], 1),
    ],
)
def test_explained_pushes(reason: str, remarks: list[Remark], explained: int) -> None:
    found = slip(move(0, FEB_19, MAR_19, reason), remarks=remarks)
    assert (len(found.pushes), found.explained) == (1, explained)


def test_a_decision_on_the_project_explains_its_push() -> None:
    """As the roll-up tells it: of two pushes one was decided, of the other nobody has said why."""
    april, may = date(2027, 4, 16), date(2027, 5, 14)
    moves = (
        ("net", DateMove(at=noon(date(2026, 9, 14)), before=TARGET, after=april)),
        ("net", DateMove(at=noon(date(2026, 10, 14)), before=april, after=may)),
    )
    decided = Decision(
        id="D-1",
        scope="proj:net",
        question="Which date?",
        decider="CTO",
        needed_by=None,
        state=DecisionState.DECIDED,
        outcome="April",
        decided_on=date(2026, 9, 13),
        provenance=SAID,
    )
    of = Portfolio(projects=(replace(planned("net"), target=FixedTarget(may)),))
    for decisions, explained in (((), 0), ((decided,), 1), ((replace(decided, scope="out"),), 0)):
        said = Statements(target_moves=moves, decisions=decisions)
        (project,) = run(steady("NET", weekly=3, remaining=10), of, statements=said).projects
        assert (project.pushes, project.pushes_explained) == (2, explained)
