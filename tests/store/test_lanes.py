"""What each lane brought is added up, whoever counts."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from syncer.domain.lane import Lane, LaneState
from syncer.domain.ref import ContainerKey
from syncer.store.engine import Store
from syncer.store.lanes import count_lane, load_lanes, note_next
from tests.store.samples import NET, NOON

LATER = NOON + timedelta(hours=1)
OUT = ContainerKey("jira", "OUT")


async def _lanes(store: Store, container: ContainerKey = NET) -> dict[Lane, LaneState]:
    async with store.read() as session:
        return (await load_lanes(session))[container]


async def test_counts_are_added_and_a_failure_keeps_the_last_success(store: Store) -> None:
    async with store.write() as session:
        await count_lane(session, NET, Lane.LIVE, seen=3, stored=2, at=NOON, lag_seconds=4.5)
    async with store.write() as session:
        await count_lane(session, NET, Lane.LIVE, seen=1, stored=0, at=LATER, failed=True)

    assert await _lanes(store) == {
        Lane.LIVE: LaneState(
            passes=2,
            seen=4,
            stored=2,
            failed=1,
            lag_seconds=4.5,
            last_at=LATER,
            last_success_at=NOON,
        )
    }


async def test_what_a_lane_waits_for_does_not_touch_its_counts(store: Store) -> None:
    async with store.write() as session:
        await note_next(session, "jira", "NET", Lane.BACKFILL, at=LATER, why="rate-limited")
        await count_lane(session, NET, Lane.BACKFILL, seen=5, stored=5, at=NOON)
    waiting = (await _lanes(store))[Lane.BACKFILL]
    async with store.write() as session:
        await note_next(session, "jira", "NET", Lane.BACKFILL, at=None, why="")
    free = (await _lanes(store))[Lane.BACKFILL]

    assert (waiting.next_at, waiting.why, waiting.seen) == (LATER, "rate-limited", 5)
    assert (free.next_at, free.why, free.seen, free.passes) == (None, "", 5, 1)


async def test_lanes_and_containers_are_counted_apart(store: Store) -> None:
    async with store.write() as session:
        await count_lane(session, NET, Lane.LIVE, seen=1, stored=1, at=NOON)
        await count_lane(session, NET, Lane.CENSUS, seen=20, stored=0, at=NOON)
        await count_lane(session, OUT, Lane.LIVE, seen=7, stored=7, at=NOON)
        await note_next(session, "jira", "", Lane.LOOK_BACK, at=LATER, why="paused")

    assert {lane: one.seen for lane, one in (await _lanes(store)).items()} == {
        Lane.LIVE: 1,
        Lane.CENSUS: 20,
    }
    assert (await _lanes(store, OUT))[Lane.LIVE].seen == 7
    assert (await _lanes(store, ContainerKey("jira", "")))[Lane.LOOK_BACK].why == "paused"


async def test_those_who_count_at_once_lose_nothing(store: Store) -> None:
    async def count_both() -> None:
        async with store.write() as session:
            for key in sorted([NET, OUT]):
                await count_lane(session, key, Lane.LIVE, seen=1, stored=1, at=NOON)

    await asyncio.gather(*(count_both() for _ in range(6)))

    for key in (NET, OUT):
        assert (await _lanes(store, key))[Lane.LIVE].stored == 6
