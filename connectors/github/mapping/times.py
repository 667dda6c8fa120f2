"""Instants and dates as GitHub writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from connectors.github.mapping.faults import Unmappable

_LAST: Final = datetime.max.replace(tzinfo=UTC)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)


def instant(value: str) -> datetime:
    """The instant in UTC; `Unmappable` for what is none, or bears no zone.

    Instants beyond the calendar's ends become its ends.
    """
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise Unmappable(f"{value[:40]!r} is no time") from None
    if at.tzinfo is None:
        raise Unmappable(f"{value[:40]!r} is a time without a zone")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        return _LAST if at.year > 1 else _FIRST


def civil_date(value: str) -> date:
    """The day that a milestone's `due_on` means: the date in UTC.

    GitHub keeps the day alone and gives it back as midnight on the Pacific coast, which is 07:00 or
    08:00 UTC of that day, by the season; newer servers as midnight UTC. Either way the day is the
    one in UTC, and no local zone may be applied
    (github.com/microsoft/PowerShellForGitHub/pull/133, observed there).
    """
    try:
        return date.fromisoformat(value)
    except ValueError:
        return instant(value).date()


def epoch_ms(at: datetime) -> int:
    """Milliseconds since the epoch."""
    return round(at.timestamp() * 1000)
