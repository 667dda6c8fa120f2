from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from syncer.errors import Busy, ConfigError, SyncerError
from syncer.store import migrate
from syncer.store.engine import Store, normalise_url
from syncer.store.rows import table_of
from syncer.store.tables import LeaseRow
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
        with pytest.raises(OperationalError, match="readonly"):
            await session.execute(LEASES.delete())


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


async def test_no_update_is_lost_between_two_stores_on_one_file(store: Store) -> None:
    async with store.write() as session:
        await session.execute(LEASES.insert().values(**COUNTER, attempt=0))

    async def count_up(own: Store) -> None:
        async with own.write() as session:
            seen = await session.scalar(select(LEASES.c.attempt))
            await asyncio.sleep(0)
            await session.execute(LEASES.update().values(attempt=(seen or 0) + 1))

    async with Store(store.url) as other:
        await asyncio.gather(*(count_up(own) for own in [store, other] * 20))

    async with store.read() as session:
        assert await session.scalar(select(LEASES.c.attempt)) == 40


async def test_a_database_that_another_process_keeps_locked_is_a_clear_error(store: Store) -> None:
    async with Store(store.url) as other:
        async with other.write() as session:
            await session.execute(text("PRAGMA busy_timeout = 1"))
        async with store.write() as holder:
            await holder.execute(LEASES.delete())
            with pytest.raises(Busy, match="locked"):
                await _write_once(other)


async def test_a_full_disk_is_a_clear_error_and_loses_nothing(store: Store) -> None:
    async with store.write() as session:
        pages = await session.scalar(text("PRAGMA page_count"))
        await session.execute(text(f"PRAGMA max_page_count = {pages}"))

    with pytest.raises(SyncerError, match="disk is full"):
        await _write_once(store, "x" * 100_000)

    async with store.write() as session:
        await session.execute(text("PRAGMA max_page_count = 100000"))
    await _write_once(store)
    async with store.read() as session:
        assert (await session.scalars(select(LEASES.c.owner))).all() == ["o"]


async def _write_once(store: Store, owner: str = "o") -> None:
    async with store.write() as session:
        await session.execute(LEASES.insert().values(**(COUNTER | {"owner": owner}), attempt=0))


async def test_a_file_that_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("not a database, but long enough to be read as one" * 50)

    async with Store(f"sqlite:///{tmp_path}/x.db") as store:
        with pytest.raises(ConfigError):
            await migrate.upgrade(store)


async def test_a_missing_folder_is_a_clear_error(tmp_path: Path) -> None:
    async with Store(f"sqlite:///{tmp_path}/no/such/x.db") as store:
        with pytest.raises(ConfigError, match="cannot be opened"):
            await migrate.upgrade(store)


async def test_the_file_is_in_wal_mode_and_checks_foreign_keys(store: Store) -> None:
    async with store.write() as session:
        assert await session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert await session.scalar(text("PRAGMA foreign_keys")) == 1


def modes_in(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


async def test_a68_a_new_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with Store("sqlite:///x.db", folder=tmp_path) as store:
            await migrate.upgrade(store)
            modes = await asyncio.to_thread(modes_in, tmp_path)
    finally:
        os.umask(before)
    assert {"x.db", "x.db-wal", "x.db-shm"} <= set(modes)
    assert set(modes.values()) == {0o600}


async def test_a_file_that_is_there_keeps_the_mode_that_somebody_gave_it(tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / "x.db").touch)
    await asyncio.to_thread((tmp_path / "x.db").chmod, 0o640)
    async with Store("sqlite:///x.db", folder=tmp_path) as store:
        await migrate.upgrade(store)
    assert modes_in(tmp_path)["x.db"] == 0o640
