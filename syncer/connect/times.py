"""Instants as trackers write them: ISO 8601 with a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from syncer.connect.unreadable import Unmappable

_LAST: Final = datetime.max.replace(tzinfo=UTC)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_SHOWN: Final = 40


def utc_instant(text: str) -> datetime:
    """The instant in UTC; one beyond the calendar's ends becomes its end.

    `Unmappable` for what is no time or bears no zone.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Unmappable(f"{text[:_SHOWN]!r} is no time") from None
    if at.tzinfo is None:
        raise Unmappable(f"{text[:_SHOWN]!r} is a time without a zone")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        return _LAST if at.year > 1 else _FIRST


def civil_date(text: str | None) -> date | None:
    """The civil date, None without one; `Unmappable` for what is none.

    An instant in its place counts by its day in UTC.
    """
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return utc_instant(text).date()


def epoch_ms(at: datetime) -> int:
    """Milliseconds since the epoch."""
    return round(at.timestamp() * 1000)
