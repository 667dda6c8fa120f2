"""Instants and dates as Redmine writes them: `2026-11-23T20:54:04Z` and `2026-11-30`."""

from __future__ import annotations

from datetime import UTC, date, datetime

from syncer.connect.times import utc_instant
from syncer.connect.unreadable import Unmappable


def instant(value: str) -> datetime:
    """The instant in UTC, in whole seconds; `Unmappable` for what is none, or bears no zone.

    Instants beyond the calendar's ends become its ends.
    """
    return utc_instant(value).replace(microsecond=0)


def civil_date(value: str | None) -> date | None:
    """The civil date, None without one; `Unmappable` for what is none."""
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Unmappable(f"{value[:40]!r} is no date") from None


def wire_time(ms: int) -> str:
    """An instant as the filter on `updated_on` reads it, in whole seconds of UTC."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
