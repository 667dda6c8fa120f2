"""When each feature of a project will be done, if work goes by their order (rollup.md 2.4).

A feature is an open item of level 1, an epic. Ahead of it lies the open work of all features that
are ranked at or above it: by the tracker's rank where it is known, then by priority, then by due
date. The whole project's throughput works it off. As for gates, no growth of scope is assumed: what
is added later is ranked later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from syncer.domain.item import WorkItem
from syncer.domain.portfolio import ProjectKind
from syncer.domain.report import FeatureForecast
from syncer.rollup.forecast import HORIZON_WEEKS, date_reached, probability_on_time
from syncer.rollup.forecasting.convolution import completions, rates, scope_range, unfinished_shares
from syncer.rollup.project import ProjectBasis
from syncer.rollup.view import View

_EVEN: Final = 0.50
_SAFE: Final = 0.85
_UNRANKED: Final = (1, "")
_LOWEST: Final = 5
_NO_RANKS: Final[Mapping[str, str]] = {}


def has_features(basis: ProjectBasis, view: View) -> bool:
    """Whether the project is of a product, whose readers ask for features."""
    project = basis.project
    return project.kind is ProjectKind.PRODUCT or project.key in view.products_of


def feature_forecasts(
    basis: ProjectBasis, view: View, *, ranks: Mapping[str, str] = _NO_RANKS
) -> tuple[FeatureForecast, ...]:
    """The open features of a project in their order, with dates, and the chance of their due date.

    `ranks` are the tracker's, by uid: texts that sort as the tracker does, the first one first.
    Dates are None beyond the horizon, and with `withheld` where the project has no forecast.
    """
    features = sorted(_features(basis), key=lambda item: _order(item, ranks))
    below = _open_below(basis, view, {item.uid for item in features})
    ahead = 0
    places: list[tuple[WorkItem, int, int]] = []
    for item in features:
        own = len(below[item.uid])
        ahead += own
        places.append((item, own, ahead))
    withheld = basis.forecast.inputs.withheld
    curves = {} if withheld else _curves(basis, {here for _, _, here in places if here})
    return tuple(
        _forecast(item, own, here, curve=curves.get(here), withheld=withheld, view=view)
        for item, own, here in places
    )


def _features(basis: ProjectBasis) -> list[WorkItem]:
    return [item for item in basis.items if item.hierarchy_level == 1 and item.is_open]


def _order(item: WorkItem, ranks: Mapping[str, str]) -> tuple[tuple[int, str], int, date, str]:
    rank = (0, ranks[item.uid]) if item.uid in ranks else _UNRANKED
    priority = _LOWEST if item.priority is None else item.priority
    return rank, priority, item.due_date or date.max, item.uid


def _open_below(
    basis: ProjectBasis, view: View, features: set[str]
) -> Mapping[str, Sequence[WorkItem]]:
    """The open countable items of each feature; one that nobody broke down is its own."""
    found: dict[str, list[WorkItem]] = {uid: [] for uid in features}
    for item in basis.count.open_items:
        lineage = (item, *view.tree.ancestors(item))
        owner = next((one.uid for one in lineage if one.uid in features), None)
        if owner is not None:
            found[owner].append(item)
    return found


def _curves(basis: ProjectBasis, sizes: set[int]) -> Mapping[int, Sequence[float]]:
    """The completion curve of each number of items, all from one convolution."""
    weeks = basis.forecast.inputs.throughput
    if not sizes:
        return {}
    paces, ordered = rates(weeks), sorted(sizes)
    shares = [unfinished_shares(scope_range(size, 0.0), paces) for size in ordered]
    return dict(zip(ordered, completions(weeks, shares, HORIZON_WEEKS), strict=True))


def _forecast(
    item: WorkItem,
    own: int,
    ahead: int,
    *,
    curve: Sequence[float] | None,
    withheld: str,
    view: View,
) -> FeatureForecast:
    bare = FeatureForecast(
        item=view.mention(item), due=item.due_date, remaining=own, ahead=ahead, withheld=withheld
    )
    if curve is None:
        return bare
    today, calendar = view.today, view.calendar
    holidays, freezes = calendar.holidays, calendar.freezes
    p50, p85 = (
        date_reached(curve, today, chance, holidays=holidays, freezes=freezes)
        for chance in (_EVEN, _SAFE)
    )
    chance = None
    if item.due_date is not None:
        chance = probability_on_time(
            curve, today, item.due_date, holidays=holidays, freezes=freezes
        )
    return FeatureForecast(
        item=bare.item,
        due=item.due_date,
        remaining=own,
        ahead=ahead,
        probability=chance,
        p50=p50,
        p85=p85,
    )
