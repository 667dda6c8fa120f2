"""The inbox: genuine deliveries of webhooks, kept as they came in until their items are fetched.

A delivery is known again by its id and by its body: the id is not signed, so whoever has caught a
delivery may send it again under another one (spec/trackers.md section 3). How they are worked off:
`syncer.store.claims`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import NotFound
from syncer.store.codec import clean_text
from syncer.store.daemon_tables import InboxRow
from syncer.store.leases import database_now
from syncer.store.once import Insert, insert_all_new
from syncer.store.rows import table_of

LONGEST_ID: Final = 200
"""Characters of a delivery id that are kept; of a longer one its digest stands for it."""

LONGEST_NOTE: Final = 1000
"""Characters of a note that are kept."""

_INBOX: Final = table_of(InboxRow)
_UNCLAIMED: Final[Mapping[str, Any]] = {"claimed_by": "", "claimed_until": None}
_NEW: Final = Insert(
    table=_INBOX,
    names=(
        "connection",
        "body_sha256",
        "delivery_id",
        "event",
        "received_at",
        "headers",
        "body",
        "refs",
        "deleted",
        "containers",
        "state",
        "note",
        "finished_at",
    ),
    fixed=(("tries", "0"), ("claimed_by", "''")),
    clock="next_try_at",
    returning=("connection", "delivery_id", "id"),
)
SHOWN: Final = [column for column in _INBOX.c if column.name not in {"body", "headers"}]
"""The columns of a `Delivery`."""


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

    @property
    def named(self) -> tuple[ItemRef, ...]:
        """The items that it names, those included that it calls deleted."""
        return (*self.refs, *self.deleted)


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
    # All replicas write in one order: two that are sent the same then wait in turn.
    ordered = sorted(rows, key=itemgetter(slice(2)))
    kept = await insert_all_new(session, _NEW, ordered)
    numbers = {(connection, delivery_id): number for connection, delivery_id, number in kept}
    # Of two with one id the first takes the number.
    return [numbers.pop((one[0], one[2]), None) for one in rows]


def _row(one: Arrival) -> tuple[Any, ...]:
    """The values of `_NEW`."""
    digest = hashlib.sha256(one.body).hexdigest()
    return (
        one.connection,
        digest,
        _identity(one.delivery_id, digest),
        clean_text(one.event[:LONGEST_ID]),
        one.at,
        _clean(one.headers),
        one.body,
        _written(one.refs),
        _written(one.deleted),
        [[key.connection, clean_text(key.key)] for key in one.containers],
        str(one.state),
        noted(one.note),
        None if one.state is InboxState.PENDING else one.at,
    )


def _clean(headers: Mapping[str, str]) -> Mapping[str, str]:
    every = "".join(chain(headers, headers.values()))
    if every == clean_text(every):
        return headers
    return {clean_text(name): clean_text(value) for name, value in headers.items()}


def _identity(delivery_id: str, digest: str) -> str:
    cleaned = clean_text(delivery_id)
    if len(cleaned) > LONGEST_ID:
        return "sha256:" + hashlib.sha256(cleaned.encode()).hexdigest()
    return cleaned or f"sha256:{digest}"


def _written(refs: Iterable[ItemRef]) -> list[list[str]]:
    return [[ref.connection, clean_text(ref.id), clean_text(ref.locator)] for ref in refs]


def noted(note: str) -> str:
    """A note as it is kept: cut, and without what a database would choke on."""
    return clean_text(note[:LONGEST_NOTE])


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Deliveries to be worked off anew: what is told must hold of each (UTC).

    Where nothing tells which, or only the connection does, those in quarantine are meant.
    `until` is the first instant that no longer counts.
    """

    ids: Sequence[int] | None = None
    connection: str | None = None
    state: InboxState | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """What must hold; a delivery that waits is never chosen."""
        c, state = _INBOX.c, self.state
        if state is None and self.ids is None and self.since is None and self.until is None:
            state = InboxState.QUARANTINED
        told = [c.state != InboxState.PENDING]
        if state is not None:
            told.append(c.state == state)
        if self.ids is not None:
            told.append(c.id.in_(self.ids))
        if self.connection is not None:
            told.append(c.connection == self.connection)
        if self.since is not None:
            told.append(c.received_at >= self.since)
        if self.until is not None:
            told.append(c.received_at < self.until)
        return told


async def count_chosen(session: AsyncSession, chosen: Chosen) -> int:
    """How many deliveries `replay` would let wait anew."""
    query = select(func.count()).select_from(_INBOX).where(*chosen.conditions())
    return await session.scalar(query) or 0


async def replay(session: AsyncSession, chosen: Chosen | None = None) -> int:
    """Let deliveries wait anew as on their first day; returns how many.

    One that names nothing to fetch is for the worker to read anew from its body.
    """
    again = {"state": InboxState.PENDING, "note": "", "tries": 0, "finished_at": None}
    now = await database_now(session)
    result = await session.execute(
        _INBOX.update()
        .where(*(chosen or Chosen()).conditions())
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
    query = select(*SHOWN).order_by(_INBOX.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(_INBOX.c.state == state)
    return [delivery_of(row) for row in await session.execute(query)]


async def load_delivery(session: AsyncSession, id: int) -> RawDelivery:  # noqa: A002  the row's own name
    """One delivery with its body; `NotFound` for an unknown number."""
    row = (await session.execute(select(*_INBOX.c).where(_INBOX.c.id == id))).one_or_none()
    if row is None:
        raise NotFound(f"There is no delivery {id}.")
    return RawDelivery(delivery=delivery_of(row), headers=row.headers, body=bytes(row.body))


def delivery_of(row: Any, *, tries: int | None = None) -> Delivery:  # noqa: ANN401  a row of columns
    """A row of `SHOWN`; `tries` where it was only just counted."""
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
