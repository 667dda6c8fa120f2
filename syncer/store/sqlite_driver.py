"""The asynchronous driver of SQLite with one errand a statement.

aiosqlite has a thread for each connection, and takes every step of a statement there by itself: a
cursor is made, the statement run, its rows fetched, the cursor closed. Each such errand wakes two
threads, which pass the interpreter's lock to and fro, so that a page of items that was written by
a dozen statements changed hands ninety times. Here the four are one. See docs/decisions/0035.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Self

import aiosqlite

_AT_ONCE: Final = 1000
"""Rows that come with the statement that finds them; the rest, where there is one, is fetched."""

Rows = list[Any]
Parameters = Sequence[Any] | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Told:
    """What came of a statement; `rest` has more rows, where not all came with it."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    rows: Rows = field(default_factory=list)
    rest: sqlite3.Cursor | None = None


class Connection(aiosqlite.Connection):
    """A connection whose cursors do a statement as one errand; the rest is aiosqlite's."""

    def cursor(self) -> Cursor:  # type: ignore[override]  # SQLAlchemy enters what it gets
        """A cursor, for which the thread is not asked."""
        return Cursor(self)

    async def errand(self, work: partial[Any]) -> Any:  # noqa: ANN401  as the work has it
        """The result of some work in the connection's thread."""
        return await self._execute(work)  # type: ignore[no-untyped-call]  # aiosqlite tells none

    @property
    def plain(self) -> sqlite3.Connection:
        """The connection itself, for work in its thread."""
        return self._conn


class Cursor:
    """What SQLAlchemy uses of aiosqlite's cursors."""

    def __init__(self, connection: Connection) -> None:
        self.arraysize = 1
        self._connection = connection
        self._told = _Told()

    async def __aenter__(self) -> Self:
        """Be ready: there is nothing to make."""
        return self

    @property
    def description(self) -> Any:  # noqa: ANN401  as sqlite3 has it
        """The columns of the rows, None where the statement has none."""
        return self._told.description

    @property
    def rowcount(self) -> int:
        """How many rows were changed, -1 where that is not told."""
        return self._told.rowcount

    @property
    def lastrowid(self) -> int | None:
        """The id of the row that was inserted last."""
        return self._told.lastrowid

    async def execute(self, sql: str, parameters: Parameters = ()) -> Self:
        """Run a statement; its first rows come with it."""
        self._told = await self._errand(partial(_executed, self._connection.plain, sql, parameters))
        return self

    async def executemany(self, sql: str, rows: Iterable[Parameters]) -> Self:
        """Run a statement for each of many rows."""
        self._told = await self._errand(partial(_repeated, self._connection.plain, sql, rows))
        return self

    async def fetchone(self) -> Any | None:  # noqa: ANN401  a row, as sqlite3 makes it
        """The next row, None at the end."""
        rows = await self.fetchmany(1)
        return rows[0] if rows else None

    async def fetchmany(self, size: int | None = None) -> Rows:
        """So many of the rows, fewer at the end."""
        told, wanted = self._told, size or self.arraysize
        if len(told.rows) < wanted and told.rest is not None:
            told.rows.extend(await self._errand(partial(told.rest.fetchmany, wanted)))
        some = told.rows[:wanted]
        del told.rows[:wanted]
        return some

    async def fetchall(self) -> Rows:
        """All rows that are left."""
        told = self._told
        rest = await self._errand(partial(told.rest.fetchall)) if told.rest is not None else []
        some = [*told.rows, *rest] if rest else list(told.rows)
        told.rows.clear()
        return some

    async def close(self) -> None:
        """Let go of the statement, where it has not come to its end by itself."""
        if self._told.rest is not None:
            await self._errand(partial(self._told.rest.close))

    async def _errand(self, work: partial[Any]) -> Any:  # noqa: ANN401  as the work has it
        return await self._connection.errand(work)


def connect(database: str, **options: Any) -> Connection:  # noqa: ANN401  as sqlite3 takes them
    """A connection to be awaited; options as `sqlite3.connect` has them."""
    return Connection(partial(sqlite3.connect, database, **options), iter_chunk_size=_AT_ONCE)


def _executed(connection: sqlite3.Connection, sql: str, parameters: Parameters) -> _Told:
    cursor = connection.execute(sql, parameters)
    rows = cursor.fetchmany(_AT_ONCE) if cursor.description else []
    return _told(cursor, rows)


def _repeated(connection: sqlite3.Connection, sql: str, rows: Iterable[Parameters]) -> _Told:
    return _told(connection.executemany(sql, rows), [])


def _told(cursor: sqlite3.Cursor, rows: Rows) -> _Told:
    more = len(rows) == _AT_ONCE
    told = _Told(
        description=cursor.description,
        rowcount=cursor.rowcount,
        lastrowid=cursor.lastrowid,
        rows=rows,
        rest=cursor if more else None,
    )
    if not more:
        cursor.close()
    return told
