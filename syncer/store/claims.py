"""Deliveries in work: who works on which, for how long, and what becomes of them.

A worker claims deliveries for thirty seconds by the database's clock; a claim that runs out lets
another worker begin anew, and what the first one then brings is not taken any more. Connections are
served in turn, so that a flood from one does not hold up the others (attacks.md A71).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.ref import ItemRef
from syncer.store.daemon_tables import InboxRow
from syncer.store.inbox import SHOWN, Delivery, InboxState, delivery_of, noted
from syncer.store.leases import LEASE, database_now
from syncer.store.locks import one_writer
from syncer.store.rows import table_of

_INBOX: Final = table_of(InboxRow)
_PENDING: Final = _INBOX.c.state == InboxState.PENDING
_AT_ONCE: Final = 500
_UNCLAIMED: Final[Mapping[str, Any]] = {"claimed_by": "", "claimed_until": None}
# Written out, as the index on it is: a parameter would tell neither planner that the index fits.
_CLAIMED: Final = _INBOX.c.claimed_by != literal_column("''")


async def claim(
    session: AsyncSession,
    owner: str,
    *,
    limit: int,
    skip: Collection[str] = (),
    among: Collection[str] | None = None,
) -> list[Delivery]:
    """Take up to `limit` deliveries that wait, an equal share of each connection's oldest.

    They are the owner's for the span of a lease; nobody else gets them meanwhile. Each tells the
    number of the try that is to come, which `begin` counts. Connections in
    `skip` are left alone: the owner is at work on them; so are those not `among` the ones it is to
    serve (None: all). What names an item that somebody is at work
    on waits until that is done: an item is never fetched twice at a time, so no older answer can be
    stored after a newer one.
    """
    await one_writer(session, "claims of deliveries")
    now = await database_now(session)
    waiting = await _waiting(session)
    connections = [n for n in waiting if n not in skip and (among is None or n in among)]
    found: list[Delivery] = []
    for connection in connections:
        share = min(-(-limit // len(connections)), limit - len(found))
        busy = await _in_work(session, connection, now, but=owner)
        found += await _free_of(session, connection, limit=share, now=now, busy=busy)
    values = {"claimed_by": owner, "claimed_until": now + LEASE}
    await _change(session, [one.id for one in found], **values)
    return found


async def begin(session: AsyncSession, ids: Sequence[int], *, owner: str) -> bool:
    """Count a try of each, before it is made; False where the owner's claim on one was lost.

    Whoever dies has so counted a try only against what was in its hands at that moment, not against
    the thousands that it had claimed beside it.
    """
    tries = _INBOX.c.tries + 1
    return await _change(session, ids, *_held_by(owner), tries=tries) == len(ids)


async def _waiting(session: AsyncSession) -> list[str]:
    """The connections of which something is pending, the one that has waited longest first.

    By as many looks into the index as there are connections, however many deliveries wait.
    """
    c, name = _INBOX.c, ""
    since: dict[str, datetime] = {}
    while True:
        query = select(c.connection, c.next_try_at).where(_PENDING, c.connection > name)
        first = query.order_by(c.connection, c.next_try_at).limit(1)
        row = (await session.execute(first)).one_or_none()
        if row is None:
            return sorted(since, key=lambda one: (since[one], one))
        name = row.connection
        since[name] = row.next_try_at


async def _free_of(
    session: AsyncSession,
    connection: str,
    *,
    limit: int,
    now: datetime,
    busy: AbstractSet[ItemRef],
) -> list[Delivery]:
    """The oldest that are due and that nobody works on, nor on any item that they name."""
    c = _INBOX.c
    query = (
        select(*SHOWN)
        .where(_PENDING, c.connection == connection, c.next_try_at <= now, _unclaimed(now))
        .order_by(c.next_try_at, c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)  # SQLite has one writer and leaves this out
    )
    found: list[Delivery] = []
    for rows in (await session.execute(query)).partitions(_AT_ONCE):
        every = (delivery_of(row, tries=row.tries + 1) for row in rows)
        found += [one for one in every if busy.isdisjoint(one.named)]
        await asyncio.sleep(0)  # the loop does not stand still for thousands of rows
    return found


def _unclaimed(now: datetime) -> ColumnElement[bool]:
    return or_(_INBOX.c.claimed_until.is_(None), _INBOX.c.claimed_until <= now)


async def _in_work(
    session: AsyncSession, connection: str, now: datetime, *, but: str
) -> set[ItemRef]:
    """The items that deliveries name on which somebody else is at work.

    The owner is at work only on connections to skip: on others it may have failed to say so.
    """
    c = _INBOX.c
    query = select(c.refs, c.deleted).where(
        _CLAIMED,
        _PENDING,
        c.connection == connection,
        c.claimed_by != but,
        c.claimed_until > now,
    )
    rows = await session.execute(query)
    return {ItemRef(*one) for row in rows for refs in row for one in refs}


async def _change(
    session: AsyncSession, ids: Sequence[int], *only: ColumnElement[bool], **values: object
) -> int:
    """Change deliveries of these numbers, as far as `only` holds; returns how many."""
    changed = 0
    for some in _parts(ids):
        result = await session.execute(
            _INBOX.update().where(_INBOX.c.id.in_(some), *only).values(**values)
        )
        changed += _changed(result)
    return changed


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]


async def renew(session: AsyncSession, owner: str) -> int:
    """Hold what the owner works on for another span; returns how many deliveries that are."""
    until = await database_now(session) + LEASE
    result = await session.execute(
        _INBOX.update().where(*_held_by(owner)).values(claimed_until=until)
    )
    return _changed(result)


async def release(session: AsyncSession, owner: str, *, begun: Sequence[int] = ()) -> int:
    """Give back what the owner has not finished; returns how many deliveries.

    The try of those `begun` is uncounted: it was broken off.
    """
    await _change(session, begun, *_held_by(owner), tries=_INBOX.c.tries - 1)
    result = await session.execute(_INBOX.update().where(*_held_by(owner)).values(**_UNCLAIMED))
    return _changed(result)


async def owners(session: AsyncSession) -> list[str]:
    """Who claims deliveries now, whether their claims have run out or not."""
    query = select(_INBOX.c.claimed_by).where(_CLAIMED, _PENDING).distinct()
    return sorted(await session.scalars(query))


async def take_over(session: AsyncSession, owner: str) -> int:
    """Let others have at once what an owner that runs no more had claimed; returns how many.

    What has been begun more than once waits until its claim runs out all the same: it may be what
    ends one process after the other.
    """
    result = await session.execute(
        _INBOX.update().where(*_held_by(owner), _INBOX.c.tries <= 1).values(**_UNCLAIMED)
    )
    return _changed(result)


def _held_by(owner: str) -> tuple[ColumnElement[bool], ...]:
    return _CLAIMED, _PENDING, _INBOX.c.claimed_by == owner


async def finish(session: AsyncSession, ids: Sequence[int], *, owner: str, at: datetime) -> bool:
    """Their items were fetched: in the transaction that stores the items.

    False where the owner's claim on one of them was lost: the transaction must then be undone, for
    somebody else may have stored what is newer.
    """
    values = {"state": InboxState.DONE, "note": "", "finished_at": at, **_UNCLAIMED}
    return await _change(session, ids, *_held_by(owner), **values) == len(ids)


async def retry_later(
    session: AsyncSession,
    ids: Sequence[int],
    *,
    note: str,
    after: timedelta,
    counted: bool = True,
) -> None:
    """Let deliveries wait for a while; the note says what went wrong.

    Not `counted`: the try was none, since the tracker had asked for a pause.
    """
    due = await database_now(session) + after
    values = _UNCLAIMED if counted else {**_UNCLAIMED, "tries": _INBOX.c.tries - 1}
    await _change(session, ids, _PENDING, note=noted(note), next_try_at=due, **values)


async def set_aside(session: AsyncSession, ids: Sequence[int], *, note: str, at: datetime) -> None:
    """Put deliveries into quarantine; the note says why, and `replay` lets them out."""
    values = {"state": InboxState.QUARANTINED, "note": noted(note), "finished_at": at}
    await _change(session, ids, _PENDING, **values, **_UNCLAIMED)


def _changed(result: Any) -> int:  # noqa: ANN401  SQLAlchemy's CursorResult, by statement
    return int(result.rowcount)
