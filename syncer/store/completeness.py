"""The completeness ledger: what is known of each source beyond its freshness, in a few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.item import ItemState
from syncer.domain.ref import ContainerKey
from syncer.store.rows import table_of
from syncer.store.tables import ConnectionRow, ContainerRow, ItemRow

_CONNECTIONS: Final = table_of(ConnectionRow)
_CONTAINERS: Final = table_of(ContainerRow)
_ITEMS: Final = table_of(ItemRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionState:
    """What a connection last answered; `findings` are what its last probe found."""

    name: str
    kind: str
    account: str
    server: str
    last_success_at: datetime | None
    error: str
    findings: Sequence[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """The name of a container, its live items, and its last census (UTC; None: none yet)."""

    name: str
    items: int
    at: datetime | None
    counted: int | None
    note: str


async def connection_states(session: AsyncSession) -> list[ConnectionState]:
    """Every connection that was ever used, by name."""
    c = _CONNECTIONS.c
    columns = (c.name, c.kind, c.account, c.server, c.last_success_at, c.error, c.findings)
    rows = await session.execute(select(*columns).order_by(c.name))
    return [
        ConnectionState(
            name=row.name,
            kind=row.kind,
            account=row.account,
            server=row.server,
            last_success_at=row.last_success_at,
            error=row.error,
            findings=tuple(row.findings or ()),
        )
        for row in rows
    ]


async def censuses(
    session: AsyncSession, *, count_restricted: bool = True
) -> dict[ContainerKey, Census]:
    """Every container that is wanted, with its name, live items and last census.

    Where restricted items may not be counted, neither tells of them: a census counts all alike, so
    its number is left out.
    """
    c, live = _CONTAINERS.c, await _live_items(session, count_restricted=count_restricted)
    columns = (c.connection, c.key, c.name, c.census_at, c.census_items, c.census_note)
    rows = await session.execute(select(*columns).where(c.selected).order_by(c.connection, c.key))
    return {
        ContainerKey(row.connection, row.key): Census(
            name=row.name,
            items=live[row.connection, row.key],
            at=row.census_at,
            counted=row.census_items if count_restricted else None,
            note=row.census_note,
        )
        for row in rows
    }


async def _live_items(
    session: AsyncSession, *, count_restricted: bool
) -> defaultdict[tuple[str, str], int]:
    c = _ITEMS.c
    query = select(c.connection, c.container, func.count()).where(c.state == str(ItemState.LIVE))
    if not count_restricted:
        query = query.where(c.restricted.is_(False))
    rows = await session.execute(query.group_by(c.connection, c.container))
    return defaultdict(int, {(row[0], row[1]): row[2] for row in rows})
