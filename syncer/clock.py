"""The one place that asks the machine for the time.

Everything else takes an instant as an argument, or a `Clock` where it must ask more than once.
All instants are aware and in UTC. Durations (time-outs, pauses) are measured with
`time.monotonic` and are no business of a `Clock`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class ShiftedClock:
    """A clock that shows `start` when it is made and runs on from there at normal speed.

    It never goes backwards: it counts on the machine's monotonic clock.
    """

    start: datetime
    _made_at: float = field(default_factory=time.monotonic, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", as_utc(self.start))

    def now(self) -> datetime:
        """The start plus the time that has passed since the clock was made, in UTC."""
        return self.start + timedelta(seconds=time.monotonic() - self._made_at)


def as_utc(instant: datetime) -> datetime:
    """The same instant in UTC. A time without a zone names no instant: `ValueError`."""
    if instant.utcoffset() is None:
        raise ValueError(f"a time without a zone: {instant.isoformat()}")
    return instant.astimezone(UTC)
