"""Due dates that moved in the last week, and reopened work (rollup.md 2.2, digest.md 4.1)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import ItemState, WorkItem
from syncer.domain.report import Snapshot
from syncer.domain.verdict import VerdictLevel
from tests.unit.rollup.builders import (
    AS_OF,
    DOING,
    DONE,
    blocked_by,
    make_change,
    make_item,
    verdicts,
)
from tests.unit.rollup.scenes import portfolio, run

YESTERDAY = AS_OF - timedelta(days=1)


def due(before: str | None, after: str | None, at: datetime = YESTERDAY) -> Change:
    return make_change(at, ChangeField.DUE, before, after)


def _moves(
    item: WorkItem, *changes: Change, level: VerdictLevel = VerdictLevel.PROGRAM
) -> list[tuple[date | None, date | None, int]]:
    snapshot = run(
        [item],
        portfolio("net"),
        changes={item.uid: changes},
        verdicts=verdicts({item.uid: level}),
    )
    return [(m.move.before, m.move.after, m.working_days) for m in snapshot.recent_moves]


ITEM = make_item("NET-1", due_date=date(2027, 1, 22))
JAN_8, JAN_22 = date(2027, 1, 8), date(2027, 1, 22)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param([due("2027-01-08", "2027-01-22")], [(JAN_8, JAN_22, 10)], id="E38"),
        pytest.param(
            [due("2027-01-08", "2027-02-01"), due("2027-02-01", "2027-01-22")],
            [(JAN_8, JAN_22, 10)],
            id="net",
        ),
        pytest.param(
            [due("2027-01-22", "2027-02-01"), due("2027-02-01", "2027-01-22")], [], id="undone"
        ),
        pytest.param([due("2027-01-08", None)], [(JAN_8, None, 0)], id="taken away"),
        pytest.param([due(None, "2027-01-22")], [], id="first date"),
        pytest.param(
            [due("2027-01-08", "2027-01-22", AS_OF - timedelta(days=7))], [], id="a week ago"
        ),
        pytest.param([due("9999-12-31", "0001-01-01")], None, id="the ends of the calendar"),
    ],
)
def test_net_moves_of_seven_days(
    changes: list[Change], told: list[tuple[date | None, date | None, int]] | None
) -> None:
    found = _moves(ITEM, *changes)
    assert found == told if told is not None else len(found) == 1


def test_only_open_work_that_others_wait_for_or_a_program_owns() -> None:
    change = due("2027-01-08", "2027-01-22")
    assert _moves(ITEM, change, level=VerdictLevel.PRODUCT) == []
    assert _moves(make_item("NET-1", DONE, due_date=JAN_22), change) == []
    waiting = blocked_by(make_item("NET-2"), "NET-1")
    snapshot = run([ITEM, waiting], portfolio("net"), changes={ITEM.uid: [change]})
    assert [m.item.key for m in snapshot.recent_moves] == ["NET-1"]


def _reopened(item: WorkItem, after: str | None, at: datetime = YESTERDAY) -> Snapshot:
    changes = {item.uid: [make_change(at, ChangeField.STATUS, "DONE", after)]}
    return run([item], portfolio("net"), changes=changes)


@pytest.mark.parametrize(
    ("after", "count"),
    [("IN_PROGRESS", 1), ("UNKNOWN", 1), (None, 1), ("a status of old", 1), ("CANCELLED", 0)],
)
def test_e12_work_that_left_done_is_reopened(after: str | None, count: int) -> None:
    assert _reopened(make_item("NET-1", DOING), after).reopened == count


def test_what_was_reopened_before_or_is_deleted_is_not_told() -> None:
    assert _reopened(make_item("NET-1", DOING), "TODO", AS_OF - timedelta(days=7)).reopened == 0
    gone = make_item("NET-1", DOING, state=ItemState.DELETED)
    assert _reopened(gone, "TODO").reopened == 0
