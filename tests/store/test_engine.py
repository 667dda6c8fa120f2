from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from syncer.errors import Busy, ConfigError
from syncer.store.bulk import by_code_point
from syncer.store.engine import Store
from syncer.store.rows import table_of
from syncer.store.tables import LeaseRow
from syncer.store.urls import normalise_url
from tests.store.samples import NOON

LEASES = table_of(LeaseRow)
COUNTER = {"name": "n", "owner": "o", "host": "h", "pid": 0, "expires_at": NOON}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("sqlite:///x.db", "sqlite+aiosqlite:////etc/syncer/x.db"),
        ("sqlite:////var/x.db", "sqlite+aiosqlite:////var/x.db"),
        ("postgres://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("postgresql://u@h/d?sslmode=require", "postgresql+asyncpg://u@h/d?ssl=require"),
        ("postgresql+asyncpg://u@h/d", "postgresql+asyncpg://u@h/d"),
    ],
)
def test_urls_are_normalised(given: str, expected: str) -> None:
    url = normalise_url(given, folder=Path("/etc/syncer"))

    assert url.render_as_string(hide_password=False) == expected


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://h/d", "no url at all"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        normalise_url(url)


def test_a_password_never_appears_in_the_error() -> None:
    with pytest.raises(ConfigError) as caught:
        normalise_url("mysql://user:hunter2@host/db")

    assert "hunter2" not in str(caught.value)


async def test_a_reader_cannot_write(store: Store) -> None:
    async with store.read() as session:
        with pytest.raises(DBAPIError, match=r"read-?only"):
            await session.execute(LEASES.delete())
        await session.rollback()


async def test_a_statement_alone_is_committed_at_its_end_and_undone_by_nothing(
    store: Store,
) -> None:
    async def broken_off() -> None:
        async with store.write_alone() as session:
            await session.execute(LEASES.insert().values(**COUNTER, attempt=0))
            async with store.read() as reader:
                assert await reader.scalar(select(LEASES.c.name)) == "n"
            raise ValueError("too late")

    with pytest.raises(ValueError, match="too late"):
        await broken_off()

    async with store.write() as session:  # the same connection begins and undoes as before
        await session.execute(LEASES.update().values(owner="undone"))
        await session.rollback()
    async with store.read() as reader:
        assert await reader.scalar(select(LEASES.c.owner)) == "o"


async def test_a_reader_sees_one_state_while_a_writer_commits(store: Store) -> None:
    async with store.read() as reader:
        before = (await reader.execute(select(LEASES.c.name))).all()
        async with store.write() as session:
            await session.execute(LEASES.insert().values(**COUNTER, attempt=0))
        after = (await reader.execute(select(LEASES.c.name))).all()

    assert before == after == []


async def test_an_error_undoes_the_whole_transaction(store: Store) -> None:
    async def write_and_fail() -> None:
        async with store.write() as session:
            await session.execute(LEASES.insert().values(**COUNTER, attempt=0))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write_and_fail()

    async with store.read() as session:
        assert (await session.execute(select(LEASES.c.name))).all() == []


async def test_no_update_is_lost_between_two_stores_on_one_database(store: Store) -> None:
    async with store.write() as session:
        await session.execute(LEASES.insert().values(**COUNTER, attempt=0))

    async def count_up(own: Store) -> None:
        async with own.write() as session:
            seen = await session.scalar(select(LEASES.c.attempt).with_for_update())
            await asyncio.sleep(0)
            await session.execute(LEASES.update().values(attempt=(seen or 0) + 1))

    async with Store(store.url) as other:
        await asyncio.gather(*(count_up(own) for own in [store, other] * 20))

    async with store.read() as session:
        assert await session.scalar(select(LEASES.c.attempt)) == 40


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require", "verify-ca"])
def test_every_mode_of_ssl_is_handed_to_the_driver(mode: str) -> None:
    assert normalise_url(f"postgres://u@h/d?sslmode={mode}").query == {"ssl": mode}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("sslmode=sometimes", "verify-full"),
        ("channel_binding=require", "channel_binding"),
        ("options=-c%20x", "options"),
    ],
)
def test_what_the_driver_would_pass_over_or_not_know_is_refused(query: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        normalise_url(f"postgresql://user:hunter2@host/db?{query}")

    assert told in str(caught.value)
    assert "hunter2" not in str(caught.value)


async def test_a_session_waits_no_longer_for_a_connection_than_it_is_patient(store: Store) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(1 if store.is_sqlite else 16):
            await stack.enter_async_context(store.write())
        with pytest.raises(Busy, match="in use"):
            await stack.enter_async_context(store.write(patience=0.05))

    async with store.write(patience=5) as session:
        assert await session.scalar(select(1)) == 1


async def test_a_time_out_of_the_caller_s_own_stays_one(store: Store) -> None:
    with pytest.raises(TimeoutError):
        async with store.write():
            raise TimeoutError


async def test_text_is_ordered_by_code_point_everywhere(store: Store) -> None:
    names = ["a", "B", "_", "ä", "Z", "b", "-x", "x"]
    async with store.write() as session:
        for name in names:
            await session.execute(LEASES.insert().values(**(COUNTER | {"name": name}), attempt=0))
    async with store.read() as session:
        found = await session.scalars(select(LEASES.c.name).order_by(by_code_point(LEASES.c.name)))

    assert found.all() == sorted(names)
