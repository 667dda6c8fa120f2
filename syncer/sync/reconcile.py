"""The census: every item that a container holds, against every item that is stored of it.

Pulls never see what was deleted, moved away or hidden (spec/trackers.md 1.6–1.8). A census does, by
comparing ids; what is absent is asked for by id, and only evidence makes a tombstone of it:

- it comes from another container: moved;
- the tracker says that it is gone: deleted;
- the tracker says that we may not see it, or the item was restricted: hidden;
- the tracker cannot tell the two apart: deleted, if the container is shown to the same account as
  at the last census and shows its other items; else hidden.

A census that fails half-way changes nothing, and one that would bury too many items waits for a
person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.clock import Clock, is_ahead
from syncer.connect.passage import on_lane
from syncer.connect.protocol import CarriesItems, Connector, Fetched
from syncer.domain.item import ItemState, WorkItem
from syncer.domain.lane import Lane
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import Rejected, SyncerError
from syncer.failpoints import Edge, reach
from syncer.store.audit import AuditEvent, load_events, record
from syncer.store.census import CensusState, census_states, note_census
from syncer.store.engine import Store
from syncer.store.gaps import suspect
from syncer.store.items import id_aliases, load_items
from syncer.store.lanes import count_lane
from syncer.store.leases import Lease, renew
from syncer.store.quarantine import forget_absent
from syncer.store.sources import find_container, lose_container
from syncer.sync.connection import ACCOUNT_CHANGED, Wanted
from syncer.sync.fetching import fetch_all, keep_fetched
from syncer.sync.guard import isolated
from syncer.sync.ingest import Ingested, mark
from syncer.sync.lease import container_lease, held, lost, this_process
from syncer.sync.pull import HIDING
from syncer.sync.unread import ask_unread

CENSUS_CAP: Final = 0.2
"""The share of a container's items that one census may bury without a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CensusRules:
    """How a census is taken: by which command, how much it may bury, whether a person said yes.

    With `counts_found` a webhook should have told of what it brings.
    """

    command: str = "sync"
    cap: float = CENSUS_CAP
    confirmed: bool = False
    counts_found: bool = True

    def allows(self, buried: int, stored: int) -> bool:
        """Whether that many of the stored items may be buried; one always may."""
        return self.confirmed or buried <= max(1, int(self.cap * stored))


BY_COMMAND: Final = CensusRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class CensusResult:
    """What a census of one container found.

    `items` are in the container by the tracker's word. `note` says what a person must decide; then
    nothing was changed. With a `failure` nothing was changed either.
    """

    container: ContainerKey
    items: int = 0
    found: int = 0
    deleted: int = 0
    moved: int = 0
    hidden: int = 0
    note: str = ""
    failure: SyncerError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Census:
    """One census under way."""

    store: Store
    connector: Connector
    state: CensusState
    wanted: Wanted
    clock: Clock
    rules: CensusRules
    lease: Lease
    began_at: datetime

    @property
    def container(self) -> ContainerKey:
        return self.state.container


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What was stored before the census: the items by uid, and the ids that items gained."""

    live: Mapping[str, WorkItem]
    hidden: int
    aliases: Mapping[str, str]
    same_account: bool

    def is_news(self, uid: str, ref: ItemRef) -> bool:
        """Whether an item is not stored, or is called otherwise now.

        A container's new key changes the keys of its items and not their times of change, so that
        no pull brings those that the search did not show when the container was read again.
        """
        item = self.live.get(uid)
        return item is None or (bool(ref.locator) and ref.locator.casefold() != item.key.casefold())

    def restricts(self, ref: ItemRef) -> bool:
        return ref.uid in self.live and self.live[ref.uid].restricted


def is_due(state: CensusState, *, now: datetime, every: timedelta) -> bool:
    """Whether a container is to be counted: once a span, and at once where it may have come back.

    One that has never been read to its end is not, unless what webhooks brought of it is lost.
    """
    if not state.was_seen:
        return False
    vanished = state.items == 0 and bool(state.note)
    return vanished or state.at is None or not is_ahead(state.at + every, now=now, within=every)


async def census_connection(
    store: Store,
    connector: Connector,
    *,
    connection: str,
    clock: Clock,
    wanted: Wanted,
    due: Callable[[CensusState], bool],
    rules: CensusRules = BY_COMMAND,
) -> list[CensusResult]:
    """Take a census of every container of the connection that is due, one after the other.

    Asks first what the account sees: what is concluded from an absence rests on that answer. Then
    for what is in quarantine, which no list of ids brings back.
    """
    async with store.read() as session:
        states = [one for one in await census_states(session, connection) if due(one)]
    if not states or isinstance(connector, CarriesItems):  # whose inventories are pushed
        return []
    with isolated(connection):
        identity = await connector.probe()
    if any(finding.fatal for finding in identity.findings):
        return []
    listed = {one.key for one in identity.containers}
    await ask_unread(store, connector, connection=connection, clock=clock, wanted=wanted)
    return [
        await take_census(
            store,
            connector,
            state,
            clock=clock,
            wanted=wanted,
            listed=state.container in listed,
            rules=rules,
        )
        for state in states
    ]


async def take_census(
    store: Store,
    connector: Connector,
    state: CensusState,
    *,
    clock: Clock,
    wanted: Wanted,
    listed: bool,
    rules: CensusRules = BY_COMMAND,
) -> CensusResult:
    """Compare a container with what is stored of it, and settle the difference.

    `listed`: the probe of just now showed the container. Errors of the tracker, and `Busy` where
    another process works on the container, come back in the result; errors of the database are
    raised.
    """
    name = container_lease(state.container)
    try:
        async with held(store, name, this_process(rules.command)) as lease:
            census = _Census(
                store=store,
                connector=connector,
                state=state,
                wanted=wanted,
                clock=clock,
                rules=rules,
                lease=lease,
                began_at=clock.now(),
            )
            with on_lane(Lane.CENSUS, container=str(state.container)):
                return await _take(census, listed=listed)
    except SyncerError as error:
        return CensusResult(container=state.container, failure=error)


async def _take(census: _Census, *, listed: bool) -> CensusResult:
    ground = await _ground(census)
    present = await _inventory(census) if listed else {}
    reach(Edge.CENSUS_READ)
    if not present:
        return await _hide_all(census, ground)
    if census.state.last_success_at is None:
        return await _leave(census, items=len(present))
    known = {ground.aliases.get(uid, uid): ref for uid, ref in present.items()}
    absent = [item.ref for uid, item in ground.live.items() if uid not in known]
    unknown = [ref for uid, ref in known.items() if ground.is_news(uid, ref)]
    subject = str(census.container)
    missing = _judged(await fetch_all(census.connector, absent, subject=subject), ground, census)
    if not census.rules.allows(len(missing.gone), len(ground.live)):
        return await _ask(census, missing, stored=len(ground.live), items=len(present))
    found = await fetch_all(census.connector, unknown, subject=subject)
    return await _settle(census, ground, missing=missing, found=found, present=known)


async def _ground(census: _Census) -> _Ground:
    connection, at = census.container.connection, census.state.at
    async with census.store.read() as session:
        turned = await load_events(session, subject=connection, what=ACCOUNT_CHANGED, limit=1)
        items = await load_items(session, container=census.container)
        return _Ground(
            live={item.uid: item for item in items if item.state is ItemState.LIVE},
            hidden=sum(item.state is ItemState.HIDDEN for item in items),
            aliases=await id_aliases(session, connection),
            same_account=not turned or (at is not None and turned[0].at <= at),
        )


async def _inventory(census: _Census) -> dict[str, ItemRef]:
    """What the tracker shows, by uid; nothing where it refuses the container alone."""
    with isolated(str(census.container)):
        try:
            refs = census.connector.inventory(census.container)
            return {ref.uid: ref async for ref in refs}
        except Rejected as refused:
            if refused.status in HIDING:
                return {}
            raise


def _judged(missing: Fetched, ground: _Ground, census: _Census) -> Fetched:
    """The absent items, where those that do not come are told apart by what is known besides."""
    if census.connector.capabilities.reports_deletions or not ground.same_account:
        return missing
    return replace(
        missing,
        gone=(*missing.gone, *(ref for ref in missing.hidden if not ground.restricts(ref))),
        hidden=tuple(ref for ref in missing.hidden if ground.restricts(ref)),
    )


async def _ask(census: _Census, missing: Fetched, *, stored: int, items: int) -> CensusResult:
    """Change nothing, and say what a person must decide."""
    note = (
        f"{len(missing.gone)} of {stored} stored items of {census.container} are gone from the "
        f"tracker: more than {census.rules.cap:.0%}, so nothing was changed. If they were really "
        f"deleted, run: syncer sync --census --confirm {census.container}"
    )
    async with census.store.write() as session:
        await _note(session, census, items=items, note=note)
    return CensusResult(container=census.container, items=items, note=note)


async def _leave(census: _Census, *, items: int) -> CensusResult:
    """Leave a container to its first reading, which has not come to its end yet."""
    async with census.store.write() as session:
        await _still_ours(session, census)
        await find_container(session, census.container)
    return CensusResult(container=census.container, items=items)


async def _hide_all(census: _Census, ground: _Ground) -> CensusResult:
    """Nothing is shown of a container: whatever we knew of it is hidden, not deleted."""
    note = ""
    if ground.live or ground.hidden:
        note = f"{census.container} shows nothing to our account: its items are kept as hidden."
    async with census.store.write() as session:
        await _still_ours(session, census)
        live = [item.ref for item in ground.live.values()]
        hidden = await mark(session, live, ItemState.HIDDEN, at=census.clock.now())
        await count_lane(
            session, census.container, Lane.CENSUS, seen=0, stored=hidden, at=census.began_at
        )
        if note:
            await lose_container(session, census.container, at=census.clock.now())
        await _note(session, census, items=0, note=note)
        await _log(session, census, hidden=hidden)
        reach(Edge.CENSUS_BEFORE_COMMIT)
    reach(Edge.CENSUS_COMMITTED)
    return CensusResult(container=census.container, hidden=hidden)


async def _keep(
    session: AsyncSession, census: _Census, fetched: Fetched, *, at: datetime
) -> Ingested:
    return await keep_fetched(
        session,
        fetched,
        connection=census.container.connection,
        wanted=census.wanted,
        at=at,
        read_at=census.began_at,
        lane=Lane.CENSUS,
        home=census.container,
    )


async def _settle(
    census: _Census,
    ground: _Ground,
    *,
    missing: Fetched,
    found: Fetched,
    present: Mapping[str, ItemRef],
) -> CensusResult:
    """Write everything in one transaction, under the lease."""
    at, items = census.clock.now(), len(present)
    elsewhere = [one for one in missing.records if one.item.container != census.container]
    async with census.store.write() as session:
        await _still_ours(session, census)
        known = await _keep(session, census, missing, at=at)
        done = await _keep(session, census, found, at=at)
        await forget_absent(session, census.container, present)
        gone = {ref.uid: ground.live[ref.uid].updated_at for ref in missing.gone}
        if census.rules.counts_found:
            brought = {**gone, **known.brought, **done.brought}
            await suspect(session, census.container, brought, at=census.clock.now())
        stored = done.stored + known.stored
        await count_lane(
            session, census.container, Lane.CENSUS, seen=items, stored=stored, at=census.began_at
        )
        await _note(session, census, items=items)
        result = CensusResult(
            container=census.container,
            items=items,
            found=done.stored,
            deleted=len(missing.gone),
            moved=len(elsewhere),
            hidden=len(missing.hidden),
        )
        await _log(
            session, census, deleted=result.deleted, moved=result.moved, hidden=result.hidden
        )
        reach(Edge.CENSUS_BEFORE_COMMIT)
    reach(Edge.CENSUS_COMMITTED)
    return result


async def _still_ours(session: AsyncSession, census: _Census) -> None:
    if not await renew(session, census.lease):
        raise lost(census.lease)


async def _note(session: AsyncSession, census: _Census, *, items: int, note: str = "") -> None:
    """How it went. A container that shows anything is lost no more."""
    if items:
        await find_container(session, census.container)
    values = {"census_at": census.began_at, "census_items": items, "census_note": note}
    await note_census(session, census.container, **values)


async def _log(session: AsyncSession, census: _Census, **turned: int) -> None:
    """One line of the audit log for a census that changed something."""
    if any(turned.values()):
        event = AuditEvent(
            at=census.clock.now(),
            who=census.rules.command,
            what="census",
            subject=str(census.container),
            after=turned,
            why="confirmed by a person" if census.rules.confirmed else "",
        )
        await record(session, event)
