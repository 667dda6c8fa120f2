"""What must hold: the store beside the tracker, item by item, and what may never be said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import select

from syncer.domain.change import ChangeField
from syncer.domain.item import ItemRecord, ItemState
from syncer.store import inbox
from syncer.store.daemon_tables import InboxRow
from syncer.store.engine import Store
from syncer.store.inbox import InboxState
from syncer.store.items import load_items, load_records
from syncer.store.quarantine import load_quarantine
from syncer.store.rows import table_of
from syncer.store.sources import load_sources
from syncer.store.tables import ItemRow
from tests.convergence.process import CONNECTION, Syncer
from tests.convergence.site import Site

Edge = tuple[str, str, str]
_INBOX = table_of(InboxRow)
_ITEMS = table_of(ItemRow)
_NO_HISTORY = frozenset({ChangeField.COMMENT})


class Diverged(AssertionError):
    """The store is not what the tracker is, or says what it may not say."""


async def check_all(store: Store, site: Site) -> None:
    """The store equals the tracker: items, their states, keys, parents, links, histories."""
    async with store.read() as session:
        records = {one.item.ref.id: one for one in await load_records(session)}
        sources = await load_sources(session)
    found = [*_strangers(records, site)]
    if site.is_closed:  # nothing can be told of items, and that is said
        _raise(
            [*found, *(f"{one.container} hides its failure" for one in sources if not one.error)]
        )
        return
    for item_id in site.world.ids():
        found += _item(item_id, records.get(item_id), site)
    found += _links(records, site)
    _raise(found)
    await _check_quarantine(store)


async def _check_quarantine(store: Store) -> None:
    """Nothing is left there that can be read, or that nobody can see."""
    async with store.read() as session:
        unread = await load_quarantine(session)
    _raise(f"in quarantine: {one}" for one in unread)


async def check_pulled(store: Store, site: Site) -> None:
    """What pulls alone bring: every item that was never out of sight, as it is."""
    async with store.read() as session:
        records = {one.item.ref.id: one for one in await load_records(session)}
    there = [item_id for item_id in site.world.ids() if item_id not in site.lost]
    _raise([line for id_ in there for line in _item(id_, records.get(id_), site)])


async def check_counted(store: Store, site: Site) -> None:
    """What censuses alone tell: which items there are, where, and by what key."""
    async with store.read() as session:
        items = await load_items(session, states=[ItemState.LIVE])
    stored = {(one.ref.id, one.key, one.container.key) for one in items}
    shown = [one for one in site.world.ids() if site.seen(one) and site.wanted(one)]
    states = {one: site.state(one) for one in shown}
    true = {(one, state.key, state.container) for one, state in states.items()}
    _raise(f"{one} is stored and is not there" for one in sorted(stored - true))
    _raise(f"{one} is missing" for one in sorted(true - stored))


async def check_told(store: Store, site: Site, syncer: Syncer) -> None:
    """What webhooks told, and nothing but them, is stored as it is: before anything is pulled."""
    told = [id_ for id_, last in site.last.items() if syncer.acknowledged.get(id_, 0) >= last]
    async with store.read() as session:
        records = {one.item.ref.id: one for one in await load_records(session)}
    _raise([line for id_ in told for line in _item(id_, records.get(id_), site, alone=True)])


async def check_inbox(store: Store, syncer: Syncer) -> None:
    """Everything acknowledged was kept, and is done.

    What a tracker in trouble gave nothing readable of may be in quarantine still: later lanes ask.
    """
    async with store.read() as session:
        rows = (
            await session.execute(select(_INBOX.c.body_sha256, _INBOX.c.state, _INBOX.c.note))
        ).all()
    lost = syncer.promised - {row[0] for row in rows}
    found = [f"acknowledged and not kept: {len(lost)} deliveries"] if lost else []
    found += [
        f"{row[1]}: {row[2]}" for row in rows if row[1] not in {InboxState.DONE, InboxState.IGNORED}
    ]
    _raise(found)


async def check_never(store: Store, site: Site) -> None:
    """Nothing is called deleted or moved away that was there all the time."""
    async with store.read() as session:
        query = select(_ITEMS.c.native_id, _ITEMS.c.key, _ITEMS.c.state)
        said = query.where(_ITEMS.c.state.in_((ItemState.DELETED, ItemState.MOVED)))
        rows = (await session.execute(said)).all()
    _raise(
        f"{key} is {state} and was never gone" for id_, key, state in rows if id_ not in site.lost
    )


def _raise(found: Iterable[str]) -> None:
    lines = list(found)
    if lines:
        raise Diverged("\n".join(lines))


def _strangers(records: Mapping[str, ItemRecord], site: Site) -> Iterator[str]:
    known = set(site.world.ids())
    for item_id, record in records.items():
        if item_id not in known:
            yield f"{item_id} ({record.item.key}) is stored and unknown to the tracker"


def _item(
    item_id: str, record: ItemRecord | None, site: Site, *, alone: bool = False
) -> Iterator[str]:
    """Differences of one item; `alone`: of what a fetch of it alone must have brought."""
    if not (site.seen(item_id) and site.wanted(item_id)):
        if record is not None and record.item.state is ItemState.LIVE:
            yield f"{item_id} ({record.item.key}) is live and gone"
        return
    truth = site.state(item_id)
    if record is None:
        yield f"{item_id} ({truth.key}) is missing"
        return
    item = record.item
    pairs: dict[str, tuple[object, object]] = {
        "state": (item.state, ItemState.LIVE),
        "key": (item.key, truth.key),
        "title": (item.title, truth.title),
        "status": (item.native_status, truth.status),
        "labels": (item.labels, truth.labels),
        "container": (item.container.key, truth.container),
        "updated": (item.updated_at, site.world.updated_at(item_id, site.clock.now())),
    }
    if not alone:
        pairs["history"] = (_told(record), _happened(item_id, site))
        pairs["parent"] = (_parent(record, site), _true_parent(item_id, site))
    for name, (stored, true) in pairs.items():
        if stored != true:
            yield f"{item_id} ({truth.key}): {name} is {stored!r} and should be {true!r}"


def _told(record: ItemRecord) -> Counter[str]:
    return Counter(one.id for one in record.changes if one.field not in _NO_HISTORY)


def _happened(item_id: str, site: Site) -> Counter[str]:
    entries = site.world.history(item_id, site.clock.now())
    return Counter(
        str(50000 + entry.id)
        for entry in entries
        for _ in (*entry.changes, *([entry.link] if entry.link else []))
    )


def _parent(record: ItemRecord, site: Site) -> str | None:
    parent = record.item.parent
    return parent.id if parent is not None and parent.id not in site.lost else None


def _true_parent(item_id: str, site: Site) -> str | None:
    """Parents that were out of sight once are left out: see the module of the machine."""
    parent = site.state(item_id).parent
    return parent if parent not in site.lost else None


def _links(records: Mapping[str, ItemRecord], site: Site) -> Iterator[str]:
    shown = {one for one in site.world.ids() if site.seen(one) and site.wanted(one)}
    stored = {edge for edge in _edges(records.values()) if {edge[0], edge[2]} <= shown}
    true = {
        (link.source, str(link.kind), link.target)
        for one in shown
        for link in site.world.links(one, site.clock.now())
        if {link.source, link.target} <= shown
    }
    yield from (f"link {edge} is stored and is not there" for edge in sorted(stored - true))
    yield from (f"link {edge} is missing" for edge in sorted(true - stored))


def _edges(records: Iterable[ItemRecord]) -> Iterator[Edge]:
    for record in records:
        if record.item.state is not ItemState.LIVE:
            continue
        own = record.item.ref.id
        for link in record.item.links:
            ends = (link.to.id, own) if link.inward else (own, link.to.id)
            yield (ends[0], str(link.kind), ends[1])


async def pending(store: Store) -> int:
    """How many deliveries wait."""
    async with store.read() as session:
        return (await inbox.inbox_counts(session))[InboxState.PENDING]


__all__ = [
    "CONNECTION",
    "Diverged",
    "check_all",
    "check_counted",
    "check_inbox",
    "check_never",
    "check_pulled",
    "check_told",
    "pending",
]
