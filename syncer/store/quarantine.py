"""What trackers sent and we could not read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.item import Unreadable
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.store.bulk import by_code_point, chunks, upsert
from syncer.store.codec import clean_text
from syncer.store.rows import table_of
from syncer.store.tables import ItemRow, QuarantineRow

RAW_LIMIT: Final = 100_000
"""Characters of the raw text that are kept."""

_NAMELESS: Final = "unknown-"
"""How connectors begin the id of an item that tells none (`syncer.connect.unreadable`)."""

_ITEMS: Final = table_of(ItemRow)
_QUARANTINE: Final = table_of(QuarantineRow)
_ANY: Final = select(_QUARANTINE.c.uid).limit(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """An item in quarantine: what it is, since when, and how often it was tried (UTC).

    `restricted` tells whether it was so when it could last be read; None: it never could, so nobody
    knows who may see it.
    """

    unreadable: Unreadable
    container: ContainerKey
    first_seen_at: datetime
    last_seen_at: datetime
    tries: int
    restricted: bool | None = None

    @property
    def is_nameless(self) -> bool:
        """Whether it told no id, so that it cannot be asked for alone."""
        return self.unreadable.ref.id.startswith(_NAMELESS)

    @property
    def ref(self) -> ItemRef:
        """The item, with its key as the hint by which it may be fetched."""
        return ItemRef(self.container.connection, self.unreadable.ref.id, self.unreadable.key)


async def quarantine(
    session: AsyncSession,
    unreadable: Sequence[Unreadable],
    *,
    container: ContainerKey,
    at: datetime,
) -> None:
    """Put items into quarantine, or count one more try for those that are there."""
    newest = {one.ref.uid: one for one in unreadable}
    tried = await _tries(session, newest)
    rows = [
        _row(one, container=container, at=at, tries=tried.get(uid, 0) + 1)
        for uid, one in newest.items()
    ]
    await upsert(session, _QUARANTINE, rows, keeping=("first_seen_at",))


def _row(one: Unreadable, *, container: ContainerKey, at: datetime, tries: int) -> dict[str, Any]:
    return {
        "uid": one.ref.uid,
        "connection": one.ref.connection,
        "native_id": one.ref.id,
        "container": container.key,
        "key": clean_text(one.key),
        "reason": clean_text(one.reason),
        "raw": clean_text(one.raw[:RAW_LIMIT]),
        "first_seen_at": at,
        "last_seen_at": at,
        "tries": tries,
    }


async def _tries(session: AsyncSession, uids: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in chunks(uids):
        query = select(_QUARANTINE.c.uid, _QUARANTINE.c.tries).where(_QUARANTINE.c.uid.in_(chunk))
        found.update((row[0], row[1]) for row in await session.execute(query))
    return found


async def clear(session: AsyncSession, uids: Iterable[str]) -> int:
    """Let items out that can be read now; returns how many were in. Writes only if some were."""
    if await session.scalar(_ANY) is None:  # as nearly always: no need to look for each
        return 0
    inside = list(await _tries(session, uids))
    for chunk in chunks(inside):
        await session.execute(_QUARANTINE.delete().where(_QUARANTINE.c.uid.in_(chunk)))
    return len(inside)


async def load_quarantine(
    session: AsyncSession, *, container: ContainerKey | None = None
) -> list[Quarantined]:
    """What is in quarantine, longest there first."""
    query = (
        select(*_QUARANTINE.c, _ITEMS.c.restricted)
        .outerjoin(_ITEMS, _ITEMS.c.uid == _QUARANTINE.c.uid)
        .order_by(_QUARANTINE.c.first_seen_at, by_code_point(_QUARANTINE.c.uid))
    )
    if container is not None:
        query = query.where(
            _QUARANTINE.c.connection == container.connection,
            _QUARANTINE.c.container == container.key,
        )
    return [_quarantined(row) for row in await session.execute(query)]


def _quarantined(row: Any) -> Quarantined:  # noqa: ANN401  a row of columns
    return Quarantined(
        unreadable=Unreadable(
            ref=ItemRef(row.connection, row.native_id),
            key=row.key,
            reason=row.reason,
            raw=row.raw,
        ),
        container=ContainerKey(row.connection, row.container),
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        tries=row.tries,
        restricted=row.restricted,
    )


async def forget_absent(
    session: AsyncSession, container: ContainerKey, present: Collection[str]
) -> int:
    """Let out of a container's quarantine what a census did not find there; returns how many.

    `present` are the uids that it found. What told no id can be in no census: it stays.
    """
    c = _QUARANTINE.c
    mine = (c.connection == container.connection) & (c.container == container.key)
    known = c.native_id.not_like(f"{_NAMELESS}%")
    inside = set(await session.scalars(select(c.uid).where(mine, known)))
    return await clear(session, inside - set(present))
