"""Inserting a row that another transaction may insert too: who comes second changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession


async def insert_new(
    session: AsyncSession, table: Table, row: Mapping[str, Any], *, returning: Column[Any]
) -> Any:  # noqa: ANN401  the column's value
    """Insert the row and return its column; None where a unique key of it is taken."""
    inserted = await insert_all_new(session, table, [row], returning=[returning])
    return inserted[0][0] if inserted else None


async def insert_all_new(
    session: AsyncSession,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    returning: Sequence[Column[Any]],
    **computed: ColumnElement[Any],
) -> Sequence[Row[Any]]:
    """Insert rows but those of which a unique key is taken; the columns of those that went in.

    All rows name the same columns; `computed` ones get their value from the database.
    """
    if not rows:
        return []
    postgres = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert(table) if postgres else sqlite.insert(table)
    statement = insert.values(**computed).on_conflict_do_nothing().returning(*returning)
    return (await (await session.connection()).execute(statement, rows)).all()
