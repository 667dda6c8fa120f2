"""The work list of data quality: contradictions and gaps, by the person who can mend them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from syncer.domain.item import WorkItem
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
class Added:
    """Items that came into a project in the last four weeks."""

    project: Link
    items: Sequence[tuple[Link, str, str]]
    more: int


def added(projects: Collection[str], page: PageContext) -> list[Added]:
    """What was created lately, by project: link, day and who reported it; newest first."""
    since, found = 28, defaultdict(list)
    for item in page.current.stock.items:
        key = page.current.stock.projects.get(item.uid, "")
        is_new = (page.current.now - item.created_at).days < since
        if key in projects and is_new and item.hierarchy_level == 0:
            found[key].append(item)
    return [_added(key, found[key], page) for key in projects if key in found]


def _added(key: str, items: Sequence[WorkItem], page: PageContext) -> Added:
    newest = sorted(items, key=lambda item: (item.created_at, item.uid), reverse=True)
    rows = [
        (
            page.work(item),
            page.day(page.digest.local(item.created_at).date()),
            clean(item.reporter.name, 40) if item.reporter else "unknown",
        )
        for item in newest[:12]
    ]
    return Added(project=page.project(key), items=rows, more=max(0, len(newest) - len(rows)))
