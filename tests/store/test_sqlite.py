"""What only SQLite does: one file, one writer."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from syncer.errors import Busy, ConfigError, SyncerError
from syncer.store import migrate
from syncer.store.engine import Store
from syncer.store.rows import table_of
from syncer.store.tables import LeaseRow
from tests.store.samples import NOON

LEASES = table_of(LeaseRow)
COUNTER = {"name": "n", "owner": "o", "host": "h", "pid": 0, "expires_at": NOON}


@pytest.fixture
async def sqlite_store(sqlite_url: str) -> AsyncGenerator[Store]:
    async with Store(sqlite_url) as opened:
        yield opened


async def test_a_database_that_another_process_keeps_locked_is_a_clear_error(
    sqlite_store: Store,
) -> None:
    async with Store(sqlite_store.url) as other:
        async with other.write() as session:
            await session.execute(text("PRAGMA busy_timeout = 1"))
        async with sqlite_store.write() as holder:
            await holder.execute(LEASES.delete())
            with pytest.raises(Busy, match="locked"):
                await _write_once(other)


async def test_a_full_disk_is_a_clear_error_and_loses_nothing(sqlite_store: Store) -> None:
    async with sqlite_store.write() as session:
        pages = await session.scalar(text("PRAGMA page_count"))
        await session.execute(text(f"PRAGMA max_page_count = {pages}"))

    with pytest.raises(SyncerError, match="disk is full"):
        await _write_once(sqlite_store, "x" * 100_000)

    async with sqlite_store.write() as session:
        await session.execute(text("PRAGMA max_page_count = 100000"))
    await _write_once(sqlite_store)
    async with sqlite_store.read() as session:
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


def threads_of_the_driver() -> set[threading.Thread]:
    return {one for one in threading.enumerate() if "_connection_worker_thread" in one.name}


async def test_a_file_that_cannot_be_opened_leaves_no_thread_behind(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database, but long enough to be read as one" * 50)
    others = threads_of_the_driver()

    for wrong in ["no/such/x.db", "text.db"]:
        async with Store(f"sqlite:///{tmp_path}/{wrong}") as store:
            for _ in range(20):
                with pytest.raises(ConfigError):
                    await _write_once(store)

        assert threads_of_the_driver() <= others


async def test_a_user_who_was_cancelled_leaves_no_thread_behind(sqlite_url: str) -> None:
    count = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 2000000)"
    others = threads_of_the_driver()

    async with Store(sqlite_url) as store, store.read() as session:
        user = asyncio.ensure_future(session.scalar(text(f"{count} SELECT max(x) FROM n")))
        await asyncio.sleep(0.01)
        assert not threads_of_the_driver() <= others
        user.cancel()
        with pytest.raises(asyncio.CancelledError):
            await user

    assert threads_of_the_driver() <= others


async def test_the_file_is_in_wal_mode_and_checks_foreign_keys(sqlite_store: Store) -> None:
    async with sqlite_store.write() as session:
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
