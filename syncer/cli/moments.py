"""Dates and instants as people write them on the command line."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from syncer.clock import as_utc
from syncer.errors import ConfigError

SNAPSHOT_TIME: Final = time(5, 30)
"""A date as `--as-of` means this time of that day: when the weekly snapshot is taken."""

_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 9998


def parse_moment(text: str, zone: str) -> datetime | None:
    """The instant (UTC) of `2026-11-23` or `2026-11-23T18:00`; None for an empty text.

    A time without a zone is in `zone`. `ConfigError` for anything else, and for years that no
    tracker has seen.
    """
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return _sensible(_instant(text), text, zone)
    return _sensible(datetime.combine(day, SNAPSHOT_TIME), text, zone)


def _sensible(moment: datetime, text: str, zone: str) -> datetime:
    """The instant in UTC; near the calendar's ends no week earlier and no zone can be told."""
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ConfigError(f"{text!r} lies beyond anything that could be known.")
    return as_utc(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone)))


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{text!r} is neither a date nor an instant.",
            fix="Write 2026-11-23 or 2026-11-23T18:00+01:00.",
        ) from None


def parse_day(text: str, option: str) -> date | None:
    """The date of an option; None for an empty text, `ConfigError` for one that is no date."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{option}: {text!r} is no date.", fix="Write it like 2026-11-23."
        ) from None
