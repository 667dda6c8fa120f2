"""What a census compares: the items that are stored of a container, and how the last one went."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.ref import ContainerKey
from syncer.store.bulk import chunks
from syncer.store.rows import table_of
from syncer.store.tables import ConnectionRow, ContainerRow, ItemRow

_CONNECTIONS: Final = table_of(ConnectionRow)
_CONTAINERS: Final = table_of(ContainerRow)
_ITEMS: Final = table_of(ItemRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class CensusState:
    """How the last census of a container went (UTC); `note` is what a person must decide.

    Our account does not see the container since `lost_since`.
    """

    container: ContainerKey
    at: datetime | None
    items: int | None
    note: str
    last_success_at: datetime | None
    lost_since: datetime | None = None

    @property
    def was_seen(self) -> bool:
        """Whether there is something to compare: it was read to its end, or shown and then lost."""
        return self.last_success_at is not None or self.lost_since is not None


async def census_states(session: AsyncSession, connection: str) -> list[CensusState]:
    """The wanted containers of a connection, the one whose census is oldest first."""
    c = _CONTAINERS.c
    columns = (c.key, c.census_at, c.census_items, c.census_note, c.last_success_at, c.lost_since)
    query = select(*columns).where(c.connection == connection, c.selected)
    rows = await session.execute(query.order_by(c.census_at.nulls_first(), c.key))
    return [
        CensusState(
            container=ContainerKey(connection, row[0]),
            at=row[1],
            items=row[2],
            note=row[3],
            last_success_at=row[4],
            lost_since=row[5],
        )
        for row in rows
    ]


async def note_census(session: AsyncSession, container: ContainerKey, **values: Any) -> None:  # noqa: ANN401  columns
    """Record how a census went: `census_at`, `census_items`, `census_note`, as far as they turn."""
    c = _CONTAINERS.c
    where = (c.connection == container.connection) & (c.key == container.key)
    await session.execute(_CONTAINERS.update().where(where).values(**values))


async def count_found(session: AsyncSession, container: ContainerKey, found: int) -> None:
    """Count items that a pull or a census found and that no webhook had brought."""
    c = _CONTAINERS.c
    if found:
        where = (c.connection == container.connection) & (c.key == container.key)
        more = c.found_by_reconcile + found
        await session.execute(_CONTAINERS.update().where(where).values(found_by_reconcile=more))


async def containers_by_uid(session: AsyncSession, uids: Iterable[str]) -> dict[str, ContainerKey]:
    """The container under which each of those items that are stored lies."""
    c = _ITEMS.c
    found: dict[str, ContainerKey] = {}
    for chunk in chunks(uids):
        query = select(c.uid, c.connection, c.container).where(c.uid.in_(chunk))
        found.update((row[0], ContainerKey(row[1], row[2])) for row in await session.execute(query))
    return found


async def last_asked(session: AsyncSession, connection: str) -> tuple[datetime | None, bool]:
    """When the connection was last asked who it is (UTC; None: never), and whether it answered."""
    c = _CONNECTIONS.c
    row = (
        await session.execute(select(c.last_success_at, c.error_at).where(c.name == connection))
    ).one_or_none()
    if row is None:
        return None, False
    success, failure = row
    if failure is not None:
        return failure, False
    return success, True


async def account_of(session: AsyncSession, connection: str) -> str:
    """The account as which the connection was last known; empty for none."""
    c = _CONNECTIONS.c
    return (await session.scalar(select(c.account).where(c.name == connection))) or ""
