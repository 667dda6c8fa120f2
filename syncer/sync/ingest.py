"""The one way of work items into the store: idempotent, whatever order they come in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.connect.protocol import Fetched
from syncer.domain.item import ItemRecord, ItemState, Unreadable, WorkItem
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.unread import with_last_values
from syncer.store.census import containers_by_uid
from syncer.store.codec import EncodedRecord, encode
from syncer.store.items import (
    StoredState,
    add_id_alias,
    id_aliases,
    load_items,
    lock_items,
    save_records,
    stored_states,
)
from syncer.store.quarantine import clear, quarantine


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What became of a batch: written, the same as before, older than what is stored, unreadable.

    `cleared` items left quarantine. `brought` are the uids of items that are new, or that the
    tracker changed since they were stored, with the tracker's time of that.
    """

    stored: int = 0
    unchanged: int = 0
    outdated: int = 0
    unreadable: int = 0
    cleared: int = 0
    brought: Mapping[str, datetime] = field(default_factory=dict, compare=False)

    def __add__(self, other: Ingested) -> Ingested:
        """What became of both batches."""
        return Ingested(
            stored=self.stored + other.stored,
            unchanged=self.unchanged + other.unchanged,
            outdated=self.outdated + other.outdated,
            unreadable=self.unreadable + other.unreadable,
            cleared=self.cleared + other.cleared,
            brought={**self.brought, **other.brought},
        )


async def ingest(
    session: AsyncSession,
    records: Iterable[ItemRecord],
    unreadable: Iterable[Unreadable] = (),
    *,
    container: ContainerKey,
    at: datetime,
    read_at: datetime | None = None,
) -> Ingested:
    """Store what is new in a batch, in the caller's transaction.

    A state at least as new as the stored one wins, by the tracker's own time; an unchanged item
    costs no write. What cannot be read, or cannot be stored, goes to quarantine under `container`
    and leaves it when it comes again readable. `at` is the instant of arrival, `read_at` the one
    at which the tracker was asked (UTC): what was found gone since then does not come back by an
    answer from before.
    """
    await lock_items(session, [container.connection])
    aliases = await id_aliases(session, container.connection)
    readable, broken = _encoded(_under_known_ids(record, aliases) for record in records)
    known = await stored_states(session, readable)
    readable |= await _with_last_values(session, readable, known)
    gone = {
        uid
        for uid, state in known.items()
        if read_at is not None and state.went_since(read_at, now=at)
    }
    readable = {uid: one for uid, one in readable.items() if uid not in gone}
    fresh = [encoded for encoded in readable.values() if _is_news(encoded, known)]
    await save_records(session, fresh, known=known, at=at)
    faulty = [*unreadable, *broken]
    await quarantine(session, faulty, container=container, at=at)
    cleared = await clear(session, set(readable) - {one.ref.uid for one in faulty})
    outdated = sum(_is_outdated(encoded, known) for encoded in readable.values())
    return Ingested(
        stored=len(fresh),
        unchanged=len(readable) - len(fresh) - outdated,
        outdated=outdated + len(gone),
        unreadable=len(faulty),
        cleared=cleared,
        brought={
            one.record.item.uid: one.record.item.updated_at for one in fresh if _later(one, known)
        },
    )


def _encoded(
    records: Iterable[ItemRecord],
) -> tuple[dict[str, EncodedRecord], list[Unreadable]]:
    """The newest record of each item by uid, and those that no database can hold."""
    newest: dict[str, EncodedRecord] = {}
    broken: list[Unreadable] = []
    for record in records:
        try:
            encoded = encode(record)
        except ValueError as error:  # a time without a zone, or beyond the calendar
            broken.append(_unreadable(record, str(error)))
            continue
        other = newest.get(record.item.uid)
        if other is None or other.record.item.updated_at <= record.item.updated_at:
            newest[record.item.uid] = encoded
    return newest, broken


async def _with_last_values(
    session: AsyncSession,
    readable: Mapping[str, EncodedRecord],
    known: Mapping[str, StoredState],
) -> dict[str, EncodedRecord]:
    """Those of the records anew whose tracker no longer shows all that is stored of them."""
    short = [uid for uid, one in readable.items() if one.record.item.unread and uid in known]
    if not short:
        return {}
    found: dict[str, EncodedRecord] = {}
    for before in await load_items(session, uids=short):
        record, read_at = readable[before.uid].record, known[before.uid].stored_at
        item = with_last_values(record.item, before, read_at=read_at)
        found[before.uid] = encode(replace(record, item=item))
    return found


def _unreadable(record: ItemRecord, reason: str) -> Unreadable:
    item = record.item
    return Unreadable(ref=item.ref, key=item.key, reason=reason, raw=repr(record))


def _is_outdated(encoded: EncodedRecord, known: Mapping[str, StoredState]) -> bool:
    item = encoded.record.item
    return item.uid in known and known[item.uid].updated_at > item.updated_at


def _is_news(encoded: EncodedRecord, known: Mapping[str, StoredState]) -> bool:
    state = known.get(encoded.record.item.uid)
    return state is None or (state.digest != encoded.digest and not _is_outdated(encoded, known))


def _later(encoded: EncodedRecord, known: Mapping[str, StoredState]) -> bool:
    """Whether the tracker itself says that something happened: it may only tell more of it now."""
    item = encoded.record.item
    return item.uid not in known or known[item.uid].updated_at < item.updated_at


def _under_known_ids(record: ItemRecord, aliases: Mapping[str, str]) -> ItemRecord:
    """The record under the identities that the store knows, where a transfer changed an id."""
    if not aliases:
        return record
    item = record.item
    moved = replace(
        item,
        ref=_known_ref(item.ref, aliases),
        parent=_known_ref(item.parent, aliases) if item.parent else None,
        links=tuple(replace(link, to=_known_ref(link.to, aliases)) for link in item.links),
    )
    return replace(record, item=moved)


def _known_ref(ref: ItemRef, aliases: Mapping[str, str]) -> ItemRef:
    uid = aliases.get(ref.uid)
    if uid is None:
        return ref
    return ItemRef(ref.connection, uid.removeprefix(f"{ref.connection}:"), ref.locator)


async def ingest_fetched(
    session: AsyncSession,
    fetched: Fetched,
    *,
    container: ContainerKey,
    at: datetime,
    read_at: datetime | None = None,
) -> Ingested:
    """Store items that were fetched one by one, and the three outcomes of absent ones.

    Every item is stored under its own container; `container` tells the connection, and under what
    an unreadable item goes to quarantine of which nothing is known. A moved item keeps its row and
    gains its new id as an alias; a gone one becomes a tombstone; a hidden one is neither done nor
    deleted, and what was deleted before stays so, whatever order the news come in.
    """
    await lock_items(session, [container.connection])
    known = await stored_states(session, [old.uid for old in fetched.moved])
    for old, new in ((old, new) for old, new in fetched.moved.items() if old.uid in known):
        await add_id_alias(session, connection=new.connection, native_id=new.id, uid=old.uid, at=at)
    gone = await mark(session, fetched.gone, ItemState.DELETED, at=at)
    hidden = await mark(session, fetched.hidden, ItemState.HIDDEN, at=at)
    homes = await containers_by_uid(session, [one.ref.uid for one in fetched.unreadable])
    done = Ingested(stored=gone + hidden)
    for home, unreadable in _by_home(fetched.unreadable, homes, container).items():
        done += await ingest(session, (), unreadable, container=home, at=at)
    return done + await ingest(
        session, fetched.records, container=container, at=at, read_at=read_at
    )


def _by_home(
    unreadable: Iterable[Unreadable], homes: Mapping[str, ContainerKey], default: ContainerKey
) -> dict[ContainerKey, list[Unreadable]]:
    grouped: dict[ContainerKey, list[Unreadable]] = {}
    for one in unreadable:
        grouped.setdefault(homes.get(one.ref.uid, default), []).append(one)
    return grouped


async def mark(
    session: AsyncSession, refs: Sequence[ItemRef], state: ItemState, *, at: datetime
) -> int:
    """Set the state of stored items, keeping all that is known of them; returns how many turned.

    What is deleted for certain does not become hidden.
    """
    connections = {ref.connection for ref in refs}
    await lock_items(session, connections)
    aliases = {
        alias: uid
        for connection in connections
        for alias, uid in (await id_aliases(session, connection)).items()
    }
    items = await load_items(session, uids=[aliases.get(ref.uid, ref.uid) for ref in refs])
    turned = [_marked(item, state) for item in items if _turns(item.state, state)]
    known = await stored_states(session, [encoded.record.item.uid for encoded in turned])
    await save_records(session, turned, known=known, at=at)
    return len(turned)


def _turns(before: ItemState, after: ItemState) -> bool:
    if before is ItemState.DELETED and after is ItemState.HIDDEN:
        return False
    return before is not after


def _marked(item: WorkItem, state: ItemState) -> EncodedRecord:
    return encode(ItemRecord(item=replace(item, state=state)))
