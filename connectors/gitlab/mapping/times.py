"""Instants and dates as GitLab writes them."""

from __future__ import annotations

from datetime import date, datetime

from connectors.gitlab.mapping.faults import Unmappable
from syncer.connect.times import utc_instant


def instant(value: str) -> datetime:
    """The instant in UTC; `Unmappable` for what is none, or bears no zone.

    REST writes milliseconds and perhaps an offset, GraphQL whole seconds. Instants beyond the
    calendar's ends become its ends.
    """
    try:
        return utc_instant(value)
    except ValueError as error:
        raise Unmappable(str(error)) from None


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
