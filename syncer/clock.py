"""The one place that asks the machine for the time.

Everything else takes an instant as an argument, or a `Clock` where it must ask more than once.
All instants are aware and in UTC. Durations (time-outs, pauses) are measured with
`time.monotonic` and are no business of a `Clock`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol


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


class ScaledClock:
    """A clock that runs `speed` times as fast as the machine's, for tests that live through weeks.

    It shows `start` at the instant `anchor` of the machine's clock (None: now), so that several
    processes share one time. Like `ShiftedClock` it counts on `monotonic` from then on.
    """

    def __init__(
        self,
        start: datetime,
        speed: float,
        *,
        anchor: datetime | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if speed <= 0:
            raise ValueError(f"a clock does not run at speed {speed}")
        passed = SystemClock().now() - as_utc(anchor) if anchor else timedelta()
        self.speed = speed
        self._start = as_utc(start) + passed * speed
        self._monotonic = monotonic
        self._made_at = monotonic()

    def now(self) -> datetime:
        """The start plus the scaled time that has passed, in UTC."""
        return self._start + timedelta(seconds=self.speed * (self._monotonic() - self._made_at))


def pace_of(clock: Clock) -> float:
    """How many of the clock's seconds pass in one of the machine's: by it intervals are divided."""
    return clock.speed if isinstance(clock, ScaledClock) else 1.0


TEST_CLOCK: Final = "SYNCER_TEST_CLOCK"
"""The variable, for tests alone, that lets a process live in another time."""


def clock_from(environment: Mapping[str, str]) -> Clock:
    """The machine's clock, unless `SYNCER_TEST_CLOCK` says `START [SPEED [ANCHOR]]`.

    Instants are ISO 8601 with a zone: `2027-03-22T05:00:00Z 600 2026-11-23T06:30:00Z`.
    """
    told = environment.get(TEST_CLOCK, "").split()
    if not told:
        return SystemClock()
    start, speed, anchor = [*told, "1", ""][:3] if len(told) == 1 else [*told, ""][:3]
    return ScaledClock(
        datetime.fromisoformat(start),
        float(speed),
        anchor=datetime.fromisoformat(anchor) if anchor else None,
    )


CLOCKS_APART: Final = timedelta(minutes=5)
"""How far the clocks of replicas may be apart (spec/reliability.md F35)."""


def is_ahead(instant: datetime, *, now: datetime, within: timedelta) -> bool:
    """Whether there is still time to wait until an instant that our own clock set.

    `within` is the longest that there can be. What lies further ahead was set before the clock was
    put back: whoever waited for it would stand still for as long as the clock was wrong.
    """
    return now < instant <= now + within + CLOCKS_APART


def as_utc(instant: datetime) -> datetime:
    """The same instant in UTC. A time without a zone names no instant: `ValueError`."""
    if instant.utcoffset() is None:
        raise ValueError(f"a time without a zone: {instant.isoformat()}")
    return instant.astimezone(UTC)
