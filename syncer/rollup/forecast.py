"""When a project will be done: a deterministic forecast with whole weeks convolved exactly.

``as_of`` and every other date are report-local civil dates. Probabilities lie in 0..1. A
completion curve (``cdf``) holds one value per whole working week, ``cdf[k]`` after k weeks
(roll-up spec, section 2.4).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice, takewhile
from operator import itemgetter
from typing import Final

from syncer.domain.portfolio import Freeze
from syncer.rollup.calendar import NO_HOLIDAYS, WORKING_DAYS_PER_WEEK, WorkCalendar
from syncer.rollup.forecasting.convolution import (
    PLAIN,
    checked_throughput,
    completion,
    rates,
    scope_range,
    unfinished_shares,
)
from syncer.rollup.tolerance import at_least

HORIZON_WEEKS: Final = 104
_LOOK_AHEAD_FACTOR: Final = 5
_TIMELINES_KEPT: Final = 256
_ONE_DAY: Final = timedelta(days=1)


def completion_cdf(  # noqa: PLR0917 - importable interface: callers pass these by position
    weekly_throughput: Sequence[int],
    remaining: int,
    scope_growth: float = 0.0,
    horizon_weeks: int = HORIZON_WEEKS,
    *,
    rate_uncertainty: bool = True,
) -> list[float]:
    """Return the chance of being done after 0 … ``horizon_weeks`` whole working weeks.

    ``weekly_throughput`` counts finished items per complete week, in any order. ``scope_growth``
    is clamped to 0..0.5. With ``rate_uncertainty`` the pace itself is uncertain, as it is known
    from few weeks only; without it the observed weeks are simply drawn again and again. Nothing
    remaining is done at once, whatever the throughput.

    Raises:
        ValueError: if there is no week; if there are fewer than two weeks or nothing was ever
            finished while the rate is uncertain; if a number is negative.
    """
    if remaining < 0 or horizon_weeks < 0:
        raise ValueError(
            f"neither remaining ({remaining}) nor horizon_weeks ({horizon_weeks}) may be negative"
        )
    if remaining == 0:
        return [1.0] * (horizon_weeks + 1)
    weeks = checked_throughput(weekly_throughput)
    paces = rates(weeks) if rate_uncertainty else PLAIN
    shares = unfinished_shares(scope_range(remaining, scope_growth), paces)
    return completion(weeks, shares, horizon_weeks)


def value_at(cdf: Sequence[float], weeks: float) -> float:
    """Return the curve at a number of weeks, linear between whole ones, flat beyond the last."""
    if not cdf:
        raise ValueError("an empty completion curve")
    whole = int(weeks)
    if whole >= len(cdf) - 1:
        return cdf[-1]
    low, high = cdf[whole], cdf[whole + 1]
    return min(low + (high - low) * (weeks - whole), high)


@lru_cache(maxsize=_TIMELINES_KEPT)
def timeline(
    as_of: date, horizon_weeks: int, calendar: WorkCalendar
) -> tuple[tuple[date, float], ...]:
    """Return the working days from ``as_of`` with the weeks of work done by their end.

    Up to the first day beyond the horizon, and no further than five times the horizon in civil
    days: what a freeze delays further than that may as well never come. All projects of a roll-up
    look along the same days, so they are kept.
    """
    last = as_of.toordinal() + 7 * _LOOK_AHEAD_FACTOR * (horizon_weeks + 1)
    days: list[tuple[date, float]] = []
    work = 0.0
    for day in calendar.days_from(as_of):
        if day.toordinal() > last:
            break
        work += calendar.capacity(day)
        days.append((day, work / WORKING_DAYS_PER_WEEK))
        if work / WORKING_DAYS_PER_WEEK > horizon_weeks:
            break
    return tuple(days)


def weeks_until(as_of: date, target: date, *, horizon_weeks: int, calendar: WorkCalendar) -> float:
    """Return x(target): the weeks of work from ``as_of`` to ``target``, both inclusive.

    0 for a target in the past; somewhere beyond the horizon for one beyond it.
    """
    days = timeline(as_of, horizon_weeks, calendar)
    until = bisect_right(days, target, key=itemgetter(0))
    return days[until - 1][1] if until else 0.0


def probability_on_time(
    cdf: Sequence[float],
    as_of: date,
    target: date,
    *,
    holidays: Collection[date] = NO_HOLIDAYS,
    freezes: Sequence[Freeze] = (),
) -> float:
    """Return the chance of being done by the end of ``target``.

    A target before ``as_of`` is 0 while something is open, and 1 if everything was done.
    """
    calendar = WorkCalendar.of(holidays, freezes)
    return value_at(cdf, weeks_until(as_of, target, horizon_weeks=len(cdf) - 1, calendar=calendar))


def date_reached(
    cdf: Sequence[float],
    as_of: date,
    probability: float,
    *,
    holidays: Collection[date] = NO_HOLIDAYS,
    freezes: Sequence[Freeze] = (),
) -> date | None:
    """Return the first working day from ``as_of`` on with at least this chance of being done.

    ``None`` means: beyond the horizon.
    """
    calendar = WorkCalendar.of(holidays, freezes)
    enough = next((week for week, p in enumerate(cdf) if at_least(p, probability)), None)
    if enough is None:
        return None
    days = timeline(as_of, len(cdf) - 1, calendar)
    # In the weeks before, the curve is still too low, whatever the day.
    first = bisect_right(days, enough - 1, key=itemgetter(1))
    later = islice(days, first, None)
    return next((day for day, x in later if at_least(value_at(cdf, x), probability)), None)


def expected_overrun(
    cdf: Sequence[float],
    as_of: date,
    target: date,
    *,
    holidays: Collection[date] = NO_HOLIDAYS,
    freezes: Sequence[Freeze] = (),
) -> float:
    """Return the expected working days between ``target`` and the real end.

    Counted up to the horizon of the curve: a lower bound where the curve ends below 0.999
    (see :func:`syncer.rollup.display.show_overrun`).
    """
    calendar = WorkCalendar.of(holidays, freezes)
    horizon = len(cdf) - 1
    days = takewhile(lambda step: step[1] <= horizon, timeline(as_of, horizon, calendar))
    after = math.fsum(1.0 - value_at(cdf, weeks) for day, weeks in days if day > target)
    if target < as_of:
        late = 1 + calendar.working_days(target, as_of - _ONE_DAY)
        return late * (1.0 - cdf[0]) + after
    at_target = weeks_until(as_of, target, horizon_weeks=horizon, calendar=calendar)
    return after + (1.0 - value_at(cdf, at_target) if at_target <= horizon else 0.0)


def joint_cdf(team_groups: Sequence[Sequence[Sequence[float]]]) -> list[float]:
    """Return the chance that all projects are done: product over teams of the minimum inside one.

    The outer sequence holds disjoint teams, the inner one the curves of one team's projects.

    Raises:
        ValueError: if there is no team, a team has no project, or the curves differ in length.
    """
    curves = [cdf for group in team_groups for cdf in group]
    if not all(team_groups) or not curves or len({len(cdf) for cdf in curves}) != 1:
        raise ValueError(
            "a joint needs at least one team, one project a team, and curves of equal length"
        )
    slowest = [[min(values) for values in zip(*group, strict=True)] for group in team_groups]
    # Sorted factors: the order of the teams cannot change the last bit of the product.
    return [math.prod(sorted(values)) for values in zip(*slowest, strict=True)]
