"""Statements over many rows that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import (
    ColumnDefault,
    ColumnElement,
    Table,
    Text,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from syncer.store.batch import Upsert, write
from syncer.store.types import to_json_text

MAX_VARIABLES: Final = 500
"""Values in one `IN (…)`; SQLite and PostgreSQL both bound the number of parameters."""


TOLD: Final = "told"


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


def one_of_told(column: ColumnElement[str], *, dialect: str) -> ColumnElement[bool]:
    """A condition on a text: it is among the values that the parameter `TOLD` brings.

    One parameter however many values there are, so that SQLAlchemy writes the statement once; an
    `IN (…)` of a page's hundred is written anew each time, at twice the cost of its answer.
    """
    if dialect == "postgresql":
        return column == func.any(bindparam(TOLD, type_=postgresql.ARRAY(Text)))
    each = func.json_each(bindparam(TOLD, type_=Text)).table_valued("value")
    return column.in_(select(each.c.value))


def told(session: AsyncSession, values: Iterable[str]) -> dict[str, Any]:
    """The parameter of `one_of_told`, as the session's database takes it."""
    is_list = session.get_bind().dialect.name == "postgresql"
    return {TOLD: list(values) if is_list else to_json_text(list(values))}


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
    if not rows:
        return
    names = tuple(rows[0])
    untold = _defaults(table, names)
    meant = Upsert(
        table=table,
        names=(*names, *untold),
        keeping=frozenset((*keeping, *untold)),
        newest_by=newest_by,
    )
    values = [(*(row[name] for name in names), *untold.values()) for row in rows]
    await upsert_rows(session, meant, values)


def _defaults(table: Table, names: Collection[str]) -> dict[str, Any]:
    """What a new row holds in the columns that are not told: a stored row keeps its own."""
    untold = ((c.name, c.default) for c in table.columns if c.name not in names)
    return {
        name: default.arg(None) if default.is_callable else default.arg
        for name, default in untold
        if isinstance(default, ColumnDefault)
    }


async def upsert_rows(session: AsyncSession, meant: Upsert, rows: Sequence[Sequence[Any]]) -> None:
    """`upsert` for rows that come as values in the order of `meant.names`."""
    keys = [meant.names.index(column.name) for column in meant.table.primary_key]
    if rows:
        await write(session, meant, sorted(rows, key=itemgetter(*keys)))


async def insert_missing(session: AsyncSession, table: Table, row: Mapping[str, Any]) -> None:
    """Insert the row where its primary key is free."""
    keys = [column.name for column in table.primary_key]
    await session.execute(
        _insert(session, table).on_conflict_do_nothing(index_elements=keys).values(**row)
    )


def _insert(session: AsyncSession, table: Table) -> postgresql.Insert | sqlite.Insert:
    postgres = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(table) if postgres else sqlite.insert(table)
