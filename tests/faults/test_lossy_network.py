"""A network that spoils nearly a third of all connections, in both directions: G21.

The tracker is behind one proxy and the daemon's door for webhooks behind another. Of the
connections through them 30 in 100 are reset, cut, delayed or swallowed at some byte. What the
sender does not see acknowledged it sends again, as trackers do: nothing is lost, nothing doubled.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable
from datetime import UTC, datetime

import aiohttp

from syncer.connect.testing.delivery import Delivery
from syncer.connect.testing.proxy import End, Fate, FaultProxy, Way
from syncer.store.inbox import InboxState
from tests.faults.daemon import is_shown, states
from tests.serve.site import ENDPOINT, PATIENCE, Site, until

WEBHOOKS = 60 * int(os.environ.get("SYNCER_TEST_ROUNDS", "1"))
SPOILT = 0.3
GIVES_UP_AFTER = aiohttp.ClientTimeout(total=3)
IDS = [str(number) for number in range(20_001, 20_021)]


def _spoils(seed: int, *, most_silent: int) -> Callable[[int], Fate]:
    """Which fate each connection meets; no more than so many fall silent, since those take long."""
    silent = 0

    def choose(number: int) -> Fate:
        nonlocal silent
        chance = random.Random(1_000 * seed + number)
        if chance.random() >= SPOILT:
            return Fate()
        way, after = chance.choice([*Way]), chance.choice([0, 1, 100, 700, 5_000, 40_000])
        sort = chance.randrange(4)
        if sort == 0:
            return Fate(wait=0.2, delay=0.02)
        if sort == 1 and silent < most_silent:
            silent += 1
            return Fate(end=End.SILENCE, way=way, after=after)
        return Fate(end=chance.choice([End.RESET, End.CLOSE]), way=way, after=after)

    return choose


async def _send(port: int, delivery: Delivery) -> int:
    """Send until it is acknowledged; how often that took."""
    url = f"http://127.0.0.1:{port}/hooks/{ENDPOINT}"
    for tries in range(1, 200):
        try:
            async with (
                aiohttp.ClientSession(timeout=GIVES_UP_AFTER) as session,
                session.post(url, data=delivery.body, headers=delivery.headers) as answer,
            ):
                if answer.status in {200, 202}:
                    return tries
                assert answer.status == 503, answer.status
        except (aiohttp.ClientError, TimeoutError):
            continue
    raise AssertionError("never acknowledged")


async def _storm(place: Site, *, tracker: FaultProxy, hooks: FaultProxy) -> int:
    """Webhooks of changes of twenty issues, eight under way at a time; how often one was sent.

    The tracker's connections, which serve many requests, end at three in ten of them.
    """
    slots, chance = asyncio.Semaphore(8), random.Random(3)

    async def one(number: int) -> int:
        async with slots:
            if chance.random() < SPOILT:
                tracker.end_all(chance.choice([End.RESET, End.CLOSE]))
            delivery = place.rename(IDS[number % len(IDS)], f"title {number}")
            return await _send(hooks.port, delivery)

    return sum(await asyncio.gather(*(one(number) for number in range(WEBHOOKS))))


async def _is_through(place: Site) -> bool:
    return set(await states(place)) <= {InboxState.DONE} and await is_shown(place)


async def test_f3_f4_nothing_is_lost_or_doubled_though_a_third_of_connections_fail(
    on_sqlite: Site,
) -> None:
    port = int(on_sqlite.jira.url.rpartition(":")[2])
    async with FaultProxy("127.0.0.1", port, choose=_spoils(1, most_silent=1)) as tracker:
        file = on_sqlite.folder / "syncer.toml"
        told = file.read_text(encoding="utf-8")
        spoilt = told.replace(on_sqlite.jira.url, f"http://127.0.0.1:{tracker.port}")
        file.write_text(spoilt, encoding="utf-8")
        # A second of the machine is a minute of the daemon's, so that its pauses are short.
        on_sqlite.environment["SYNCER_TEST_CLOCK"] = f"{datetime.now(UTC).isoformat()} 60"
        async with on_sqlite.serve() as serve, asyncio.timeout(2 * PATIENCE):
            door = int(serve.hooks.rpartition(":")[2])
            choose = _spoils(2, most_silent=4)
            async with FaultProxy("127.0.0.1", door, choose=choose) as hooks:
                sent = await _storm(on_sqlite, tracker=tracker, hooks=hooks)
            await until(lambda: _is_through(on_sqlite))
            assert await serve.end() == 0

    kept = await states(on_sqlite)
    assert kept == {InboxState.DONE: WEBHOOKS}
    assert sent > WEBHOOKS
    assert hooks.counts[End.RESET] > 0
    assert hooks.counts[End.SILENCE] > 0
    assert sum(tracker.counts[end] for end in End) > 0
