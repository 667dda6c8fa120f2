"""Instants and dates as Linear writes them."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from syncer.connect.times import utc_instant

_MONTHS: Final = {"month": 1, "quarter": 3, "halfYear": 6, "year": 12}
"""`DateResolutionType` of the schema: how many months a coarse date means."""

_YEAR: Final = 12
_MOMENT: Final = timedelta(seconds=1)


def wire_time(ms: int) -> str:
    """An instant in epoch milliseconds as filters take it; what is no time becomes 1970."""
    try:
        at = datetime.fromtimestamp(ms // 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return "1970-01-01T00:00:00.000Z"
    return f"{at:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03}Z"


def last_day(day: date | None, resolution: str | None, *, fiscal_start: int = 0) -> date | None:
    """The last day that a coarse date may mean: of its month, quarter, half-year or year.

    Quarters and years are those of the workspace, whose fiscal year begins in the month
    `fiscal_start` (0: January), as `Organization.fiscalYearStartMonth` tells.
    """
    months = _MONTHS.get(resolution or "")
    if day is None or months is None:
        return day
    begun = (day.month - 1 - fiscal_start) % months
    return _month_end(day.year, day.month - 1 - begun + months - 1)


def first_day(day: date | None, resolution: str | None, *, fiscal_start: int = 0) -> date | None:
    """The first day that a coarse date may mean."""
    months = _MONTHS.get(resolution or "")
    if day is None or months is None:
        return day
    month = day.month - 1 - (day.month - 1 - fiscal_start) % months
    return date(max(day.year + month // _YEAR, 1), month % _YEAR + 1, 1)


def _month_end(year: int, month: int) -> date:
    """The last day of the month so many months after a year's January."""
    year, month = min(year + month // _YEAR, 9999), month % _YEAR + 1
    return date(year, month, calendar.monthrange(year, month)[1])


def last_civil_day(end: str | None, zone: str | None) -> date | None:
    """The day on which a cycle ends where its team is: it ends with the midnight after that."""
    if not end:
        return None
    try:
        where = ZoneInfo(zone or "UTC")
    except (KeyError, ValueError, OSError):
        where = ZoneInfo("UTC")
    try:
        return (utc_instant(end) - _MOMENT).astimezone(where).date()
    except OverflowError:
        return utc_instant(end).date()
