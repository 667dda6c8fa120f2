"""The look back: what a search that lags behind its tracker left out of earlier pulls.

A pull goes on from the last change that it saw. An issue that the search shows only hours later,
with a time of change from before that, no pull asks for again (spec/trackers.md 1.3). So once an
hour the ids and times of change of the last hours are compared with what is stored, and what is
missing or older there is fetched by id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.clock import Clock, is_ahead
from syncer.connect.passage import on_lane
from syncer.connect.protocol import Connector, ListsVersions
from syncer.domain.lane import Lane, LaneState
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import RateLimited, SyncerError
from syncer.store.engine import Store
from syncer.store.gaps import suspect
from syncer.store.items import stored_states
from syncer.store.lanes import count_lane, load_lanes, note_next
from syncer.store.sources import ContainerState, container_state, containers_of
from syncer.store.versions import newest_change, newest_stored
from syncer.sync.connection import Wanted
from syncer.sync.fetching import fetch_all, keep_fetched
from syncer.sync.guard import isolated
from syncer.sync.places import Places

EVERY: Final = timedelta(hours=1)
"""How often a container is looked back on."""

DOUBT: Final = timedelta(days=3)
"""How much longer than its span a container that keeps still is looked back on.

Both instants are our clock's, which may have been set in between.
"""

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBack:
    """How far back it is looked, and whether what is found counts as missed by webhooks."""

    span: timedelta
    counts_found: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedBack:
    """What a look back on one container found: `seen` were listed, `stored` new or newer."""

    container: ContainerKey
    seen: int = 0
    stored: int = 0
    failure: SyncerError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One connection being looked back on."""

    store: Store
    connector: Connector
    connection: str
    clock: Clock
    wanted: Wanted
    rules: LookBack
    places: Places = field(default_factory=lambda: Places(at_once=2, most=8))


async def look_back(
    store: Store,
    connector: Connector,
    *,
    connection: str,
    clock: Clock,
    wanted: Wanted,
    rules: LookBack,
) -> list[LookedBack]:
    """Look back on every container of a connection that is due.

    Errors of the tracker are noted with the lane and come back in the result; errors of the
    database are raised. Nothing is done where the connector's search does not lag.
    """
    if not rules.span or not isinstance(connector, ListsVersions):
        return []
    look = _Look(
        store=store,
        connector=connector,
        connection=connection,
        clock=clock,
        wanted=wanted,
        rules=rules,
    )
    done = await asyncio.gather(
        *(_one(look, connector, key) for key in await _due(look)), return_exceptions=True
    )
    for result in done:
        if isinstance(result, BaseException):
            raise result
    return [result for result in done if isinstance(result, LookedBack)]


async def _due(look: _Look) -> list[ContainerKey]:
    now = look.clock.now()
    async with look.store.read() as session:
        lanes = await load_lanes(session)
        states = [
            state
            for key in await containers_of(session, look.connection)
            if look.wanted.has(key) and (state := await container_state(session, key)) is not None
        ]
        due = [
            state.key
            for state in states
            if _may_have_changed(state, now - look.rules.span)
            and not is_ahead(_last(lanes.get(state.key, {})) + EVERY, now=now, within=EVERY)
        ]
        return [
            key
            for key in due
            if not await _is_settled(
                session, key, lanes.get(key, {}).get(Lane.LOOK_BACK), span=look.rules.span
            )
        ]


async def _is_settled(
    session: AsyncSession, key: ContainerKey, told: LaneState | None, *, span: timedelta
) -> bool:
    """Whether the last look back came long after the last thing that a search could show late."""
    if told is None or told.last_success_at is None:
        return False
    stored = await newest_stored(session, key)
    return stored is not None and told.last_success_at >= stored + span + DOUBT


def _may_have_changed(state: ContainerState, since: datetime) -> bool:
    """Whether a container was read, and did not keep still by its tracker's word ever since."""
    if state.last_success_at is None:
        return False
    if state.change_mark is None or state.change_mark_at is None:
        return True
    return state.change_mark_at > since


def _last(lanes: dict[Lane, LaneState]) -> datetime:
    """When a container was last looked back on, or read as a whole."""
    told = (lanes[lane].last_at for lane in (Lane.LOOK_BACK, Lane.BACKFILL) if lane in lanes)
    return max((at for at in told if at is not None), default=_LONG_AGO)


async def _one(look: _Look, lister: ListsVersions, key: ContainerKey) -> LookedBack:
    async with look.places.taken():
        try:
            with on_lane(Lane.LOOK_BACK, container=str(key)):
                return await _look_on(look, lister, key)
        except SyncerError as error:
            await _note_failure(look, key, error)
            return LookedBack(container=key, failure=error)


async def _look_on(look: _Look, lister: ListsVersions, key: ContainerKey) -> LookedBack:
    listed = await _listed(look, lister, key)
    async with look.store.read() as session:
        known = await stored_states(session, [ref.uid for ref in listed])
    late = [
        ref for ref, at in listed.items() if ref.uid not in known or known[ref.uid].updated_at < at
    ]
    stored = await _bring(look, key, late, seen=len(listed))
    return LookedBack(container=key, seen=len(listed), stored=stored)


async def _listed(look: _Look, lister: ListsVersions, key: ContainerKey) -> dict[ItemRef, datetime]:
    """The items that changed within the span, by the tracker's own clock: ours may be wrong."""
    now = look.clock.now()
    async with look.store.read() as session:
        newest = await newest_change(session, key)
    listed: dict[ItemRef, datetime] = {}
    with isolated(str(key)):
        async for ref, at in lister.versions(key, min(newest or now, now) - look.rules.span):
            listed[ref] = max(at, listed.get(ref, at))
    return listed


async def _bring(look: _Look, key: ContainerKey, refs: Sequence[ItemRef], *, seen: int) -> int:
    """Fetch and store; whether what does not come is gone, is for a census to find out."""
    read_at = look.clock.now()
    fetched = await fetch_all(look.connector, refs, subject=str(key))
    async with look.store.write() as session:
        done = await keep_fetched(
            session,
            replace(fetched, hidden=()),
            connection=look.connection,
            wanted=look.wanted,
            at=look.clock.now(),
            read_at=read_at,
            lane=Lane.LOOK_BACK,
        )
        if look.rules.counts_found:
            await suspect(session, key, done.brought, at=look.clock.now())
        await count_lane(
            session, key, Lane.LOOK_BACK, seen=seen, stored=done.stored, at=look.clock.now()
        )
        await note_next(session, key.connection, key.key, Lane.LOOK_BACK, at=None, why="")
    return done.stored


async def _note_failure(look: _Look, key: ContainerKey, error: SyncerError) -> None:
    at = error.retry_at if isinstance(error, RateLimited) else None
    async with look.store.write() as session:
        await count_lane(
            session, key, Lane.LOOK_BACK, seen=0, stored=0, at=look.clock.now(), failed=True
        )
        await note_next(session, key.connection, key.key, Lane.LOOK_BACK, at=at, why=error.message)
