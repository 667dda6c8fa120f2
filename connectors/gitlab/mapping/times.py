"""Instants and dates as GitLab writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from connectors.gitlab.mapping.faults import Unmappable

_LAST: Final = datetime.max.replace(tzinfo=UTC)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)


def instant(value: str) -> datetime:
    """The instant in UTC; `Unmappable` for what is none, or bears no zone.

    REST writes milliseconds and perhaps an offset, GraphQL whole seconds. Instants beyond the
    calendar's ends become its ends.
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


def to_the_second(value: str) -> datetime:
    """The instant in whole seconds: GraphQL tells no more, and both must tell the same."""
    return instant(value).replace(microsecond=0)


def civil_date(value: str | None) -> date | None:
    """The civil date, None without one; `Unmappable` for what is none.

    GitLab's due and start dates are dates; an instant in their place counts by its day in UTC.
    """
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return instant(value).date()


def epoch_ms(at: datetime) -> int:
    """Milliseconds since the epoch."""
    return round(at.timestamp() * 1000)
