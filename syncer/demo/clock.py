"""The demo's time: it begins on a Monday morning in November 2026 and runs on."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from syncer.clock import ShiftedClock

ZONE: Final = ZoneInfo("Europe/Berlin")
AS_OF: Final = datetime(2026, 11, 23, 5, 30, tzinfo=ZONE)
"""The instant at which the demo begins: Monday of ISO week 48."""


def demo_clock() -> ShiftedClock:
    """A clock that shows the demo's first instant now and goes on from there."""
    return ShiftedClock(AS_OF)


def past_mondays(count: int) -> tuple[datetime, ...]:
    """The instants of past editions, oldest first: 05:30 local on the Mondays before."""
    today = AS_OF.date()
    days = (today - timedelta(weeks=back) for back in range(count, 0, -1))
    return tuple(local(day, "05:30") for day in days)


def local(day: date, clock_time: str) -> datetime:
    """An instant in the demo's zone: `local(date(2026, 11, 18), "11:20")`."""
    return datetime.combine(day, time.fromisoformat(clock_time), tzinfo=ZONE)
