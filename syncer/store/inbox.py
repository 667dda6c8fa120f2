"""The inbox: genuine deliveries of webhooks, kept as they came in until their items are fetched.

A delivery is known again by its id and by its body: the id is not signed, so whoever has caught a
delivery may send it again under another one (spec/trackers.md section 3). Workers claim deliveries
for thirty seconds by the database's clock; a claim that runs out lets another worker begin anew.
Connections are served in turn, so that a flood from one does not hold up the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import NotFound
from syncer.store.codec import clean_text
from syncer.store.daemon_tables import InboxRow
from syncer.store.leases import LEASE, database_clock, database_now
from syncer.store.once import insert_all_new
from syncer.store.rows import table_of

LONGEST_ID: Final = 200
"""Characters of a delivery id that are kept; of a longer one its digest stands for it."""

LONGEST_NOTE: Final = 1000
"""Characters of a note that are kept."""

_INBOX: Final = table_of(InboxRow)
_UNCLAIMED: Final[Mapping[str, Any]] = {"claimed_by": "", "claimed_until": None}
_SHOWN: Final = [column for column in _INBOX.c if column.name not in {"body", "headers"}]


class InboxState(StrEnum):
    """What is to become of a delivery."""

    PENDING = "pending"
    """Its items are to be fetched."""
    DONE = "done"
    """Its items were fetched."""
    IGNORED = "ignored"
    """It concerns no work item; the note says why."""
    QUARANTINED = "quarantined"
    """It could not be read, or failed too often; the note says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A genuine delivery that is to be kept; it came in at `at` (UTC)."""

    connection: str
    delivery_id: str
    body: bytes
    headers: Mapping[str, str]
    event: str = ""
    refs: Sequence[ItemRef] = ()
    deleted: Sequence[ItemRef] = ()
    containers: Sequence[ContainerKey] = ()
    state: InboxState = InboxState.PENDING
    note: str = ""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery without its body (UTC). `tries` counts how often a worker has begun on it."""

    id: int
    connection: str
    delivery_id: str
    event: str
    received_at: datetime
    refs: tuple[ItemRef, ...]
    deleted: tuple[ItemRef, ...]
    containers: tuple[ContainerKey, ...]
    state: InboxState
    note: str
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RawDelivery:
    """A delivery with the headers and the body that came in."""

    delivery: Delivery
    headers: Mapping[str, str]
    body: bytes


async def accept(session: AsyncSession, arrivals: Sequence[Arrival]) -> list[int | None]:
    """Keep genuine deliveries; the number of each, or None where its id or body is known already.

    Of two that come in at once, here or at another replica, one is kept. A delivery without an id
    is known by its body alone.
    """
    rows = [_row(one) for one in arrivals]
    known = (_INBOX.c.connection, _INBOX.c.delivery_id, _INBOX.c.id)
    now = database_clock(session)
    # All replicas write in one order: two that are sent the same then wait in turn.
    ordered = sorted(rows, key=itemgetter("connection", "body_sha256"))
    kept = await insert_all_new(session, _INBOX, ordered, returning=known, next_try_at=now)
    numbers = {(one.connection, one.delivery_id): one.id for one in kept}
    # Of two with one id the first takes the number.
    return [numbers.pop((one["connection"], one["delivery_id"]), None) for one in rows]


def _row(one: Arrival) -> dict[str, Any]:
    digest = hashlib.sha256(one.body).hexdigest()
    return {
        "connection": one.connection,
        "delivery_id": _identity(one.delivery_id, digest),
        "body_sha256": digest,
        "event": clean_text(one.event[:LONGEST_ID]),
        "received_at": one.at,
        "headers": {clean_text(name): clean_text(value) for name, value in one.headers.items()},
        "body": one.body,
        "refs": _written(one.refs),
        "deleted": _written(one.deleted),
        "containers": [[key.connection, clean_text(key.key)] for key in one.containers],
        "state": one.state,
        "note": _noted(one.note),
        "tries": 0,
        "claimed_by": "",
        "finished_at": None if one.state is InboxState.PENDING else one.at,
    }


def _identity(delivery_id: str, digest: str) -> str:
    cleaned = clean_text(delivery_id)
    if len(cleaned) > LONGEST_ID:
        return "sha256:" + hashlib.sha256(cleaned.encode()).hexdigest()
    return cleaned or f"sha256:{digest}"


def _written(refs: Iterable[ItemRef]) -> list[list[str]]:
    return [[ref.connection, clean_text(ref.id), clean_text(ref.locator)] for ref in refs]


def _noted(note: str) -> str:
    return clean_text(note[:LONGEST_NOTE])


async def claim(
    session: AsyncSession, owner: str, *, limit: int, skip: Collection[str] = ()
) -> list[Delivery]:
    """Take up to `limit` deliveries that wait, an equal share of each connection's oldest.

    They are the owner's for the span of a lease; nobody else gets them meanwhile. Connections in
    `skip` are left alone: the owner is at work on them.
    """
    now = await database_now(session)
    found: list[Delivery] = []
    connections = [name for name in await _waiting(session, now) if name not in skip]
    for connection in connections:
        share = -(-limit // len(connections))
        found += await _claim(session, connection, limit=min(share, limit - len(found)), now=now)
    await _update(
        session,
        [one.id for one in found],
        claimed_by=owner,
        claimed_until=now + LEASE,
        tries=_INBOX.c.tries + 1,
    )
    return found


def _free(now: datetime) -> ColumnElement[bool]:
    """Deliveries that wait, are due, and that nobody works on."""
    unclaimed = or_(_INBOX.c.claimed_until.is_(None), _INBOX.c.claimed_until <= now)
    return (_INBOX.c.state == InboxState.PENDING) & (_INBOX.c.next_try_at <= now) & unclaimed


async def _waiting(session: AsyncSession, now: datetime) -> list[str]:
    """The connections with something to do, the one that has waited longest first."""
    oldest = func.min(_INBOX.c.next_try_at)
    query = select(_INBOX.c.connection).where(_free(now)).group_by(_INBOX.c.connection)
    return list(await session.scalars(query.order_by(oldest, _INBOX.c.connection)))


async def _claim(
    session: AsyncSession, connection: str, *, limit: int, now: datetime
) -> list[Delivery]:
    query = (
        select(*_SHOWN)
        .where(_free(now), _INBOX.c.connection == connection)
        .order_by(_INBOX.c.next_try_at, _INBOX.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)  # SQLite has one writer and leaves this out
    )
    return [_delivery(row, tries=row.tries + 1) for row in await session.execute(query)]


async def _update(session: AsyncSession, ids: Sequence[int], **values: object) -> None:
    """Change the deliveries of these numbers. A few at a time: that is how they are claimed."""
    if ids:
        await session.execute(_INBOX.update().where(_INBOX.c.id.in_(ids)).values(**values))


async def renew(session: AsyncSession, owner: str) -> int:
    """Hold what the owner works on for another span; returns how many deliveries that are."""
    until = await database_now(session) + LEASE
    result = await session.execute(
        _INBOX.update().where(_held_by(owner)).values(claimed_until=until)
    )
    return _changed(result)


async def release(session: AsyncSession, owner: str) -> int:
    """Give back what the owner has not finished, uncounted; returns how many deliveries."""
    result = await session.execute(
        _INBOX.update()
        .where(_held_by(owner))
        .values(claimed_by="", claimed_until=None, tries=_INBOX.c.tries - 1)
    )
    return _changed(result)


def _held_by(owner: str) -> ColumnElement[bool]:
    return (_INBOX.c.state == InboxState.PENDING) & (_INBOX.c.claimed_by == owner)


async def finish(session: AsyncSession, ids: Sequence[int], *, at: datetime) -> None:
    """Their items were fetched: in the transaction that stores the items."""
    await _update(session, ids, state=InboxState.DONE, note="", finished_at=at, **_UNCLAIMED)


async def retry_later(
    session: AsyncSession,
    id: int,  # noqa: A002  the row's own name
    *,
    note: str,
    after: timedelta,
    counted: bool = True,
) -> None:
    """Let the delivery wait for a while; the note says what went wrong.

    Not `counted`: the try was none, since the tracker had asked for a pause.
    """
    due = await database_now(session) + after
    values = _UNCLAIMED if counted else {**_UNCLAIMED, "tries": _INBOX.c.tries - 1}
    await _update(session, [id], note=_noted(note), next_try_at=due, **values)


async def set_aside(session: AsyncSession, id: int, *, note: str, at: datetime) -> None:  # noqa: A002  the row's own name
    """Put the delivery into quarantine; the note says why, and `replay` lets it out."""
    await _update(
        session,
        [id],
        state=InboxState.QUARANTINED,
        note=_noted(note),
        finished_at=at,
        **_UNCLAIMED,
    )


async def replay(
    session: AsyncSession, *, ids: Sequence[int] | None = None, since: datetime | None = None
) -> int:
    """Let deliveries wait anew as on their first day: those named, or received since an instant.

    Neither: all that are in quarantine. One that names nothing to fetch is for the worker to read
    anew from its body. Returns how many.
    """
    wanted: ColumnElement[bool] = _INBOX.c.state == InboxState.QUARANTINED
    if ids is not None:
        wanted = _INBOX.c.id.in_(ids)
    elif since is not None:
        wanted = _INBOX.c.received_at >= since
    again = {"state": InboxState.PENDING, "note": "", "tries": 0, "finished_at": None}
    now = await database_now(session)
    result = await session.execute(
        _INBOX.update()
        .where(wanted, _INBOX.c.state != InboxState.PENDING)
        .values(next_try_at=now, **again, **_UNCLAIMED)
    )
    return _changed(result)


async def inbox_counts(session: AsyncSession) -> dict[InboxState, int]:
    """How many deliveries are in each state, all states named."""
    query = select(_INBOX.c.state, func.count()).group_by(_INBOX.c.state)
    found = {row[0]: row[1] for row in await session.execute(query)}
    return {state: found.get(state, 0) for state in InboxState}


async def oldest_pending(session: AsyncSession) -> datetime | None:
    """When the delivery that has waited longest came in; None where none waits."""
    query = select(func.min(_INBOX.c.received_at)).where(_INBOX.c.state == InboxState.PENDING)
    oldest: datetime | None = await session.scalar(query)
    return oldest


async def list_deliveries(
    session: AsyncSession, *, state: InboxState | None = None, limit: int = 100
) -> list[Delivery]:
    """The newest deliveries (None: of every state), newest first."""
    query = select(*_SHOWN).order_by(_INBOX.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(_INBOX.c.state == state)
    return [_delivery(row) for row in await session.execute(query)]


async def load_delivery(session: AsyncSession, id: int) -> RawDelivery:  # noqa: A002  the row's own name
    """One delivery with its body; `NotFound` for an unknown number."""
    row = (await session.execute(select(*_INBOX.c).where(_INBOX.c.id == id))).one_or_none()
    if row is None:
        raise NotFound(f"There is no delivery {id}.")
    return RawDelivery(delivery=_delivery(row), headers=row.headers, body=bytes(row.body))


def _delivery(row: Any, *, tries: int | None = None) -> Delivery:  # noqa: ANN401  a row of columns
    return Delivery(
        id=row.id,
        connection=row.connection,
        delivery_id=row.delivery_id,
        event=row.event,
        received_at=row.received_at,
        refs=tuple(ItemRef(*one) for one in row.refs),
        deleted=tuple(ItemRef(*one) for one in row.deleted),
        containers=tuple(ContainerKey(*one) for one in row.containers),
        state=InboxState(row.state),
        note=row.note,
        tries=row.tries if tries is None else tries,
    )


def _changed(result: Any) -> int:  # noqa: ANN401  SQLAlchemy's CursorResult, by statement
    return int(result.rowcount)
