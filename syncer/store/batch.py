"""Many rows in one statement, past what SQLAlchemy does for each single value.

On SQLite that is a statement of some dozen rows: the driver lets go of the interpreter's lock once
for each statement, and takes it back from whoever works meanwhile. On PostgreSQL it is one whose
parameters are the columns as arrays (manual, "Array Functions", `unnest` of several arrays). A
value still goes through its column's type: what is refused there is refused here. See
docs/decisions/0022 and 0035.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from sqlalchemy import JSON, Boolean, Column, Dialect, Table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from syncer.clock import as_utc
from syncer.store.types import JsonText, UtcDateTime

ROWS_A_STATEMENT: Final = 5000
"""One statement must end long before PostgreSQL's limit for statements."""

_SQLITE_VALUES: Final = 960
"""Values in one statement of SQLite, whose older versions take no more than 999."""

_JSON: Final = "JSON"

Binder = Callable[[Any], Any]
Row = Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upsert:
    """An upsert as it is meant: the table, its columns in the order of the rows' values.

    `keeping` are the columns that a stored row keeps, `filling` those that it keeps where the new
    value is None; with `newest_by` a stored row with a greater value in that column stays as it is.
    """

    table: Table
    names: tuple[str, ...]
    keeping: frozenset[str] = frozenset()
    filling: frozenset[str] = frozenset()
    newest_by: str | None = None


@dataclass(frozen=True, slots=True)
class _Statement:
    """The SQL of all rows on PostgreSQL; on SQLite its beginning, one row, and its end.

    `rows` is how many rows one statement of SQLite takes.
    """

    sql: str
    binders: tuple[Binder | None, ...]
    one: str = ""
    end: str = ""
    rows: int = 0


async def write(session: AsyncSession, meant: Upsert, rows: Sequence[Row]) -> None:
    """Write the rows, in their order. All have a value for each of the names; no key comes twice.

    `ValueError` for an instant without a zone.
    """
    dialect = session.get_bind().dialect
    prepared = _statement(meant, dialect)
    connection = await session.connection()
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        columns = _bound(prepared, rows[start : start + ROWS_A_STATEMENT])
        if dialect.name == "postgresql":
            await connection.exec_driver_sql(prepared.sql, tuple(columns))
        else:
            await _write_tuples(connection, prepared, list(zip(*columns, strict=True)))


async def _write_tuples(
    connection: AsyncConnection, prepared: _Statement, rows: Sequence[tuple[Any, ...]]
) -> None:
    """As few statements as there can be: each of them changes hands with whoever works meanwhile.

    The driver keeps what it has parsed by its text, and pages are mostly of one length.
    """
    for start in range(0, len(rows), prepared.rows):
        some = rows[start : start + prepared.rows]
        sql = f"{prepared.sql} {', '.join([prepared.one] * len(some))} {prepared.end}"
        await connection.exec_driver_sql(sql, tuple(chain.from_iterable(some)))


def _bound(prepared: _Statement, rows: Sequence[Row]) -> Iterator[Sequence[Any]]:
    """The rows as columns, each value as the driver takes it."""
    for binder, column in zip(prepared.binders, zip(*rows, strict=True), strict=True):
        yield column if binder is None else _made(binder, column)


def _made(binder: Binder, column: Sequence[Any]) -> Sequence[Any]:
    """The values as the driver takes them; a page's instant of storing is one for all its rows."""
    first = column[0]
    if all(value is first for value in column):
        return [binder(first)] * len(column)
    return list(map(binder, column))


@lru_cache(maxsize=128)
def _statement(meant: Upsert, dialect: Dialect) -> _Statement:
    columns = [meant.table.c[name] for name in meant.names]
    binders = tuple(_binder(column, dialect) for column in columns)
    end = _on_conflict(meant, dialect)
    if dialect.name == "postgresql":
        return _Statement(sql=f"{_postgres_head(meant, columns, dialect)} {end}", binders=binders)
    return _Statement(
        sql=f"{_into(meant, dialect)} VALUES",
        binders=binders,
        one=f"({', '.join('?' for _ in columns)})",
        end=end,
        rows=max(1, _SQLITE_VALUES // len(columns)),
    )


def _postgres_head(meant: Upsert, columns: Sequence[Column[Any]], dialect: Dialect) -> str:
    names = _quoted(meant.names, dialect)
    kinds = [column.type.compile(dialect) for column in columns]
    sent = ["TEXT" if kind == _JSON else kind for kind in kinds]
    arrays = ", ".join(f"${at}::{kind}[]" for at, kind in enumerate(sent, start=1))
    taken = [
        f"{name}::{_JSON}" if kind == _JSON else name
        for name, kind in zip(names, kinds, strict=True)
    ]
    rows = f"unnest({arrays}) AS new ({', '.join(names)})"
    return f"{_into(meant, dialect)} SELECT {', '.join(taken)} FROM {rows}"  # noqa: S608  our own names


def _into(meant: Upsert, dialect: Dialect) -> str:
    table = dialect.identifier_preparer.format_table(meant.table)
    return f"INSERT INTO {table} ({', '.join(_quoted(meant.names, dialect))})"


def _on_conflict(meant: Upsert, dialect: Dialect) -> str:
    keys = [column.name for column in meant.table.primary_key]
    new = [name for name in meant.names if name not in keys and name not in meant.keeping]
    target = f"ON CONFLICT ({', '.join(_quoted(keys, dialect))})"
    if not new:
        return f"{target} DO NOTHING"
    told = ", ".join(f"{name} = {_told(name, meant, dialect)}" for name in _quoted(new, dialect))
    return f"{target} DO UPDATE SET {told}{_age(meant, dialect)}"


def _told(name: str, meant: Upsert, dialect: Dialect) -> str:
    if name not in _quoted(sorted(meant.filling), dialect):
        return f"excluded.{name}"
    table = dialect.identifier_preparer.format_table(meant.table)
    return f"COALESCE(excluded.{name}, {table}.{name})"


def _age(meant: Upsert, dialect: Dialect) -> str:
    if meant.newest_by is None:
        return ""
    table = dialect.identifier_preparer.format_table(meant.table)
    [name] = _quoted([meant.newest_by], dialect)
    return f" WHERE {table}.{name} <= excluded.{name}"


def _quoted(names: Sequence[str], dialect: Dialect) -> list[str]:
    return [dialect.identifier_preparer.quote(name) for name in names]


def _binder(column: Column[Any], dialect: Dialect) -> Binder | None:
    """What makes a value one of the driver's; None where it is one already."""
    if isinstance(column.type, UtcDateTime):
        return _sqlite_instant if dialect.name == "sqlite" else _instant
    if isinstance(column.type, Boolean):
        return None  # both drivers take a bool as it is
    binder = column.type.dialect_impl(dialect).bind_processor(dialect)
    if isinstance(column.type, JSON) and binder is not None:
        return _unless_made(binder)
    return binder


def _unless_made(to_text: Binder) -> Binder:
    return lambda value: value if type(value) is JsonText else to_text(value)


def _instant(value: datetime | None) -> datetime | None:
    return value if value is None or value.tzinfo is UTC else as_utc(value)


def _sqlite_instant(value: datetime | None) -> str | None:
    """As SQLAlchemy writes it: UTC to the microsecond, without a zone."""
    if value is None:
        return None
    instant = value if value.tzinfo is UTC else as_utc(value)
    return instant.isoformat(" ", "microseconds")[:26]
