"""A pull reads on while it stores, a few pages at most, and saves them in their order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from syncer.clock import FixedClock
from syncer.connect.protocol import Page
from syncer.domain.cursor import Cursor
from syncer.domain.ref import ContainerKey
from syncer.errors import AuthFailed, Unreachable
from syncer.failpoints import Edge, armed
from syncer.store.engine import Store
from syncer.store.items import count_items
from syncer.sync.ahead import PAGES_AHEAD, read_ahead
from syncer.sync.pull import Stop, pull_container
from tests.store.samples import NET, NOON, record
from tests.sync.tracker import MemoryConnector, Shelf


def shelf(count: int) -> Shelf:
    one = Shelf()
    one.put(*(record(number) for number in range(1, count + 1)))
    return one


async def settled() -> None:
    """Let everything run that can run without anything from outside."""
    for _ in range(200):
        await asyncio.sleep(0)


class Watched(MemoryConnector):
    """Counts the pages that were taken, and tells whether it was closed."""

    taken = 0
    closed = 0

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncGenerator[Page]:
        try:
            async for page in super().changes(container, since):
                self.taken += 1
                yield page
        finally:
            self.closed += 1


async def _numbers(count: int, taken: list[int]) -> AsyncGenerator[int]:
    for number in range(count):
        await asyncio.sleep(0)
        taken.append(number)
        yield number


async def test_who_is_slow_gets_together_what_came_meanwhile_in_order() -> None:
    taken: list[int] = []
    batches: list[list[int]] = []
    async with aclosing(read_ahead(_numbers(20, taken), most=3)) as ahead:
        async for batch in ahead:
            batches.append(batch)
            await settled()
            assert len(taken) <= sum(map(len, batches)) + 3
    assert [number for batch in batches for number in batch] == list(range(20))
    assert max(map(len, batches)) > 1


async def test_a_store_that_is_held_up_holds_up_the_reading(store: Store) -> None:
    connector = Watched({NET: shelf(40)}, page_size=1)
    held, go_on = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with store.write() as session:
            await session.connection()
            held.set()
            await go_on.wait()

    def begin_holding(_: ContainerKey, number: int) -> None:
        if number == 4:
            holding.append(asyncio.ensure_future(hold()))

    holding: list[asyncio.Future[None]] = []
    connector.on_page = begin_holding
    pulling = asyncio.ensure_future(pull_container(store, connector, NET, clock=FixedClock(NOON)))
    await asyncio.wait_for(held.wait(), 60)
    if store.is_sqlite:
        seen = connector.taken
        await settled()
        assert connector.taken <= seen + PAGES_AHEAD + 2 < 40
    go_on.set()
    result = await pulling
    await asyncio.gather(*holding)
    assert (result.items_seen, result.pages, result.error) == (40, 40, "")
    async with store.read() as session:
        assert await count_items(session) == 40


async def test_what_was_read_before_an_error_is_stored_with_its_cursor(store: Store) -> None:
    one = shelf(50)
    one.fail_at_page, one.error = 30, Unreachable("reset")
    connector = Watched({NET: one}, page_size=1)
    failed = await pull_container(store, connector, NET, clock=FixedClock(NOON))
    one.error = None
    again = await pull_container(store, connector, NET, clock=FixedClock(NOON))
    assert (failed.items_seen, failed.error) == (30, "reset")
    assert (again.items_seen, again.error, connector.closed) == (20, "", 2)


async def test_a_process_that_ends_amid_a_pass_has_the_cursor_of_what_it_stored(
    store: Store,
) -> None:
    connector = Watched({NET: shelf(50)}, page_size=1)

    class Killed(BaseException):
        pass

    edges: list[Edge] = []

    def kill(edge: Edge) -> None:
        edges.append(edge)
        if edge is Edge.PULL_BEFORE_COMMIT and edges.count(edge) == 5:
            raise Killed

    with armed(kill), pytest.raises(Killed):
        await pull_container(store, connector, NET, clock=FixedClock(NOON))
    async with store.read() as session:
        stored = await count_items(session)
    again = await pull_container(store, connector, NET, clock=FixedClock(NOON))
    assert 4 <= stored < 50
    assert connector.closed == 2
    assert again.items_seen == 50 - stored


async def test_refused_credentials_end_the_reading_that_runs_ahead(store: Store) -> None:
    connector = Watched({NET: shelf(50)}, page_size=1)
    stop = Stop()

    def refuse(_: ContainerKey, number: int) -> None:
        if number == 10:
            stop.failure = AuthFailed("refused")

    connector.on_page = refuse
    result = await pull_container(store, connector, NET, clock=FixedClock(NOON), stop=stop)
    assert result.error == "refused"
    assert connector.taken < 50
    assert connector.closed == 1
