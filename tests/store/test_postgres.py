"""What only PostgreSQL does: a server that refuses, vanishes, falls silent or is in a deadlock."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.errors import Busy, ConfigError, SyncerError, Unreachable
from syncer.store import migrate, postgres
from syncer.store.engine import Store
from syncer.store.rows import table_of
from syncer.store.tables import LeaseRow
from tests.postgres import text_of
from tests.store.samples import NOON

LEASES = table_of(LeaseRow)
ROW = {"owner": "o", "host": "h", "pid": 0, "attempt": 0, "expires_at": NOON}


@pytest.fixture
async def pg_store(postgres_url: str) -> AsyncGenerator[Store]:
    async with Store(postgres_url) as opened:
        yield opened


async def _add(store: Store, *names: str) -> None:
    async with store.write() as session:
        for name in names:
            await session.execute(LEASES.insert().values(name=name, **ROW))


async def _names(store: Store) -> list[str]:
    async with store.read() as session:
        return list(await session.scalars(select(LEASES.c.name).order_by(LEASES.c.name)))


# --- opening ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "kind", "told"),
    [
        ({"database": "no_such"}, ConfigError, "createdb no_such"),
        ({"password": "wrong-hunter2"}, ConfigError, "password"),
        ({"username": "nobody"}, ConfigError, "password"),
        ({"port": 1}, Unreachable, "Start the server"),
        ({"host": "no.such.host.invalid"}, Unreachable, "cannot be reached"),
        ({"query": {"sslmode": "require"}}, ConfigError, "sslmode"),
        ({"query": {"sslmode": "verify-full", "sslrootcert": "/no/such"}}, ConfigError, "sslmode"),
    ],
)
async def test_what_is_wrong_is_told_with_a_fix_and_without_the_password(
    postgres_url: str, changed: dict[str, Any], kind: type[SyncerError], told: str
) -> None:
    url = text_of(make_url(postgres_url).set(**changed))
    async with Store(url) as store:
        with pytest.raises(kind) as at_check:
            await store.check()
        with pytest.raises(SyncerError) as at_use:
            async with store.write():
                pass

    password = make_url(url).password or ""
    for caught in (at_check, at_use):
        assert told in str(caught.value)
        assert caught.value.fix
        assert password not in str(caught.value)


async def test_the_server_sees_who_is_connected(pg_store: Store) -> None:
    async with pg_store.read() as session:
        assert await session.scalar(text("SHOW application_name")) == "syncer"
        assert await session.scalar(text("SHOW transaction_isolation")) == "repeatable read"
    async with pg_store.write() as session:
        assert await session.scalar(text("SHOW transaction_isolation")) == "read committed"
        assert await session.scalar(text("SHOW transaction_read_only")) == "off"


async def test_a_database_without_tables_says_what_to_do(empty_postgres_url: str) -> None:
    async with Store(empty_postgres_url) as store:
        with pytest.raises(ConfigError, match="db upgrade"):
            await _add(store, "a")


# --- waiting and losing -------------------------------------------------------------------------


async def test_who_waits_too_long_for_a_row_is_told_that_it_is_busy(pg_store: Store) -> None:
    await _add(pg_store, "a")

    async def impatient() -> None:
        async with pg_store.write() as session:
            await session.execute(text("SET LOCAL lock_timeout = '1ms'"))
            await session.execute(LEASES.update().values(pid=2))

    async with pg_store.write() as holder:
        await holder.execute(LEASES.update().values(pid=1))
        with pytest.raises(Busy, match="locked"):
            await impatient()


async def test_two_who_wait_for_each_other_end_with_one_undone(pg_store: Store) -> None:
    await _add(pg_store, "a", "b")
    both = asyncio.Barrier(2)

    async def touch(first: str, second: str) -> None:
        update = LEASES.update().values(owner=first)
        async with pg_store.write() as session:
            await session.execute(update.where(LEASES.c.name == first))
            await both.wait()
            await session.execute(
                LEASES.update().where(LEASES.c.name == second).values(owner=first)
            )

    done = await asyncio.gather(touch("a", "b"), touch("b", "a"), return_exceptions=True)

    [failed] = [one for one in done if one is not None]
    assert isinstance(failed, Busy)
    assert "undone" in str(failed)


async def test_a_statement_that_takes_too_long_is_given_up(pg_store: Store) -> None:
    async def slow() -> None:
        async with pg_store.write() as session:
            await session.execute(text("SET LOCAL statement_timeout = '1ms'"))
            await session.execute(text("SELECT pg_sleep(60)"))

    with pytest.raises(Unreachable, match="too long"):
        await slow()


async def test_f22_a_lost_connection_is_an_error_in_words_and_the_next_one_works(
    pg_store: Store,
) -> None:
    async def killed() -> None:
        async with pg_store.write() as session:
            await session.execute(LEASES.insert().values(name="lost", **ROW))
            await _kill_sessions_but_ours(pg_store, session)
            await session.execute(LEASES.insert().values(name="lost too", **ROW))

    with pytest.raises(Unreachable, match="lost"):
        await killed()

    await _add(pg_store, "kept")
    assert await _names(pg_store) == ["kept"]


async def test_f22_a_connection_that_ended_while_it_rested_troubles_nobody(
    pg_store: Store, postgres_url: str
) -> None:
    await _add(pg_store, "before")
    async with Store(postgres_url) as other, other.write() as session:
        await session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    await asyncio.sleep(postgres.REST_SECONDS)

    await _add(pg_store, "after")
    assert await _names(pg_store) == ["after", "before"]


async def _kill_sessions_but_ours(store: Store, session: AsyncSession) -> None:
    """End the session's connection as a restart of the server does."""
    pid = await session.scalar(text("SELECT pg_backend_pid()"))
    async with store.write() as other:
        await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})


@asynccontextmanager
async def _proxy(url: str) -> AsyncGenerator[tuple[str, asyncio.Event]]:
    """The server at another port, where nothing gets through any more once the event is set."""
    target = make_url(url)
    silent = asyncio.Event()
    pumps: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                if not silent.is_set():
                    writer.write(data)
                    await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(target.host, target.port)
        for one in (pump(reader, there[1]), pump(there[0], writer)):
            pumps.add(asyncio.create_task(one))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield text_of(target.set(port=port)), silent
    finally:
        server.close()
        for task in pumps:
            task.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)


async def test_f50_a_server_that_falls_silent_is_given_up_and_comes_back(postgres_url: str) -> None:
    async with _proxy(postgres_url) as (url, silent), Store(url, silence=0.5) as store:
        await _add(store, "before")
        with pytest.raises(Unreachable):
            await _fall_silent_in(store, silent)
        with pytest.raises(Unreachable):
            await _add(store, "during")
        silent.clear()
        await _add(store, "after")

        assert await _names(store) == ["after", "before"]


async def _fall_silent_in(store: Store, silent: asyncio.Event) -> None:
    async with store.write() as session:
        await session.execute(LEASES.insert().values(name="lost", **ROW))
        silent.set()
        await session.execute(LEASES.update().values(pid=1))


async def test_f24_two_hundred_at_once_are_served_or_told_that_it_is_busy(pg_store: Store) -> None:
    """Whoever is served keeps its connection until all others have been told."""
    served: set[int] = set()
    refused: set[int] = set()
    all_told = asyncio.Event()

    def told(number: int, among: set[int]) -> None:
        among.add(number)
        if len(served) + len(refused) == 200:
            all_told.set()

    async def one(number: int) -> None:
        try:
            async with pg_store.write(patience=2) as session:
                await session.execute(LEASES.insert().values(name=str(number), **ROW))
                told(number, served)
                await all_told.wait()
        except Busy:
            told(number, refused)

    await _add(pg_store, "before")  # so that one connection is ready, however busy the machine is
    await asyncio.gather(*(one(number) for number in range(200)))

    assert served
    assert refused
    assert set(await _names(pg_store)) == {"before", *map(str, served)}


# --- waking -------------------------------------------------------------------------------------


async def _call(store: Store, channel: str) -> None:
    async with store.write() as session:
        await store.notify(session, channel)


async def test_a_waiter_elsewhere_is_woken(pg_store: Store) -> None:
    async with Store(pg_store.url) as other, other.wakeups("inbox") as wakeup:
        assert await wakeup.wait(60)  # it listens now, and something may have been said before
        assert not await wakeup.wait(0.01)
        await _call(pg_store, "outbox")
        await _call(pg_store, "inbox")
        assert await wakeup.wait(60)


async def test_f51_a_waiter_whose_connection_is_lost_listens_anew(pg_store: Store) -> None:
    async with Store(pg_store.url) as other, other.wakeups("inbox") as wakeup:
        assert await wakeup.wait(60)
        assert await _kill_listeners(pg_store) == 1
        assert not await wakeup.wait(0.01)  # no error: who waits polls meanwhile
        assert await wakeup.wait(60)
        await _call(pg_store, "inbox")
        assert await wakeup.wait(60)


async def _kill_listeners(store: Store) -> int:
    ended = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'LISTEN%'"
    )
    async with store.write() as session:
        return int(await session.scalar(ended) or 0)


async def test_a_waiter_polls_while_there_is_no_server(postgres_url: str) -> None:
    url = re.sub(r":\d+/", ":1/", postgres_url)
    async with Store(url) as store, store.wakeups("inbox") as wakeup:
        assert not await wakeup.wait(0.05)


# --- starting -----------------------------------------------------------------------------------


async def test_f30_many_may_migrate_one_empty_database_at_once(empty_postgres_url: str) -> None:
    stores = [Store(empty_postgres_url) for _ in range(20)]

    found = await asyncio.gather(*(migrate.upgrade(store) for store in stores))

    assert found == [migrate.head()] * 20
    for store in stores:
        await store.close()
