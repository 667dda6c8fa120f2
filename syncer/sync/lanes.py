"""Counts what each lane brought, and says when it goes on and what it waits for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.item import ItemRecord, WorkItem
from syncer.domain.lane import Lane
from syncer.domain.ref import ContainerKey
from syncer.errors import Busy, RateLimited
from syncer.store.engine import Store
from syncer.store.lanes import count_lane, note_next
from syncer.sync.ingest import Ingested
from syncer.sync.pull import PullResult


async def note_pass(store: Store, result: PullResult, *, lane: Lane, at: datetime) -> None:
    """Count one pass over a container that ended at `at` (UTC), whether well or not.

    One that another process makes is counted there. Nothing is written for a pass that was skipped.
    """
    if result.skipped or isinstance(result.failure, Busy):
        return
    limited = result.failure if isinstance(result.failure, RateLimited) else None
    key = result.container
    async with store.write() as session:
        await count_lane(
            session,
            key,
            lane,
            seen=result.items_seen,
            stored=result.stored,
            at=at,
            failed=result.failure is not None,
        )
        await note_next(
            session,
            key.connection,
            key.key,
            lane,
            at=limited.retry_at if limited else None,
            why=limited.message if limited else result.error,
        )


async def count_live(
    session: AsyncSession, records: Sequence[ItemRecord], done: Ingested, *, at: datetime
) -> None:
    """Count what deliveries brought, container by container: one pass a fetch.

    `records` are those that the tracker sent and that the configuration wants. The lag is the age
    of the newest change among what is new, by the tracker's word and our clock. Call it in the
    transaction that stores them, once that has the items' lock.
    """
    grouped: dict[ContainerKey, list[WorkItem]] = {}
    for one in records:
        grouped.setdefault(one.item.container, []).append(one.item)
    for key in sorted(grouped):
        new = [item.updated_at for item in grouped[key] if item.uid in done.brought]
        await count_lane(
            session,
            key,
            Lane.LIVE,
            seen=len(grouped[key]),
            stored=len(new),
            at=at,
            lag_seconds=max(0.0, (at - max(new)).total_seconds()) if new else None,
        )
