"""Inserting a row that another transaction may insert too: who comes second changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from sqlalchemy import JSON, Column, Dialect, LargeBinary, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from syncer.clock import as_utc
from syncer.store.types import UtcDateTime, to_json_text

_MOST_VALUES: Final = 30_000
"""Values of one statement: SQLite takes 32,766 ("Implementation Limits For SQLite")."""

_Binder = Callable[[Any], Any]


async def insert_new(
    session: AsyncSession, table: Table, row: Mapping[str, Any], *, returning: Column[Any]
) -> Any:  # noqa: ANN401  the column's value
    """Insert the row and return its column; None where a unique key of it is taken."""
    postgres = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert(table) if postgres else sqlite.insert(table)
    statement = insert.values(row).on_conflict_do_nothing().returning(returning)
    return await session.scalar(statement)


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """An insert as it is meant: the table and its columns in the order of the rows' values.

    `fixed` are columns with what SQL says for them in every row, and the column `clock` gets the
    database's own time of that moment. `returning` names columns of text or of whole numbers.
    """

    table: Table
    names: tuple[str, ...]
    fixed: tuple[tuple[str, str], ...] = ()
    clock: str
    returning: tuple[str, ...]


async def insert_all_new(
    session: AsyncSession, meant: Insert, rows: Sequence[Sequence[Any]]
) -> list[Sequence[Any]]:
    """Insert rows but those of which a unique key is taken; what was asked of those that went in.

    One statement, past what SQLAlchemy does for each single value: somebody waits for its end.
    `ValueError` for an instant without a zone.
    """
    dialect = session.get_bind().dialect
    connection = await session.connection()
    size = _MOST_VALUES // len(meant.names)
    found: list[Sequence[Any]] = []
    for start in range(0, len(rows), size):
        some = rows[start : start + size]
        if dialect.name == "postgresql":
            sql, values = _of_documents(meant, dialect, some)
            found += (await connection.exec_driver_sql(sql, values)).all()
        else:
            sql, values = _of_values(meant, dialect, some)
            found += await _fetched(connection, sql, values)
    return found


def _head(meant: Insert) -> str:
    names = ", ".join((*meant.names, *(name for name, _ in meant.fixed), meant.clock))
    return f"INSERT INTO {meant.table.name} ({names})"


def _tail(meant: Insert) -> str:
    return f"ON CONFLICT DO NOTHING RETURNING {', '.join(meant.returning)}"


# --- SQLite: row after row ------------------------------------------------------------------------


async def _fetched(
    connection: AsyncConnection, sql: str, values: tuple[Any, ...]
) -> Iterable[Sequence[Any]]:
    """One errand to the driver's thread, and not one for each step: each waits for its turn."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    try:
        found: Iterable[Sequence[Any]] = await driver.execute_fetchall(sql, values)
    except sqlite3.Error as error:  # as SQLAlchemy would tell it
        told = DBAPIError.instance(sql, None, error, sqlite3.Error, dialect=connection.dialect)
        raise told from error
    return found


def _of_values(
    meant: Insert, dialect: Dialect, rows: Sequence[Sequence[Any]]
) -> tuple[str, tuple[Any, ...]]:
    columns = (
        column if binder is None else map(binder, column)
        for binder, column in zip(_binders(meant, dialect), zip(*rows, strict=True), strict=True)
    )
    return _values_sql(meant, len(rows)), tuple(chain.from_iterable(zip(*columns, strict=True)))


@lru_cache(maxsize=16)
def _binders(meant: Insert, dialect: Dialect) -> tuple[_Binder | None, ...]:
    """What makes values of each column such as the driver takes; None where they are already."""
    kinds = (meant.table.c[name].type.dialect_impl(dialect) for name in meant.names)
    return tuple(
        to_json_text if isinstance(kind, JSON) else kind.bind_processor(dialect) for kind in kinds
    )


@lru_cache(maxsize=512)
def _values_sql(meant: Insert, count: int) -> str:
    now = "strftime('%Y-%m-%d %H:%M:%f000', 'now')"  # as instants are stored there
    one = ", ".join((*("?" for _ in meant.names), *(text for _, text in meant.fixed), now))
    return f"{_head(meant)} VALUES {', '.join([f'({one})'] * count)} {_tail(meant)}"


# --- PostgreSQL: one statement for any number of rows ---------------------------------------------


def _of_documents(
    meant: Insert, dialect: Dialect, rows: Sequence[Sequence[Any]]
) -> tuple[str, tuple[Any, ...]]:
    """All rows as one JSON document, and what JSON cannot hold as arrays.

    The statement is always the same, so that it is prepared once; and the driver, which looks at
    each element of an array several times, has few of them to look at.
    """
    raw = _raw(meant)
    columns = [*zip(*rows, strict=True)]
    for name, column in zip(meant.names, columns, strict=True):
        if isinstance(meant.table.c[name].type, UtcDateTime):
            for instant in filter(None, column):
                as_utc(instant)  # refuses one without a zone
    told = [(at, name) for at, name in enumerate(meant.names) if name not in raw]
    document = to_json_text([{name: row[at] for at, name in told} for row in rows])
    arrays = (columns[meant.names.index(name)] for name in raw)
    return _documents_sql(meant, dialect), (document, *arrays)


@lru_cache(maxsize=16)
def _raw(meant: Insert) -> tuple[str, ...]:
    return tuple(n for n in meant.names if isinstance(meant.table.c[n].type, LargeBinary))


@lru_cache(maxsize=16)
def _documents_sql(meant: Insert, dialect: Dialect) -> str:
    """Manual, "JSON Functions and Operators" and "Table Functions" (`ROWS FROM`)."""
    raw = _raw(meant)
    told = [name for name in meant.names if name not in raw]
    kinds = ", ".join(f"{name} {meant.table.c[name].type.compile(dialect)}" for name in told)
    sources = [f"json_to_recordset($1::TEXT::JSON) AS ({kinds})"]
    sources += [f"unnest(${at}::BYTEA[])" for at, _ in enumerate(raw, start=2)]
    taken = ", ".join((*meant.names, *(text for _, text in meant.fixed), "clock_timestamp()"))
    rows = f"ROWS FROM ({', '.join(sources)}) AS new ({', '.join((*told, *raw))})"
    return f"{_head(meant)} SELECT {taken} FROM {rows} {_tail(meant)}"  # noqa: S608  our own names
