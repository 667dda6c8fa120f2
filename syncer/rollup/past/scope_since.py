"""How the scope of one project changed since its baseline, its start or its window began."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from syncer.domain.item import WorkItem
from syncer.domain.portfolio import Project
from syncer.domain.statement import Baseline
from syncer.rollup.calendar import complete_weeks
from syncer.rollup.forecasting.throughput import WINDOW_WEEKS
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.past.scope import Counted, ScopeChange, scope_change
from syncer.rollup.past.views import PastViews
from syncer.rollup.view import View
from syncer.rollup.work.counting import Tree


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a civil day begins in a zone."""
    return datetime.combine(day, time.min, tzinfo=zone)


def change_since(
    then: Counted, now: View, key: str, *, baseline: Baseline | None = None
) -> ScopeChange:
    """How a project's scope changed; what has since turned out to be one thing is one thing."""
    tree, after = now.tree, now.countables[key]
    held = tree.canonical(baseline.item_uids if baseline else then.uids)
    whole = tree.canonical(then.undecomposed)
    there = tree.canonical(after.uids)
    return scope_change(
        held,
        there,
        undecomposed=whole,
        ancestors=_lineages(after.items, there - held, tree) if whole else {},
        done=tree.canonical(after.done_uids),
    )


def _lineages(
    items: Iterable[WorkItem], wanted: AbstractSet[str], tree: Tree
) -> Mapping[str, Sequence[str]]:
    """The identities of all ancestors of the items that are wanted, by the items' own."""
    known = ((tree.canonical_uid(item.uid), item) for item in items)
    return {
        uid: [tree.canonical_uid(parent.uid) for parent in tree.ancestors(item)]
        for uid, item in known
        if uid in wanted
    }


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
    approved = approved_plan(project, inputs, lambda b: bool(b.item_uids))
    if approved is not None:
        then = past.counted(project, approved.at)
        return change_since(then, view, project.key, baseline=approved)
    start = project.start
    if start is None or start >= view.today:
        return None
    zone = ZoneInfo(inputs.portfolio.timezone)
    then = past.counted(project, local_midnight(start + timedelta(days=1), zone))
    return change_since(then, view, project.key) if then.uids else None


def growth_in_window(
    project: Project, began: date | None, *, view: View, past: PastViews, zone: ZoneInfo
) -> ScopeChange | None:
    """How the scope changed over the window of the forecast; None where nothing was there.

    `began` is the day of the project's first activity.
    """
    if began is None:
        return None
    first = max(complete_weeks(view.today, WINDOW_WEEKS)[0], began)
    then = past.counted(project, local_midnight(first, zone))
    return change_since(then, view, project.key) if then.uids else None
