"""How features come through, and what the pace is spent on (digest.md 4.4, part 4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from syncer.domain.item import StatusCategory, WorkItem
from syncer.domain.product import FeatureFlow
from syncer.rollup.calendar import complete_weeks, report_date
from syncer.rollup.forecasting.flow import cycle_time, nearest_rank
from syncer.rollup.forecasting.throughput import WINDOW_WEEKS
from syncer.rollup.product.work import ProductWork

_EVEN: Final = 0.50
_SAFE: Final = 0.85
_YEAR: Final = timedelta(days=365)
_WEEK: Final = timedelta(days=7)


def feature_flow(work: ProductWork) -> FeatureFlow:
    """Cycle times of the features of a year, and the parts of the last weeks' throughput.

    An item is a bug, else part of a feature, else something else: the parts add up to all.
    """
    times = feature_cycle_times(work)
    done = _done_lately(work)
    bugs = [item for item in done if item.uid in work.bugs]
    features = [i for i in done if i.uid not in work.bugs and i.uid in work.of_features]
    return FeatureFlow(
        finished=len(times),
        cycle_p50=nearest_rank(times, _EVEN),
        cycle_p85=nearest_rank(times, _SAFE),
        weeks=WINDOW_WEEKS,
        features=len(features),
        bugs=len(bugs),
        others=len(done) - len(features) - len(bugs),
    )


def feature_cycle_times(work: ProductWork) -> list[int]:
    """Calendar days, both ends counted, from a feature's first start to its end.

    It starts with the first work on it or below it. One that nobody ever started is left out.
    """
    times: list[int] = []
    for feature in work.features:
        started, done = _first_start(feature, work), feature.done_at
        if done is None or started is None or not work.is_done(feature):
            continue
        ended = report_date(done, work.zone)
        if work.view.today - _YEAR < ended <= work.view.today:
            times.append(cycle_time(min(started, ended), ended))
    return times


def _first_start(feature: WorkItem, work: ProductWork) -> date | None:
    begun = (one.started_at for one in (feature, *work.below[feature.uid]))
    first = min((at for at in begun if at is not None), default=None)
    return report_date(first, work.zone) if first else None


def _done_lately(work: ProductWork) -> list[WorkItem]:
    """The countable items done in the last complete weeks."""
    mondays = complete_weeks(work.view.today, WINDOW_WEEKS)
    first, end = mondays[0], mondays[-1] + _WEEK
    return [
        item
        for item in work.count.items
        if item.status_category is StatusCategory.DONE
        and item.done_at is not None
        and first <= report_date(item.done_at, work.zone) < end
    ]


def hundredths(parts: Sequence[int]) -> tuple[int, ...]:
    """The parts as whole per cent that add up to 100 (all 0 where there is nothing).

    What rounding down leaves over goes to the largest remainders, of equal ones to the first.
    """
    total = sum(parts)
    if not total:
        return tuple(0 for _ in parts)
    whole = [100 * part // total for part in parts]
    rests = sorted(range(len(parts)), key=lambda n: (-(100 * parts[n] % total), n))
    for n in rests[: 100 - sum(whole)]:
        whole[n] += 1
    return tuple(whole)
