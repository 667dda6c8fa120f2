"""Several writers at once: tasks with stores of their own, as separate processes have."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack
from datetime import date

import pytest
from sqlalchemy import select

from syncer.errors import Busy, NotFound
from syncer.store.audit import load_events
from syncer.store.bulk import upsert
from syncer.store.engine import Store
from syncer.store.leases import Holder, acquire, database_now
from syncer.store.rows import table_of
from syncer.store.statements import load_statements, record_target
from syncer.store.tables import LeaseRow
from syncer.store.verdicts import add_override, undo_override
from tests.store.samples import NOON
from tests.store.test_statements import OVERRIDE

LEASES = table_of(LeaseRow)


@pytest.fixture
async def stores(store: Store) -> AsyncGenerator[Sequence[Store]]:
    async with AsyncExitStack() as stack:
        others = [await stack.enter_async_context(Store(store.url)) for _ in range(5)]
        for one in (store, *others):  # who must connect first comes too late for a race
            async with one.write() as session:
                await session.scalar(select(1))
        yield [store, *others]


async def _take(store: Store, number: int) -> int | None:
    me = Holder(owner=f"serve (pid {number})", host="here", pid=number)
    try:
        async with store.write() as session:
            lease = await acquire(session, "jira:NET", me, is_dead=lambda _: False)
    except Busy:
        return None
    return lease.attempt


async def test_of_many_who_take_a_lease_at_once_one_gets_it(stores: Sequence[Store]) -> None:
    for turn in range(1, 4):
        taken = await asyncio.gather(*(_take(store, n) for n, store in enumerate(stores)))
        assert [attempt for attempt in taken if attempt is not None] == [turn]
        async with stores[0].write() as session:
            await session.execute(LEASES.update().values(expires_at=await database_now(session)))


async def test_bulk_writers_of_the_same_rows_in_any_order_do_not_block_each_other(
    stores: Sequence[Store],
) -> None:
    shuffle = random.Random(7)

    async def write(store: Store, number: int) -> None:
        names = [f"{n:03}" for n in range(200)]
        shuffle.shuffle(names)
        rows = [
            {"name": name, "owner": str(number), "host": "h", "pid": 0, "attempt": 0}
            for name in names
        ]
        async with store.write() as session:
            await upsert(session, LEASES, [row | {"expires_at": NOON} for row in rows])

    for _ in range(3):
        await asyncio.gather(*(write(store, n) for n, store in enumerate(stores)))

    async with stores[0].read() as session:
        owners = (await session.scalars(select(LEASES.c.owner))).all()
    assert len(owners) == 200
    assert len(set(owners)) == 1


async def test_a_target_that_moved_is_one_move_whoever_reads_it_first(
    stores: Sequence[Store],
) -> None:
    async def note(store: Store, on: date) -> None:
        async with store.write() as session:
            at = await database_now(session)
            await record_target(session, "network", on, at=at, by="configuration")

    await note(stores[0], date(2026, 12, 1))
    await asyncio.gather(*(note(store, date(2027, 1, 1)) for store in stores))

    async with stores[0].read() as session:
        moves = (await load_statements(session)).target_moves
        events = await load_events(session, subject="network")
    assert len(moves) == 1
    assert [event.what for event in events] == ["target.change", "target.add"]


async def test_a_correction_is_taken_back_once(stores: Sequence[Store]) -> None:
    async with stores[0].write() as session:
        await add_override(session, OVERRIDE)

    async def undo(store: Store, number: int) -> bool:
        try:
            async with store.write() as session:
                await undo_override(session, "O-1", who=str(number), at=NOON)
        except NotFound:
            return False
        return True

    done = await asyncio.gather(*(undo(store, n) for n, store in enumerate(stores)))

    assert sum(done) == 1
    async with stores[0].read() as session:
        assert len(await load_events(session, what="override.undo")) == 1
