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

from syncer.store.types import to_json_text

_MOST_VALUES: Final = 30_000
"""Values of one statement: SQLite takes 32,766, PostgreSQL 65,535.

Sources: "Implementation Limits For SQLite"; PostgreSQL manual, "PostgreSQL Limits".
"""

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
) -> list[Row[Any]]:
    """Insert rows but those of which a unique key is taken; what was asked of those that went in.

    One statement, past what SQLAlchemy does for each single value: somebody waits for its end.
    `ValueError` for an instant without a zone.
    """
    dialect = session.get_bind().dialect
    binders = _binders(meant, dialect)
    connection = await session.connection()
    size = _MOST_VALUES // len(meant.names)
    found: list[Row[Any]] = []
    for start in range(0, len(rows), size):
        some = rows[start : start + size]
        columns = (
            column if binder is None else map(binder, column)
            for binder, column in zip(binders, zip(*some, strict=True), strict=True)
        )
        values = tuple(chain.from_iterable(zip(*columns, strict=True)))
        sql = _statement(meant, dialect.name == "postgresql", len(some))
        found += (await connection.exec_driver_sql(sql, values)).all()
    return found


@lru_cache(maxsize=16)
def _binders(meant: Insert, dialect: Dialect) -> tuple[_Binder | None, ...]:
    """What makes values of each column such as the driver takes; None where they are already."""
    kinds = (meant.table.c[name].type.dialect_impl(dialect) for name in meant.names)
    return tuple(
        to_json_text if isinstance(kind, JSON) else kind.bind_processor(dialect) for kind in kinds
    )


@lru_cache(maxsize=512)
def _statement(meant: Insert, postgres: bool, count: int) -> str:  # noqa: FBT001  a key of the cache
    width = len(meant.names)
    marks = [f"${n + 1}" if postgres else "?" for n in range(count * width)]
    # On SQLite as instants are stored there.
    clock = "clock_timestamp()" if postgres else "strftime('%Y-%m-%d %H:%M:%f000', 'now')"
    fixed = [text for _, text in meant.fixed]
    rows = (
        f"({', '.join([*marks[at : at + width], *fixed, clock])})"
        for at in range(0, len(marks), width)
    )
    names = ", ".join((*meant.names, *(name for name, _ in meant.fixed), meant.clock))
    return (
        f"INSERT INTO {meant.table.name} ({names}) VALUES {', '.join(rows)} "  # noqa: S608  our own names
        f"ON CONFLICT DO NOTHING RETURNING {', '.join(meant.returning)}"
    )
