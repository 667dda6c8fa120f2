"""What an example may be like: when and where it takes place, and what is wrong from the start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

STARTS: Final = (
    datetime(2026, 6, 15, 12, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # half an hour before clocks go back in Europe
    datetime(2026, 3, 29, 0, 30, tzinfo=UTC),  # and forward
    datetime(2026, 12, 31, 23, 50, tzinfo=UTC),
)
ZONES: Final = ("Europe/Berlin", "Pacific/Pago_Pago", "Pacific/Kiritimati", "America/New_York")
SKEWS: Final = tuple(timedelta(seconds=s) for s in (0, -24 * 3600, 24 * 3600, 420))
SPANS: Final = tuple(
    timedelta(seconds=s) for s in (0.001, 0.4, 1, 30, 120, 290, 1200, 4000, 7 * 3600)
)
LAGS: Final = tuple(timedelta(seconds=s) for s in (0, 5, 60, 120, 2 * 3600))
"""How late the search is; the last is beyond the overlap, and only a look back makes it good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What holds for a whole example.

    `opens`: everything is shown again before the end. `is_read`: it begins with what is stored.
    `turns`: how often a container may get another key, or be hidden; both make it be read anew.
    """

    cloud: bool = True
    start: datetime = STARTS[0]
    zone: str = ZONES[0]
    theirs: timedelta = timedelta()
    ours: timedelta = timedelta()
    items: int = 1
    opens: bool = False
    looks_back: bool = False
    is_read: bool = True
    turns: int = 3
    lags: bool = True
