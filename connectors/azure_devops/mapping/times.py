"""Instants and dates as Azure DevOps writes them."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from syncer.connect.times import utc_instant
from syncer.connect.unreadable import Unmappable

_FAR: Final = 9000
_HALF_A_DAY: Final = timedelta(hours=12)
_QUARTERS: Final = frozenset({0, 15, 30, 45})


def instant(value: object) -> datetime:
    """The instant in UTC; `Unmappable` for what is none, or bears no zone.

    Answers write UTC with up to seven digits of a second. Instants beyond the calendar's ends
    become its ends.
    """
    if not isinstance(value, str):
        raise Unmappable("a time is no text")
    return utc_instant(value)


def known_instant(value: object) -> datetime | None:
    """The instant of an entry of the past; None for what is none or means "not yet".

    The last entry of a history is revised in the year 9999.
    """
    try:
        at = instant(value)
    except Unmappable:
        return None
    return at if at.year < _FAR else None


def civil_date(value: object, zone: tzinfo | None = None) -> date | None:
    """The civil date of a date field, None without one; `Unmappable` for what is none.

    People pick days; Azure DevOps keeps the midnight of their own zone as an instant. A midnight of
    UTC is meant as it stands. Any other instant counts in `zone`; without one, what may be
    somebody's midnight belongs to the nearest day.
    """
    if value is None or value == "":
        return None
    at = instant(value)
    if at.time() == datetime.min.time():
        return at.date()
    if zone is not None:
        return at.astimezone(zone).date()
    is_midnight = at.minute in _QUARTERS and not (at.second or at.microsecond)
    try:
        return (at + _HALF_A_DAY).date() if is_midnight else at.date()
    except OverflowError:
        return at.date()
