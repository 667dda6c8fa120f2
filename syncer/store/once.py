"""Writing what another transaction may be writing too: who comes second changes nothing.

A transaction of PostgreSQL that repeats its reads cannot see a row that another one has just
committed, and fails where it would touch it (PostgreSQL manual, "Transaction Isolation"). Here that
means no more than: the other one was faster.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

_OVERTAKEN: Final = "40001"


@asynccontextmanager
async def unless_overtaken(session: AsyncSession) -> AsyncGenerator[None]:
    """Do something, or nothing where another transaction was faster; the session goes on."""
    try:
        async with session.begin_nested():
            yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _OVERTAKEN:
            raise


async def insert_new(
    session: AsyncSession, table: Table, row: Mapping[str, Any], *, returning: Column[Any]
) -> Any:  # noqa: ANN401  the column's value
    """Insert the row and return its column; None where a unique key of it is taken."""
    postgres = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert(table) if postgres else sqlite.insert(table)
    statement = insert.values(row).on_conflict_do_nothing().returning(returning)
    inserted: list[Any] = []
    async with unless_overtaken(session):
        inserted.append(await session.scalar(statement))
    return inserted[0] if inserted else None
