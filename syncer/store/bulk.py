"""Statements over many rows that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

MAX_VARIABLES: Final = 500
"""Values in one `IN (…)`; SQLite and PostgreSQL both bound the number of parameters."""


class by_code_point(FunctionElement[str]):  # noqa: N801  reads as the function that it is
    """A text column to order by, the same on every database: by code point, as Python does.

    PostgreSQL orders by the language of the database otherwise, so that the same work would be
    told in another order elsewhere.
    """

    name = "by_code_point"
    inherit_cache = True


@compiles(by_code_point)
def _as_it_is(element: by_code_point, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401  of the compiler
    return compiler.process(element.clauses, **options)


@compiles(by_code_point, "postgresql")
def _in_c(element: by_code_point, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401  of the compiler
    return f'{compiler.process(element.clauses, **options)} COLLATE "C"'


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
    newest_by: str | None = None,
) -> None:
    """Insert rows, or overwrite those with the same primary key but for the columns `keeping`.

    With `newest_by` a stored row with a greater value in that column stays as it is. All rows name
    the same columns, and no key twice. They are written in the order of their keys: two who write
    the same rows then wait for each other in turn, and not both at once for ever.
    """
    if rows:
        columns = [name for name in rows[0] if name not in keeping]
        statement = _upsert(session, table, columns, newest_by=newest_by)
        await (await session.connection()).execute(statement, in_key_order(table, rows))


def in_key_order(table: Table, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows in the order of their primary keys, as Python compares them."""
    keys = [column.name for column in table.primary_key]
    return sorted(rows, key=lambda row: tuple(row[key] for key in keys))


async def insert_missing(session: AsyncSession, table: Table, row: Mapping[str, Any]) -> None:
    """Insert the row where its primary key is free."""
    keys = [column.name for column in table.primary_key]
    await session.execute(
        _insert(session, table).on_conflict_do_nothing(index_elements=keys).values(**row)
    )


def _upsert(
    session: AsyncSession, table: Table, columns: Sequence[str], *, newest_by: str | None
) -> Executable:
    keys = [column.name for column in table.primary_key]
    new = [name for name in columns if name not in keys]
    statement = _insert(session, table)
    if not new:
        return statement.on_conflict_do_nothing(index_elements=keys)
    age = None
    if newest_by is not None:
        age = table.c[newest_by] <= statement.excluded[newest_by]
    return statement.on_conflict_do_update(
        index_elements=keys, set_={name: statement.excluded[name] for name in new}, where=age
    )


def _insert(session: AsyncSession, table: Table) -> postgresql.Insert | sqlite.Insert:
    postgres = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(table) if postgres else sqlite.insert(table)
