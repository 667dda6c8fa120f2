"""Our clock was a day ahead and is put back: what was noted meanwhile holds nothing up (F35)."""

from __future__ import annotations

from datetime import timedelta

from syncer.clock import FixedClock
from syncer.domain.item import ItemState
from syncer.store.census import census_states
from syncer.store.engine import Store
from syncer.store.items import load_items
from syncer.sync.connection import Wanted, pull_connection
from syncer.sync.ingest import ingest, mark
from syncer.sync.reconcile import census_connection, is_due
from tests.store.samples import NET, NOON, record
from tests.sync.hiding_tracker import HidingTracker
from tests.sync.tracker import Shelf

DAY = timedelta(hours=24)
WRONG = FixedClock(NOON + DAY)
RIGHT = FixedClock(NOON)


async def _tracker(store: Store) -> HidingTracker:
    shelf = Shelf()
    shelf.put(record(1), record(2))
    tracker = HidingTracker({NET: shelf})
    await pull_connection(store, tracker, connection="jira", clock=WRONG)
    return tracker


async def _census(store: Store, tracker: HidingTracker, clock: FixedClock) -> None:
    await census_connection(
        store,
        tracker,
        connection="jira",
        clock=clock,
        wanted=Wanted(),
        due=lambda state: is_due(state, now=clock.now(), every=DAY),
    )


async def _state(store: Store) -> ItemState:
    async with store.read() as session:
        [item] = await load_items(session, uids=[record(1).item.uid])
    return item.state


async def test_f35_what_was_hidden_by_a_wrong_clock_is_found_again(store: Store) -> None:
    await _tracker(store)
    async with store.write() as session:
        await mark(session, [record(1).item.ref], ItemState.HIDDEN, at=WRONG.now())
    now = RIGHT.now()
    async with store.write() as session:
        await ingest(session, [record(1)], container=NET, at=now, read_at=now)
    assert await _state(store) is ItemState.LIVE


async def test_f35_what_another_replica_buried_a_moment_ago_stays_so(store: Store) -> None:
    await _tracker(store)
    apart = timedelta(minutes=2)
    async with store.write() as session:
        await mark(session, [record(1).item.ref], ItemState.DELETED, at=RIGHT.now() + apart)
    now = RIGHT.now()
    async with store.write() as session:
        await ingest(session, [record(1)], container=NET, at=now, read_at=now)
    assert await _state(store) is ItemState.DELETED


async def test_f35_a_census_is_due_again_when_the_clock_is_put_back(store: Store) -> None:
    tracker = await _tracker(store)
    await _census(store, tracker, WRONG)
    async with store.read() as session:
        [state] = await census_states(session, "jira")
    assert not is_due(state, now=WRONG.now(), every=timedelta(hours=1))
    assert is_due(state, now=RIGHT.now(), every=timedelta(hours=1))
