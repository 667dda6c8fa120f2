"""The completeness ledger: what is known of each source beyond its freshness, in a few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.completeness import Completeness
from syncer.domain.item import ItemState, StatusCategory
from syncer.domain.lane import LaneState
from syncer.domain.ref import ContainerKey
from syncer.domain.traffic import UNREACHABLE
from syncer.store.lane_tables import TrafficRow
from syncer.store.lanes import load_lanes
from syncer.store.rows import table_of
from syncer.store.tables import ConnectionRow, ContainerRow, ItemRow, QuarantineRow

_CONNECTIONS: Final = table_of(ConnectionRow)
_CONTAINERS: Final = table_of(ContainerRow)
_ITEMS: Final = table_of(ItemRow)
_QUARANTINE: Final = table_of(QuarantineRow)
_TRAFFIC: Final = table_of(TrafficRow)
_OF_ONE: Final = "container:"
"""How the reason of a pause begins that holds for one container alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionState:
    """What a connection last answered; `findings` are what its last probe found.

    With an error it fails `failing_since` then (UTC).
    """

    name: str
    kind: str
    account: str
    server: str
    last_success_at: datetime | None
    error: str
    findings: Sequence[object]
    failing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Pause:
    """What a tracker, or its silence, holds up of a connection."""

    reason: str
    until: datetime | None
    why: str
    since: datetime | None

    def concerns(self, container: ContainerKey) -> bool:
        return not self.reason.startswith(_OF_ONE) or self.reason == f"{_OF_ONE}{container.key}"


async def connection_states(session: AsyncSession) -> list[ConnectionState]:
    """Every connection that was ever used, by name."""
    c = _CONNECTIONS.c
    columns = (
        *(c.name, c.kind, c.account, c.server),
        *(c.last_success_at, c.error, c.findings, c.failing_since),
    )
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
            failing_since=row.failing_since,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class ItemCounts:
    """How many items of a container are live, live in a status that nobody mapped, or hidden."""

    live: int = 0
    unmapped: int = 0
    hidden: int = 0


async def load_completeness(
    session: AsyncSession,
    counts: Mapping[ContainerKey, ItemCounts],
    *,
    count_restricted: bool = True,
) -> dict[ContainerKey, Completeness]:
    """How complete the data of every container is that is wanted; `counts` are of its items.

    Where restricted items may not be counted, they take part in no number: a census and a lane
    count all alike, so theirs are left out.
    """
    lanes, pauses = await load_lanes(session), await _pauses(session)
    former, unread = await _former_keys(session), await _unread(session)
    found: dict[ContainerKey, Completeness] = {}
    for row in await session.execute(select(*_CONTAINERS.c).where(_CONTAINERS.c.selected)):
        key = ContainerKey(row.connection, row.key)
        mine = lanes.get(key, {})
        told = Completeness(
            unread=unread[key],
            census_at=row.census_at,
            census_items=row.census_items,
            census_note=row.census_note,
            failing_since=row.failing_since,
            lost_since=row.lost_since,
            former=tuple(former[key]),
            waits=_waits([*mine.values(), *lanes.get(_whole(key), {}).values()]),
            lanes={lane.value: one for lane, one in mine.items()},
        )
        told = _paused(told, [one for one in pauses[key.connection] if one.concerns(key)])
        items = counts.get(key, ItemCounts())
        told = told if count_restricted else told.uncounted()
        found[key] = replace(told, items=items.live, unmapped=items.unmapped)
    return found


def _whole(container: ContainerKey) -> ContainerKey:
    """What stands for the container's connection as a whole."""
    return ContainerKey(container.connection, "")


def _waits(lanes: Iterable[LaneState]) -> tuple[tuple[datetime, str], ...]:
    return tuple(sorted((one.next_at, one.why) for one in lanes if one.next_at is not None))


def _paused(told: Completeness, pauses: Sequence[_Pause]) -> Completeness:
    """With the longest pause that concerns the container, and since when nobody is answered."""
    longest = max(
        ((one.until, one.why) for one in pauses if one.until is not None), default=(None, "")
    )
    outages = [one.since for one in pauses if one.reason == UNREACHABLE and one.since is not None]
    return replace(
        told,
        degraded_since=min(outages, default=None),
        paused_until=longest[0],
        paused_why=longest[1],
    )


async def _pauses(session: AsyncSession) -> defaultdict[str, list[_Pause]]:
    c = _TRAFFIC.c
    found: defaultdict[str, list[_Pause]] = defaultdict(list)
    rows = await session.execute(select(c.connection, c.reason, c.paused_until, c.why, c.since))
    for connection, *told in rows:
        found[connection].append(_Pause(*told))
    return found


async def _former_keys(session: AsyncSession) -> defaultdict[ContainerKey, list[str]]:
    """The keys that containers had before, by their present ones."""
    c = _CONTAINERS.c
    query = select(c.connection, c.key, c.renamed_to).where(c.renamed_to != "").order_by(c.key)
    found: defaultdict[ContainerKey, list[str]] = defaultdict(list)
    for connection, key, now in await session.execute(query):
        found[ContainerKey(connection, now)].append(key)
    return found


async def count_states(
    session: AsyncSession, *, count_restricted: bool = True
) -> dict[ContainerKey, ItemCounts]:
    """The items of each container counted, all in one look through them.

    Restricted ones that may not be counted are left out of those that are live.
    """
    c = _ITEMS.c
    live = c.state == str(ItemState.LIVE)
    told = live if count_restricted else live & c.restricted.is_(False)
    unmapped = told & (c.status_category == str(StatusCategory.UNKNOWN))
    sorts = (told, unmapped, c.state == str(ItemState.HIDDEN))
    query = select(
        c.connection, c.container, *(func.sum(case((sort, 1), else_=0)) for sort in sorts)
    )
    rows = await session.execute(query.group_by(c.connection, c.container))
    return {ContainerKey(row[0], row[1]): ItemCounts(*row[2:]) for row in rows}


async def _unread(session: AsyncSession) -> defaultdict[ContainerKey, int]:
    """How many items are in quarantine of which nothing is stored."""
    c = _QUARANTINE.c
    query = select(c.connection, c.container, func.count()).where(
        ~exists().where(_ITEMS.c.uid == c.uid, _ITEMS.c.state == str(ItemState.LIVE))
    )
    rows = await session.execute(query.group_by(c.connection, c.container))
    return defaultdict(int, {ContainerKey(row[0], row[1]): row[2] for row in rows})
