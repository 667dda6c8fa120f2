"""Statements over many rows that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

MAX_VARIABLES: Final = 500
"""Values in one `IN (…)`; SQLite and PostgreSQL both bound the number of parameters."""


def chunks(values: Iterable[str], size: int = MAX_VARIABLES) -> Iterator[list[str]]:
    """The values in lists of at most `size`."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


async def insert(session: AsyncSession, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that cannot exist yet."""
    if rows:
        await (await session.connection()).execute(table.insert(), rows)


async def upsert(
    session: AsyncSession,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    keeping: Collection[str] = (),
) -> None:
    """Insert rows, or overwrite those with the same primary key but for the columns `keeping`.

    All rows name the same columns, and no key twice.
    """
    if rows:
        columns = [name for name in rows[0] if name not in keeping]
        await (await session.connection()).execute(_upsert(session, table, columns), rows)


def _upsert(session: AsyncSession, table: Table, columns: Sequence[str]) -> Executable:
    keys = [column.name for column in table.primary_key]
    new = [name for name in columns if name not in keys]
    postgres = session.get_bind().dialect.name == "postgresql"
    statement = postgresql.insert(table) if postgres else sqlite.insert(table)
    if not new:
        return statement.on_conflict_do_nothing(index_elements=keys)
    return statement.on_conflict_do_update(
        index_elements=keys, set_={name: statement.excluded[name] for name in new}
    )
