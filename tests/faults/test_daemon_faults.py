"""What befalls a daemon from outside: F21, F22, F25, F29, F52, F56."""

from __future__ import annotations

import asyncio
import random
import resource
import signal
import sys

import aiohttp
import pytest
from sqlalchemy.engine import make_url

from syncer.connect.testing.delivery import Delivery, post_delivery
from syncer.connect.testing.proxy import End, FaultProxy
from syncer.store.engine import Store
from syncer.store.inbox import InboxState
from syncer.store.leases import database_now
from syncer.store.rows import table_of
from syncer.store.tables import LeaseRow
from tests.faults.daemon import is_shown, states
from tests.postgres import text_of
from tests.serve.site import ENDPOINT, PATIENCE, Serve, Site, post, until

LEASES = table_of(LeaseRow)
IDS = [str(number) for number in range(20_001, 20_021)]


async def _all_done(place: Site) -> bool:
    return set(await states(place)) <= {InboxState.DONE}


async def _insist(serve: Serve, delivery: Delivery) -> set[int]:
    """Send until it is taken, as trackers do; all that was answered. 0: nothing."""
    answers: set[int] = set()
    async with aiohttp.ClientSession() as session, asyncio.timeout(PATIENCE):
        while not answers & {200, 202}:
            try:
                url = f"{serve.hooks}/hooks/{ENDPOINT}"
                answers.add(await post_delivery(session, url, delivery))
            except (aiohttp.ClientError, TimeoutError):
                answers.add(0)
            await asyncio.sleep(0.05)
    return answers


@pytest.mark.parametrize("seed", range(3))
async def test_f29_a_daemon_that_is_told_to_end_ends_in_order_whatever_it_does(
    on_sqlite: Site, seed: int
) -> None:
    """Amid its first pull and deliveries; nothing stays held, and the next one goes on."""
    chance = random.Random(seed)
    async with on_sqlite.serve() as serve:
        taken = [await post(serve, on_sqlite.rename(one, f"title {one}")) for one in IDS[:seed]]
        await asyncio.sleep(chance.random())
        assert await serve.end(signal.SIGTERM) == 0
    assert set(taken) <= {202}
    async with Store(on_sqlite.database) as store, store.read() as session:
        now = await database_now(session)
        held = await session.execute(LEASES.select().where(LEASES.c.expires_at > now))
        assert held.all() == []

    async with on_sqlite.serve():
        await until(lambda: is_shown(on_sqlite))
        await until(lambda: _all_done(on_sqlite))


async def test_f22_f21_connections_to_the_database_that_break_lose_nothing(
    on_postgres: Site,
) -> None:
    direct = make_url(on_postgres.database)
    assert direct.host is not None
    assert direct.port is not None
    async with FaultProxy(direct.host, direct.port) as proxy:
        through = text_of(direct.set(host="127.0.0.1", port=proxy.port))
        on_postgres.environment["SYNCER_SERVICE__DATABASE_URL"] = through
        async with on_postgres.serve() as serve:
            await on_postgres.synced()
            for one in IDS[:10]:
                proxy.end_all(End.RESET)
                answers = await _insist(serve, on_postgres.rename(one, f"title {one}"))
                assert answers <= {0, 200, 202, 503}
            await until(lambda: is_shown(on_postgres))

            proxy.refuse()
            proxy.end_all(End.RESET)
            last = on_postgres.rename(IDS[0], "the last")
            assert await _refused(serve, last) == (503, True)
            await proxy.start()
            await _insist(serve, last)
            await until(lambda: is_shown(on_postgres))
            await until(lambda: _all_done(on_postgres))
            assert await serve.end() == 0
    assert proxy.counts[End.RESET] >= 10
    assert await states(on_postgres) == {InboxState.DONE: 11}


async def _refused(serve: Serve, delivery: Delivery) -> tuple[int, bool]:
    """The status of an answer, and whether it says when to come again."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{serve.hooks}/hooks/{ENDPOINT}", data=delivery.body, headers=delivery.headers
        ) as answer,
    ):
        return answer.status, int(answer.headers.get("Retry-After", "0")) > 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process from outside")
async def test_f25_a_disk_that_takes_nothing_more_is_told_and_comes_back(on_sqlite: Site) -> None:
    """No file may grow: what a full disk does to SQLite, without the right to mount one."""
    async with on_sqlite.serve() as serve:
        await on_sqlite.synced()
        await until(lambda: _all_done(on_sqlite))
        pid = serve.process.pid
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, most))
        delivery = on_sqlite.rename(IDS[0], "written in the end")
        assert await _refused(serve, delivery) == (503, True)

        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
        assert await _insist(serve, delivery) <= {202, 503}
        await until(lambda: is_shown(on_sqlite))
        assert await serve.end() == 0


async def test_f52_a_storm_of_deliveries_is_fetched_once_an_item_and_not_once_each(
    on_sqlite: Site,
) -> None:
    async with on_sqlite.serve() as serve:
        await on_sqlite.synced()
        on_sqlite.jira.server.forget_requests()
        storm = [on_sqlite.rename(one, f"title {n}") for n in range(20) for one in IDS]
        for start in range(0, len(storm), 40):
            sent = [post(serve, one) for one in storm[start : start + 40]]
            assert set(await asyncio.gather(*sent)) == {202}
        await until(lambda: _all_done(on_sqlite))
        await until(lambda: is_shown(on_sqlite))
        assert await serve.end() == 0

    assert await states(on_sqlite) == {InboxState.DONE: len(storm)}
    assert on_sqlite.jira.server.count("*/issue/bulkfetch") < len(storm) / 4


async def test_f56_no_file_however_broken_takes_the_configuration_away(on_sqlite: Site) -> None:
    file = on_sqlite.folder / "syncer.toml"
    good = file.read_bytes()
    chance = random.Random(56)
    async with on_sqlite.serve() as serve:
        await on_sqlite.synced()
        for number in range(12):
            file.write_bytes(_broken(good, chance))
            serve.process.send_signal(signal.SIGHUP)
            await until(lambda n=number: _has_refused(serve, n + 1))  # type: ignore[misc]
            title = f"after {number}"
            assert await post(serve, on_sqlite.rename(IDS[0], title)) == 202
        assert await _figure(serve, "syncer_configuration_faulty") == 1
        file.write_bytes(good)
        serve.process.send_signal(signal.SIGHUP)
        await until(lambda: _is_sound(serve))
        await until(lambda: is_shown(on_sqlite))
        assert await serve.end() == 0


def _broken(good: bytes, chance: random.Random) -> bytes:
    """The file with something in it that no TOML and no configuration holds."""
    at = chance.randrange(len(good))
    whole = good.decode().rstrip() + "\n"
    return chance.choice(
        [
            good[:at] + bytes([chance.randrange(0x80, 0x100)]) + b"\xff" + good[at:],
            whole.encode() + b"\n[nonsense]\n",
            whole.encode() + b'name = "twice"\n',
            good.replace(b'"jira"', chance.choice([b"7", b"[]", b'"no-such-kind"', b'""'])),
            whole.encode() + b"[[connections\n",
        ]
    )


async def _has_refused(serve: Serve, times: int) -> bool:
    return sum("the new configuration is not used" in line for line in serve.said) >= times


async def _is_sound(serve: Serve) -> bool:
    return await _figure(serve, "syncer_configuration_faulty") == 0


async def _figure(serve: Serve, name: str) -> float:
    async with aiohttp.ClientSession() as session, session.get(f"{serve.pages}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    [found] = [line for line in lines if line.startswith(f"{name} ")]
    return float(found.split()[1])
