"""The one place that asks the machine for the time.

Everything else takes an instant as an argument, or a `Clock` where it must ask more than once.
All instants are aware and in UTC. Durations (time-outs, pauses) are measured with
`time.monotonic` and are no business of a `Clock`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the present instant."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that stands still, for reports as of a past instant and for tests."""

    instant: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "instant", as_utc(self.instant))

    def now(self) -> datetime:
        """The instant at which the clock stands, in UTC."""
        return self.instant


class ShiftedClock:
    """A clock that shows `start` when it is made and runs on from there at normal speed.

    It never goes backwards: it counts on `monotonic`, a count of seconds that only grows and that
    nobody can set (default: the machine's).
    """

    def __init__(self, start: datetime, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._start = as_utc(start)
        self._monotonic = monotonic
        self._made_at = monotonic()

    def now(self) -> datetime:
        """The start plus the time that has passed since the clock was made, in UTC."""
        return self._start + timedelta(seconds=self._monotonic() - self._made_at)


def as_utc(instant: datetime) -> datetime:
    """The same instant in UTC. A time without a zone names no instant: `ValueError`."""
    if instant.utcoffset() is None:
        raise ValueError(f"a time without a zone: {instant.isoformat()}")
    return instant.astimezone(UTC)
