"""The work list of data quality: contradictions and gaps, by the person who can mend them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from syncer.domain.item import WorkItem
from syncer.domain.load import QualityFix
from syncer.domain.report import ProjectResult
from syncer.publish.digest.tracker_text import clean
from syncer.web.pages.context import Link, PageContext

_STALE_DAYS: Final = 14
_MOST: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What is amiss with one item, and the item."""

    what: str
    item: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkList:
    """One owner's gaps; `owner` empty: nobody's. `more` were left off."""

    owner: str
    gaps: Sequence[Gap]
    more: int = 0


def work_lists(projects: Collection[str], page: PageContext) -> list[WorkList]:
    """The gaps of these projects, nobody's first, then by owner."""
    contradictory = {
        mention.uid
        for project in page.current.pair.current.projects
        if project.key in projects
        for mention in project.contradictions
    }
    found: dict[str, list[Gap]] = defaultdict(list)
    for item in page.current.stock.items:
        if page.current.stock.projects.get(item.uid) in projects:
            for what in _amiss(item, page, contradictory=item.uid in contradictory):
                owner = clean(item.assignees[0].name, 40) if item.assignees else ""
                found[owner].append(Gap(what=what, item=page.work(item)))
    return [
        WorkList(owner=owner, gaps=found[owner][:_MOST], more=max(0, len(found[owner]) - _MOST))
        for owner in sorted(found)
    ]


def _amiss(item: WorkItem, page: PageContext, *, contradictory: bool) -> Iterator[str]:
    if contradictory:
        yield "contradicts itself"
    if not item.is_open or not item.status_category.is_wip:
        return
    if not item.assignees:
        yield "in progress, nobody assigned"
    last = item.last_meaningful_change_at
    if last is not None and (page.current.now - last).days > _STALE_DAYS:
        yield f"in progress, no news for {(page.current.now - last).days} days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixes:
    """What would raise the data quality of one project most for the least work."""

    project: Link
    scope: str
    fixes: Sequence[QualityFix]


def fixes(projects: Sequence[ProjectResult], page: PageContext) -> list[Fixes]:
    """The three cheapest fixes of each project that has any."""
    return [
        Fixes(project=page.project(one.key), scope=one.scope, fixes=one.quality.fixes)
        for one in projects
        if one.quality.fixes
    ]
