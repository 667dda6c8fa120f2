"""Counts what each lane brought, and says when it goes on and what it waits for."""

from __future__ import annotations

from datetime import datetime

from syncer.domain.lane import Lane
from syncer.errors import Busy, RateLimited
from syncer.store.engine import Store
from syncer.store.lanes import count_lane, note_next
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
