"""The daemon as a process: what webhooks do, what repairs lost ones, how it starts and ends."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from syncer.connect.testing.server import answer
from syncer.domain.item import ItemState
from syncer.domain.ref import ContainerKey
from syncer.store.daemon_tables import InboxRow
from syncer.store.engine import Store
from syncer.store.inbox import InboxState
from syncer.store.leases import database_now
from syncer.store.rows import table_of
from syncer.store.sources import load_sources
from syncer.store.tables import LeaseRow
from syncer.sync.lease import container_lease, held, this_process
from tests.serve.site import ENDPOINT, PATIENCE, Serve, Site, post, until

LEASES = table_of(LeaseRow)


async def _status(url: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        return reply.status


async def test_webhooks_change_the_store_once_and_forged_ones_never(place: Site) -> None:
    async with place.serve() as serve:
        await place.synced()
        first = place.rename("20001", "by webhook")

        assert await post(serve, first) == 202
        await until(lambda: _is_titled(place, "20001", "by webhook"))

        again = {"X-Atlassian-Webhook-Identifier": "another-id"}
        assert await post(serve, first) in {200, 202}
        assert await post(serve, replace(first, headers={**first.headers, **again})) == 202
        forged = place.jira.delivery("20002", "updated", secret=SecretStr("wrong-secret"))
        assert await post(serve, forged) == 401
        assert await post(serve, place.rename("20002", "nowhere"), "no-such-endpoint") == 401
        [kept] = await place.deliveries()
        assert (kept.state, kept.tries) == (InboxState.DONE, 1)

        gone = place.delivery("20003", "deleted")
        place.jira.world.delete("20003", datetime.now(UTC))
        assert await post(serve, gone) == 202
        await until(lambda: _is_in(place, "20003", ItemState.DELETED))

        assert await _status(f"{serve.hooks}/readyz") == 200
        assert await _status(f"{serve.hooks}/livez") == 200
        assert await _status(f"{serve.pages}/") == 200
        assert await _status(f"{serve.pages}/metrics") == 200
        assert await serve.end() == 0
    assert await _held_leases(place) == []
    assert await _said(serve, f"https://hooks.example.com/hooks/{ENDPOINT}")


async def _is_titled(place: Site, item: str, title: str) -> bool:
    return await place.title(item) == title


async def _is_in(place: Site, item: str, state: ItemState) -> bool:
    return await place.state(item) is state


async def _held_leases(place: Site) -> list[str]:
    async with Store(place.database) as store, store.read() as session:
        now = await database_now(session)
        rows = await session.execute(LEASES.select().where(LEASES.c.expires_at > now))
        return [row.name for row in rows]


async def test_a_pull_repairs_lost_webhooks_and_counts_what_it_found(on_sqlite: Site) -> None:
    on_sqlite.settings = "reconcile_minutes = 0.02\nwebhook_grace_minutes = 0"
    on_sqlite.configure()
    async with on_sqlite.serve():
        await on_sqlite.synced()
        on_sqlite.rename("20001", "its webhook was lost")

        await until(lambda: _is_titled(on_sqlite, "20001", "its webhook was lost"))
        await until(lambda: _has_found(on_sqlite))


async def _has_found(place: Site) -> bool:
    async with Store(place.database) as store, store.read() as session:
        return sum(one.found_by_reconcile for one in await load_sources(session)) >= 1


async def test_a_census_finds_what_no_webhook_told(on_sqlite: Site) -> None:
    # One second of the machine is ten minutes of the daemon's clock.
    on_sqlite.environment["SYNCER_TEST_CLOCK"] = f"{datetime.now(UTC).isoformat()} 600"
    async with on_sqlite.serve():
        await on_sqlite.synced()
        on_sqlite.jira.world.delete("20003", datetime.now(UTC))

        await until(lambda: _is_in(on_sqlite, "20003", ItemState.DELETED))


async def test_f19_a_delivery_that_fails_five_times_is_set_aside(on_sqlite: Site) -> None:
    on_sqlite.environment["SYNCER_TEST_CLOCK"] = f"{datetime.now(UTC).isoformat()} 1000"
    async with on_sqlite.serve() as serve:
        await on_sqlite.synced()
        on_sqlite.jira.server.fail(
            answer(400, body="{}"),
            times=None,
            path="*/issue/*",
            when=lambda request: b"20001" in request.body or "20001" in request.path,
        )
        assert await post(serve, on_sqlite.rename("20001", "poison")) == 202
        assert await post(serve, on_sqlite.rename("20002", "healthy")) == 202

        await until(lambda: _is_titled(on_sqlite, "20002", "healthy"))
        await until(lambda: _has_state(on_sqlite, InboxState.QUARANTINED))


async def _has_state(place: Site, state: InboxState) -> bool:
    return state in {one.state for one in await place.deliveries()}


async def test_a_second_daemon_on_one_file_is_refused_by_name(on_sqlite: Site) -> None:
    async with on_sqlite.serve() as serve:
        holder = f"serve (pid {serve.process.pid})"
        for command in (("serve",), ("db", "upgrade"), ("db", "downgrade", "base")):
            process = await on_sqlite.start(*command)
            _, told = await process.communicate()
            assert (process.returncode, holder in told.decode()) == (1, True), command

        assert await serve.end(signal.SIGINT) == 0


async def test_f56_a_reload_takes_a_good_file_and_refuses_a_faulty_one(on_sqlite: Site) -> None:
    async with on_sqlite.serve() as serve:
        await on_sqlite.synced()
        good = (on_sqlite.folder / "syncer.toml").read_text(encoding="utf-8")
        (on_sqlite.folder / "syncer.toml").write_text(good + "\n[nonsense]\n", encoding="utf-8")
        serve.process.send_signal(signal.SIGHUP)
        await until(lambda: _said(serve, "the new configuration is not used"))
        assert await post(serve, on_sqlite.rename("20001", "still served")) == 202
        await until(lambda: _is_titled(on_sqlite, "20001", "still served"))

        other = good.replace("jira-endpoint-for-tests", "another-endpoint-id")
        (on_sqlite.folder / "syncer.toml").write_text(other, encoding="utf-8")
        serve.process.send_signal(signal.SIGHUP)
        await until(lambda: _said(serve, "the new configuration is in force"))
        assert await post(serve, on_sqlite.rename("20001", "x")) == 401
        assert await post(serve, on_sqlite.rename("20001", "anew"), "another-endpoint-id") == 202
        await until(lambda: _is_titled(on_sqlite, "20001", "anew"))
        assert await serve.end() == 0


async def _said(serve: Serve, words: str) -> bool:
    return any(words in line for line in serve.said)


async def test_f28_f55_what_a_killed_daemon_had_begun_the_next_one_ends(place: Site) -> None:
    async with place.serve() as serve:
        await place.synced()
        place.jira.server.fail(_hang, times=None, path="*/issue/*")
        assert await post(serve, place.rename("20001", "after the kill")) == 202
        await until(lambda: _is_claimed(place))
        await serve.end(signal.SIGKILL)
    place.jira.server.recover()
    await _prolong_claims(place)

    async with place.serve():  # on the same machine, where the first one runs no more
        await until(lambda: _is_titled(place, "20001", "after the kill"))


async def _prolong_claims(place: Site) -> None:
    """Let no claim run out by itself."""
    claimed = table_of(InboxRow)
    until_then = datetime.now(UTC) + timedelta(days=1)
    async with Store(place.database) as store, store.write() as session:
        await session.execute(
            claimed.update().where(claimed.c.claimed_by != "").values(claimed_until=until_then)
        )


async def _hang(request: object, handler: object) -> web.StreamResponse:
    await asyncio.sleep(PATIENCE)
    raise web.HTTPServiceUnavailable


async def _is_claimed(place: Site) -> bool:
    return any(one.state is InboxState.PENDING for one in await place.deliveries())


async def test_two_daemons_on_one_postgresql_work_each_delivery_off_once(
    on_postgres: Site,
) -> None:
    async with on_postgres.serve() as first, on_postgres.serve() as second:
        await on_postgres.synced()
        numbers = range(20001, 20021)
        for number in numbers:
            serve = first if number % 2 else second
            assert await post(serve, on_postgres.rename(str(number), f"title {number}")) == 202

        await until(lambda: _are_titled(on_postgres, numbers))
        done = await on_postgres.deliveries()
        assert [(one.state, one.tries) for one in done] == [(InboxState.DONE, 1)] * len(numbers)
        assert await first.end() == await second.end() == 0


async def _are_titled(place: Site, numbers: range) -> bool:
    items = await place.items()
    return all(items[str(number)].title == f"title {number}" for number in numbers)


async def test_a_refusal_of_a_sync_is_told_once(on_sqlite: Site) -> None:
    await (await on_sqlite.start("sync")).communicate()
    async with Store(on_sqlite.database) as store:
        net = container_lease(ContainerKey("jira", "NET"))
        async with held(store, net, this_process("serve")) as lease:
            on_sqlite.rename("20001", "so that it is not passed over")
            out, err = await (await on_sqlite.start("sync")).communicate()

    assert (out + err).decode().count(f"being synced by {lease.holder.owner}") == 1


async def test_a_census_by_command_asks_and_is_confirmed(on_sqlite: Site) -> None:
    await (await on_sqlite.start("sync")).communicate()
    for number in range(20001, 20011):
        on_sqlite.jira.world.delete(str(number), datetime.now(UTC))

    process = await on_sqlite.start("sync", "--census")
    out, _ = await process.communicate()
    assert (process.returncode, b"10 of 20 stored items of jira:NET are gone" in out) == (1, True)
    assert await on_sqlite.state("20001") is ItemState.LIVE

    process = await on_sqlite.start("sync", "--census", "--confirm", "jira:NET")
    out, _ = await process.communicate()
    assert (process.returncode, b"10 deleted" in out) == (0, True)
    assert await on_sqlite.state("20001") is ItemState.DELETED

    process = await on_sqlite.start("sync", "--census", "--confirm", "jira:NOPE")
    _, err = await process.communicate()
    assert (process.returncode, b"'jira:NOPE' is no container" in err) == (2, True)
