"""When items could not go on: statuses, flags and open predecessors (rollup.md 2.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import WorkItem
from syncer.rollup.forecasting.flow import blocked_days
from syncer.rollup.work.blocked import Blockages, both, open_spans, spans, waiting_spans
from tests.unit.rollup.builders import (
    AS_OF,
    CANCELLED,
    DOING,
    DONE,
    TODO,
    WAITING,
    make_change,
    make_item,
    moved,
)


def nov(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def flagged(day: int, *, on: bool = True) -> Change:
    sides = (None, "1") if on else ("1", None)
    return make_change(nov(day), ChangeField.FLAG, *sides)


def link(day: int, value: str, *, gone: bool = False) -> Change:
    sides = (value, None) if gone else (None, value)
    return make_change(nov(day), ChangeField.LINK, *sides)


def blockages(
    *items: WorkItem,
    predecessors: Mapping[str, Sequence[str]] | None = None,
    changes: Mapping[str, Sequence[Change]] | None = None,
    zone: str = "UTC",
) -> Blockages:
    return Blockages(
        items={item.uid: item for item in items},
        changes=changes or {},
        predecessors=predecessors or {},
        names={f"jira:{item.key}": item.uid for item in items},
        zone=ZoneInfo(zone),
        as_of=AS_OF,
    )


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], []),
        ([(1, False), (2, False)], []),
        ([(1, True)], [(1, None)]),
        ([(1, True), (2, True), (3, False)], [(1, 3)]),
        ([(1, True), (2, False), (3, True)], [(1, 2), (3, None)]),
    ],
)
def test_spans_of_states(
    states: list[tuple[int, bool]], expected: list[tuple[int, int | None]]
) -> None:
    found = spans((nov(day), holds) for day, holds in states)
    assert found == [(nov(a), nov(b) if b else None) for a, b in expected]


def test_what_holds_at_both_times() -> None:
    some = [(nov(2), nov(6)), (nov(10), None)]
    others = [(nov(1), nov(3)), (nov(5), nov(12)), (nov(20), None)]
    assert list(both(some, others)) == [
        (nov(2), nov(3)),
        (nov(5), nov(6)),
        (nov(10), nov(12)),
        (nov(20), None),
    ]


def test_a_waiting_status_and_a_flag_both_count() -> None:
    item = make_item("NET-1", DONE, started_at=nov(1), done_at=nov(15))
    history = [
        moved(nov(1), TODO, DOING),
        moved(nov(2), DOING, WAITING),
        flagged(5),
        moved(nov(6), WAITING, DOING),
        flagged(10, on=False),
        moved(nov(15), DOING, DONE),
    ]
    assert waiting_spans(item, history) == [(nov(2), nov(6)), (nov(5), nov(10))]
    # E35: nine days and not eleven, since two of them are in both.
    days = blockages(item, changes={item.uid: history}).days(item)
    assert blocked_days(days, started=date(2026, 11, 1), until=date(2026, 11, 15)) == 9


@pytest.mark.parametrize(
    ("item", "since"),
    [
        (make_item("NET-1", WAITING, started_at=nov(4)), nov(4)),
        (make_item("NET-1", DOING, flagged=True, started_at=nov(4)), nov(4)),
        (make_item("NET-1", DOING, started_at=nov(4)), None),
    ],
)
def test_without_history_it_has_been_so_since_it_was_started(
    item: WorkItem, since: datetime | None
) -> None:
    assert blockages(item).since(item) == since


def test_a_block_goes_on_while_one_reason_follows_the_other() -> None:
    item = make_item("NET-1", DOING, flagged=True, started_at=nov(1))
    history = [
        moved(nov(1), TODO, DOING),
        moved(nov(3), DOING, WAITING),
        moved(nov(4), WAITING, DOING),
        moved(nov(6), DOING, WAITING),
        flagged(9),
        moved(nov(10), WAITING, DOING),
    ]
    found = blockages(item, changes={item.uid: history})
    assert found.is_blocked(item)
    assert found.since(item) == nov(6)


def test_an_open_predecessor_blocks_until_it_is_done_or_cancelled() -> None:
    waiting = make_item("NET-1", DOING, started_at=nov(2))
    for end in (DONE, CANCELLED):
        first = make_item("NET-2", end, done_at=nov(9) if end is DONE else None)
        history = {first.uid: [moved(nov(9), DOING, end)]}
        found = blockages(waiting, first, predecessors={waiting.uid: [first.uid]}, changes=history)
        assert not found.is_blocked(waiting)
        assert found.days(waiting) == [(date(2026, 1, 5), date(2026, 11, 9))]
    still = make_item("NET-2", DOING)
    found = blockages(waiting, still, predecessors={waiting.uid: [still.uid]})
    assert found.is_blocked(waiting)
    assert found.since(waiting) == nov(2)


def test_a_reopened_predecessor_blocks_again() -> None:
    first = make_item("NET-2", TODO)
    history = [moved(nov(3), DOING, DONE), moved(nov(5), DONE, TODO)]
    assert open_spans(first, history) == [(first.created_at, nov(3)), (nov(5), None)]


@pytest.mark.parametrize("name", ["blocks<jira:NET-2", "requires>jira:NET-2"])
def test_a_link_counts_from_when_it_was_made_until_it_was_removed(name: str) -> None:
    waiting, first = make_item("NET-1", DOING, started_at=nov(1)), make_item("NET-2")
    history = {waiting.uid: [link(4, name), link(6, name, gone=True)]}
    assert blockages(waiting, first, changes=history).of(waiting) == [(nov(4), nov(6))]
    only_removed = {waiting.uid: [link(6, name, gone=True)]}
    assert blockages(waiting, first, changes=only_removed).of(waiting) == [
        (waiting.created_at, nov(6))
    ]


def test_histories_name_items_by_their_keys_as_well() -> None:
    waiting = make_item("NET-1", DOING, started_at=nov(1))
    first = make_item("NET-2", ref=make_item("10002").ref)
    history = {waiting.uid: [link(4, "blocks<jira:NET-2"), link(6, "blocks<jira:NET-2", gone=True)]}
    assert blockages(waiting, first, changes=history).of(waiting) == [(nov(4), nov(6))]


def test_what_others_wait_for_blocks_nobody_here() -> None:
    item, other = make_item("NET-1", DOING), make_item("NET-2")
    history = {item.uid: [link(4, "blocks>jira:NET-2"), link(5, "relates<jira:NET-2")]}
    assert blockages(item, other, changes=history).of(item) == []


def test_an_unknown_predecessor_says_nothing_and_the_future_neither() -> None:
    item = make_item("NET-1", DOING, started_at=nov(1))
    later = make_change(AS_OF + timedelta(hours=1), ChangeField.FLAG, None, "1")
    found = blockages(item, predecessors={item.uid: ["jira:GONE-1"]}, changes={item.uid: [later]})
    assert not found.is_blocked(item)
    assert found.of(item) == []


def test_days_are_those_of_the_reports_zone() -> None:
    item = make_item("NET-1", WAITING, started_at=nov(4, hour=23))
    assert blockages(item, zone="UTC").days(item) == [(date(2026, 11, 4), None)]
    assert blockages(item, zone="Europe/Berlin").days(item) == [(date(2026, 11, 5), None)]
