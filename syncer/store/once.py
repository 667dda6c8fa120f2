"""Inserting a row that another transaction may insert too: who comes second changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from sqlalchemy import JSON, Column, Dialect, Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

_MOST_VALUES: Final = 30_000
"""Values of one statement: SQLite takes 32,766 (sqlite.org, "Implementation Limits")."""

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

    The column `clock` gets the database's own time of that moment. `returning` names columns of
    text or of whole numbers.
    """

    table: Table
    names: tuple[str, ...]
    clock: str
    returning: tuple[str, ...]


async def insert_all_new(
    session: AsyncSession, meant: Insert, rows: Sequence[Sequence[Any]]
) -> list[Row[Any]]:
    """Insert rows but those of which a unique key is taken; what was asked of those that went in.

    One statement, past what SQLAlchemy does for each single value: somebody waits for its end.
    `ValueError` for an instant without a zone.
    """
    dialect = session.get_bind().dialect
    write = _write_arrays if dialect.name == "postgresql" else _write_rows
    connection = await session.connection()
    size = _MOST_VALUES // len(meant.names)
    found: list[Row[Any]] = []
    for start in range(0, len(rows), size):
        some = rows[start : start + size]
        columns = _bound(meant, dialect, some)
        sql, values = write(meant, columns, dialect, len(some))
        found += (await connection.exec_driver_sql(sql, values)).all()
    return found


def _bound(meant: Insert, dialect: Dialect, rows: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """The rows as columns, each value as the driver takes it."""
    pairs = zip(_binders(meant, dialect), zip(*rows, strict=True), strict=True)
    return [column if binder is None else [*map(binder, column)] for binder, column in pairs]


@lru_cache(maxsize=16)
def _binders(meant: Insert, dialect: Dialect) -> tuple[_Binder | None, ...]:
    columns = (meant.table.c[name] for name in meant.names)
    return tuple(one.type.dialect_impl(dialect).bind_processor(dialect) for one in columns)


# --- PostgreSQL: the columns as arrays ------------------------------------------------------------


def _write_arrays(
    meant: Insert, columns: Sequence[Sequence[Any]], dialect: Dialect, _count: int
) -> tuple[str, tuple[Any, ...]]:
    return _arrays_sql(meant, dialect), tuple(columns)


@lru_cache(maxsize=16)
def _arrays_sql(meant: Insert, dialect: Dialect) -> str:
    """Manual, "Array Functions": `unnest` of several arrays. JSON comes as text."""
    types = [meant.table.c[name].type for name in meant.names]
    sent = ["TEXT" if isinstance(one, JSON) else one.compile(dialect) for one in types]
    arrays = ", ".join(f"${at}::{kind}[]" for at, kind in enumerate(sent, start=1))
    taken = (
        f"{name}::JSON" if isinstance(one, JSON) else name
        for name, one in zip(meant.names, types, strict=True)
    )
    return (
        f"{_head(meant)} SELECT {', '.join(taken)}, clock_timestamp() "  # noqa: S608  our own names
        f"FROM unnest({arrays}) AS new ({', '.join(meant.names)}) {_tail(meant)}"
    )


# --- SQLite: row after row ------------------------------------------------------------------------


def _write_rows(
    meant: Insert, columns: Sequence[Sequence[Any]], _dialect: Dialect, count: int
) -> tuple[str, tuple[Any, ...]]:
    values = chain.from_iterable(zip(*columns, strict=True))
    return _rows_sql(meant, count), tuple(values)


@lru_cache(maxsize=256)
def _rows_sql(meant: Insert, count: int) -> str:
    marks = ", ".join("?" for _ in meant.names)
    row = f"({marks}, strftime('%Y-%m-%d %H:%M:%f000', 'now'))"  # as instants are stored there
    return f"{_head(meant)} VALUES {', '.join([row] * count)} {_tail(meant)}"


def _head(meant: Insert) -> str:
    return f"INSERT INTO {meant.table.name} ({', '.join((*meant.names, meant.clock))})"


def _tail(meant: Insert) -> str:
    return f"ON CONFLICT DO NOTHING RETURNING {', '.join(meant.returning)}"
