"""Items that a tracker found for the queries by which the configuration selects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.selector import InQuery
from syncer.store.bulk import upsert
from syncer.store.daemon_tables import SelectionRow
from syncer.store.rows import table_of

_SELECTIONS: Final = table_of(SelectionRow)


async def save_answer(
    session: AsyncSession, query: InQuery, uids: Iterable[str], *, at: datetime
) -> None:
    """Keep the items that the tracker found at `at` (UTC)."""
    row = {
        "connection": query.connection,
        "query": query.query,
        "uids": sorted(set(uids)),
        "answered_at": at,
        "error": "",
    }
    await upsert(session, _SELECTIONS, [row])


async def fail_answer(session: AsyncSession, query: InQuery, *, error: str) -> None:
    """Record that the tracker did not answer; what it found before stays."""
    row: dict[str, Any] = {
        "connection": query.connection,
        "query": query.query,
        "uids": [],
        "answered_at": None,
        "error": error,
    }
    await upsert(session, _SELECTIONS, [row], keeping=("uids", "answered_at"))


async def load_answers(session: AsyncSession) -> dict[InQuery, frozenset[str]]:
    """The items of every query that has ever been answered."""
    c = _SELECTIONS.c
    rows = await session.execute(select(c.connection, c.query, c.uids))
    return {InQuery(connection, query): frozenset(uids) for connection, query, uids in rows}


async def unanswered(session: AsyncSession) -> dict[InQuery, str]:
    """Why queries could not be answered the last time, by query."""
    c = _SELECTIONS.c
    rows = await session.execute(select(c.connection, c.query, c.error).where(c.error != ""))
    return {InQuery(connection, query): error for connection, query, error in rows}
