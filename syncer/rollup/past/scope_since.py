"""How the scope of one project changed since its baseline, its start or its window began."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from syncer.domain.portfolio import Project
from syncer.domain.statement import Baseline
from syncer.rollup.calendar import complete_weeks, report_date
from syncer.rollup.forecasting.throughput import WINDOW_WEEKS, first_activity
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.past.scope import ScopeChange, scope_change
from syncer.rollup.past.views import PastViews
from syncer.rollup.view import View


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a civil day begins in a zone."""
    return datetime.combine(day, time.min, tzinfo=zone)


def change_since(
    then: View, now: View, key: str, *, baseline: Baseline | None = None
) -> ScopeChange:
    """How a project's scope changed; what has since turned out to be one thing is one thing."""
    identity = now.tree.canonical_uid
    before, after = then.countables[key], now.countables[key]
    held = {identity(uid) for uid in (baseline.item_uids if baseline else before.uids)}
    there = {identity(item.uid): item for item in after.items}
    whole = {identity(uid) for uid in before.undecomposed}
    return scope_change(
        held,
        set(there),
        undecomposed=whole,
        ancestors={
            uid: [identity(parent.uid) for parent in now.tree.ancestors(item)]
            for uid, item in there.items()
            if uid not in held
        }
        if whole
        else {},
        done={identity(item.uid) for item in after.items if not item.is_open},
    )


def approved_plan(
    project: Project, inputs: RollupInputs, holds: Callable[[Baseline], bool]
) -> Baseline | None:
    """The latest approved baseline that holds what is asked for."""
    past = [
        b for b in inputs.statements.baselines if b.project == project.key and b.at <= inputs.as_of
    ]
    return max(filter(holds, past), key=lambda b: b.at, default=None)


def scope_since_baseline(
    project: Project, *, view: View, past: PastViews, inputs: RollupInputs
) -> ScopeChange | None:
    """Scope against the approved baseline, else against what there was on the project's start.

    A project that declares neither has promised no scope: its growth is nobody's creep.
    """
    zone = ZoneInfo(inputs.portfolio.timezone)
    approved = approved_plan(project, inputs, lambda b: bool(b.item_uids))
    if approved is not None:
        then = past.at(project, approved.at, report_date(approved.at, zone))
        return change_since(then, view, project.key, baseline=approved)
    start = project.start
    if start is None or start >= view.today:
        return None
    then = past.at(project, local_midnight(start + timedelta(days=1), zone), start)
    return change_since(then, view, project.key) if then.countables[project.key].total else None


def growth_in_window(
    project: Project, *, view: View, past: PastViews, zone: ZoneInfo
) -> ScopeChange | None:
    """How the scope changed over the window of the forecast; None where nothing was there."""
    began = first_activity(view.countables[project.key].items, zone)
    if began is None:
        return None
    first = max(complete_weeks(view.today, WINDOW_WEEKS)[0], began)
    then = past.at(project, local_midnight(first, zone), first)
    if not then.countables[project.key].total:
        return None
    return change_since(then, view, project.key)
