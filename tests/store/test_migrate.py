from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from syncer.errors import ConfigError
from syncer.store import migrate
from syncer.store.codec import encode
from syncer.store.engine import Store
from syncer.store.items import load_records, save_records
from syncer.store.schema import METADATA
from tests.store.samples import NOON, record, status_change


def _differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), METADATA))


async def test_the_migrations_make_exactly_the_declared_tables(store: Store) -> None:
    async with store.writer.connect() as connection:
        assert await connection.run_sync(_differences) == []


async def test_up_down_and_up_again_with_data(store: Store) -> None:
    records = [record(n, status_change(n)) for n in range(5)]
    for _ in range(2):
        assert await migrate.upgrade(store) == migrate.head()
        async with store.write() as session:
            await save_records(session, [encode(r) for r in records], known={}, at=NOON)
        async with store.read() as session:
            assert await load_records(session) == records
        assert not await migrate.downgrade(store, "base")

    assert not await migrate.current(store)


async def test_going_up_twice_changes_nothing(store: Store) -> None:
    before = await migrate.current(store)

    assert await migrate.upgrade(store) == before == migrate.head()


async def test_a_newer_database_is_a_clear_error_and_is_left_alone(store: Store) -> None:
    async with store.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(ConfigError, match="newer"):
        await migrate.upgrade(store)

    assert await migrate.current(store) == "9999"


async def test_the_alembic_command_finds_the_migrations(tmp_path: Path, root: Path) -> None:
    url = f"sqlite:///{tmp_path}/syncer.db"
    alembic = [sys.executable, "-m", "alembic", "-x", f"url={url}", "upgrade", "head"]
    env = os.environ | {"PYTHONPATH": str(root)}
    process = await asyncio.create_subprocess_exec(*alembic, cwd=root, env=env)
    assert await process.wait() == 0

    async with Store(url) as store:
        assert await migrate.current(store) == migrate.head()


async def test_several_may_migrate_one_new_file_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/100 %/syncer.db"
    (tmp_path / "100 %").mkdir()
    stores = [Store(url) for _ in range(4)]

    found = await asyncio.gather(*(migrate.upgrade(store) for store in stores))

    assert found == [migrate.head()] * 4
    for store in stores:
        await store.close()
