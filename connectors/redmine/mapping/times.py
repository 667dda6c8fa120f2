"""Instants and dates as Redmine writes them: `2026-11-23T20:54:04Z` and `2026-11-30`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from connectors.redmine.mapping.faults import Unmappable

_LAST: Final = datetime.max.replace(tzinfo=UTC)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)


def instant(value: str) -> datetime:
    """The instant in UTC, in whole seconds; `Unmappable` for what is none, or bears no zone.

    Instants beyond the calendar's ends become its ends.
    """
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise Unmappable(f"{value[:40]!r} is no time") from None
    if at.tzinfo is None:
        raise Unmappable(f"{value[:40]!r} is a time without a zone")
    try:
        return at.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        return _LAST if at.year > 1 else _FIRST


def civil_date(value: str | None) -> date | None:
    """The civil date, None without one; `Unmappable` for what is none."""
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Unmappable(f"{value[:40]!r} is no date") from None


def epoch_ms(at: datetime) -> int:
    """Milliseconds since the epoch."""
    return round(at.timestamp() * 1000)


def wire_time(ms: int) -> str:
    """An instant as the filter on `updated_on` reads it, in whole seconds of UTC."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
