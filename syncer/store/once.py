"""Inserting a row that another transaction may insert too: who comes second changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession


async def insert_new(
    session: AsyncSession, table: Table, row: Mapping[str, Any], *, returning: Column[Any]
) -> Any:  # noqa: ANN401  the column's value
    """Insert the row and return its column; None where a unique key of it is taken."""
    postgres = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert(table) if postgres else sqlite.insert(table)
    statement = insert.values(row).on_conflict_do_nothing().returning(returning)
    return await session.scalar(statement)
