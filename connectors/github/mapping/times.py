"""Dates as GitHub writes them."""

from __future__ import annotations

from datetime import date

from syncer.connect.times import utc_instant


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
        return utc_instant(value).date()
