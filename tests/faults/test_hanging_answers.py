"""Answers that never come, or never end: F4, through the fault proxy, with short limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from syncer.connect.exchange import Limits
from syncer.connect.http import HttpClient
from syncer.connect.testing.proxy import End, Fate, FaultProxy, Way
from syncer.connect.testing.server import FakeTracker
from syncer.errors import Unreachable
from tests.faults.line import PATIENCE

ROWS = [{"id": number, "title": "x" * 100} for number in range(1000)]
SHORT = Limits(total=0.6, sock_read=0.3, attempts=3, first_wait=0.01, longest_wait=0.02)
HANGS = {
    "before the target is reached": Fate(end=End.SILENCE),
    "in the request": Fate(end=End.SILENCE, way=Way.UP, after=20),
    "before the headers": Fate(wait=30),
    "in the headers": Fate(end=End.SILENCE, after=10),
    "in the body": Fate(end=End.SILENCE, after=50_000),
    "a few bytes a second": Fate(rate=200),
}


async def _rows(_: web.Request) -> web.StreamResponse:
    return web.json_response(ROWS)


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    tracker = FakeTracker()
    tracker.route("GET", "/rows", _rows)
    async with tracker:
        host, _, port = tracker.url.removeprefix("http://").partition(":")
        async with FaultProxy(host, int(port)) as opened:
            yield opened


def _client(proxy: FaultProxy, session: aiohttp.ClientSession, limits: Limits) -> HttpClient:
    return HttpClient(session, f"http://127.0.0.1:{proxy.port}", auth=dict, limits=limits)


@pytest.mark.parametrize("fate", HANGS.values(), ids=HANGS)
async def test_f4_a_hanging_answer_is_given_up_and_asked_for_anew(
    proxy: FaultProxy, fate: Fate
) -> None:
    proxy.next(fate)
    async with aiohttp.ClientSession() as session, asyncio.timeout(PATIENCE):
        answer = await _client(proxy, session, SHORT).get("/rows")

        assert answer.data == ROWS
        assert proxy.counts["connections"] == 2


async def test_f4_who_hangs_for_ever_is_unreachable_after_so_many_attempts(
    proxy: FaultProxy,
) -> None:
    proxy.choose = lambda _: Fate(end=End.SILENCE, after=50_000)
    async with aiohttp.ClientSession() as session, asyncio.timeout(PATIENCE):
        with pytest.raises(Unreachable):
            await _client(proxy, session, SHORT).get("/rows")

    assert proxy.counts["connections"] == proxy.counts[End.SILENCE] == SHORT.attempts


async def test_f4_a_call_that_hangs_holds_up_no_other(proxy: FaultProxy) -> None:
    proxy.next(Fate(wait=30))
    patient = Limits(total=30, sock_read=30, attempts=1)
    async with aiohttp.ClientSession() as session, asyncio.timeout(PATIENCE):
        client = _client(proxy, session, patient)
        hanging = asyncio.create_task(client.get("/rows"))
        while proxy.counts["connections"] == 0:  # noqa: ASYNC110  happens beyond a socket
            await asyncio.sleep(0.01)
        for _ in range(5):
            assert (await client.get("/rows")).data == ROWS
        assert not hanging.done()
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging


def test_f4_by_default_an_attempt_ends_within_half_a_minute() -> None:
    assert (Limits().total, Limits().sock_read) == (30.0, 10.0)
