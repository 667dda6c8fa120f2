"""One errand a statement: what comes back is what SQLite gives, however many rows there are."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import column, select, text
from sqlalchemy.exc import OperationalError

from syncer.store.engine import Store

ROWS = 2500
COUNTED = text(
    f"WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {ROWS}) "
    "SELECT x FROM n"
).columns(column("x"))
EVERY = list(range(1, ROWS + 1))


async def test_all_rows_come_whether_they_fit_the_first_errand_or_not(tmp_path: Path) -> None:
    async with Store(f"sqlite:///{tmp_path}/x.db") as store:
        await store.check()
        async with store.read() as session:
            for few in (0, 1, 999, 1000, 1001, 2000, ROWS):
                found = await session.scalars(select(COUNTED.subquery()).limit(few))
                assert found.all() == EVERY[:few]


async def test_rows_that_are_streamed_come_each_once_and_in_order(tmp_path: Path) -> None:
    async with Store(f"sqlite:///{tmp_path}/x.db") as store:
        await store.check()
        async with store.read() as session:
            for part in (1, 7, 1000, 1700):
                result = await (await session.connection()).stream(COUNTED)
                parts = [[row[0] for row in some] async for some in result.partitions(part)]
                assert [x for some in parts for x in some] == EVERY
                assert {len(some) for some in parts[:-1]} == {part}


async def test_a_stream_that_nobody_reads_to_its_end_holds_up_nothing(tmp_path: Path) -> None:
    async with Store(f"sqlite:///{tmp_path}/x.db") as store:
        await store.check()
        async with store.write() as session:
            connection = await session.connection()
            async with connection.stream(COUNTED) as result:
                assert await anext(aiter(result)) == (1,)
            await connection.exec_driver_sql("CREATE TABLE t (x INTEGER)")
        async with store.write() as session:
            await (await session.connection()).exec_driver_sql("DROP TABLE t")


async def test_a_statement_for_many_rows_tells_how_many_it_changed(tmp_path: Path) -> None:
    async with Store(f"sqlite:///{tmp_path}/x.db") as store:
        await store.check()
        async with store.write() as session:
            connection = await session.connection()
            await connection.exec_driver_sql("CREATE TABLE t (x INTEGER PRIMARY KEY)")
            await connection.exec_driver_sql("INSERT INTO t VALUES (?)", [(x,) for x in EVERY])
            done = await connection.exec_driver_sql("DELETE FROM t WHERE x > ?", (1000,))
            assert done.rowcount == ROWS - 1000
            last = await connection.exec_driver_sql("INSERT INTO t VALUES (4711)")
            assert last.lastrowid == 4711


async def test_what_sqlite_refuses_is_an_error_and_the_connection_goes_on(tmp_path: Path) -> None:
    async with Store(f"sqlite:///{tmp_path}/x.db") as store:
        await store.check()
        async with store.read() as session:
            with pytest.raises(OperationalError, match="no such table"):
                await session.execute(text("SELECT * FROM nowhere"))
            assert await session.scalar(select(COUNTED.subquery()).limit(1)) == 1
