"""Ways of keeping and working off deliveries that look right and are not.

Each is the real thing but for one point; the campaign must catch every one of them by the same
check by which the real one passes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.clock import Clock
from syncer.store.engine import Store
from syncer.store.inbox import Arrival
from syncer.sync.batches import Told
from syncer.sync.inbox import InboxWorker, Source, Worked
from syncer.web.keeping import Keeper


class Defect(StrEnum):
    """What is wrong."""

    NONE = ""
    ACKNOWLEDGED_FIRST = "acknowledge before commit"
    DONE_FIRST = "mark done before the items are stored"
    NO_DEDUPE = "no dedupe"


class _AcknowledgedFirst(Keeper):
    """Answers, and then commits: whoever dies between the two has lost what was acknowledged."""

    def accept(self, arrival: Arrival) -> Awaitable[bool]:
        kept = asyncio.ensure_future(super().accept(arrival))
        kept.add_done_callback(lambda done: done.exception())
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        answer.set_result(True)
        return answer


class _DoneFirst(InboxWorker):
    """Commits that deliveries are done, and then fetches and stores what they name."""

    async def _bring(self, source: Source, connection: str, batch: Sequence[Told]) -> Worked:
        async with self._store.write() as session:
            await super()._finish(session, [one.delivery.id for one in batch])
        return await super()._bring(source, connection, batch)

    async def _finish(self, session: AsyncSession, ids: Sequence[int]) -> None:
        """That was done before."""


def keeper_of(defect: Defect, store: Store, clock: Clock) -> Keeper:
    """The real keeper, or the one with this defect."""
    kind = _AcknowledgedFirst if defect is Defect.ACKNOWLEDGED_FIRST else Keeper
    return kind(store, clock)


def worker_of(
    defect: Defect,
    store: Store,
    open_source: Callable[[str], Awaitable[Source]],
    *,
    clock: Clock,
    owner: str,
    on_worked: Callable[[Worked], None],
) -> InboxWorker:
    """The real worker, or the one with this defect."""
    kind = _DoneFirst if defect is Defect.DONE_FIRST else InboxWorker
    return kind(store, open_source, clock=clock, owner=owner, on_worked=on_worked)


async def plant_in(store: Store, defect: Defect) -> None:
    """What of a defect lies in the (PostgreSQL) database: no dedupe is a key that is missing."""
    if defect is not Defect.NO_DEDUPE:
        return
    asked = "SELECT conname FROM pg_constraint WHERE conrelid = 'inbox'::regclass AND contype = 'u'"
    async with store.write() as session:
        for name in list(await session.scalars(text(asked))):
            await session.execute(text(f'ALTER TABLE inbox DROP CONSTRAINT "{name}"'))
