"""Now, next, later: the features of a product with their forecasts (digest.md 4.4, part 1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from syncer.domain.homes import by_key
from syncer.domain.item import StatusCategory, WorkItem
from syncer.domain.product import Horizon, RoadmapFeature
from syncer.domain.report import FeatureForecast
from syncer.domain.verdict import Verdict
from syncer.rollup.calendar import report_date
from syncer.rollup.group_result import Members
from syncer.rollup.product.customers import Askers
from syncer.rollup.product.work import ProductWork
from syncer.rollup.view import UNREAD

_SHOWN_DONE: Final = timedelta(days=90)
_ORDER: Final = tuple(Horizon)
_REASONS: Final = 2
_LAST: Final = 1 << 30


def roadmap(work: ProductWork, members: Members, askers: Askers) -> tuple[RoadmapFeature, ...]:
    """Open features in the order in which they are worked off; then those done lately."""
    forecasts = {one.item.uid: one for key in work.keys for one in members.results[key].features}
    releases = _releases(work)
    found = [
        (one, _feature(one, work, askers, forecast=forecasts.get(one.uid), releases=releases))
        for one in work.features
        if one.status_category is not StatusCategory.CANCELLED and _is_shown(one, work)
    ]

    def place(pair: tuple[WorkItem, RoadmapFeature]) -> tuple[int, int, int, tuple[object, ...]]:
        item, feature = pair
        forecast = forecasts.get(item.uid)
        ahead = forecast.ahead if forecast else _LAST
        ended = item.done_at.toordinal() if item.done_at and forecast is None else 0
        return _ORDER.index(feature.horizon), ahead, -ended, by_key(item)

    return tuple(feature for _, feature in sorted(found, key=place))


def _is_shown(feature: WorkItem, work: ProductWork) -> bool:
    if not work.is_done(feature):
        return True
    done = report_date(feature.done_at, work.zone) if feature.done_at else date.min
    return work.view.today - done <= _SHOWN_DONE


def _releases(work: ProductWork) -> Mapping[str, tuple[str, ...]]:
    """The names of the releases of each feature, in configured order, by uid."""
    found: dict[str, tuple[str, ...]] = {}
    for release in work.product.releases:
        for feature in work.features_of(work.picked(release)):
            found[feature.uid] = (*found.get(feature.uid, ()), release.name)
    return found


def _feature(
    feature: WorkItem,
    work: ProductWork,
    askers: Askers,
    *,
    forecast: FeatureForecast | None,
    releases: Mapping[str, tuple[str, ...]],
) -> RoadmapFeature:
    leaves, view = work.leaves[feature.uid], work.view
    return RoadmapFeature(
        item=view.mention(feature),
        horizon=_horizon(feature, work),
        status=feature.native_status or feature.status_category.value,
        must=feature.uid in work.musts,
        done=leaves.done,
        total=leaves.total,
        p50=forecast.p50 if forecast else None,
        p85=forecast.p85 if forecast else None,
        probability=forecast.probability if forecast else None,
        withheld=forecast.withheld if forecast else "",
        releases=releases.get(feature.uid, ()),
        why=_why(view.verdict(feature.uid)),
        customers=askers.signal_of((feature, *work.below[feature.uid])),
    )


def _horizon(feature: WorkItem, work: ProductWork) -> Horizon:
    """Now where work has begun; later where it lies in the backlog; next otherwise."""
    if work.is_done(feature):
        return Horizon.DONE
    leaves = work.leaves[feature.uid]
    if feature.status_category.is_wip or leaves.wip or leaves.done:
        return Horizon.NOW
    return Horizon.LATER if feature.backlog else Horizon.NEXT


def _why(verdict: Verdict) -> str:
    """The strongest reasons for a level, else the step that decided; empty: nobody has yet."""
    told = [reason.text for reason in verdict.reasons[:_REASONS] if reason.text]
    step = "" if verdict == UNREAD else verdict.decided_by.replace("_", " ")
    return "; ".join(told) or step
