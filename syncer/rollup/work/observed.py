"""Data quality as observed on a project's items: ratios, contradictions, gaps (rollup.md 2.8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final

from syncer.domain.item import ItemKind, ItemState, StatusCategory, WorkItem
from syncer.domain.report import Quality
from syncer.domain.statement import OwnerWord
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.calendar import is_overdue
from syncer.rollup.project import ProjectBasis
from syncer.rollup.rules import DetectorRules
from syncer.rollup.tolerance import round_half_up
from syncer.rollup.view import View
from syncer.rollup.work.fixes import Gaps, cheapest_fixes
from syncer.rollup.work.quality import (
    DEFAULTS,
    ConfidenceInputs,
    QualityRatios,
    QualityThresholds,
    confidence,
    data_quality,
    synced_ratio,
)

_LIVE: Final = ItemState.LIVE
_DONE: Final = StatusCategory.DONE
_WAITING: Final = StatusCategory.WAITING
_uid: Final[Callable[[WorkItem], str]] = attrgetter("uid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the items of a project say about the data itself.

    Shares are of work in progress, that of contradictions is of all items that exist. `undated` are
    open epics and milestones without a date, `undecomposed` the epics that nobody broke down.
    `word_contradicts` says that the owner calls the project on track after its target has passed:
    one more contradiction among one more thing said.
    """

    ratios: QualityRatios
    contradictions: tuple[tuple[WorkItem, str], ...]
    contradiction_share: float
    word_contradicts: bool
    stale: tuple[WorkItem, ...]
    stale_share: float
    undated: tuple[WorkItem, ...]
    undecomposed: tuple[WorkItem, ...]
    unassigned: tuple[WorkItem, ...]
    unassigned_share: float


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def held_up(view: View) -> frozenset[str]:
    """The uids of items that wait for something open: one look for all projects."""
    by_uid = view.tree.by_uid
    return frozenset(v for u, v in view.edges if u in by_uid and by_uid[u].is_open)


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


def _state_faults(item: WorkItem, view: View, stopped: AbstractSet[str]) -> Iterator[str]:
    if item.status_category is _DONE:
        if item.uid in view.above_open:
            yield "done with open children"
        if item.uid in stopped:
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


def contradictions(
    items: Sequence[WorkItem], view: View, waiting: AbstractSet[str] | None = None
) -> tuple[tuple[WorkItem, str], ...]:
    """Items whose data cannot all be true, each once with its first fault, in uid order.

    `waiting` are the uids of items that wait for something open, found in the view if not given.
    """
    stopped = held_up(view) if waiting is None else waiting
    live = (item for item in sorted(items, key=_uid) if item.state is _LIVE)
    faults = ((item, _first_fault(item, view, stopped)) for item in live)
    return tuple((item, fault) for item, fault in faults if fault)


def _first_fault(item: WorkItem, view: View, stopped: AbstractSet[str]) -> str:
    fault = next(_state_faults(item, view, stopped), "")
    if fault or (item.start_date is None and item.due_date is None):
        return fault
    return next(_date_faults(item, view), "")


def _to_be_dated(basis: ProjectBasis) -> list[WorkItem]:
    return [
        item
        for item in basis.items
        if (item.hierarchy_level >= 1 or item.kind is ItemKind.MILESTONE) and item.is_open
    ]


def _whole(basis: ProjectBasis, view: View) -> list[WorkItem]:
    """The epics that nobody has broken down."""
    items = (view.tree.by_uid[uid] for uid in sorted(basis.count.undecomposed))
    return [item for item in items if item.hierarchy_level == 1]


def _stale(
    wip: Sequence[WorkItem], stopped: AbstractSet[str], oldest: datetime
) -> tuple[WorkItem, ...]:
    """Work in progress that nobody cared for; what is blocked is not stale as well (2.6)."""
    return tuple(
        item
        for item in wip
        if (item.last_meaningful_change_at or item.updated_at) < oldest
        and item.status_category is not _WAITING
        and not item.flagged
        and item.uid not in stopped
    )


def _word_contradicts(basis: ProjectBasis, word: OwnerWord | None, view: View) -> bool:
    past = basis.target is not None and view.calendar.working_days(basis.target, view.today) >= 1
    return word is OwnerWord.ON_TRACK and past and basis.count.remaining > 0


def observe(
    basis: ProjectBasis,
    view: View,
    *,
    as_of: datetime,
    rules: DetectorRules,
    owner_word: OwnerWord | None = None,
    waiting: AbstractSet[str] | None = None,
) -> Observed:
    """Look at one project's items, and at what its owner says of it (`owner_word`).

    `waiting` are the uids of `held_up`, found in the view if not given.
    """
    wip, stopped = basis.count.wip, held_up(view) if waiting is None else waiting
    stale = _stale(wip, stopped, as_of - timedelta(days=rules.stale_days))
    unassigned = tuple(i for i in wip if not i.assignees)
    faults = contradictions(basis.items, view, stopped)
    said = _word_contradicts(basis, owner_word, view)
    looked_at = sum(item.state is _LIVE for item in basis.items) + said
    owned = len(wip) - len(unassigned) + bool(basis.project.owner)
    share = _share(len(faults) + said, looked_at)
    to_be_dated, whole = _to_be_dated(basis), _whole(basis, view)
    undated = sorted((i for i in to_be_dated if i.due_date is None), key=lambda item: item.uid)
    return Observed(
        ratios=QualityRatios(
            dated=_share(len(to_be_dated) - len(undated), len(to_be_dated)),
            owned=owned / (len(wip) + 1),
            fresh=_share(len(wip) - len(stale), len(wip)),
            consistent=None if share is None else 1.0 - share,
            decomposed=_share(basis.count.level_one - len(whole), basis.count.level_one),
            synced=synced_ratio(basis.source_age_hours),
        ),
        contradictions=faults,
        contradiction_share=share or 0.0,
        word_contradicts=said,
        stale=stale,
        stale_share=_share(len(stale), len(wip)) or 0.0,
        undated=tuple(undated),
        undecomposed=tuple(whole),
        unassigned=unassigned,
        unassigned_share=_share(len(unassigned), len(wip)) or 0.0,
    )


def quality_of(
    basis: ProjectBasis,
    observed: Observed,
    *,
    unclassified: float,
    thresholds: QualityThresholds = DEFAULTS,
) -> Quality:
    """Score and confidence of one project; `unclassified` is the share of its open items."""
    score = data_quality(observed.ratios)
    level, reasons = confidence(
        score,
        ConfidenceInputs(
            source_age_hours=basis.source_age_hours,
            forecast_withheld=bool(basis.forecast.inputs.withheld),
            unassigned_share=observed.unassigned_share,
            unclassified_share=unclassified,
            backtest_held=basis.backtest.held,
            backtest_total=basis.backtest.total,
        ),
        thresholds,
    )
    rounded = None if score is None else round_half_up(score)
    fixes = cheapest_fixes(observed.ratios, _gaps(basis, observed))
    return Quality(score=rounded, confidence=level, reasons=reasons, fixes=fixes)


def _gaps(basis: ProjectBasis, observed: Observed) -> Gaps:
    return Gaps(
        undated=observed.undated,
        unassigned=observed.unassigned,
        assigned=len(basis.count.wip) - len(observed.unassigned),
        owner_missing=not basis.project.owner,
        stale=observed.stale,
        contradictory=[item for item, _ in observed.contradictions],
        undecomposed=observed.undecomposed,
    )


def unclassified_share(items: Iterable[WorkItem], view: View) -> float:
    """The share of open items without a verdict either way."""
    levels = [view.verdict(item.uid).level for item in items if item.is_open]
    return _share(levels.count(VerdictLevel.UNCLASSIFIED), len(levels)) or 0.0
