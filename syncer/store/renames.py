"""Containers that their tracker calls by another key now: known again by its immutable id.

A rename changes neither what an item is nor where it lies, only what both are called
(spec/trackers.md 1.8). The stored items are put under the new key at once, so that a census of the
old one finds nothing to bury.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.item import ItemRecord
from syncer.domain.ref import ContainerKey
from syncer.store.codec import encode
from syncer.store.engine import Store
from syncer.store.items import load_items, lock_items, save_records, stored_states
from syncer.store.rows import table_of
from syncer.store.tables import AliasRow, ContainerRow, ItemRow, QuarantineRow

_AT_ONCE: Final = 500
"""Items that are put under another key in one transaction."""

_NOTHING_KNOWN: Final[Mapping[str, Any]] = {
    "selected": False,
    "cursor": None,
    "last_success_at": None,
    "error": "",
    "error_at": None,
    "failing_since": None,
    "lost_since": None,
    "census_at": None,
    "census_items": None,
    "census_note": "",
}
"""Of a key that means nothing any more, until another container gets it."""

_CONTAINERS: Final = table_of(ContainerRow)
_ITEMS: Final = table_of(ItemRow)
_ALIASES: Final = table_of(AliasRow)
_QUARANTINE: Final = table_of(QuarantineRow)


async def note_identity(
    session: AsyncSession,
    container: ContainerKey,
    native_id: str,
    *,
    shown: Collection[ContainerKey],
) -> list[ContainerKey]:
    """Record by what id the tracker knows a container; returns what it was called until now.

    Call it under the lock of the connection (`syncer.store.sources.save_connection`). Without an
    id nothing is known, and what is `shown` beside it is another container.
    """
    c = _CONTAINERS.c
    if not native_id:
        return []
    ours = c.connection == container.connection
    same = (c.native_id == native_id) & (c.renamed_to != container.key)
    keys = await session.scalars(select(c.key).where(ours, same).order_by(c.key))
    former = [ContainerKey(container.connection, key) for key in keys]
    former = [one for one in former if one not in shown]
    if former:
        others = ours & c.key.in_([one.key for one in former])
        new = {"renamed_to": container.key, **_NOTHING_KNOWN}
        await session.execute(_CONTAINERS.update().where(others).values(**new))
    mine = ours & (c.key == container.key)
    here = {"native_id": native_id, "renamed_to": ""}
    await session.execute(_CONTAINERS.update().where(mine).values(**here))
    return former


async def load_renames(session: AsyncSession) -> dict[ContainerKey, ContainerKey]:
    """The present key of every container that had another one, by the former."""
    c = _CONTAINERS.c
    rows = await session.execute(
        select(c.connection, c.key, c.renamed_to).where(c.renamed_to != "").order_by(c.key)
    )
    return {ContainerKey(row[0], row[1]): ContainerKey(row[0], row[2]) for row in rows}


async def load_former_keys(session: AsyncSession) -> dict[str, str]:
    """What items are called now, by what they were called before: `jira:NET-1` to `jira:NEW-1`.

    A former key that another item bears now is left out.
    """
    a, i = _ALIASES.c, _ITEMS.c
    query = (
        select(a.connection, a.alias, i.key)
        .join(_ITEMS, i.uid == a.item_uid)
        .where(a.sort == "key", a.until.is_not(None))
        .order_by(a.until)
    )
    found = {f"{row[0]}:{row[1]}": f"{row[0]}:{row[2]}" for row in await session.execute(query)}
    present = await _present(session, found)
    return {old: new for old, new in found.items() if old not in present}


async def _present(session: AsyncSession, names: Mapping[str, str]) -> set[str]:
    """Those of the names that items bear now."""
    connections = {name.partition(":")[0] for name in names}
    found: set[str] = set()
    for connection in sorted(connections):
        keys = [name.partition(":")[2] for name in names if name.startswith(f"{connection}:")]
        for start in range(0, len(keys), _AT_ONCE):
            query = select(_ITEMS.c.key).where(
                _ITEMS.c.connection == connection, _ITEMS.c.key.in_(keys[start : start + _AT_ONCE])
            )
            found |= {f"{connection}:{key}" for key in await session.scalars(query)}
    return found


async def rehome(store: Store, connection: str, *, at: datetime) -> int:
    """Put items under the key that their container has now; returns how many.

    A few hundred in one transaction; what a process that ends leaves, the next call does.
    """
    async with store.read() as session:
        renames = await load_renames(session)
    done = 0
    for old, new in renames.items():
        while old.connection == connection and (moved := await _rehome(store, old, new, at=at)):
            done += moved
    return done


async def _rehome(store: Store, old: ContainerKey, new: ContainerKey, *, at: datetime) -> int:
    i, q = _ITEMS.c, _QUARANTINE.c
    lies_there = (i.connection == old.connection) & (i.container == old.key)
    async with store.read() as session:
        if not await session.scalar(select(i.uid).where(lies_there).limit(1)):
            return 0
    async with store.write() as session:
        await lock_items(session, [old.connection])
        uids = list(await session.scalars(select(i.uid).where(lies_there).limit(_AT_ONCE)))
        items = await load_items(session, uids=uids)
        turned = [encode(ItemRecord(item=replace(one, container=new))) for one in items]
        known = await stored_states(session, uids)
        await save_records(session, turned, known=known, at=at)
        waiting = (q.connection == old.connection) & (q.container == old.key)
        await session.execute(_QUARANTINE.update().where(waiting).values(container=new.key))
    return len(uids)
