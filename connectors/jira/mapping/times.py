"""Instants and dates as Jira writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from typing import Final

from syncer.connect.unreadable import Unmappable

LAST_INSTANT: Final = datetime.max.replace(tzinfo=UTC)
_FIRST_INSTANT: Final = datetime.min.replace(tzinfo=UTC)
_MILLISECONDS_FROM: Final = 100_000_000_000  # as seconds, the year 5138


def instant(value: str | int, zone: tzinfo | None) -> datetime:
    """The instant in UTC; a time without a zone is in `zone`, the account's own.

    `Unmappable` if that is not known either: a zone is never guessed.
    Numbers are epoch seconds or milliseconds (the bulk changelog sends them). Instants beyond
    the calendar's ends, such as 9999-12-31 in a zone west of Greenwich, become its ends.
    """
    try:
        at = _from_number(value) if isinstance(value, int) else datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError):
        raise Unmappable(f"{str(value)[:40]!r} is no time") from None
    if at.tzinfo is UTC:
        return at
    if at.tzinfo is None and zone is None:
        raise Unmappable("a time without a zone, and the account's own is not known")
    aware = at if at.tzinfo is not None else at.replace(tzinfo=zone)
    try:
        return aware.astimezone(UTC)
    except OverflowError:
        return LAST_INSTANT if aware.year > 1 else _FIRST_INSTANT


def day(value: str, zone: tzinfo | None) -> date:
    """The civil date; an instant is taken to the account's zone first, else UTC."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        return _local_day(instant(value, zone), zone)


def _local_day(at: datetime, zone: tzinfo | None) -> date:
    try:
        return at.astimezone(zone or UTC).date()
    except OverflowError:
        return at.date()


def _from_number(value: int) -> datetime:
    return datetime.fromtimestamp(value / 1000 if value >= _MILLISECONDS_FROM else value, UTC)


def epoch_ms(at: datetime) -> int:
    """Milliseconds since the epoch."""
    return round(at.timestamp() * 1000)
