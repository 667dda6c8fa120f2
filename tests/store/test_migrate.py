from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, Column, Connection, MetaData, Table, func, select, text

from syncer.errors import ConfigError
from syncer.store import migrate, migrations
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


def _some(column: Column[Any]) -> object:
    """A value for a column of a table of which nothing but its types is known."""
    if isinstance(column.type, JSON):
        return {"a": 1}
    kind = column.type.python_type
    return NOON if kind is datetime else NOON.date() if kind is date else _PLAIN[kind]


_PLAIN = {str: "x", int: 1, float: 0.5, bool: True, bytes: b"x"}


def _fill(connection: Connection, tables: Sequence[Table]) -> None:
    """A row for every table, with every column that the table has as we know it."""
    for table in tables:
        row = {column.name: _some(column) for column in table.columns}
        connection.execute(table.insert().values(row))


def _reflected(connection: Connection) -> list[Table]:
    metadata = MetaData()
    metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name != "alembic_version"]


def _counts(connection: Connection, tables: Sequence[Table]) -> set[int | None]:
    return {connection.scalar(select(func.count()).select_from(table)) for table in tables}


def test_the_newest_version_is_known_without_the_library_that_makes_it() -> None:
    assert migrate.head() == migrations.head() == migrations.revisions()[-1]


def test_a_database_that_is_up_to_date_is_used_without_loading_the_library(tmp_path: Path) -> None:
    told = _modules_after_two_upgrades(tmp_path / "syncer.db")
    assert told == [True, False]


def _modules_after_two_upgrades(file: Path) -> list[bool]:
    """Whether a fresh process that upgrades has loaded the library; of two, one after the other."""
    script = (
        "import asyncio, sys"
        "\nfrom syncer.store import migrate"
        "\nfrom syncer.store.engine import Store"
        "\nasync def go():"
        f"\n    async with Store('sqlite:///{file}') as store: await migrate.upgrade(store)"
        "\nasyncio.run(go()); print('alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", script]
    return [
        subprocess.run(command, check=True, capture_output=True, text=True).stdout == "True\n"
        for _ in range(2)
    ]


@pytest.mark.parametrize(("before", "after"), list(pairwise(migrations.revisions())))
async def test_f49_code_of_the_version_before_writes_to_the_next_one_and_back(
    empty_database_url: str, before: str, after: str
) -> None:
    async with Store(empty_database_url) as store:
        await migrate.upgrade(store, before)
        async with store.writer.connect() as connection:
            tables = await connection.run_sync(_reflected)
        assert await migrate.upgrade(store, after) == after
        async with store.writer.begin() as connection:
            await connection.run_sync(_fill, tables)

        await migrate.downgrade(store, before)
        await migrate.upgrade(store, after)

        async with store.writer.connect() as connection:
            assert await connection.run_sync(_counts, tables) == {1}


async def test_going_up_twice_changes_nothing(store: Store) -> None:
    before = await migrate.current(store)

    assert await migrate.upgrade(store) == before == migrate.head()


async def test_a_newer_database_is_a_clear_error_and_is_left_alone(store: Store) -> None:
    async with store.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(ConfigError, match="newer"):
        await migrate.upgrade(store)

    assert await migrate.current(store) == "9999"


async def _alembic(root: Path, url: str) -> Process:
    command = [sys.executable, "-m", "alembic", "-x", f"url={url}", "upgrade", "head"]
    env = os.environ | {"PYTHONPATH": str(root)}
    return await asyncio.create_subprocess_exec(*command, cwd=root, env=env)


async def test_the_alembic_command_finds_the_migrations(
    empty_database_url: str, root: Path
) -> None:
    process = await _alembic(root, empty_database_url)
    assert await process.wait() == 0

    async with Store(empty_database_url) as store:
        assert await migrate.current(store) == migrate.head()


async def test_f30_processes_may_migrate_one_empty_database_at_once(
    empty_database_url: str, root: Path
) -> None:
    running = [await _alembic(root, empty_database_url) for _ in range(2)]
    async with Store(empty_database_url) as store:
        assert await migrate.upgrade(store) == migrate.head()

    assert [await process.wait() for process in running] == [0, 0]


async def test_several_may_migrate_one_new_file_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/100 %/syncer.db"
    (tmp_path / "100 %").mkdir()
    stores = [Store(url) for _ in range(4)]

    found = await asyncio.gather(*(migrate.upgrade(store) for store in stores))

    assert found == [migrate.head()] * 4
    for store in stores:
        await store.close()


async def test_histories_go_up_from_rows_of_changes_and_down_again(
    empty_database_url: str,
) -> None:
    given = [record(n, *(status_change(i) for i in range(n))) for n in range(3)]
    async with Store(empty_database_url) as store:
        await migrate.upgrade(store)
        async with store.write() as session:
            await save_records(session, [encode(one) for one in given], known={}, at=NOON)

        await migrate.downgrade(store, "0004")
        async with store.read() as session:
            rows = (await session.execute(text("SELECT item_uid, change_id FROM changes"))).all()
        await migrate.upgrade(store)

        async with store.read() as session:
            assert await load_records(session) == given
    assert sorted(tuple(row) for row in rows) == [
        ("jira:10001", "0"), ("jira:10002", "0"), ("jira:10002", "1"),
    ]  # fmt: skip
