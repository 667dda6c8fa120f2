"""Editions on their way: one row a recipient and channel, sent once.

The protocol is that of the reliability spec, section 4. A claim is fenced by attempt and owner and
holds for a lease by the database's clock. The intent to end a message is committed before it is
ended, so that a row found in `sending` after its lease is the only case of doubt, and leaving that
state counts the doubt before anything goes out anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.store.bulk import insert
from syncer.store.codec import clean_text
from syncer.store.daemon_tables import DispatchRow
from syncer.store.leases import LEASE, database_now
from syncer.store.rows import table_of

_DISPATCHES: Final = table_of(DispatchRow)
MARGIN: Final = timedelta(seconds=2)
"""A claim with less than this left is too old to end a message on."""

_NEWEST_FIRST: Final = (
    _DISPATCHES.c.edition.desc(),
    _DISPATCHES.c.audience,
    _DISPATCHES.c.version.desc(),
    _DISPATCHES.c.channel,
    _DISPATCHES.c.recipient,
)
_LONGEST_ERROR: Final = 500
_MOST_DOUBT: Final = 1
"""Copies that may go out without knowing of the first; after them a person decides."""


class DispatchState(StrEnum):
    """Where a dispatch stands."""

    PENDING = "pending"
    """Waits for its next try."""
    CLAIMED = "claimed"
    """A process prepares it; nothing has gone out in this attempt."""
    SENDING = "sending"
    """The message may go out at this instant."""
    SENT = "sent"
    """The channel has taken it."""
    FAILED = "failed"
    """The channel refused it for good, or too often."""
    HELD = "held"
    """Nobody knows whether it went out; a person decides."""
    CANCELLED = "cancelled"
    """The recipient was taken off the list before it went out."""


AT_WORK: Final = (DispatchState.CLAIMED, DispatchState.SENDING)
"""A process has it, until its lease is over."""


class InDoubt(StrEnum):
    """What becomes of a message that may or may not have gone out."""

    RESEND = "resend"
    HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One edition for one recipient through one channel, instants in UTC.

    `attempt` counts claims, `tries` those since it was put on its way (at first, or by a person),
    `in_doubt` the copies that may have gone out before this one.
    `created_at` and `next_try_at` are by the database's clock, `sent_at` by the service's.
    """

    id: str
    audience: str
    edition: str
    version: int
    channel: str
    recipient: str
    message_id: str
    created_at: datetime
    next_try_at: datetime
    state: DispatchState = DispatchState.PENDING
    attempt: int = 0
    tries: int = 0
    in_doubt: int = 0
    owner: str = ""
    lease_until: datetime | None = None
    sent_at: datetime | None = None
    error: str = ""


async def add_dispatches(session: AsyncSession, dispatches: Sequence[Dispatch]) -> None:
    """Keep the dispatches of an edition that is being published."""
    names = [column.name for column in _DISPATCHES.c]
    rows = [{name: getattr(one, name) for name in names} for one in dispatches]
    await insert(session, _DISPATCHES, rows)


async def claim(
    session: AsyncSession,
    owner: str,
    *,
    only: Collection[str] | None = None,
    in_doubt: InDoubt = InDoubt.RESEND,
    repeatable: Collection[str] = (),
    lease: timedelta = LEASE,
) -> Dispatch | None:
    """Take one dispatch that is due (of the ids `only`, where given) for a `lease`, or None.

    One whose message may have gone out is settled first: by `in_doubt`, and held once a copy has
    been sent. Channels in `repeatable` may be used twice without anybody noticing. The result is
    `claimed`, or `held` where it was just put aside.
    """
    now = await database_now(session)
    query = select(*_DISPATCHES.c).where(_due(now)).order_by(_DISPATCHES.c.next_try_at)
    if only is not None:
        query = query.where(_DISPATCHES.c.id.in_(only))
    found = await session.execute(query.limit(1).with_for_update(skip_locked=True))
    row = found.mappings().one_or_none()
    if row is None:
        return None
    # With its new place it goes behind what nobody has tried: were its process to die of it again,
    # it would take no others along before they had their turn.
    found_one = replace(_dispatch(row), owner=owner, lease_until=now + lease, next_try_at=now)
    taken = taken_from(found_one, in_doubt=in_doubt, repeatable=repeatable)
    await session.execute(
        _DISPATCHES.update().where(_DISPATCHES.c.id == taken.id).values(_changeable(taken))
    )
    return taken


def _due(now: datetime) -> ColumnElement[bool]:
    c = _DISPATCHES.c
    waiting = and_(c.state == DispatchState.PENDING, c.next_try_at <= now)
    abandoned = c.state.in_(AT_WORK) & (c.lease_until <= now)
    return or_(waiting, abandoned)


def taken_from(found: Dispatch, *, in_doubt: InDoubt, repeatable: Collection[str]) -> Dispatch:
    """The dispatch as claimed; one in doubt with the doubt counted, or held."""
    doubtful = found.state is DispatchState.SENDING and found.channel not in repeatable
    taken = replace(
        found,
        state=DispatchState.CLAIMED,
        attempt=found.attempt + 1,
        tries=found.tries + 1,
        in_doubt=found.in_doubt + doubtful,
    )
    if doubtful and (in_doubt is InDoubt.HOLD or found.in_doubt >= _MOST_DOUBT):
        told = "Nobody knows whether the message arrived: the server did not answer at its end."
        return replace(taken, state=DispatchState.HELD, error=told)
    return taken


def _changeable(one: Dispatch) -> dict[str, Any]:
    names = (
        *("state", "attempt", "tries", "in_doubt"),
        *("owner", "lease_until", "next_try_at", "error"),
    )
    return {name: getattr(one, name) for name in names}


async def intend(
    session: AsyncSession, taken: Dispatch, *, lease: timedelta, margin: timedelta = MARGIN
) -> bool:
    """Step 4, the late intent: commit this before the message is ended; it holds for a `lease`.

    False where the claim was lost or has no more than `margin` left: then nothing may go out.
    """
    now = await database_now(session)
    alive = _DISPATCHES.c.lease_until > now + margin
    return await _settle(
        session,
        taken,
        alive,
        held=(DispatchState.CLAIMED,),
        state=DispatchState.SENDING,
        lease_until=now + lease,
    )


async def mark_sent(session: AsyncSession, taken: Dispatch, *, at: datetime) -> bool:
    """The channel has taken the message. False where another attempt has begun.

    Saying so twice is as good as once: whoever does not know whether it was committed may repeat.
    """
    return await _settle(
        session,
        taken,
        held=(*AT_WORK, DispatchState.SENT),
        state=DispatchState.SENT,
        sent_at=at,
        error="",
        lease_until=None,
    )


async def put_off(session: AsyncSession, taken: Dispatch, *, error: str, after: timedelta) -> bool:
    """Nothing went out: try again after a while."""
    due = await database_now(session) + after
    return await _settle(
        session,
        taken,
        state=DispatchState.PENDING,
        next_try_at=due,
        error=_told(error),
        lease_until=None,
    )


async def give_up(
    session: AsyncSession, taken: Dispatch, *, error: str, state: DispatchState
) -> bool:
    """Nothing went out and nothing will: `failed`, or `cancelled`."""
    return await _settle(session, taken, state=state, error=_told(error), lease_until=None)


def _told(error: str) -> str:
    return clean_text(error[:_LONGEST_ERROR])


async def _settle(
    session: AsyncSession,
    taken: Dispatch,
    *conditions: ColumnElement[bool],
    held: Collection[DispatchState] = AT_WORK,
    **values: object,
) -> bool:
    """Change the row only while it is still this attempt's of this owner, in a state of `held`."""
    c = _DISPATCHES.c
    ours = (c.id == taken.id, c.attempt == taken.attempt, c.owner == taken.owner)
    statement = _DISPATCHES.update().where(*ours, c.state.in_(held), *conditions).values(**values)
    result: Any = await session.execute(statement)
    return bool(result.rowcount)


async def load_dispatches(
    session: AsyncSession,
    *,
    audience: str | None = None,
    edition: str | None = None,
    version: int | None = None,
    ids: Collection[str] | None = None,
    limit: int = 1000,
    lock: bool = False,
) -> list[Dispatch]:
    """Dispatches, the newest edition's first, of one audience, edition or version where given.

    With `ids` only those. With `lock` nobody else changes them until the end of the transaction.
    """
    c = _DISPATCHES.c
    query = select(*c).order_by(*_NEWEST_FIRST).limit(limit)
    wanted = {c.audience: audience, c.edition: edition, c.version: version}
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    if ids is not None:
        query = query.where(c.id.in_(ids))
    found = await session.execute(query.with_for_update() if lock else query)
    return [_dispatch(row) for row in found.mappings()]


async def dispatch_counts(session: AsyncSession) -> dict[DispatchState, int]:
    """How many dispatches are in each state, all states named."""
    query = select(_DISPATCHES.c.state, func.count()).group_by(_DISPATCHES.c.state)
    found = {row[0]: row[1] for row in await session.execute(query)}
    return {state: found.get(state, 0) for state in DispatchState}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which dispatches somebody means: those for which all holds that is said here.

    `ids` are the beginnings of ids; `since` is when they were made, by the database's clock (UTC).
    """

    ids: Collection[str] = ()
    states: Collection[DispatchState] = ()
    audience: str = ""
    channel: str = ""
    since: datetime | None = None


async def find_dispatches(
    session: AsyncSession, wanted: Wanted, *, limit: int = 1000
) -> list[Dispatch]:
    """The dispatches that are meant, the newest edition's first."""
    query = select(*_DISPATCHES.c).where(*_meant(wanted)).order_by(*_NEWEST_FIRST).limit(limit)
    return [_dispatch(row) for row in (await session.execute(query)).mappings()]


def _meant(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    c = _DISPATCHES.c
    if wanted.ids:
        yield or_(*(c.id.startswith(one, autoescape=True) for one in wanted.ids))
    if wanted.states:
        yield c.state.in_(wanted.states)
    if wanted.audience:
        yield c.audience == wanted.audience
    if wanted.channel:
        yield c.channel == wanted.channel
    if wanted.since:
        yield c.created_at >= wanted.since


def _dispatch(row: Any) -> Dispatch:  # noqa: ANN401  a row's mapping
    return Dispatch(**{**row, "state": DispatchState(row["state"])})
