"""Weekly times by the calendar on the wall: each civil week has exactly one due instant.

Pure: the present instant is an argument. A period is named by its ISO week, so that a clock that
steps, a fold of summer time and any number of replicas all mean the same one (reliability spec,
section 4, step 1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEK: Final = timedelta(days=7)
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One civil week of a schedule: `due_at` in UTC, `key` its ISO week such as `2026-W48`."""

    due_at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class WeeklySchedule:
    """A weekday (0 is Monday) and a time of day in an IANA zone."""

    weekday: int
    at: time
    zone: str

    @classmethod
    def parse(cls, text: str, zone: str) -> WeeklySchedule:
        """The schedule of `Mon 07:00`; `ValueError` for anything else."""
        weekday, _, at = text.partition(" ")
        return cls(_WEEKDAYS.index(weekday), time.fromisoformat(at), zone)

    def at_time(self, at: time) -> WeeklySchedule:
        """The same weekday at another time of day."""
        return replace(self, at=at)

    def period_of(self, day: date) -> Period:
        """The period of the ISO week in which a local date lies."""
        due = day + timedelta(days=self.weekday - day.weekday())
        year, week, _ = due.isocalendar()
        return Period(first_instant(due, self.at, self.zone), f"{year}-W{week:02}")

    def newest_due(self, now: datetime) -> Period:
        """The newest period that is due at an instant."""
        today = now.astimezone(ZoneInfo(self.zone)).date()
        this_week = self.period_of(today)
        return this_week if this_week.due_at <= now else self.period_of(today - _WEEK)

    def next_due(self, now: datetime) -> Period:
        """The first period that is due after an instant."""
        today = now.astimezone(ZoneInfo(self.zone)).date()
        this_week = self.period_of(today)
        return this_week if this_week.due_at > now else self.period_of(today + _WEEK)

    def due_since(self, after: datetime, now: datetime) -> list[Period]:
        """The periods due after one instant and until another, oldest first."""
        found: list[Period] = []
        period = self.newest_due(now)
        while period.due_at > after:
            found.append(period)
            period = self.newest_due(period.due_at - _SECOND)
        return found[::-1]


def first_instant(day: date, at: time, zone: str) -> datetime:
    """When a clock on the wall first shows a time of a day, in UTC.

    Where the clock skips that time, the first instant after the gap; where it shows the time
    twice, the first.
    """
    tz = ZoneInfo(zone)
    local = datetime.combine(day, at, tzinfo=tz)
    instant = local.astimezone(UTC)
    shown = instant.astimezone(tz)
    if shown.replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    return _end_of_gap(local.replace(fold=1).astimezone(UTC), instant, tz)


def _end_of_gap(before: datetime, after: datetime, tz: ZoneInfo) -> datetime:
    """The instant between two at which the zone's offset changes, to the second."""
    old = before.astimezone(tz).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(tz).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after
