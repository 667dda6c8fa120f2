"""What is in quarantine is asked for again by its id."""

from __future__ import annotations

import pytest

from syncer.clock import FixedClock
from syncer.connect.protocol import Fetched
from syncer.domain.item import Unreadable
from syncer.domain.ref import ItemRef
from syncer.errors import Unreachable
from syncer.store.engine import Store
from syncer.store.items import load_items
from syncer.store.quarantine import load_quarantine
from syncer.sync.connection import Wanted, pull_connection
from syncer.sync.fetching import keep_fetched
from syncer.sync.reconcile import census_connection
from tests.store.samples import NET, NOON, record
from tests.sync.hiding_tracker import HidingTracker
from tests.sync.tracker import Shelf

OLD, LATE = record(1), record(7)
UNWANTED = Wanted(exclude=("NET",))


@pytest.fixture
async def tracker(store: Store) -> HidingTracker:
    """Its container was read before the second item came."""
    shelf = Shelf()
    shelf.put(OLD)
    made = HidingTracker({NET: shelf})
    await pull_connection(store, made, connection="jira", clock=FixedClock(NOON))
    shelf.put(LATE)
    return made


async def told(store: Store, ref: ItemRef) -> None:
    """A webhook names an item, and the tracker gives nothing readable of it."""
    broken = Unreadable(ref=ref, key="NET-7", reason="not for now", raw="")
    async with store.write() as session:
        await keep_fetched(
            session,
            Fetched(unreadable=(broken,)),
            connection="jira",
            wanted=Wanted(),
            at=NOON,
            read_at=NOON,
        )


async def census(store: Store, tracker: HidingTracker, wanted: Wanted) -> None:
    await census_connection(
        store,
        tracker,
        connection="jira",
        clock=FixedClock(NOON),
        wanted=wanted,
        due=lambda _: True,
    )


async def quarantined(store: Store) -> list[str]:
    async with store.read() as session:
        return [one.unreadable.ref.uid for one in await load_quarantine(session)]


async def keys(store: Store) -> set[str]:
    async with store.read() as session:
        return {one.key for one in await load_items(session)}


async def test_one_that_can_be_read_by_now_is_stored(store: Store, tracker: HidingTracker) -> None:
    await told(store, LATE.item.ref)
    assert await quarantined(store) == [LATE.item.ref.uid]
    await census(store, tracker, Wanted())
    assert await quarantined(store) == []
    assert await keys(store) == {"NET-1", "NET-7"}


async def test_one_that_is_stored_and_has_not_changed_leaves(
    store: Store, tracker: HidingTracker
) -> None:
    await told(store, OLD.item.ref)
    assert await quarantined(store) == [OLD.item.ref.uid]
    await census(store, tracker, Wanted())
    assert await quarantined(store) == []


async def test_one_that_nobody_wants_leaves_and_is_not_stored(
    store: Store, tracker: HidingTracker
) -> None:
    await told(store, LATE.item.ref)
    await census(store, tracker, UNWANTED)
    assert await quarantined(store) == []
    assert "NET-7" not in await keys(store)


async def test_one_that_is_not_there_leaves(store: Store, tracker: HidingTracker) -> None:
    await told(store, ItemRef("jira", "99999", "NET-99"))
    await census(store, tracker, Wanted())
    assert await quarantined(store) == []


async def test_while_the_tracker_does_not_answer_it_stays(
    store: Store, tracker: HidingTracker
) -> None:
    await told(store, LATE.item.ref)
    tracker.failing = {LATE.item.ref: Unreachable("no answer")}
    await census(store, tracker, Wanted())
    assert await quarantined(store) == [LATE.item.ref.uid]
