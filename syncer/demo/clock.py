"""The demo's time: it begins on a Monday morning in November 2026 and runs on."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from syncer.clock import Clock, FixedClock, ShiftedClock

ZONE: Final = ZoneInfo("Europe/Berlin")
AS_OF: Final = datetime(2026, 11, 23, 5, 30, tzinfo=ZONE)
"""The instant at which the demo begins: Monday of ISO week 48."""


class DemoClock:
    """Stands still on one Monday after the other, then runs on from the last one.

    Simulator and syncer share it, so the demo lives through its past weeks in order and every
    edition is made with what was known at the time.
    """

    def __init__(self, first: datetime) -> None:
        self._clock: Clock = FixedClock(first)

    def now(self) -> datetime:
        """The present instant of the demo, in UTC."""
        return self._clock.now()

    def stand_at(self, instant: datetime) -> None:
        """Go on to a later instant and stand still there."""
        self._clock = FixedClock(self._later(instant))

    def run_from(self, instant: datetime) -> None:
        """Go on to a later instant and run on from there."""
        self._clock = ShiftedClock(self._later(instant))

    def _later(self, instant: datetime) -> datetime:
        if instant < self.now():
            raise ValueError(f"the demo's clock does not go back to {instant.isoformat()}")
        return instant


def past_mondays(count: int) -> tuple[datetime, ...]:
    """The instants of past editions, oldest first: 05:30 local on the Mondays before."""
    today = AS_OF.date()
    days = (today - timedelta(weeks=back) for back in range(count, 0, -1))
    return tuple(local(day, "05:30") for day in days)


def local(day: date, clock_time: str) -> datetime:
    """An instant in the demo's zone: `local(date(2026, 11, 18), "11:20")`."""
    return datetime.combine(day, time.fromisoformat(clock_time), tzinfo=ZONE)
