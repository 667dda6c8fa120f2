"""Progress by estimate: only where nearly all is estimated in one unit (rollup.md 2.2).

Plan, forecast and colour go on counting items: this weighs the told done share and nothing else.
Estimates are those that the tracker has now, in a reconstructed snapshot too.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from syncer.domain.item import StatusCategory, WorkItem
from syncer.domain.portfolio import Project
from syncer.domain.progress import EstimateProgress, ProgressMeasure
from syncer.rollup.tolerance import below
from syncer.rollup.work.counting import Countable

LEAST_ESTIMATED_SHARE: Final = 0.80
_DONE: Final = StatusCategory.DONE


def progress_of(found: EstimateProgress | None, count: Countable) -> float | None:
    """The done share by estimate where that serves, else by count; None without countable work."""
    return count.progress if found is None or found.share is None else found.share


def estimate_progress(project: Project, count: Countable) -> EstimateProgress | None:
    """What the estimates of a project's countable items say; None where it does not ask.

    The unit is the one in which most items are estimated, the first by name of several.
    """
    if project.progress is not ProgressMeasure.ESTIMATE:
        return None
    by_unit = _by_unit(count.items)
    unit = min(by_unit, key=lambda name: (-len(by_unit[name]), name), default="")
    items = by_unit.get(unit, ())
    total = _sum(items)
    return EstimateProgress(
        unit=unit,
        done=_sum([item for item in items if item.status_category is _DONE]) if total else 0.0,
        total=total,
        estimated=len(items),
        countable=count.total,
        refused=_refusal(by_unit, estimated=len(items), countable=count.total, total=total),
    )


def _by_unit(items: Sequence[WorkItem]) -> Mapping[str, Sequence[WorkItem]]:
    found: dict[str, list[WorkItem]] = defaultdict(list)
    for item in items:
        if _is_estimated(item):
            found[item.estimate_unit.strip().casefold()].append(item)
    return found


def _is_estimated(item: WorkItem) -> bool:
    """Whether the estimate is a size; a tracker's custom field may hold a negative number."""
    return item.estimate is not None and math.isfinite(item.estimate) and item.estimate >= 0


def _sum(items: Sequence[WorkItem]) -> float:
    """Exact in whatever order; 0 where it exceeds what a number can hold."""
    try:
        return math.fsum(item.estimate or 0.0 for item in items)
    except OverflowError:
        return 0.0


def _refusal(
    by_unit: Mapping[str, Sequence[WorkItem]], *, estimated: int, countable: int, total: float
) -> str:
    if not countable:
        return "no countable work"
    if not estimated:
        return "none of the items is estimated"
    if below(estimated / countable, LEAST_ESTIMATED_SHARE):
        known = sum(map(len, by_unit.values()))
        units = f" in {len(by_unit)} units" if len(by_unit) > 1 else ""
        most = f", {estimated} of them in the commonest" if units else ""
        least = f"{LEAST_ESTIMATED_SHARE:.0%}".replace("%", " %")
        return f"{known} of {countable} items are estimated{units}{most}; {least} in one unit serve"
    if not total:
        return "the estimates add up to nothing that can be shared"
    return ""
