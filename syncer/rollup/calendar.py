"""Working days, report-local dates and ISO weeks: the only clock arithmetic of the roll-up.

Every ``date`` here is a civil date in the report's time zone; every ``datetime`` is an aware
instant. Nothing reads the current time (roll-up spec, section 2.1).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from syncer.domain.portfolio import Freeze

NO_HOLIDAYS: Final[frozenset[date]] = frozenset()
WORKING_DAYS_PER_WEEK: Final = 5
_DAYS_PER_WEEK: Final = 7
_DATES_KEPT: Final = 1 << 15
_WEEKS_KEPT: Final = 256
_ONE_DAY: Final = timedelta(days=1)


def working_days(start: date, end: date, holidays: Collection[date] = NO_HOLIDAYS) -> int:
    """Count the working days ``d`` with ``start < d <= end``; negative if ``end`` comes first.

    Weekends (Saturday, Sunday) and ``holidays`` are no working days. The count is
    antisymmetric: ``working_days(a, b) == -working_days(b, a)``. This is ``wd`` of section 2.1.
    """
    if end < start:
        return -working_days(end, start, holidays)
    weekdays = _weekdays_up_to(end) - _weekdays_up_to(start)
    return weekdays - sum(start < day <= end and _is_weekday(day) for day in set(holidays))


def _weekdays_up_to(day: date) -> int:
    """Count the weekdays from 0001-01-01, a Monday, to ``day`` inclusive."""
    weeks, rest = divmod(day.toordinal(), _DAYS_PER_WEEK)
    return weeks * WORKING_DAYS_PER_WEEK + min(rest, WORKING_DAYS_PER_WEEK)


def _is_weekday(day: date) -> bool:
    return day.weekday() < WORKING_DAYS_PER_WEEK


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days are worked, and how much of each.

    A freeze lowers what is finished on a day but the day stays a working day, so that
    slips and delays are counted in the same days with and without a freeze. Where freezes
    overlap the lowest capacity holds.
    """

    holidays: frozenset[date] = NO_HOLIDAYS
    freezes: tuple[Freeze, ...] = ()

    @classmethod
    def of(
        cls, holidays: Collection[date] = NO_HOLIDAYS, freezes: Sequence[Freeze] = ()
    ) -> WorkCalendar:
        """Build a calendar from any collections of holidays and freezes."""
        return cls(frozenset(holidays), tuple(freezes))

    def is_working_day(self, day: date) -> bool:
        """Return whether ``day`` is neither a weekend day nor a holiday."""
        return _is_weekday(day) and day not in self.holidays

    def capacity(self, day: date) -> float:
        """Return the share of a full day worked on ``day``: 0 on weekends and holidays."""
        if not self.is_working_day(day):
            return 0.0
        return min((f.capacity for f in self.freezes if f.first <= day <= f.last), default=1.0)

    def working_days(self, start: date, end: date) -> int:
        """Count working days ``d`` with ``start < d <= end``, antisymmetric."""
        return working_days(start, end, self.holidays)

    def days_from(self, first: date) -> Iterator[date]:
        """Yield the working days from ``first`` (inclusive) to the last day a date can hold."""
        for ordinal in range(first.toordinal(), date.max.toordinal() + 1):
            day = date.fromordinal(ordinal)
            if self.is_working_day(day):
                yield day

    def nth_working_day_after(self, day: date, n: int) -> date:
        """Return the ``n``-th working day after ``day``; ``n = 0`` gives ``day`` itself.

        Raises:
            ValueError: if ``n`` is negative or no such day exists.
        """
        if n == 0:
            return day
        if n < 0 or day == date.max:
            raise ValueError(f"no {n}th working day after {day}")
        found = next(islice(self.days_from(day + _ONE_DAY), n - 1, None), None)
        if found is None:
            raise ValueError(f"no {n}th working day after {day}")
        return found


@lru_cache(maxsize=_DATES_KEPT)
def report_date(instant: datetime, zone: tzinfo | str) -> date:
    """Return the civil date of an aware instant in the report's time zone.

    Kept for a while: a roll-up asks a dozen times for the days of each item, project by project.

    Raises:
        ValueError: if the instant carries no offset: guessing one could move a due date.
    """
    if instant.utcoffset() is None:
        raise ValueError(f"{instant.isoformat()} has no time zone")
    return instant.astimezone(ZoneInfo(zone) if isinstance(zone, str) else zone).date()


def due_date(due: date | datetime, zone: tzinfo | str) -> date:
    """Return the report-local date of a due date: a plain date as it is, an instant converted."""
    return report_date(due, zone) if isinstance(due, datetime) else due


def days_overdue(due: date, today: date, holidays: Collection[date] = NO_HOLIDAYS) -> int:
    """Return by how many working days ``due`` has passed, 0 if it has not."""
    return max(0, working_days(due, today, holidays))


def is_overdue(due: date, today: date, holidays: Collection[date] = NO_HOLIDAYS) -> bool:
    """Return whether a working day has passed since ``due``: a Saturday is late on Monday."""
    return days_overdue(due, today, holidays) >= 1


def iso_week(day: date) -> str:
    """Return the ISO week as ``2026-W48``: also the name of a digest's edition."""
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


@lru_cache(maxsize=_DATES_KEPT)
def week_start(day: date) -> date:
    """Return the Monday of the ISO week of ``day``.

    Kept for a while, like the dates: all projects of a roll-up look at the same days.
    """
    return day - timedelta(days=day.weekday())


@lru_cache(maxsize=_WEEKS_KEPT)
def complete_weeks(as_of: date, count: int) -> tuple[date, ...]:
    """Return the Mondays of the last ``count`` complete ISO weeks before ``as_of``, oldest first.

    The week of ``as_of`` is never complete, not even on its Sunday, since that day still runs.
    """
    this_week = week_start(as_of)
    return tuple(this_week - timedelta(weeks=back) for back in range(count, 0, -1))
