"""One time for a whole example, which passes only when a step says so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

INSTANT: Final = timedelta(milliseconds=1)
"""The shortest span that Jira tells: it writes instants in milliseconds."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Time:
    """The true instant (UTC, whole milliseconds)."""

    def __init__(self, start: datetime) -> None:
        self.instant = start

    def pass_by(self, span: timedelta) -> None:
        """Let a span pass, at least a millisecond."""
        at = self.instant + max(span, INSTANT)
        self.instant = at - (at - _EPOCH) % INSTANT

    async def sleep(self, seconds: float) -> None:
        """What connectors sleep by: the span passes at once."""
        self.pass_by(timedelta(seconds=seconds))
        await asyncio.sleep(0)


class SkewedClock:
    """A clock that is wrong by a span, which a test may turn."""

    def __init__(self, time: Time, skew: timedelta = timedelta()) -> None:
        self._time = time
        self.skew = skew

    def now(self) -> datetime:
        """The instant that the clock shows, UTC."""
        return self._time.instant + self.skew
