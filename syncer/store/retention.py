"""What is kept only for a while."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.store.daemon_tables import InboxRow
from syncer.store.inbox import InboxState
from syncer.store.rows import table_of

_INBOX: Final = table_of(InboxRow)
_ENDED: Final = (InboxState.DONE, InboxState.IGNORED)


async def forget_deliveries(session: AsyncSession, *, before: datetime) -> int:
    """Delete deliveries that were done with before an instant (UTC); returns how many.

    What is in quarantine stays until a person has looked at it.
    """
    c = _INBOX.c
    result = await session.execute(
        _INBOX.delete().where(c.state.in_(_ENDED), c.finished_at < before)
    )
    return int(getattr(result, "rowcount", 0))
