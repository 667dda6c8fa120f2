"""Which deliveries of a connection held items themselves, the newest first."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.store.daemon_tables import InboxRow
from syncer.store.inbox import InboxState
from syncer.store.rows import table_of

_INBOX: Final = table_of(InboxRow)


async def newest_deliveries(
    session: AsyncSession, connection: str, *, event: str, limit: int
) -> list[int]:
    """The numbers of a connection's newest deliveries of an event that were worked off."""
    c = _INBOX.c
    query = select(c.id).where(
        c.connection == connection, c.event == event, c.state == InboxState.DONE
    )
    return list(await session.scalars(query.order_by(c.id.desc()).limit(limit)))
