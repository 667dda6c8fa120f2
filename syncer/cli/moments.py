"""Dates and instants as people write them on the command line."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from syncer.clock import as_utc
from syncer.errors import ConfigError

SNAPSHOT_TIME: Final = time(5, 30)
"""A date as `--as-of` means this time of that day: when the weekly snapshot is taken."""


def parse_moment(text: str, zone: str) -> datetime | None:
    """The instant (UTC) of `2026-11-23` or `2026-11-23T18:00`; None for an empty text.

    A time without a zone is in `zone`. `ConfigError` for anything else.
    """
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return _instant(text, zone)
    return as_utc(datetime.combine(day, SNAPSHOT_TIME, tzinfo=ZoneInfo(zone)))


def _instant(text: str, zone: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{text!r} is neither a date nor an instant.",
            fix="Write 2026-11-23 or 2026-11-23T18:00+01:00.",
        ) from None
    return as_utc(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone)))


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
