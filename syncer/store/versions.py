"""The times of change of stored items, for the look back."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.item import ItemState
from syncer.domain.ref import ContainerKey
from syncer.store.rows import table_of
from syncer.store.tables import ItemRow

_ITEMS: Final = table_of(ItemRow)


async def newest_change(session: AsyncSession, container: ContainerKey) -> datetime | None:
    """The latest change of any live item of a container, by its tracker; None: it holds none."""
    c = _ITEMS.c
    here = (c.connection == container.connection) & (c.container == container.key)
    query = select(func.max(c.updated_at)).where(here, c.state == str(ItemState.LIVE))
    found: datetime | None = await session.scalar(query)
    return found
