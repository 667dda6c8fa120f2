from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from syncer.connect.testing.proxy import End, Fate, FaultProxy, Way

PATIENCE = 20
BIG = b"x" * 1_000_000


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    """A server that gives back what it is told; its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65_536):
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def proxy(echo: int) -> AsyncIterator[FaultProxy]:
    async with FaultProxy("127.0.0.1", echo) as opened:
        yield opened


@asynccontextmanager
async def caller(
    proxy: FaultProxy,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()


async def said_back(proxy: FaultProxy, text: bytes) -> bytes:
    """What comes back until the other side ends in good order."""
    async with caller(proxy) as (reader, writer):
        writer.write(text)
        writer.write_eof()
        return await reader.read()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110  what is waited for happens beyond a socket
            await asyncio.sleep(0.01)


async def test_without_a_fate_all_bytes_get_through_both_ways(proxy: FaultProxy) -> None:
    assert await said_back(proxy, BIG) == BIG
    assert proxy.counts == {"connections": 1, Way.UP: len(BIG), Way.DOWN: len(BIG)}
    await until(lambda: proxy.open == 0)


async def test_a_connection_may_be_reset_at_once(proxy: FaultProxy) -> None:
    proxy.next(Fate(end=End.RESET))
    with pytest.raises(ConnectionError):
        await said_back(proxy, b"hello")
    assert await said_back(proxy, b"hello") == b"hello"
    assert proxy.counts[End.RESET] == 1


@pytest.mark.parametrize("way", Way)
async def test_a_connection_may_be_reset_after_some_bytes(proxy: FaultProxy, way: Way) -> None:
    proxy.next(Fate(end=End.RESET, after=3, way=way))
    received = bytearray()

    async def read_on(reader: asyncio.StreamReader) -> None:
        while piece := await reader.read(1):
            received.extend(piece)

    async with caller(proxy) as (reader, writer):
        writer.write(b"hello")
        with pytest.raises(ConnectionError):
            await read_on(reader)
    assert (bytes(received), proxy.counts[way]) == (b"hel" if way is Way.DOWN else b"", 3)


async def test_an_answer_may_be_truncated(proxy: FaultProxy) -> None:
    proxy.next(Fate(end=End.CLOSE, after=400_000))
    assert await said_back(proxy, BIG) == BIG[:400_000]


async def test_a_half_open_connection_says_nothing_and_does_not_end(proxy: FaultProxy) -> None:
    proxy.next(Fate(end=End.SILENCE, after=3))
    async with caller(proxy) as (reader, writer):
        writer.write(b"hello")
        assert await reader.readexactly(3) == b"hel"
        writer.write(b"again")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
    assert (proxy.counts[End.SILENCE], proxy.open) == (1, 1)


async def test_open_connections_may_meet_their_end_together(proxy: FaultProxy) -> None:
    async with caller(proxy) as (one, first), caller(proxy) as (other, second):
        for reader, writer in ((one, first), (other, second)):
            writer.write(b"hello")
            assert await reader.readexactly(5) == b"hello"
        proxy.end_all(End.RESET)
        for reader in (one, other):
            with pytest.raises(ConnectionError):
                await reader.read()
    assert await said_back(proxy, b"hello") == b"hello"


async def test_a_refusing_proxy_comes_back_on_the_same_port(proxy: FaultProxy) -> None:
    proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        await said_back(proxy, b"hello")
    await proxy.start()
    assert await said_back(proxy, b"hello") == b"hello"


async def test_a_target_that_is_away_is_a_reset() -> None:
    async with FaultProxy("127.0.0.1", 1) as proxy:
        with pytest.raises(ConnectionError):
            await said_back(proxy, b"hello")


async def test_waits_delays_and_rates_lose_nothing(proxy: FaultProxy) -> None:
    proxy.next(Fate(wait=0.05), Fate(delay=0.05), Fate(rate=2_000_000))
    for _ in range(3):
        assert await said_back(proxy, BIG[:100_000]) == BIG[:100_000]


async def test_a_rate_holds_bytes_back(proxy: FaultProxy) -> None:
    proxy.next(Fate(rate=10))
    async with caller(proxy) as (_, writer):
        writer.write(BIG)
        await until(lambda: proxy.counts[Way.UP] > 0)
        assert proxy.counts[Way.UP] < 1000


async def test_each_connection_has_its_number(echo: int) -> None:
    def odd(number: int) -> Fate:
        return Fate(end=End.CLOSE) if number % 2 else Fate()

    async with FaultProxy("127.0.0.1", echo, choose=odd) as proxy:
        assert [await said_back(proxy, b"hello") for _ in range(4)] == [b"", b"hello"] * 2


def test_a_proxy_that_never_started_has_no_port() -> None:
    with pytest.raises(RuntimeError):
        _ = FaultProxy("127.0.0.1", 1).port
