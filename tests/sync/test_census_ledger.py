"""A census and the ledger tell the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from syncer.cli.machine import source_row
from syncer.clock import FixedClock
from syncer.connect.protocol import Fetched
from syncer.domain.completeness import Completeness
from syncer.domain.item import StatusCategory, Unreadable
from syncer.domain.lane import Lane
from syncer.domain.ref import ItemRef
from syncer.domain.report import SourceState
from syncer.domain.traffic import UNREACHABLE, TrafficNote
from syncer.store.engine import Store
from syncer.store.lanes import count_lane, note_next
from syncer.store.sources import load_sources
from syncer.store.traffic import keep_note
from syncer.sync.connection import Wanted, pull_connection
from syncer.sync.reconcile import census_connection
from tests.store.samples import NET, NOON, record
from tests.sync.hiding_tracker import HidingTracker
from tests.sync.tracker import Shelf

LATER = NOON + timedelta(days=1)
MINUTE = timedelta(minutes=1)


class Garbling(HidingTracker):
    """Sends some items so that nobody can read them."""

    garbled: frozenset[ItemRef] = frozenset()

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        plain = await super().fetch([ref for ref in refs if ref not in self.garbled])
        unreadable = tuple(
            Unreadable(ref=ref, key="", reason="no", raw="{}")
            for ref in refs
            if ref in self.garbled
        )
        return Fetched(
            records=plain.records, unreadable=unreadable, gone=plain.gone, hidden=plain.hidden
        )


@pytest.fixture
async def tracker(store: Store) -> Garbling:
    shelf = Shelf()
    shelf.put(*(record(n) for n in range(10)))
    made = Garbling({NET: shelf})
    await pull_connection(store, made, connection="jira", clock=FixedClock(NOON))
    return made


async def _census(store: Store, tracker: Garbling, *, at: datetime = LATER) -> None:
    await census_connection(
        store,
        tracker,
        connection="jira",
        clock=FixedClock(at),
        wanted=Wanted(),
        due=lambda _state: True,
    )


async def _source(store: Store, *, count_restricted: bool = True) -> SourceState:
    async with store.read() as session:
        [found] = await load_sources(session, count_restricted=count_restricted)
    return found


async def test_what_a_census_cannot_read_is_in_quarantine_and_covers_all_the_same(
    store: Store, tracker: Garbling
) -> None:
    tracker.shelves[NET].put(record(11), record(12))
    tracker.garbled = frozenset({record(11).item.ref})
    await _census(store, tracker)

    found = await _source(store)
    assert (found.quarantined, found.detail.items, found.detail.unread) == (1, 11, 1)
    assert (found.detail.census_items, found.detail.census_at) == (12, LATER)
    assert found.detail.is_covered()
    assert found.detail.lanes[Lane.CENSUS].seen == 12


async def test_what_left_the_tracker_leaves_quarantine_with_the_next_census(
    store: Store, tracker: Garbling
) -> None:
    tracker.shelves[NET].put(record(11))
    tracker.garbled = frozenset({record(11).item.ref})
    await _census(store, tracker)
    del tracker.shelves[NET].records[record(11).item.uid]
    await _census(store, tracker, at=LATER + MINUTE)

    found = await _source(store)
    assert (found.quarantined, found.detail.items, found.detail.is_covered()) == (0, 10, True)


async def test_restricted_items_take_part_in_no_number_where_they_may_not(
    store: Store, tracker: Garbling
) -> None:
    tracker.shelves[NET].put(record(11, restricted=True))
    await _census(store, tracker)

    told = (await _source(store, count_restricted=False)).detail
    assert (told.items, told.unmapped, told.census_items, told.lanes) == (10, 0, None, {})
    assert told.is_covered() is None
    assert Completeness(items=3, census_items=3).uncounted().items is None


async def test_the_next_attempt_is_when_the_longest_pause_ends(
    store: Store, tracker: Garbling
) -> None:
    assert tracker.shelves
    async with store.write() as session:
        await note_next(session, "jira", "NET", Lane.BACKFILL, at=LATER + MINUTE, why="its turn")
        await note_next(session, "jira", "", Lane.INCREMENTAL, at=LATER + 2 * MINUTE, why="")
        await count_lane(session, NET, Lane.LIVE, seen=1, stored=1, at=NOON, lag_seconds=1.5)
    free = (await _source(store)).detail
    assert free.next_attempt(now=LATER) == (LATER + MINUTE, "its turn")
    assert free.next_attempt(now=LATER + MINUTE) == (LATER + 2 * MINUTE, "")
    assert free.next_attempt(now=LATER + 3 * MINUTE) is None
    assert free.webhook_lag_seconds == 1.5

    pause = TrafficNote(
        reason="", noted_at=LATER, paused_until=LATER + 9 * MINUTE, why="rate-limited"
    )
    other = TrafficNote(reason="container:OUT", noted_at=LATER, paused_until=LATER + 20 * MINUTE)
    dead = TrafficNote(
        reason=UNREACHABLE, noted_at=LATER, paused_until=LATER + MINUTE, since=LATER - MINUTE
    )
    async with store.write() as session:
        for note in (pause, other, dead):
            await keep_note(session, "jira", note)
    paused = (await _source(store)).detail
    assert paused.next_attempt(now=LATER) == (LATER + 9 * MINUTE, "rate-limited")
    assert paused.degraded_since == LATER - MINUTE


async def test_f48_a_status_that_nobody_has_mapped_is_counted_and_dropped_nowhere(
    store: Store, tracker: Garbling
) -> None:
    unknown: dict[str, Any] = {
        "status_category": StatusCategory.UNKNOWN,
        "native_status": "Freshly invented",
    }
    tracker.shelves[NET].put(*(record(n, updated_at=LATER, **unknown) for n in range(4)))
    await pull_connection(store, tracker, connection="jira", clock=FixedClock(LATER))

    found = await _source(store)
    assert (found.detail.items, found.detail.unmapped) == (10, 4)
    assert source_row(found, as_of=LATER)["unmapped"] == 4


async def test_f47_a_field_that_went_missing_is_told_with_its_container(
    store: Store, tracker: Garbling
) -> None:
    shelf = tracker.shelves[NET]
    shelf.put(record(1, updated_at=LATER))
    shelf.missing = ("field Program",)
    await pull_connection(store, tracker, connection="jira", clock=FixedClock(LATER))
    assert (await _source(store)).missing_detail == ("field Program",)

    shelf.put(record(2, updated_at=LATER + MINUTE))
    shelf.missing = ()
    await pull_connection(store, tracker, connection="jira", clock=FixedClock(LATER + MINUTE))
    assert (await _source(store)).missing_detail == ()
