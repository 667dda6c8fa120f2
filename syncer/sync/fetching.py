"""Fetching items by ref, and what may be concluded from those that do not come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.connect.protocol import Connector, Fetched
from syncer.domain.item import ItemRecord, ItemState
from syncer.domain.lane import Lane
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.store import sources
from syncer.store.census import containers_by_uid
from syncer.store.gaps import explain
from syncer.store.quarantine import clear
from syncer.sync.connection import Wanted
from syncer.sync.guard import isolated
from syncer.sync.ingest import Ingested, ingest_fetched, mark

AT_ONCE: Final = 100
"""Items that are asked for in one call."""


@dataclass(frozen=True, slots=True)
class Hints:
    """The items to fetch, each once, and those of them that the tracker says it deleted."""

    refs: tuple[ItemRef, ...]
    deleted: frozenset[ItemRef] = frozenset()

    @classmethod
    def of(cls, refs: Iterable[ItemRef]) -> Hints:
        """The refs, equal ones once, with the newest locator."""
        return cls(tuple({ref: ref for ref in refs}.values()))

    def with_deleted(self, deleted: Iterable[ItemRef]) -> Hints:
        """These, and what the tracker says it deleted, which is asked for all the same."""
        gone = frozenset(deleted)
        return Hints(Hints.of([*gone, *self.refs]).refs, gone)

    def settled(self, fetched: Fetched) -> Fetched:
        """The answer, where what is hidden and was told as deleted is gone.

        The word is that of a genuine delivery. An item that comes is alive, whatever was told.
        """
        return replace(
            fetched,
            gone=(*fetched.gone, *(ref for ref in fetched.hidden if ref in self.deleted)),
            hidden=tuple(ref for ref in fetched.hidden if ref not in self.deleted),
        )


async def fetch_all(connector: Connector, refs: Sequence[ItemRef], *, subject: str) -> Fetched:
    """The current state of any number of items; errors as the connector's `fetch`."""
    found = Fetched()
    for start in range(0, len(refs), AT_ONCE):
        with isolated(subject):
            found = _both(found, await connector.fetch(refs[start : start + AT_ONCE]))
    return found


def _both(first: Fetched, second: Fetched) -> Fetched:
    return Fetched(
        records=(*first.records, *second.records),
        unreadable=(*first.unreadable, *second.unreadable),
        moved={**first.moved, **second.moved},
        gone=(*first.gone, *second.gone),
        hidden=(*first.hidden, *second.hidden),
    )


async def keep_fetched(
    session: AsyncSession,
    fetched: Fetched,
    *,
    connection: str,
    wanted: Wanted,
    at: datetime,
    read_at: datetime,
    lane: Lane = Lane.LIVE,
    home: ContainerKey | None = None,
) -> Ingested:
    """Store fetched items, each under its own container, as far as the configuration wants that.

    An item that is stored and has gone to a container that nobody wants is moved away. What came
    on the live lane explains what a pull had found before its webhook was worked off. What cannot
    be read and is not stored either goes to quarantine under `home`; what is not there any more,
    or is not wanted, leaves it.
    """
    inside = [one for one in fetched.records if wanted.has(one.item.container)]
    outside = [one for one in fetched.records if not wanted.has(one.item.container)]
    for key in sorted({one.item.container for one in inside}):
        await sources.ensure_container(session, key)
    done = await ingest_fetched(
        session,
        replace(fetched, records=tuple(inside)),
        container=home or ContainerKey(connection, ""),
        at=at,
        read_at=read_at,
    )
    settled = (*fetched.gone, *fetched.hidden, *(one.item.ref for one in outside))
    await clear(session, [ref.uid for ref in settled])
    if lane is Lane.LIVE:
        absent = [*fetched.gone, *fetched.hidden, *(one.ref for one in fetched.unreadable)]
        found = [one.item for one in fetched.records]
        await explain(session, connection, found=found, absent=absent)
    return done + Ingested(stored=await _moved_away(session, outside, at=at))


async def _moved_away(session: AsyncSession, records: Sequence[ItemRecord], *, at: datetime) -> int:
    """Mark those that lie elsewhere than they are stored; the others are merely not wanted."""
    homes = await containers_by_uid(session, [one.item.uid for one in records])
    gone = [one.item.ref for one in records if homes.get(one.item.uid) != one.item.container]
    return await mark(session, gone, ItemState.MOVED, at=at)
