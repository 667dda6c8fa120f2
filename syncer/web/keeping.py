"""Keeping deliveries in the store; what is only counted waits until there is time to write.

Deliveries that come in while others are being committed are committed together, in the next
transaction: each is answered only after its own commit, and a burst costs few of them.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from syncer.clock import Clock
from syncer.errors import SyncerError
from syncer.failpoints import Edge, reach
from syncer.log import get_logger
from syncer.store.endpoints import note_delivery, note_refusal
from syncer.store.engine import Store
from syncer.store.inbox import Arrival, accept
from syncer.web.hooks import Unavailable

INBOX: Final = "inbox"
"""The channel on which workers wait for `Store.wakeups`."""

AT_ONCE: Final = 200
"""Deliveries that are committed together at most."""

BYTES_AT_ONCE: Final = 8 * 1024 * 1024
"""Bytes of bodies that are committed together at most, unless a single one is longer."""

_WAKE_SECONDS: Final = 0.05
"""How often the workers are woken at most. Who is at work looks again by itself at its end."""

_PATIENCE: Final = 1.0
_SQLITE_PATIENCE: Final = 5.0  # its one writer may be in the middle of a page of items

_AWAY: Final = (SyncerError, OSError, TimeoutError)
_OF_A_ROW: Final = (SQLAlchemyError, ValueError, TypeError)
"""What a database or its driver raises for a row that it cannot hold."""

_log: Final = get_logger(__name__)

_Kept = asyncio.Future[bool]


class Keeper:
    """The inbox as the door for webhooks sees it; what it counts waits for `flush`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._patience = _SQLITE_PATIENCE if store.is_sqlite else _PATIENCE
        self._refused: Counter[str] = Counter()
        self._latest: dict[str, tuple[str, datetime]] = {}
        self._waiting: deque[tuple[Arrival, _Kept]] = deque()
        self._woken_at = -_WAKE_SECONDS
        self._committing: asyncio.Task[None] | None = None

    # --- genuine ones -----------------------------------------------------------------------------

    def accept(self, arrival: Arrival) -> Awaitable[bool]:
        """Commit a delivery; False where it is known. `Unavailable` where the database is not.

        Who no longer waits for the answer changes nothing: the delivery is kept all the same.
        """
        kept: _Kept = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, kept))
        if self._committing is None:
            self._begin()
        return kept

    def _begin(self) -> None:
        self._committing = asyncio.create_task(self._commit(), name="keep deliveries")
        self._committing.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Let the next begin; whatever became of this one, nobody waits for ever."""
        self._committing = None
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is not None:
            _log.error("deliveries could not be committed", exc_info=error)
            self._refuse_waiting(_away(error))
        elif self._waiting:  # it came in after the last look
            self._begin()

    async def _commit(self) -> None:
        """Commit what waits, batch by batch, until nothing does."""
        while self._waiting:
            batch = self._next_batch()
            try:
                await self._keep(batch)
            finally:
                _refuse(batch, Unavailable("A delivery could not be committed."))

    def _next_batch(self) -> list[tuple[Arrival, _Kept]]:
        batch: list[tuple[Arrival, _Kept]] = []
        size = 0
        while self._waiting and len(batch) < AT_ONCE:
            size += len(self._waiting[0][0].body)
            if batch and size > BYTES_AT_ONCE:
                break
            batch.append(self._waiting.popleft())
        return batch

    async def _keep(self, batch: Sequence[tuple[Arrival, _Kept]]) -> None:
        """In one transaction; one by one where the database refuses some row of them."""
        try:
            new = await self._write([arrival for arrival, _ in batch])
        except _AWAY as error:
            _refuse(batch, _away(error))
            self._refuse_waiting(_away(error))
        except _OF_A_ROW as error:
            if len(batch) == 1:
                _refuse(batch, _away(error))
            else:
                for one in batch:
                    await self._keep([one])
        else:
            for (_, kept), is_new in zip(batch, new, strict=True):
                if not kept.done():
                    kept.set_result(is_new)

    async def _write(self, arrivals: Sequence[Arrival]) -> list[bool]:
        """Which of them are new, once they are committed."""
        now = asyncio.get_running_loop().time()
        async with self._store.write_alone(patience=self._patience) as session:
            reach(Edge.HOOK_BEFORE_COMMIT)
            new = [number is not None for number in await accept(session, arrivals)]
            reach(Edge.HOOK_COMMITTED)
            if any(new) and now - self._woken_at >= _WAKE_SECONDS:
                self._woken_at = now
                await self._store.notify(session, INBOX)
        for one, is_new in zip(arrivals, new, strict=True):
            self._refused.pop(one.connection, None)
            if is_new:
                self._latest[one.connection] = one.event, one.at
        return new

    def _refuse_waiting(self, error: Unavailable) -> None:
        """What waited while the database was away need not wait for the same answer again."""
        _refuse(self._waiting, error)
        self._waiting.clear()

    # --- forged ones ------------------------------------------------------------------------------

    def refused(self, connection: str) -> None:
        """Count a delivery with a wrong signature. Touches no database."""
        self._refused[connection] += 1

    async def flush(self) -> None:
        """Write what was counted, and which delivery was the latest; to be called now and then.

        Both are kept out of the commit for which a tracker waits.
        """
        refused, self._refused = self._refused, Counter()
        latest, self._latest = self._latest, {}
        if not refused and not latest:
            return
        now = self._clock.now()
        async with self._store.write() as session:
            for connection in sorted(refused.keys() | latest.keys()):
                if connection in latest:
                    event, at = latest[connection]
                    await note_delivery(session, connection, event=event, at=at)
                if connection in refused:
                    count = refused[connection]
                    await note_refusal(session, connection, at=now, count=count)


def _refuse(batch: Iterable[tuple[Arrival, _Kept]], error: Unavailable) -> None:
    """Tell those who have not been answered yet."""
    for _, kept in batch:
        if not kept.done():
            kept.set_exception(error)


def _away(error: BaseException) -> Unavailable:
    return Unavailable(f"The database does not take a delivery ({type(error).__name__}).")
