"""The outbox: what is published goes out once to each recipient (reliability spec, section 4).

Each step is a function of its own: claim, prepare, intend, finish, settle. Only between the
committed intent and the recorded answer can nobody say whether a message went out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.clock import Clock
from syncer.errors import DispatchFailed, SyncerError
from syncer.failpoints import Edge, reach
from syncer.log import get_logger
from syncer.publish.channels.outcome import Finish, Prepare, Unanswered
from syncer.publish.recipients import FILE
from syncer.store.dispatches import (
    MARGIN,
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
from syncer.store.leases import LEASE

REPEATABLE: Final = frozenset({FILE})
"""Channels that may be used twice without anybody noticing."""

_PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240))
_LAST_PAUSES: Final = 4
_AT_ONCE: Final = 4
_LOOK_AGAIN: Final = timedelta(seconds=1)

_LOG = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long each step of a dispatch may take.

    A claim holds for a `lease`, of which more than `margin` must be left at the intent. From then
    on the last step begins within `stale`, the channel answers it within `answer`, and what it
    answered is recorded within `record`; whoever finds the row after that takes it for doubtful.
    """

    lease: timedelta = LEASE
    margin: timedelta = MARGIN
    stale: timedelta = timedelta(seconds=10)
    answer: timedelta = timedelta(seconds=20)
    record: timedelta = timedelta(seconds=15)

    @property
    def sending(self) -> timedelta:
        """How long a message may be on its way until nobody knows what became of it."""
        return self.stale + self.answer + self.record


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """Delivers dispatches for one process, called `owner` among the replicas.

    `refused` says why a dispatch may no longer go to its recipient, empty where it may.
    """

    store: Store
    clock: Clock
    owner: str
    prepare: Prepare
    refused: Callable[[Dispatch], str]
    in_doubt: InDoubt = InDoubt.RESEND
    timing: Timing = Timing()

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
            taken = await claim(
                session,
                self.owner,
                only=only,
                in_doubt=self.in_doubt,
                repeatable=REPEATABLE,
                lease=self.timing.lease,
            )
        if taken is not None:
            reach(Edge.DISPATCH_CLAIMED)
        return taken

    async def _attempt(self, taken: Dispatch) -> Dispatch:
        if taken.state is DispatchState.HELD:
            _LOG.warning("dispatch.held", id=taken.id, audience=taken.audience)
            return taken
        reason = self.refused(taken)
        if reason:
            return await self._give_up(taken, reason, DispatchState.CANCELLED)
        if pause_after(taken.tries - 1) is None:  # whatever it is that ends those who try
            told = f"It was begun {taken.tries - 1} times without an end."
            return await self._give_up(taken, told, DispatchState.FAILED)
        try:
            async with self.prepare(taken) as finish:  # step 3
                reach(Edge.DISPATCH_PREPARED)
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
            return _overtaken(taken)
        reach(Edge.DISPATCH_INTENDED)
        if time.monotonic() - begun > self.timing.stale.total_seconds():
            # This process was stopped meanwhile: its claim may be another's by now.
            told = "This process stood still just before the end of the message."
            return await self._put_off(taken, told, after=self.timing.lease)
        await finish()
        reach(Edge.DISPATCH_ANSWERED)
        return await self._sent(taken)

    async def _intend(self, taken: Dispatch) -> bool:
        """Step 4, committed before anything irrevocable is done."""
        timing = self.timing
        async with self.store.write() as session:
            return await intend(session, taken, lease=timing.sending, margin=timing.margin)

    async def _sent(self, taken: Dispatch) -> Dispatch:
        now = self.clock.now()
        if not await self._record(lambda session: mark_sent(session, taken, at=now)):
            return _overtaken(taken)
        reach(Edge.DISPATCH_RECORDED)
        _LOG.info("dispatch.sent", id=taken.id, audience=taken.audience, channel=taken.channel)
        return replace(taken, state=DispatchState.SENT, sent_at=now, error="")

    async def _failed(self, taken: Dispatch, error: DispatchFailed) -> Dispatch:
        """The channel refused it for good, or is asked again after a pause."""
        pause = pause_after(taken.tries)
        if error.permanent or pause is None:
            return await self._give_up(taken, str(error), DispatchState.FAILED)
        return await self._put_off(taken, str(error), after=pause)

    async def _put_off(self, taken: Dispatch, reason: str, *, after: timedelta) -> Dispatch:
        """Nothing went out in this attempt."""
        if not await self._record(lambda s: put_off(s, taken, error=reason, after=after)):
            return _overtaken(taken)
        _LOG.warning("dispatch.deferred", id=taken.id, error=reason)
        return replace(taken, state=DispatchState.PENDING, error=reason)

    async def _give_up(self, taken: Dispatch, reason: str, state: DispatchState) -> Dispatch:
        if not await self._record(lambda s: give_up(s, taken, error=reason, state=state)):
            return _overtaken(taken)
        _LOG.warning("dispatch.given_up", id=taken.id, state=state, error=reason)
        return replace(taken, state=state, error=reason)

    async def _record(self, work: Callable[[AsyncSession], Awaitable[bool]]) -> bool:
        """Write down what became of an attempt; False where it is another's by now.

        A database that is away for a moment must not make a doubt of what the channel has said.
        """
        until = time.monotonic() + self.timing.record.total_seconds()
        while True:
            try:
                async with self.store.write() as session:
                    return await work(session)
            except SyncerError as error:
                if time.monotonic() >= until:
                    raise
                _LOG.warning("dispatch.unrecorded", error=error.message)
            await asyncio.sleep(min(_LOOK_AGAIN, self.timing.record / 10).total_seconds())


def _overtaken(taken: Dispatch) -> Dispatch:
    """Another attempt has begun: what becomes of the dispatch is no longer for this one to say."""
    _LOG.warning("dispatch.overtaken", id=taken.id, attempt=taken.attempt)
    return replace(taken, error="Another process has taken it over.")


def pause_after(tries: int) -> timedelta | None:
    """How long to wait after a try: 1, 5, 15, 30 minutes and on, for a day; None: no more."""
    if tries <= len(_PAUSES):
        return _PAUSES[tries - 1]
    return _PAUSES[-1] if tries <= len(_PAUSES) + _LAST_PAUSES else None
