"""The outbox: what is published goes out once to each recipient (reliability spec, section 4).

Each step is a function of its own: claim, prepare, intend, finish, settle. Only between the
committed intent and the recorded answer can nobody say whether a message went out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from syncer.clock import Clock
from syncer.errors import DispatchFailed
from syncer.log import get_logger
from syncer.publish.channels.outcome import Finish, Prepare, Unanswered
from syncer.publish.recipients import FILE
from syncer.store.dispatches import (
    Dispatch,
    DispatchState,
    InDoubt,
    claim,
    give_up,
    intend,
    mark_sent,
    put_off,
)
from syncer.store.engine import Store

REPEATABLE: Final = frozenset({FILE})
"""Channels that may be used twice without anybody noticing."""

_PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240))
_LAST_PAUSES: Final = 4
_AT_ONCE: Final = 4
_ANSWER_MARGIN: Final = timedelta(seconds=15)
_STALE_SECONDS: Final = 10.0

_LOG = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """Delivers dispatches for one process, called `owner` among the replicas.

    `refused` says why a dispatch may no longer go to its recipient, empty where it may.
    `answer` is how long a channel may take over its last step.
    """

    store: Store
    clock: Clock
    owner: str
    prepare: Prepare
    refused: Callable[[Dispatch], str]
    in_doubt: InDoubt = InDoubt.RESEND
    answer: timedelta = timedelta(seconds=20)

    async def deliver(self, *, only: Collection[str] | None = None) -> list[Dispatch]:
        """Try everything that is due once (of the ids `only`, where given); what became of it."""
        lanes = (self._lane(only) for _ in range(_AT_ONCE))
        # One that fails must not end the others in the middle of a message.
        ended = await asyncio.gather(*lanes, return_exceptions=True)
        for lane in ended:
            if isinstance(lane, BaseException):
                raise lane
        return [one for lane in ended if isinstance(lane, list) for one in lane]

    async def _lane(self, only: Collection[str] | None) -> list[Dispatch]:
        done: list[Dispatch] = []
        while (taken := await self._claim(only)) is not None:
            done.append(await self._attempt(taken))
        return done

    async def _claim(self, only: Collection[str] | None) -> Dispatch | None:
        """Step 2."""
        async with self.store.write() as session:
            return await claim(
                session, self.owner, only=only, in_doubt=self.in_doubt, repeatable=REPEATABLE
            )

    async def _attempt(self, taken: Dispatch) -> Dispatch:
        if taken.state is DispatchState.HELD:
            return taken
        reason = self.refused(taken)
        if reason:
            return await self._give_up(taken, reason, DispatchState.CANCELLED)
        try:
            async with self.prepare(taken) as finish:  # step 3
                return await self._finish(taken, finish)
        except DispatchFailed as error:
            return await self._failed(taken, error)
        except Unanswered as error:
            # Left in `sending`: once its lease has run out, it is in doubt for everyone.
            _LOG.warning("dispatch.unanswered", id=taken.id, error=error.message)
            return replace(taken, state=DispatchState.SENDING, error=error.message)

    async def _finish(self, taken: Dispatch, finish: Finish) -> Dispatch:
        """Steps 4 and 5."""
        begun = time.monotonic()
        if not await self._intend(taken):
            return replace(taken, error="Another process has taken it over.")
        if time.monotonic() - begun > _STALE_SECONDS:
            # This process was stopped meanwhile: its claim may be another's by now.
            return replace(taken, state=DispatchState.SENDING, error="This process was too slow.")
        await finish()
        return await self._sent(taken)

    async def _intend(self, taken: Dispatch) -> bool:
        """Step 4, committed before anything irrevocable is done."""
        async with self.store.write() as session:
            return await intend(session, taken, lease=self.answer + _ANSWER_MARGIN)

    async def _sent(self, taken: Dispatch) -> Dispatch:
        now = self.clock.now()
        async with self.store.write() as session:
            await mark_sent(session, taken, at=now)
        _LOG.info("dispatch.sent", id=taken.id, audience=taken.audience, channel=taken.channel)
        return replace(taken, state=DispatchState.SENT, sent_at=now, error="")

    async def _failed(self, taken: Dispatch, error: DispatchFailed) -> Dispatch:
        """The channel refused it for good, or is asked again after a pause."""
        pause = pause_after(taken.attempt)
        if error.permanent or pause is None:
            return await self._give_up(taken, str(error), DispatchState.FAILED)
        async with self.store.write() as session:
            await put_off(session, taken, error=str(error), after=pause)
        _LOG.warning("dispatch.deferred", id=taken.id, error=error.message)
        return replace(taken, state=DispatchState.PENDING, error=str(error))

    async def _give_up(self, taken: Dispatch, reason: str, state: DispatchState) -> Dispatch:
        async with self.store.write() as session:
            await give_up(session, taken, error=reason, state=state)
        _LOG.warning("dispatch.given_up", id=taken.id, state=state, error=reason)
        return replace(taken, state=state, error=reason)


def pause_after(attempt: int) -> timedelta | None:
    """How long to wait after an attempt: 1, 5, 15, 30 minutes and on, for a day; None: no more."""
    if attempt <= len(_PAUSES):
        return _PAUSES[attempt - 1]
    return _PAUSES[-1] if attempt <= len(_PAUSES) + _LAST_PAUSES else None
