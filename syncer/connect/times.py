"""Instants as trackers write them: ISO 8601 with a zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_LAST: Final = datetime.max.replace(tzinfo=UTC)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_SHOWN: Final = 40


def utc_instant(text: str) -> datetime:
    """The instant in UTC; one beyond the calendar's ends becomes its end.

    `ValueError`, in words for people, for what is no time or bears no zone.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:_SHOWN]!r} is no time") from None
    if at.tzinfo is None:
        raise ValueError(f"{text[:_SHOWN]!r} is a time without a zone")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        return _LAST if at.year > 1 else _FIRST


def epoch_ms(at: datetime) -> int:
    """Milliseconds since the epoch."""
    return round(at.timestamp() * 1000)
