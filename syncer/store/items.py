"""Work items, their names and their history."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Text, bindparam, cast, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.clock import CLOCKS_APART
from syncer.domain.change import Change
from syncer.domain.item import ItemRecord, ItemState, WorkItem
from syncer.domain.ref import ContainerKey
from syncer.errors import NotFound
from syncer.store.batch import Upsert
from syncer.store.bulk import by_code_point, chunks, one_of_told, told, upsert_rows
from syncer.store.codec import (
    ITEM_COLUMNS,
    EncodedRecord,
    decode_histories,
    decode_item,
    decode_items,
    decode_records,
    item_row,
)
from syncer.store.locks import one_writer
from syncer.store.rows import table_of
from syncer.store.tables import AliasRow, ItemRow

_PART: Final = 1000
"""Rows that are fetched in one go, so that others get their turn between two."""
_PAGE_ROWS: Final = 2000
"""Records that are put together and decoded in one go: a few megabytes, a few milliseconds."""
LIVE: Final = frozenset({ItemState.LIVE})

_ITEMS: Final = table_of(ItemRow)
_ALIASES: Final = table_of(AliasRow)
_INTO_ITEMS: Final = Upsert(
    table=_ITEMS, names=ITEM_COLUMNS, filling=frozenset({"history"}), newest_by="updated_at"
)
_INTO_ALIASES: Final = Upsert(
    table=_ALIASES,
    names=("connection", "sort", "alias", "item_uid", "since", "until"),
    keeping=frozenset({"since"}),
)
_PAYLOAD: Final = cast(_ITEMS.c.payload, Text)  # parsed once, by the codec
_BY_UID: Final = by_code_point(_ITEMS.c.uid)
_PAGE: Final = (
    select(
        _ITEMS.c.uid,
        literal('{"item":')
        .concat(_PAYLOAD)
        .concat(',"changes":')
        .concat(func.coalesce(_ITEMS.c.history, "[]"))
        .concat("}")
        .label("record"),
    )
    .where(_ITEMS.c.uid > bindparam("after"))
    .order_by(_ITEMS.c.uid)
    .limit(_PAGE_ROWS)
    .subquery()
)
_ONE_TEXT: Final = select(func.max(_PAGE.c.uid), func.aggregate_strings(_PAGE.c.record, ","))
"""A page of records as one text, and where it ends by the order of the database.

The database puts it together, and SQLite's driver lets go of Python's lock meanwhile: a page takes
half as long as its rows by themselves, and that on the other processor.
"""
_KEY: Final = "key"
_ID: Final = "id"
_UID_OF: Final = attrgetter("item.uid")
_IDS: Final = select(_ALIASES.c.alias, _ALIASES.c.item_uid).where(
    _ALIASES.c.connection == bindparam("of"), _ALIASES.c.sort == _ID
)


_STATES: Final = {
    dialect: select(
        _ITEMS.c.uid,
        _ITEMS.c.key,
        _ITEMS.c.updated_at,
        _ITEMS.c.digest,
        _ITEMS.c.state,
        _ITEMS.c.stored_at,
    ).where(one_of_told(_ITEMS.c.uid, dialect=dialect))
    for dialect in ("postgresql", "sqlite")
}


@dataclass(frozen=True, slots=True)
class StoredState:
    """What must be known of a stored item to decide whether a new state of it is written."""

    uid: str
    key: str
    updated_at: datetime
    digest: str
    state: str
    stored_at: datetime

    def went_since(self, instant: datetime, *, now: datetime) -> bool:
        """Whether it was marked deleted, moved or hidden after the instant (UTC).

        What was marked beyond `now` was marked before our clock was put back: nobody knows how long
        before, and it is no reason to hold off for a day what the tracker shows.
        """
        told = instant < self.stored_at <= now + CLOCKS_APART
        return told and self.state != ItemState.LIVE


async def lock_items(session: AsyncSession, connections: Iterable[str]) -> None:
    """Let no other transaction write items of the connections until this one ends.

    Ask before reading what decides whether an item is written: states, aliases, tombstones.
    """
    for connection in sorted(set(connections)):
        await one_writer(session, f"items:{connection}")


async def stored_states(session: AsyncSession, uids: Iterable[str]) -> dict[str, StoredState]:
    """The stored states of those of the items that are there, by uid."""
    query = _STATES[session.get_bind().dialect.name]
    rows = await session.execute(query, told(session, uids))
    return {row[0]: StoredState(*row) for row in rows}


async def save_records(
    session: AsyncSession,
    records: Sequence[EncodedRecord],
    *,
    known: Mapping[str, StoredState],
    at: datetime,
) -> None:
    """Write items, their changes and their keys; `known` are the states before, by uid.

    A stored state that is newer by the tracker's time stays. Of the changes that were stored all
    stay; one that comes again is told by its newest reading. A key that changed stays as an alias
    that ended at `at`.
    """
    uids = (encoded.record.item.uid for encoded in records if encoded.history is not None)
    stored = await _histories(session, [uid for uid in uids if uid in known])
    rows = [
        item_row(encoded, stored_at=at, before=stored.get(encoded.record.item.uid))
        for encoded in records
    ]
    await upsert_rows(session, _INTO_ITEMS, rows)
    renamed = [known[e.record.item.uid] for e in records if _is_renamed(e, known)]
    for state in renamed:
        await _end_key(session, state, at=at)
    fresh = [_alias(e.record.item, at=at) for e in records if _is_named_anew(e, known)]
    await upsert_rows(session, _INTO_ALIASES, fresh)


async def _histories(session: AsyncSession, uids: Iterable[str]) -> dict[str, str]:
    """The stored histories of those of the items that have one, by uid."""
    found: dict[str, str] = {}
    for chunk in chunks(uids):
        told = select(_ITEMS.c.uid, _ITEMS.c.history).where(
            _ITEMS.c.uid.in_(chunk), _ITEMS.c.history.is_not(None)
        )
        found.update((row[0], row[1]) for row in await session.execute(told))
    return found


def _is_renamed(encoded: EncodedRecord, known: Mapping[str, StoredState]) -> bool:
    item = encoded.record.item
    return item.uid in known and known[item.uid].key != item.key


def _is_named_anew(encoded: EncodedRecord, known: Mapping[str, StoredState]) -> bool:
    return encoded.record.item.uid not in known or _is_renamed(encoded, known)


def _alias(item: WorkItem, *, at: datetime) -> tuple[object, ...]:
    return item.ref.connection, _KEY, item.key, item.uid, at, None


async def _end_key(session: AsyncSession, state: StoredState, *, at: datetime) -> None:
    await session.execute(
        _ALIASES.update()
        .where(
            _ALIASES.c.item_uid == state.uid,
            _ALIASES.c.sort == _KEY,
            _ALIASES.c.alias == state.key,
        )
        .values(until=at)
    )


async def add_id_alias(
    session: AsyncSession, *, connection: str, native_id: str, uid: str, at: datetime
) -> None:
    """Remember that the tracker now knows the item under another id, after a transfer."""
    await upsert_rows(session, _INTO_ALIASES, [(connection, _ID, native_id, uid, at, None)])


async def id_aliases(session: AsyncSession, connection: str) -> dict[str, str]:
    """The uid of each item of the connection that gained a new id, by `<connection>:<new id>`."""
    rows = await session.execute(_IDS, {"of": connection})
    return {f"{connection}:{alias}": uid for alias, uid in rows}


async def load_items(
    session: AsyncSession,
    *,
    states: Collection[ItemState] | None = None,
    container: ContainerKey | None = None,
    uids: Sequence[str] | None = None,
) -> list[WorkItem]:
    """Items in the order of their uids; `states` None: in every state."""
    if uids is not None:
        return await _load_by_uid(session, uids)
    query = select(_PAYLOAD).order_by(_BY_UID).where(*_conditions(states, container))
    payloads = [row[0] for row in await _rows(session, query)]
    return await asyncio.to_thread(decode_items, payloads)


async def _load_by_uid(session: AsyncSession, uids: Sequence[str]) -> list[WorkItem]:
    found: list[WorkItem] = []
    for chunk in chunks(sorted(set(uids))):
        query = select(_PAYLOAD).where(_ITEMS.c.uid.in_(chunk)).order_by(_BY_UID)
        found += decode_items((await session.scalars(query)).all())
    return found


def _conditions(
    states: Collection[ItemState] | None, container: ContainerKey | None
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if states is not None:
        conditions.append(_ITEMS.c.state.in_([str(state) for state in states]))
    if container is not None:
        conditions.append(_ITEMS.c.connection == container.connection)
        conditions.append(_ITEMS.c.container == container.key)
    return conditions


async def load_changes(
    session: AsyncSession, *, uids: Sequence[str]
) -> dict[str, tuple[Change, ...]]:
    """The history of those of the items that have one by uid, oldest change first."""
    return await asyncio.to_thread(decode_histories, await _histories(session, uids))


async def load_records(session: AsyncSession) -> list[ItemRecord]:
    """All items with their history, in the order of their uids; what a roll-up is made from.

    Pages are decoded while the database looks for the next, and kept no longer than that.
    """
    found: list[ItemRecord] = []
    last, text = await _page(session, after="")
    while text is not None:
        decoding = asyncio.ensure_future(asyncio.to_thread(decode_records, text))
        try:
            last, text = await _page(session, after=last)
        finally:
            found += await decoding
    return sorted(found, key=_UID_OF)


async def _page(session: AsyncSession, *, after: str) -> tuple[str, str | None]:
    """Where the page ends, and its records as JSON with commas between, None beyond the last."""
    last, text = (await session.execute(_ONE_TEXT, {"after": after})).one()
    return last, text


async def _rows(session: AsyncSession, query: Select[Any]) -> list[Sequence[Any]]:
    """All rows, a part at a time, so that others get their turn meanwhile."""
    result = await (await session.connection()).stream(query)
    return [row async for part in result.partitions(_PART) for row in part]


async def find_item(session: AsyncSession, name: str) -> WorkItem:
    """The item named by uid, `<connection>:<key>`, or a key that only one connection has.

    Former keys find it too. `NotFound` where no item, or more than one, has the name.
    """
    connection, colon, key = name.partition(":")
    is_name = (_ALIASES.c.alias == key) & (_ALIASES.c.connection == connection)
    wanted = (_ALIASES.c.alias == name) | is_name if colon else _ALIASES.c.alias == name
    aliases = select(_ALIASES.c.item_uid).where(wanted)
    query = select(_ITEMS.c.uid, _ITEMS.c.key, _PAYLOAD).where(
        or_(_ITEMS.c.uid == name, _ITEMS.c.uid.in_(aliases))
    )
    rows = (await session.execute(query)).all()
    named = [row for row in rows if row[0] == name or row[1] in {key, name}] or rows
    if len(named) != 1:
        raise NotFound(*_unclear(name, [str(row[0]) for row in named]))
    return decode_item(named[0][2])


def _unclear(name: str, uids: Sequence[str]) -> tuple[str]:
    if not uids:
        return (f"No item is called {name!r}.",)
    return (f"{name!r} names {len(uids)} items: {', '.join(sorted(uids))}.",)


async def count_items(
    session: AsyncSession, *, container: ContainerKey | None = None, live_only: bool = True
) -> int:
    """How many items are stored."""
    states = LIVE if live_only else None
    query = select(func.count()).select_from(_ITEMS).where(*_conditions(states, container))
    return (await session.scalar(query)) or 0


async def count_by_connection(session: AsyncSession) -> dict[str, int]:
    """How many live items are stored of each connection that has any."""
    query = select(_ITEMS.c.connection, func.count()).where(*_conditions(LIVE, None))
    rows = await session.execute(query.group_by(_ITEMS.c.connection))
    return {row[0]: row[1] for row in rows}


async def keys_of(session: AsyncSession, uid: str) -> list[tuple[str, datetime, datetime | None]]:
    """The human keys that the item has had, with since and until (None: its present key)."""
    columns = (_ALIASES.c.alias, _ALIASES.c.since, _ALIASES.c.until)
    rows = await session.execute(
        select(*columns)
        .where(_ALIASES.c.item_uid == uid, _ALIASES.c.sort == _KEY)
        .order_by(_ALIASES.c.since)
    )
    return [(row[0], row[1], row[2]) for row in rows]
