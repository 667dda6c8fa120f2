"""Plan against actual: how far a scope should be, for scopes that cannot be forecast.

All dates are report-local civil dates, shares lie in 0..1 (roll-up spec, section 2.3).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Final

from syncer.rollup.calendar import NO_HOLIDAYS, working_days
from syncer.rollup.tolerance import at_least, below

LEAST_PLANNED_FOR_SPI: Final = 0.10
LEAST_DATED_SHARE: Final = 0.60
_ONE_DAY: Final = timedelta(days=1)
FIRST_DAY: Final = date.min + _ONE_DAY
"""The first day before which there is another one."""


def progress(done: int, countable: int) -> float | None:
    """Return the done share of the countable items; None without any countable work."""
    return done / countable if countable else None


def planned_share(
    start: date, target: date, as_of: date, *, holidays: Collection[date] = NO_HOLIDAYS
) -> float:
    """Return the share of the working days from ``start`` to ``target`` that have passed.

    Both ends are counted. A plan without a working day is 0 before its target and 1 from it on.
    """
    eve = max(start, FIRST_DAY) - _ONE_DAY
    whole = working_days(eve, target, holidays)
    if whole <= 0:
        return 1.0 if as_of >= target else 0.0
    passed = working_days(eve, min(as_of, target), holidays)
    return min(max(passed / whole, 0.0), 1.0)


def planned_by_due_dates(due_dates: Sequence[date], countable: int, as_of: date) -> float | None:
    """Return the share of countable items due by ``as_of``.

    None where fewer than 60 % of the items are dated: then the plan is a straight line.
    """
    if not countable or below(len(due_dates) / countable, LEAST_DATED_SHARE):
        return None
    return sum(due <= as_of for due in due_dates) / countable


def schedule_performance(progress: float, planned: float) -> float | None:
    """Return SPI, progress over plan; None while less than a tenth was planned."""
    return progress / planned if at_least(planned, LEAST_PLANNED_FOR_SPI) else None


def schedule_variance(progress: float, planned: float) -> float:
    """Return progress minus plan in percentage points, negative when behind."""
    return 100.0 * (progress - planned)
