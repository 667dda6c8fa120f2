"""When stored items changed and were stored, for the look back."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Column, ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.item import ItemState
from syncer.domain.ref import ContainerKey
from syncer.store.rows import table_of
from syncer.store.tables import ItemRow

_ITEMS: Final = table_of(ItemRow)


async def newest_change(session: AsyncSession, container: ContainerKey) -> datetime | None:
    """The latest change of any live item of a container, by its tracker; None: it holds none."""
    live = _ITEMS.c.state == str(ItemState.LIVE)
    return await _latest(session, container, _ITEMS.c.updated_at, live)


async def newest_stored(session: AsyncSession, container: ContainerKey) -> datetime | None:
    """When anything of a container was last stored, by our clock (UTC); None: it holds nothing."""
    return await _latest(session, container, _ITEMS.c.stored_at)


async def _latest(
    session: AsyncSession,
    container: ContainerKey,
    column: Column[datetime],
    *conditions: ColumnElement[bool],
) -> datetime | None:
    c = _ITEMS.c
    here = (c.connection == container.connection, c.container == container.key)
    found: datetime | None = await session.scalar(
        select(func.max(column)).where(*here, *conditions)
    )
    return found
