"""Places for the containers that are read at the same time, so that none holds up the others.

Who takes long lends the place: the next one begins, while the first goes on. A container that
hangs, is limited by its tracker, or is huge therefore delays nobody for more than that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from syncer.domain.lane import Lane

PATIENCE_SECONDS: Final = 20.0
"""How long one has a place for oneself, by the machine's clock."""


class Places:
    """`at_once` begin together; with those who lent theirs there are `most`."""

    def __init__(self, *, at_once: int, most: int, patience: float = PATIENCE_SECONDS) -> None:
        self._own = asyncio.Semaphore(at_once)
        self._all = asyncio.Semaphore(most)
        self._patience = patience

    @asynccontextmanager
    async def taken(self) -> AsyncGenerator[None]:
        """Wait for a place and hold it."""
        async with self._all:
            await self._own.acquire()
            lent = False

            def lend() -> None:
                nonlocal lent
                lent = True
                self._own.release()

            lending = asyncio.get_running_loop().call_later(self._patience, lend)
            try:
                yield
            finally:
                lending.cancel()
                if not lent:
                    self._own.release()


class Rooms:
    """The places of one connection: first readings have their own, fewer ones."""

    def __init__(self, *, patience: float = PATIENCE_SECONDS) -> None:
        self._news = Places(at_once=4, most=16, patience=patience)
        self._backfills = Places(at_once=2, most=4, patience=patience)

    def of(self, lane: Lane) -> Places:
        """Where a container is read that goes by this lane."""
        return self._backfills if lane is Lane.BACKFILL else self._news
