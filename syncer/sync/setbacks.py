"""What becomes of deliveries that failed: they wait for another try, or are set aside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from syncer.clock import Clock
from syncer.errors import AuthFailed, BadPayload, NotFound, RateLimited, SyncerError, Unreachable
from syncer.log import get_logger
from syncer.store import claims
from syncer.store.census import last_asked
from syncer.store.engine import Store
from syncer.store.inbox import Delivery

TRIES: Final = 5
"""How often a delivery is tried before it is set aside."""

_PAUSES: Final = (2, 10, 60, 300)
"""Seconds after the first, second … failed try."""

_ASK_AGAIN: Final = timedelta(minutes=5)
"""How soon a connection is asked again that refused its credentials or cannot be reached at all."""

_LONGEST: Final = timedelta(minutes=15)
_log: Final = get_logger(__name__)


class UnreadableDelivery(BadPayload):
    """The body of a delivery cannot be read: to try again would change nothing."""


class Setbacks:
    """Decides by the error how long deliveries wait, and which are tried no more.

    Pauses are divided by `pace`, which is more than one only under a clock that runs fast.
    """

    def __init__(self, store: Store, *, clock: Clock, pace: float = 1.0) -> None:
        self._store = store
        self._clock = clock
        self._pace = pace

    async def fail(self, failed: Sequence[Delivery], error: SyncerError) -> None:
        """Let deliveries wait, or set them aside, those with as many tries together."""
        for tries in sorted({one.tries for one in failed}):
            some = [one for one in failed if one.tries == tries]
            await self._fail_alike(some, error, tries=tries)

    async def _fail_alike(
        self, some: Sequence[Delivery], error: SyncerError, *, tries: int
    ) -> None:
        match error:
            case RateLimited(retry_at=retry_at):
                left = retry_at - self._clock.now()
                await self._wait(some, error, min(max(left, timedelta(seconds=1)), _LONGEST))
            case AuthFailed():
                await self._wait(some, error, _ASK_AGAIN)
            case UnreadableDelivery() | NotFound():
                await self.set_aside(some, str(error))
            case _ if tries < TRIES:
                pause = timedelta(seconds=_PAUSES[tries - 1])
                await self._wait(some, error, pause, counted=True)
            case Unreachable() if not await self._answers(some[0].connection):
                await self._wait(some, error, _ASK_AGAIN)
            case _:
                await self.set_aside(some, f"{TRIES} tries failed, at last so: {error}")

    async def _answers(self, connection: str) -> bool:
        """Whether the connection as a whole answered when it was last asked."""
        async with self._store.read() as session:
            return (await last_asked(session, connection))[1]

    async def _wait(
        self,
        some: Sequence[Delivery],
        error: SyncerError,
        pause: timedelta,
        *,
        counted: bool = False,
    ) -> None:
        async with self._store.write() as session:
            await claims.retry_later(
                session,
                [one.id for one in some],
                note=str(error),
                after=pause / self._pace,
                counted=counted,
            )

    async def set_aside(self, some: Sequence[Delivery], reason: str) -> None:
        """Keep deliveries, of one connection, for a person to look at; nobody tries them again."""
        if not some:
            return
        numbers = [one.id for one in some]
        _log.warning("deliveries were set aside", connection=some[0].connection, numbers=numbers)
        async with self._store.write() as session:
            await claims.set_aside(session, numbers, note=reason, at=self._clock.now())
