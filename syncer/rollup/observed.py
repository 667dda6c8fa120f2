"""Data quality as observed on a project's items: ratios, contradictions, gaps (rollup.md 2.8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from syncer.domain.item import ItemKind, ItemState, StatusCategory, WorkItem
from syncer.domain.report import Quality
from syncer.rollup.calendar import is_overdue
from syncer.rollup.dependencies import edges
from syncer.rollup.project import ProjectBasis
from syncer.rollup.quality import (
    ConfidenceInputs,
    QualityRatios,
    confidence,
    data_quality,
    synced_ratio,
)
from syncer.rollup.rules import DetectorRules
from syncer.rollup.tolerance import round_half_up
from syncer.rollup.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the items of a project say about the data itself."""

    ratios: QualityRatios
    contradictions: tuple[tuple[WorkItem, str], ...]
    contradiction_share: float
    stale: tuple[WorkItem, ...]
    stale_share: float
    unassigned: tuple[WorkItem, ...]
    unassigned_share: float


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _open_blockers(view: View) -> dict[str, bool]:
    """Whether some open predecessor exists, by uid of the waiting item."""
    by_uid = view.tree.by_uid
    return {v: True for u, v in edges(view.items) if u in by_uid and by_uid[u].is_open}


def _date_faults(item: WorkItem, view: View) -> Iterator[str]:
    today = view.today
    if item.start_date and item.due_date and item.due_date < item.start_date:
        yield "due before its start"
    if not item.status_category.is_open:
        return
    if item.status_category.is_wip and item.start_date and item.start_date > today:
        yield "in progress before its start date"
    not_begun = item.status_category in (StatusCategory.TODO, StatusCategory.UNKNOWN)
    if not_begun and item.due_date and is_overdue(item.due_date, today, view.calendar.holidays):
        yield "overdue and not started"


def _state_faults(item: WorkItem, view: View, waiting: dict[str, bool]) -> Iterator[str]:
    if item.status_category is StatusCategory.DONE:
        below = view.tree.descendants(item.uid)
        if any(child.is_open and child.hierarchy_level >= 0 for child in below):
            yield "done with open children"
        if waiting.get(item.uid):
            yield "done while its predecessor is open"
        if item.done_at is None:
            yield "done without a date"
    elif item.status_category.is_open:
        if item.resolution_kind is not None or item.resolution:
            yield "resolved but in an open status"
        if any(version.closed for version in item.fix_versions):
            yield "open in a closed version"
        if item.sprints and all(sprint.closed for sprint in item.sprints):
            yield "open in a closed sprint"


def contradictions(items: Sequence[WorkItem], view: View) -> tuple[tuple[WorkItem, str], ...]:
    """Items whose data cannot all be true, each once with its first fault."""
    waiting = _open_blockers(view)
    found: list[tuple[WorkItem, str]] = []
    for item in items:
        if item.state is ItemState.LIVE:
            faults = (*_state_faults(item, view, waiting), *_date_faults(item, view))
            found.extend((item, fault) for fault in faults[:1])
    return tuple(found)


def _dated(basis: ProjectBasis) -> float | None:
    dated = [
        item.due_date is not None
        for item in basis.items
        if item.is_open and (item.hierarchy_level >= 1 or item.kind is ItemKind.MILESTONE)
    ]
    return _share(sum(dated), len(dated))


def observe(basis: ProjectBasis, view: View, *, as_of: datetime, rules: DetectorRules) -> Observed:
    """Look at one project's items."""
    wip = basis.count.wip
    old = as_of - timedelta(days=rules.stale_days)
    stale = tuple(i for i in wip if (i.last_meaningful_change_at or i.updated_at) < old)
    unassigned = tuple(i for i in wip if not i.assignees)
    faults = contradictions(basis.items, view)
    looked_at = sum(item.state is ItemState.LIVE for item in basis.items)
    undecomposed = sum(
        view.tree.by_uid[uid].hierarchy_level == 1 for uid in basis.count.undecomposed
    )
    owned = len(wip) - len(unassigned) + bool(basis.project.owner)
    share = _share(len(faults), looked_at)
    return Observed(
        ratios=QualityRatios(
            dated=_dated(basis),
            owned=owned / (len(wip) + 1),
            fresh=_share(len(wip) - len(stale), len(wip)),
            consistent=None if share is None else 1.0 - share,
            decomposed=_share(basis.count.level_one - undecomposed, basis.count.level_one),
            synced=synced_ratio(basis.source_age_hours),
        ),
        contradictions=faults,
        contradiction_share=share or 0.0,
        stale=stale,
        stale_share=_share(len(stale), len(wip)) or 0.0,
        unassigned=unassigned,
        unassigned_share=_share(len(unassigned), len(wip)) or 0.0,
    )


def quality_of(basis: ProjectBasis, observed: Observed, *, unclassified: float) -> Quality:
    """Score and confidence of one project; `unclassified` is the share of its open items."""
    score = data_quality(observed.ratios)
    level, reasons = confidence(
        score,
        ConfidenceInputs(
            source_age_hours=basis.source_age_hours,
            forecast_withheld=bool(basis.forecast.inputs.withheld),
            unassigned_share=observed.unassigned_share,
            unclassified_share=unclassified,
        ),
    )
    rounded = None if score is None else round_half_up(score)
    return Quality(score=rounded, confidence=level, reasons=reasons)


def unclassified_share(items: Sequence[WorkItem], view: View) -> float:
    """The share of open items without a verdict either way."""
    open_items = [item for item in items if item.is_open]
    unsure = sum(view.verdict(item.uid).level.value == "unclassified" for item in open_items)
    return _share(unsure, len(open_items)) or 0.0
