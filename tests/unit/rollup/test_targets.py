from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import ItemState, Version, WorkItem
from syncer.domain.portfolio import FixedTarget, ItemTarget, Target, VersionTarget
from syncer.domain.statement import DateMove, Statements
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.past.targets import TargetRecord, date_moves, resolve_target
from tests.unit.rollup.builders import (
    AS_OF,
    basis_of,
    make_change,
    make_inputs,
    make_item,
    make_portfolio,
    make_project,
    noon,
    ref,
    view_of,
)

FEBRUARY, MARCH, APRIL = date(2027, 2, 19), date(2027, 3, 19), date(2027, 4, 13)
ON_ITEM = ItemTarget("jira:NET-1")
IN_SPRING, IN_SUMMER, IN_AUTUMN = (noon(date(2026, month, 1)) for month in (4, 7, 10))


def due(at: datetime, before: date | None, after: date | None) -> Change:
    sides = [day.isoformat() if day else None for day in (before, after)]
    return make_change(at, ChangeField.DUE, *sides, actor="J. Roth", reason="rural sites wait")


def with_target(
    target: Target | None,
    *items: WorkItem,
    changes: Sequence[Change] = (),
    moves: Sequence[DateMove] = (),
) -> RollupInputs:
    portfolio = make_portfolio(make_project("net", target=target, start=date(2026, 4, 1)))
    told = Statements(target_moves=tuple(("net", move) for move in moves))
    known = {items[0].uid: changes} if items else {}
    return make_inputs(items, portfolio, changes=known, statements=told)


def record_of(inputs: RollupInputs) -> TargetRecord:
    return resolve_target(inputs.portfolio.projects[0], inputs, view_of(inputs).items)


def steps(moves: Sequence[DateMove]) -> list[tuple[date | None, date | None]]:
    return [(move.before, move.after) for move in moves]


# --- an item's date ------------------------------------------------------------------------------


def test_e30_a_target_moves_with_its_item() -> None:
    item = make_item("NET-1", due_date=MARCH)
    inputs = with_target(ON_ITEM, item, changes=[due(IN_AUTUMN, FEBRUARY, MARCH)])
    record = record_of(inputs)
    assert (record.current, record.lost, record.source) == (MARCH, None, "jira:NET-1")
    assert record.moves == (
        DateMove(
            at=IN_AUTUMN, before=FEBRUARY, after=MARCH, by="J. Roth", reason="rural sites wait"
        ),
    )
    slip = basis_of(inputs, "net").slip
    assert (slip.baseline, slip.days, len(slip.pushes)) == (FEBRUARY, 20, 1)


def test_setting_a_date_moves_nothing() -> None:
    item = make_item("NET-1", due_date=MARCH)
    inputs = with_target(ON_ITEM, item, changes=[due(IN_SPRING, None, MARCH)])
    record = record_of(inputs)
    assert (steps(record.history), record.moves) == ([(None, MARCH)], ())
    slip = basis_of(inputs, "net").slip
    assert (slip.baseline, slip.days, slip.pushes) == (MARCH, 0, ())


def test_a_first_date_corrected_at_once_is_no_baseline() -> None:
    changes = [
        due(IN_SUMMER, None, FEBRUARY),
        due(IN_SUMMER + timedelta(hours=20), FEBRUARY, MARCH),
    ]
    inputs = with_target(ON_ITEM, make_item("NET-1", due_date=MARCH), changes=changes)
    slip = basis_of(inputs, "net").slip
    assert (slip.baseline, slip.days, slip.pushes) == (MARCH, 0, ())


def test_e31_a_move_undone_within_two_days_is_none() -> None:
    changes = [
        due(IN_AUTUMN, FEBRUARY, MARCH),
        due(IN_AUTUMN + timedelta(hours=20), MARCH, FEBRUARY),
    ]
    inputs = with_target(ON_ITEM, make_item("NET-1", due_date=FEBRUARY), changes=changes)
    slip = basis_of(inputs, "net").slip
    assert (slip.days, slip.pushes) == (0, ())
    assert len(record_of(inputs).moves) == 2


def test_taking_a_date_away_and_setting_a_later_one_is_a_push() -> None:
    changes = [due(IN_SUMMER, FEBRUARY, None), due(IN_AUTUMN, None, MARCH)]
    inputs = with_target(ON_ITEM, make_item("NET-1", due_date=MARCH), changes=changes)
    assert steps(record_of(inputs).moves) == [(FEBRUARY, None), (None, MARCH)]
    slip = basis_of(inputs, "net").slip
    assert (slip.days, len(slip.pushes)) == (20, 1)


def test_a_date_taken_away_is_a_lost_target() -> None:
    inputs = with_target(ON_ITEM, make_item("NET-1"), changes=[due(IN_AUTUMN, MARCH, None)])
    assert (record_of(inputs).current, record_of(inputs).lost) == (None, MARCH)
    assert basis_of(inputs, "net").target == MARCH


def test_a_deleted_item_is_a_lost_target() -> None:
    item = make_item("NET-1", due_date=MARCH, state=ItemState.DELETED)
    assert record_of(with_target(ON_ITEM, item)).lost == MARCH


def test_an_item_that_was_moved_is_found_by_its_former_key() -> None:
    item = make_item("CORE-7", ref=ref("10001"), due_date=MARCH)
    moved_on = noon(date(2026, 11, 2))
    changes = [make_change(moved_on, ChangeField.KEY, "NET-1", "CORE-7")]
    assert record_of(with_target(ON_ITEM, item, changes=changes)).current == MARCH


def test_a_deleted_item_does_not_hide_a_live_one_of_the_same_key() -> None:
    gone = make_item("NET-1", ref=ref("1"), due_date=FEBRUARY, state=ItemState.DELETED)
    live = make_item("NET-1", ref=ref("2"), due_date=MARCH)
    assert record_of(with_target(ON_ITEM, gone, live)).current == MARCH


def test_a_start_date_can_be_the_target() -> None:
    item = make_item("NET-1", start_date=MARCH, due_date=APRIL)
    change = make_change(IN_SUMMER, ChangeField.START, FEBRUARY.isoformat(), MARCH.isoformat())
    record = record_of(with_target(ItemTarget("jira:NET-1", "start"), item, changes=[change]))
    assert (record.current, steps(record.moves)) == (MARCH, [(FEBRUARY, MARCH)])


def test_an_item_that_is_not_there_gives_no_target() -> None:
    record = record_of(with_target(ON_ITEM, make_item("NET-2", due_date=MARCH)))
    assert (record.current, record.lost, record.moves) == (None, None, ())


def test_moves_after_the_instant_are_not_known_yet() -> None:
    later = due(AS_OF + timedelta(days=1), MARCH, APRIL)
    inputs = with_target(
        ON_ITEM,
        make_item("NET-1", due_date=APRIL),
        changes=[due(IN_AUTUMN, FEBRUARY, MARCH), later],
    )
    record = record_of(inputs)
    assert (record.current, steps(record.moves)) == (MARCH, [(FEBRUARY, MARCH)])
    assert date_moves([later], ChangeField.DUE, AS_OF) == []


# --- a literal of the configuration --------------------------------------------------------------


def move(at: datetime, before: date | None, after: date | None) -> DateMove:
    return DateMove(at=at, before=before, after=after, reason="configuration")


def test_a_literal_has_the_moves_that_were_recorded() -> None:
    moves = [move(IN_AUTUMN, FEBRUARY, MARCH), move(IN_SPRING, None, FEBRUARY)]
    record = record_of(with_target(FixedTarget(MARCH), moves=moves))
    assert (record.current, record.source) == (MARCH, "configuration")
    assert steps(record.history) == [(None, FEBRUARY), (FEBRUARY, MARCH)]
    assert steps(record.moves) == [(FEBRUARY, MARCH)]


def test_a_literal_is_rewound_by_its_later_moves() -> None:
    moves = [
        move(AS_OF + timedelta(days=2), MARCH, APRIL),
        move(AS_OF + timedelta(days=1), FEBRUARY, MARCH),
    ]
    record = record_of(with_target(FixedTarget(APRIL), moves=moves))
    assert (record.current, record.history) == (FEBRUARY, ())


def test_a_literal_taken_out_is_a_lost_target() -> None:
    moves = [move(IN_SPRING, None, FEBRUARY), move(IN_AUTUMN, FEBRUARY, None)]
    record = record_of(with_target(None, moves=moves))
    assert (record.current, record.lost) == (None, FEBRUARY)


def test_moves_of_other_projects_are_theirs() -> None:
    inputs = with_target(FixedTarget(MARCH), moves=[move(IN_AUTUMN, FEBRUARY, MARCH)])
    theirs = replace(inputs.portfolio.projects[0], key="out")
    assert resolve_target(theirs, inputs, ()).history == ()


def test_never_a_target_is_none_lost() -> None:
    record = record_of(with_target(None))
    assert (record.current, record.lost) == (None, None)


# --- a version -----------------------------------------------------------------------------------


def in_version(name: str, due_on: date | None, **more: Any) -> WorkItem:
    return make_item(name, fix_versions=(Version(id="20", name="2.0", due=due_on),), **more)


@pytest.mark.parametrize("version", ["jira:NET/2.0", "jira:NET/20", "jira:N*/2.0"])
def test_a_version_gives_its_date(version: str) -> None:
    items = [in_version("NET-1", MARCH), in_version("OUT-1", APRIL), in_version("NET-2", None)]
    record = record_of(with_target(VersionTarget(version), *items))
    assert (record.current, record.source) == (MARCH, version)


def test_the_latest_date_that_items_hold_of_a_version_counts() -> None:
    items = [
        in_version("NET-1", MARCH),
        in_version("NET-2", FEBRUARY),
        in_version("NET-3", APRIL, state=ItemState.DELETED),
    ]
    assert record_of(with_target(VersionTarget("jira:NET/2.0"), *items)).current == MARCH


def test_recorded_moves_of_a_version_count_too() -> None:
    target = VersionTarget("jira:NET/2.0")
    moves = [move(IN_AUTUMN, FEBRUARY, MARCH)]
    record = record_of(with_target(target, in_version("NET-1", MARCH), moves=moves))
    assert steps(record.moves) == [(FEBRUARY, MARCH)]
    emptied = record_of(with_target(target, make_item("NET-1"), moves=moves))
    assert (emptied.current, emptied.lost) == (None, MARCH)
