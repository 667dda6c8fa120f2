"""What one connection may ask of its tracker, and in which order: lanes, limits, pauses, outages.

A `Traffic` stands for all calls that a process makes on one connection. Whoever uses a connector
says on which lane (`with on_lane(Lane.LIVE, traffic=…)`); `HttpClient` asks the traffic in force
before each attempt. Where none is in force, a client has one of its own that only keeps pauses.

The tracker counts for all replicas together, so what they share is what it tells: its headers, and
the pauses that it asks for (`syncer.connect.sharing`).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from syncer.clock import Clock, SystemClock, is_ahead
from syncer.connect.circuit import Circuit, Outage
from syncer.connect.limiter import Limiter
from syncer.connect.passage import Call
from syncer.connect.quota import (
    LONGEST_WINDOW,
    Quota,
    limited_reach,
    names_its_reach,
    quotas_of,
    resource_of,
)
from syncer.connect.rate import PATIENCE, Pause, Sleep, said_pause
from syncer.connect.refusals import Refusals
from syncer.connect.sharing import (
    Shared,
    outage_note,
    outage_of,
    quota_note,
    quota_of,
)
from syncer.domain.lane import Lane
from syncer.domain.traffic import UNREACHABLE, TrafficNote
from syncer.errors import RateLimited, Unreachable
from syncer.log import get_logger, redact

RESERVE: Final = 0.1
"""The share of every quota that is left to live events and incremental passes."""

WORTH_TELLING: Final = timedelta(seconds=1)
"""Shorter pauses are over before another replica could learn of them."""

_PATIENT: Final = frozenset({Lane.LOOK_BACK, Lane.CENSUS, Lane.BACKFILL})
_OVERCHARGED: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_MOST_NAMES: Final = 200
_log: Final = get_logger(__name__)


class Traffic:
    """All calls of one connection in this process.

    `limiter` None: any number at once, no share is reserved and no outage noted. `shared` is what
    replicas tell each other. `eager` looks at once whether a tracker answers again that was left
    alone, as a person's command should.
    """

    def __init__(
        self,
        *,
        limiter: Limiter | None = None,
        reserve: float = RESERVE,
        shared: Shared | None = None,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,  # noqa: S311  spreads calls out
        patience: timedelta = PATIENCE,
        eager: bool = False,
    ) -> None:
        self.limiter = limiter
        self.reserve = reserve
        self.clock = clock or SystemClock()
        self.refusals = Refusals(self.clock)
        self._shared = shared or Shared(None)
        self._sleep = sleep
        self._jitter = jitter
        self._patience = patience
        self._eager = eager
        self._pauses: dict[str, Pause] = {}
        self._quotas: dict[tuple[str, str], Quota] = {}
        self._low: set[tuple[str, str]] = set()
        self._resources: dict[str, str] = {}
        self._circuit = Circuit()
        self._limited: str | None = None
        self._others_went_on = False

    @property
    def outage(self) -> Outage | None:
        """Since when the tracker has not answered, None while it does."""
        return self._circuit.outage

    def paused_until(self) -> datetime | None:
        """Until when (UTC) nothing at all is asked, None where something may be."""
        told = [pause.until for reach, pause in self._pauses.items() if not reach]
        told += [self.outage.next_at] if self.outage else []
        now = self.clock.now()
        return max((at for at in told if at is not None and at > now), default=None)

    # --- before an attempt ------------------------------------------------------------------------

    @asynccontextmanager
    async def attempt(self, call: Call) -> AsyncGenerator[None]:
        """Wait until the call's turn has come, and hold its place meanwhile.

        `RateLimited` where a pause lasts longer than one waits within a call, `Unreachable` while
        the tracker is left alone because it does not answer.
        """
        await self._gate(call)
        if self.limiter is None:
            yield
            return
        while True:
            async with self.limiter.place(call.lane, call.container) as age:
                if self._is_free(call):  # nothing was told while it waited
                    call.age = age
                    yield
                    return
            await self._gate(call)

    async def _gate(self, call: Call) -> None:
        await self.look()
        while not self._is_free(call):
            await self._sit_out_outage(call)
            for pause in self._pauses_on(call):
                await pause.over()
            await self._sit_out_quota(call)

    def _is_free(self, call: Call) -> bool:
        paused = any(not pause.is_over for pause in self._pauses_on(call))
        silent = self.outage is not None and not call.probe
        return not (paused or silent) and self._held_until(call) is None

    def _pauses_on(self, call: Call) -> list[Pause]:
        reaches = ["", f"endpoint:{call.endpoint}", f"container:{call.container}"]
        reaches.append(f"resource:{self._resources.get(call.family, '')}")
        return [self._pauses[reach] for reach in reaches if reach in self._pauses]

    async def _sit_out_outage(self, call: Call) -> None:
        outage, now = self.outage, self.clock.now()
        if outage is None or call.probe:
            return
        if self._circuit.is_due(now):
            self._circuit.probe(now)
            if await self._shared.claim(outage_note(self._circuit.outage or outage, now)):
                call.probe = True
                return
            self._shared.expire()
            await self.look()
        if self.outage is not None:
            raise _left_alone(self.outage)

    def _held_until(self, call: Call) -> datetime | None:
        """Until when the rest of a quota is kept for lanes that cannot wait, None if it is not."""
        if call.lane not in _PATIENT or self.limiter is None:
            return None
        now, resources = self.clock.now(), {"", self._resources.get(call.family, "")}
        low = (
            quota.resets_at
            for quota in self._quotas.values()
            if is_ahead(quota.resets_at, now=now, within=LONGEST_WINDOW)
            and quota.resource in resources
            and self._is_low(quota)
        )
        return max(low, default=None)

    def _is_low(self, quota: Quota) -> bool:
        return quota.share() < self.reserve

    async def _sit_out_quota(self, call: Call) -> None:
        until = self._held_until(call)
        if until is None:
            return
        left = until - self.clock.now()
        if left > self._patience:
            raise RateLimited(
                f"What the tracker grants until {until:%Y-%m-%d %H:%M} UTC is kept for news.",
                retry_at=until,
                fix="It goes on by itself after that; what was read before is kept.",
            )
        await self._sleep(left.total_seconds() + self._jitter())

    # --- after an answer --------------------------------------------------------------------------

    async def heard(
        self, call: Call, status: int, headers: Mapping[str, str], *, said: Callable[[], str]
    ) -> bool:
        """Note what an answer tells of limits; whether it asks for a pause that is not over yet.

        `said` gives what it says in words. The answer need not be a refusal.
        """
        now = self.clock.now()
        if len(self._resources) < _MOST_NAMES:
            self._resources[call.family] = resource_of(headers)
        pause = said_pause(status, headers, said, now=now)
        self._note_load(call, status, limited=pause is not None)
        if pause is not None:
            await self.postpone(call, pause, headers=headers)
        await self._note_quotas(headers, now)
        if status < HTTPStatus.INTERNAL_SERVER_ERROR and self._circuit.succeeded():
            await self._shared.forget(UNREACHABLE)
        return bool(pause)

    def _note_load(self, call: Call, status: int, *, limited: bool) -> None:
        if status < HTTPStatus.BAD_REQUEST:
            self._note_progress(call)
        if self.limiter is None:
            return
        if status in _OVERCHARGED or (limited and status >= HTTPStatus.BAD_REQUEST):
            self.limiter.choked(call.age)
        elif status < HTTPStatus.INTERNAL_SERVER_ERROR:
            self.limiter.succeeded()

    def _note_progress(self, call: Call) -> None:
        """Who else is answered after a pause shows whom the limit was about."""
        if call.container == self._limited:
            self._limited = None
        elif "" not in self._pauses or self._pauses[""].is_over:
            self._others_went_on = True

    async def _note_quotas(self, headers: Mapping[str, str], now: datetime) -> None:
        for quota in quotas_of(headers, now=now):
            key = quota.resource, quota.policy
            if key in self._quotas or len(self._quotas) < _MOST_NAMES:
                self._quotas[key] = quota
            if self.limiter is not None and self._is_low(quota) is not (key in self._low):
                self._low ^= {key}
                await self._shared.keep(quota_note(quota, now))

    async def postpone(self, call: Call, pause: timedelta, *, headers: Mapping[str, str]) -> None:
        """Let nothing be asked that the limit is on which the call met; `headers` may tell it."""
        reach = self._reach(call, headers)
        if reach not in self._pauses and len(self._pauses) >= _MOST_NAMES:
            reach = ""
        self._pause(reach).postpone(pause)
        if pause >= WORTH_TELLING:
            now = self.clock.now()
            why = redact(headers.get("RateLimit-Reason", "too many requests"))[:80]
            await self._shared.keep(
                TrafficNote(reason=reach, noted_at=now, paused_until=now + pause, why=why)
            )

    def _reach(self, call: Call, headers: Mapping[str, str]) -> str:
        """What a limit is on. One that does not say is on everything, until others go on beside it.

        A container that is limited again, while calls for others succeeded, is limited by itself.
        """
        told = limited_reach(headers, call.endpoint)
        if told or names_its_reach(headers):
            return told
        again = bool(call.container) and call.container == self._limited and self._others_went_on
        self._limited, self._others_went_on = call.container, again
        return f"container:{call.container}" if again else ""

    def _pause(self, reach: str) -> Pause:
        if reach not in self._pauses:
            self._pauses[reach] = Pause(
                clock=self.clock, sleep=self._sleep, jitter=self._jitter, patience=self._patience
            )
        return self._pauses[reach]

    def retry_at(self, call: Call) -> datetime | None:
        """When the call may be made again as far as pauses go, None where there was none."""
        told = (pause.until for pause in self._pauses_on(call))
        return max((at for at in told if at is not None), default=None)

    def timed_out(self, call: Call) -> None:
        """An attempt got no answer in time: perhaps too many were under way."""
        if self.limiter is not None:
            self.limiter.choked(call.age)

    async def failed(self, call: Call, error: Unreachable) -> None:
        """All attempts of a call were used up without an answer."""
        now, circuit = self.clock.now(), self._circuit
        if self.limiter is None or not circuit.failed(
            container=call.container, why=error.message, at=now, probe=call.probe
        ):
            return
        if circuit.outage is not None:
            _log.warning("a tracker is left alone", tries=circuit.outage.tries, error=str(error))
            await self._shared.keep(outage_note(circuit.outage, now))

    # --- what replicas tell each other ------------------------------------------------------------

    async def look(self) -> None:
        """Learn, every few seconds, what other replicas were told."""
        now = self.clock.now()
        notes = await self._shared.news(now)
        if notes is None:
            return
        self._circuit.outage = outage_of(notes)
        if self._eager and self.outage is not None:
            self._circuit.outage = replace(self.outage, next_at=now)
        self._eager = False
        for note in notes:
            self._take(note, now)

    def _take(self, note: TrafficNote, now: datetime) -> None:
        if note.paused_until is not None and note.reason != UNREACHABLE and note.paused_until > now:
            self._pause(note.reason).postpone_to(note.paused_until)
        quota = quota_of(note)
        if quota is not None and quota.resets_at > now:
            self._quotas.setdefault((quota.resource, quota.policy), quota)


def _left_alone(outage: Outage) -> Unreachable:
    return Unreachable(
        f"The tracker has not answered since {outage.since:%Y-%m-%d %H:%M} UTC: {outage.why}",
        fix=f"It is asked again at {outage.next_at:%Y-%m-%d %H:%M} UTC.",
    )
