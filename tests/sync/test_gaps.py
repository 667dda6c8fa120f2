"""What webhooks failed to tell is counted exactly once, and nothing else is."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from syncer.clock import FixedClock
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.store import claims, inbox
from syncer.store.engine import Store
from syncer.store.gaps import GRACE, settle
from syncer.store.inbox import Arrival, InboxState
from syncer.store.items import add_id_alias
from syncer.store.sources import load_sources
from syncer.sync.connection import Wanted, pull_connection
from syncer.sync.inbox import InboxWorker, Source
from syncer.sync.pull import Errand
from syncer.sync.reconcile import BY_COMMAND, CensusRules, census_connection
from tests.store.samples import NET, NOON, record
from tests.sync.hiding_tracker import HidingTracker
from tests.sync.tracker import Shelf

COUNTS = Errand(counts_found=True)
MINUTE = timedelta(minutes=1)
CHANGED = NOON + timedelta(hours=1)
PULLED = CHANGED + MINUTE
LATER = PULLED + GRACE


@pytest.fixture
async def tracker(store: Store) -> HidingTracker:
    shelf = Shelf()
    shelf.put(*(record(n) for n in range(20)))
    made = HidingTracker({NET: shelf})
    await _pull(store, made, at=NOON)
    return made


async def _pull(store: Store, tracker: HidingTracker, *, at: datetime = PULLED) -> None:
    await pull_connection(store, tracker, connection="jira", clock=FixedClock(at), errand=COUNTS)


def _change(tracker: HidingTracker, *numbers: int, at: datetime = CHANGED) -> None:
    for n in numbers:
        tracker.shelves[NET].put(record(n, updated_at=at, title=f"Changed at {at}"))


async def _deliver(store: Store, *numbers: int, at: datetime) -> None:
    """Webhooks that name items, kept and not yet worked off."""
    async with store.write() as session:
        arrivals = [
            Arrival(
                connection="jira",
                delivery_id=f"{n} {at}",
                body=f"{n} {at}".encode(),
                headers={},
                refs=[record(n).item.ref],
                at=at,
            )
            for n in numbers
        ]
        assert None not in await inbox.accept(session, arrivals)


async def _work(store: Store, tracker: HidingTracker, *, at: datetime) -> None:
    async def source(_name: str) -> Source:
        return Source(connector=tracker, wanted=Wanted())

    worker = InboxWorker(store, source, clock=FixedClock(at), owner="test")
    while await worker.take():
        await worker.idle()


async def _census(store: Store, tracker: HidingTracker, *, rules: CensusRules = BY_COMMAND) -> None:
    await census_connection(
        store,
        tracker,
        connection="jira",
        clock=FixedClock(PULLED),
        wanted=Wanted(),
        due=lambda _state: True,
        rules=rules,
    )


async def _lost(store: Store, *, now: datetime = LATER, container: ContainerKey = NET) -> int:
    await settle(store, now=now)
    async with store.read() as session:
        sources = {one.container: one for one in await load_sources(session)}
    return sources[container.key].found_by_reconcile


async def test_what_no_webhook_told_is_counted_after_the_grace_and_once(
    store: Store, tracker: HidingTracker
) -> None:
    _change(tracker, 1, 2, 3)
    await _pull(store, tracker)

    assert await _lost(store, now=LATER - timedelta(seconds=1)) == 0
    assert await _lost(store) == 3
    await _pull(store, tracker, at=LATER)
    assert await _lost(store, now=LATER + GRACE) == 3


async def test_the_first_reading_of_a_container_counts_nothing(
    store: Store, tracker: HidingTracker
) -> None:
    assert tracker.shelves[NET].sent == 20
    assert await _lost(store) == 0


async def test_a_delivery_that_waits_while_a_pull_brings_its_item_is_not_lost(
    store: Store, tracker: HidingTracker
) -> None:
    _change(tracker, 1, 2)
    await _deliver(store, 1, at=CHANGED)
    await _pull(store, tracker)

    assert await _lost(store, now=LATER) == 0  # the delivery still waits, so nothing is certain
    await _work(store, tracker, at=LATER)
    assert await _lost(store) == 1


async def test_a_delivery_that_comes_after_the_pull_is_not_lost(
    store: Store, tracker: HidingTracker
) -> None:
    _change(tracker, 1, 2)
    await _pull(store, tracker)
    await _deliver(store, 1, at=PULLED + MINUTE)
    await _work(store, tracker, at=PULLED + MINUTE)

    assert await _lost(store) == 1


async def test_a_delivery_of_an_earlier_change_explains_no_later_one(
    store: Store, tracker: HidingTracker
) -> None:
    _change(tracker, 1)
    await _deliver(store, 1, at=CHANGED)
    await _work(store, tracker, at=CHANGED)
    _change(tracker, 1, at=CHANGED + timedelta(seconds=1))
    await _pull(store, tracker)

    assert await _lost(store) == 1


async def test_a_delivery_that_brings_a_later_change_explains_that_one_alone(
    store: Store, tracker: HidingTracker
) -> None:
    _change(tracker, 1)
    await _pull(store, tracker)
    _change(tracker, 1, at=PULLED + MINUTE)
    await _deliver(store, 1, at=PULLED + MINUTE)
    await _work(store, tracker, at=PULLED + MINUTE)

    assert await _lost(store) == 1


async def test_what_webhooks_brought_before_the_pull_is_not_counted(
    store: Store, tracker: HidingTracker
) -> None:
    _change(tracker, 1, 2, 3)
    await _deliver(store, 1, 2, 3, at=CHANGED)
    await _work(store, tracker, at=CHANGED)
    await _pull(store, tracker)

    assert await _lost(store) == 0


@pytest.mark.parametrize("hours", [-24, 24])
async def test_f08_a_tracker_whose_clock_is_wrong_changes_no_count(
    store: Store, hours: int
) -> None:
    wrong, shelf = timedelta(hours=hours), Shelf()
    shelf.put(*(record(n, updated_at=NOON + wrong) for n in range(3)))
    tracker = HidingTracker({NET: shelf})
    await _pull(store, tracker, at=NOON)
    _change(tracker, 0, 1, 2, at=CHANGED + wrong)
    await _deliver(store, 0, at=CHANGED)
    await _work(store, tracker, at=CHANGED)
    await _pull(store, tracker)
    await _deliver(store, 1, at=PULLED + MINUTE)
    await _work(store, tracker, at=PULLED + MINUTE)

    assert await _lost(store) == 1


async def test_a_delivery_in_quarantine_was_told_all_the_same(
    store: Store, tracker: HidingTracker
) -> None:
    _change(tracker, 1, 2)
    await _deliver(store, 1, at=CHANGED)
    async with store.write() as session:
        [waiting] = await inbox.list_deliveries(session, state=InboxState.PENDING)
        await claims.set_aside(session, [waiting.id], note="five tries", at=CHANGED)
    await _pull(store, tracker)

    assert await _lost(store) == 1


async def test_what_a_census_finds_created_or_deleted_is_counted_too(
    store: Store, tracker: HidingTracker
) -> None:
    tracker.shelves[NET].put(record(77, updated_at=CHANGED))
    del tracker.shelves[NET].records[record(3).item.uid]
    await _census(store, tracker)
    assert await _lost(store) == 2


async def test_a_census_of_a_connection_without_webhooks_counts_nothing(
    store: Store, tracker: HidingTracker
) -> None:
    tracker.shelves[NET].put(record(77, updated_at=CHANGED))
    await _census(store, tracker, rules=CensusRules(counts_found=False))
    assert await _lost(store) == 0


async def test_a_late_webhook_of_a_deletion_explains_what_a_census_buried(
    store: Store, tracker: HidingTracker
) -> None:
    tracker.gone = {record(3).item.ref}
    del tracker.shelves[NET].records[record(3).item.uid]
    await _census(store, tracker)
    await _deliver(store, 3, at=PULLED + MINUTE)
    await _work(store, tracker, at=PULLED + MINUTE)

    assert await _lost(store) == 0


async def test_replicas_that_settle_at_once_count_once(
    store: Store, tracker: HidingTracker
) -> None:
    _change(tracker, *range(10))
    await _pull(store, tracker)

    counted = await asyncio.gather(*(settle(store, now=LATER) for _ in range(5)))

    assert sum(counted) == 10
    assert await _lost(store) == 10


async def test_an_item_with_a_new_id_is_explained_under_it(
    store: Store, tracker: HidingTracker
) -> None:
    old, new = record(1).item.ref, ItemRef("jira", "777")
    _change(tracker, 1)
    await _pull(store, tracker)
    moved = record(1, ref=new, updated_at=CHANGED)
    shelf = tracker.shelves[NET]
    del shelf.records[old.uid]
    shelf.put(moved)
    async with store.write() as session:
        await add_id_alias(session, connection="jira", native_id="777", uid=old.uid, at=PULLED)
        arrival = Arrival(
            connection="jira", delivery_id="m", body=b"m", headers={}, refs=[new], at=PULLED
        )
        await inbox.accept(session, [arrival])
    await _work(store, tracker, at=PULLED + MINUTE)

    assert await _lost(store) == 0
