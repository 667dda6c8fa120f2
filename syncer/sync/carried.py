"""Deliveries that hold the items themselves: stored as they are told, since nobody can be asked.

An order of delivery is never relied on. Every statement has an instant of its own: an item's state
the time of its last change, a deletion and an inventory the `as_of` of the delivery. The newest
statement about an item wins, so that a delivery may come late, twice or after the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.connect.protocol import Carried, CarriesItems, HookRequest
from syncer.domain.item import ItemRecord, ItemState, WorkItem
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import NotFound
from syncer.store.carried import newest_deliveries
from syncer.store.census import CensusState, census_states, note_census
from syncer.store.engine import Store
from syncer.store.inbox import load_delivery
from syncer.store.items import LIVE, load_changes, load_items, lock_items
from syncer.store.sources import container_state, ensure_container, finish_pass
from syncer.sync.connection import Wanted
from syncer.sync.guard import isolated
from syncer.sync.ingest import ingest
from syncer.sync.lanes import count_live
from syncer.sync.observed import observed
from syncer.sync.reconcile import CensusResult, CensusRules

INVENTORY: Final = "inventory"
"""What a connector calls a delivery that names all that a container holds."""

_INVENTORIES: Final = 100


async def request_of(store: Store, number: int, *, url: str) -> HookRequest:
    """A delivery as it came in, to be read once more; `NotFound` for an unknown number."""
    async with store.read() as session:
        raw = await load_delivery(session, number)
    return HookRequest(
        method="POST",
        url=url,
        headers=raw.headers,
        body=raw.body,
        received_at=raw.delivery.received_at,
    )


async def read_carried(
    store: Store, carrier: CarriesItems, numbers: Sequence[int], *, url: str
) -> list[Carried]:
    """What the deliveries of these numbers hold, in a thread, since a long one takes its time.

    `BadPayload` where one cannot be read as a whole.
    """
    requests = [await request_of(store, number, url=url) for number in numbers]
    with isolated(f"deliveries {numbers[0]} to {numbers[-1]}"):
        return [await asyncio.to_thread(carrier.carried, request) for request in requests]


async def keep_carried(
    session: AsyncSession,
    told: Iterable[Carried],
    *,
    wanted: Wanted,
    rules: CensusRules,
    at: datetime,
) -> int:
    """Store what deliveries hold, as far as the configuration wants it; returns how many turned.

    `at` (UTC) is now. An inventory that lacks more items than `rules` allow buries none of them,
    and its container says what a person must decide.
    """
    chosen = together(one for one in told if wanted.has(one.container))
    return sum([await _keep(session, one, rules=rules, at=at) for one in chosen])


def together(told: Iterable[Carried]) -> list[Carried]:
    """Deliveries that follow each other as one, where that changes nothing: most tell one item.

    Apart stay other containers, deletions and inventories, and a second state of an item: what
    changed from the first one to it is history.
    """
    made: list[Carried] = []
    seen: set[str] = set()
    for one in told:
        mine = {record.item.uid for record in one.records} | {u.ref.uid for u in one.unreadable}
        if made and _may_join(made[-1], one) and seen.isdisjoint(mine):
            made[-1] = _joined(made[-1], one)
            seen |= mine
        else:
            made.append(one)
            seen = mine
    return made


def _may_join(first: Carried, second: Carried) -> bool:
    same = (first.container, first.name) == (second.container, second.name)
    return same and not any(one.deleted or one.present is not None for one in (first, second))


def _joined(first: Carried, second: Carried) -> Carried:
    return replace(
        first,
        as_of=max(first.as_of, second.as_of),
        records=(*first.records, *second.records),
        unreadable=(*first.unreadable, *second.unreadable),
    )


async def _keep(
    session: AsyncSession, carried: Carried, *, rules: CensusRules, at: datetime
) -> int:
    key = carried.container
    await ensure_container(session, key, name=carried.name)
    await lock_items(session, [key.connection])
    absent, note = await _absent(session, carried, rules)
    gone = [*carried.deleted, *absent]
    told = await _with_history(session, carried.records)
    records = [*told, *await _tombstones(session, gone, carried)]
    done = await ingest(session, records, carried.unreadable, container=key, at=at)
    await count_live(session, records, done, at=at)
    await _freshen(session, key, as_of=min(carried.as_of, at))
    if carried.present is not None and note is not None:
        items = len(carried.present)
        values = {"census_at": carried.as_of, "census_items": items, "census_note": note}
        await note_census(session, key, **values)
    return done.stored


async def _with_history(session: AsyncSession, records: Sequence[ItemRecord]) -> list[ItemRecord]:
    """The items with what changed since they were stored, where their sender does not tell it."""
    uids = [one.item.uid for one in records]
    items = {item.uid: item for item in await load_items(session, uids=uids, states=LIVE)}
    changes = await load_changes(session, uids=list(items))
    known = {
        uid: ItemRecord(item=item, changes=changes.get(uid, ())) for uid, item in items.items()
    }
    return [
        observed(known[uid], one) if uid in known else one
        for uid, one in zip(uids, records, strict=True)
    ]


async def _freshen(session: AsyncSession, key: ContainerKey, *, as_of: datetime) -> None:
    """The data of a container are as of its newest delivery, in whatever order they come."""
    state = await container_state(session, key)
    known = state.last_success_at if state else None
    if known is None or known < as_of:
        await finish_pass(session, key, started_at=as_of)


# --- inventories that wait for a person -----------------------------------------------------------


async def settle_inventory(
    store: Store, carrier: CarriesItems, state: CensusState, *, rules: CensusRules, at: datetime
) -> CensusResult:
    """What the last inventory of a container says; with a person's yes, what it lacks is deleted.

    `at` (UTC) is now. A `NotFound` in the result where the delivery is no longer kept.
    """
    key = state.container
    told = CensusResult(container=key, items=state.items or 0, note=state.note)
    if not (state.note and rules.confirmed):
        return told
    newest = await _newest_inventory(store, carrier, key)
    if newest is None:
        lost = NotFound(f"The inventory of {key} is no longer kept.", fix="Have it pushed again.")
        return replace(told, failure=lost)
    async with store.write() as session:
        deleted = await _keep(session, newest, rules=rules, at=at)
    return CensusResult(container=key, items=told.items, deleted=deleted)


async def _newest_inventory(
    store: Store, carrier: CarriesItems, container: ContainerKey
) -> Carried | None:
    """The newest inventory of a container, without the items that it tells anew."""
    async with store.read() as session:
        numbers = await newest_deliveries(
            session, container.connection, event=INVENTORY, limit=_INVENTORIES
        )
    for number in numbers:
        [carried] = await read_carried(store, carrier, [number], url="")
        if carried.container == container:
            return replace(carried, records=(), unreadable=(), deleted=())
    return None


# --- what is gone ---------------------------------------------------------------------------------


async def _absent(
    session: AsyncSession, carried: Carried, rules: CensusRules
) -> tuple[Sequence[ItemRef], str | None]:
    """What an inventory lacks, and what a person must decide; None where it concludes nothing.

    It concludes nothing where a newer one is known already.
    """
    key, present = carried.container, carried.present
    if present is None or await _is_outdated(session, carried):
        return (), None
    live = await load_items(session, states=LIVE, container=key)
    absent = [one.ref for one in live if one.ref not in present]
    absent = [one for one in absent if one not in carried.deleted]
    if rules.allows(len(absent), len(live)):
        return absent, ""
    return (), (
        f"{len(absent)} of {len(live)} stored items of {key} are missing from the inventory that "
        f"was pushed: more than {rules.cap:.0%}, so nothing was changed. If they were really "
        f"deleted, run: syncer sync --census --confirm {key}"
    )


async def _is_outdated(session: AsyncSession, carried: Carried) -> bool:
    states = await census_states(session, carried.container.connection)
    mine: CensusState | None = next((s for s in states if s.container == carried.container), None)
    return mine is not None and mine.at is not None and mine.at > carried.as_of


async def _tombstones(
    session: AsyncSession, gone: Iterable[ItemRef], carried: Carried
) -> list[ItemRecord]:
    """The items as they are once deleted; those left out of which something newer is known.

    One that was never seen is deleted too: its older states may yet come.
    """
    refs = list(dict.fromkeys(gone))
    known = {item.ref: item for item in await load_items(session, uids=[ref.uid for ref in refs])}
    buried = (_buried(known.get(ref) or _unseen(ref, carried), carried) for ref in refs)
    return [ItemRecord(item=item) for item in buried if item is not None]


def _buried(item: WorkItem, carried: Carried) -> WorkItem | None:
    """The item deleted at the instant of the delivery; None where that says nothing of it.

    An item that moved on is not deleted by the container that it left.
    """
    elsewhere = item.container != carried.container
    if elsewhere or item.state is ItemState.DELETED or item.updated_at > carried.as_of:
        return None
    return replace(item, state=ItemState.DELETED, updated_at=carried.as_of)


def _unseen(ref: ItemRef, carried: Carried) -> WorkItem:
    """What is known of an item of which only its end was told: it was never there."""
    at = carried.as_of
    return WorkItem(
        ref=ref,
        key=ref.id,
        url="",
        container=carried.container,
        title=ref.id,
        created_at=at,
        updated_at=at,
        history_complete=False,
    )
