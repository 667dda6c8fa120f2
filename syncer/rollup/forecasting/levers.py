"""What would make a target safe: drop items, move the date, or finish more a week.

Roll-up spec, section 2.4.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Final

from syncer.domain.portfolio import Freeze
from syncer.rollup.calendar import NO_HOLIDAYS, WorkCalendar
from syncer.rollup.forecast import (
    HORIZON_WEEKS,
    completion_cdf,
    date_reached,
    probability_on_time,
    value_at,
    weeks_until,
)
from syncer.rollup.forecasting.convolution import (
    Totals,
    finished,
    rates,
    scope_range,
    totals,
    unfinished_shares,
)
from syncer.rollup.tolerance import at_least

SAFE: Final = 0.85
"""The chance from which a target counts as safe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverFigures:
    """Three ways to a safe target; a way that does not exist is None.

    ``keep`` is R*, the most items with which the target is safe; ``drop`` the rest, with the
    chance ``p_drop`` once they are dropped. ``p85_date`` is the first safe date with its chance
    ``p_at_p85``. ``raise_percent`` is the rise of throughput that does the same as dropping:
    from ``items_per_week_now`` to ``items_per_week_needed``.
    """

    drop: int | None
    keep: int
    p_drop: float | None
    p85_date: date | None
    p_at_p85: float | None
    raise_percent: int | None
    items_per_week_needed: float | None
    items_per_week_now: float


def levers(  # noqa: PLR0913 - importable interface: all but two go by their names
    weekly_throughput: Sequence[int],
    remaining: int,
    *,
    as_of: date,
    target: date,
    scope_growth: float = 0.0,
    holidays: Collection[date] = NO_HOLIDAYS,
    freezes: Sequence[Freeze] = (),
    candidates: int | None = None,
    curve: Sequence[float] | None = None,
) -> LeverFigures:
    """Return what would bring the chance of ``target`` to 85 %.

    ``candidates`` is the number of items that could be dropped, None if any could; with too
    few of them dropping is no option. A target that nothing but an empty scope would meet
    leaves only the date to move. ``curve`` is the completion curve of the same figures, where
    somebody has it already.

    Raises:
        ValueError: if the throughput carries no forecast, as in ``completion_cdf``.
    """
    calendar = WorkCalendar.of(holidays, freezes)
    weeks = weeks_until(as_of, target, horizon_weeks=HORIZON_WEEKS, calendar=calendar)
    odds = _Odds.at(weeks, weekly_throughput, remaining, scope_growth=scope_growth)
    keep = _most_items(odds, remaining)
    drop = remaining - keep
    possible = (keep > 0 or drop == 0) and (candidates is None or drop <= candidates)
    cdf = curve or completion_cdf(weekly_throughput, remaining, scope_growth)
    safe = date_reached(cdf, as_of, SAFE, holidays=holidays, freezes=freezes)
    p_at_p85 = None
    if safe is not None:
        p_at_p85 = probability_on_time(cdf, as_of, safe, holidays=holidays, freezes=freezes)
    pace = sum(weekly_throughput) / len(weekly_throughput)
    return LeverFigures(
        drop=drop if possible else None,
        keep=keep,
        p_drop=odds.chance(keep) if possible else None,
        p85_date=safe,
        p_at_p85=p_at_p85,
        raise_percent=_raise_percent(remaining, keep),
        items_per_week_needed=pace * remaining / keep if keep else None,
        items_per_week_now=pace,
    )


def _raise_percent(remaining: int, keep: int) -> int | None:
    """Return ⌈(R/R* − 1)·100⌉, in whole numbers so that no float noise adds a per cent."""
    return -(-(remaining - keep) * 100 // keep) if keep else None


@dataclass(frozen=True, slots=True)
class _Odds:
    """The distribution of finished items around one moment, shared by all scopes tried."""

    throughput: tuple[int, ...]
    scope_growth: float
    before: Totals
    after: Totals
    fraction: float

    @classmethod
    def at(
        cls, weeks: float, throughput: Sequence[int], remaining: int, *, scope_growth: float
    ) -> _Odds:
        """Convolve once, up to the whole weeks on both sides of ``weeks``."""
        capped = min(weeks, float(HORIZON_WEEKS))
        whole = int(capped)
        shares = unfinished_shares(scope_range(remaining, scope_growth), rates(throughput))
        before, after = islice(totals(throughput, len(shares)), whole, whole + 2)
        return cls(tuple(throughput), scope_growth, before, after, capped - whole)

    def chance(self, items: int) -> float:
        """Return the chance that ``items`` items, and what grows out of them, are done."""
        if items == 0:
            return 1.0
        shares = unfinished_shares(scope_range(items, self.scope_growth), rates(self.throughput))
        return value_at(
            (finished(self.before, shares), finished(self.after, shares)), self.fraction
        )


def _most_items(odds: _Odds, remaining: int) -> int:
    """Return the most items with a safe chance: a search by halves, since more items never help."""
    low, high = 0, remaining
    while low < high:
        middle = (low + high + 1) // 2
        if at_least(odds.chance(middle), SAFE):
            low = middle
        else:
            high = middle - 1
    return low
