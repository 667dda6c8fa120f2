"""The roadmap of a product: its features with state, work left, dates and customers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from syncer.domain.homes import by_key
from syncer.domain.item import ItemKind, StatusCategory, WorkItem
from syncer.web.pages.context import Link, PageContext

NOW, NEXT, LATER, DONE = "Now", "Next", "Later", "Done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One feature: an epic, the items below it, and the distinct customers who asked for it."""

    item: Link
    horizon: str
    must: bool
    done: int
    total: int
    due: date | None
    customers: int
    requests: int


def features(projects: Collection[str], page: PageContext) -> list[Feature]:
    """The features of these projects: now, next, later, done; inside by due date."""
    stock = page.current.stock
    mine = [one for one in stock.items if stock.projects.get(one.uid) in projects]
    below: dict[str, list[WorkItem]] = defaultdict(list)
    for item in mine:
        if item.parent is not None:
            below[item.parent.uid].append(item)
    epics = sorted((one for one in mine if one.kind is ItemKind.EPIC), key=by_key)
    found = [_feature(one, _tree(one, below), page) for one in epics]
    order = (NOW, NEXT, LATER, DONE)
    return sorted(found, key=lambda one: (order.index(one.horizon), one.due or date.max))


def _tree(root: WorkItem, below: Mapping[str, Sequence[WorkItem]]) -> list[WorkItem]:
    """Everything under an item, each once, whatever circles the tracker allows."""
    found: dict[str, WorkItem] = {}
    waiting = [root]
    while waiting:
        for child in below.get(waiting.pop().uid, ()):
            if child.uid not in found and child.uid != root.uid:
                found[child.uid] = child
                waiting.append(child)
    return list(found.values())


def _feature(epic: WorkItem, tree: Sequence[WorkItem], page: PageContext) -> Feature:
    counted = [
        one
        for one in tree
        if one.hierarchy_level == 0 and one.status_category is not StatusCategory.CANCELLED
    ]
    asked = [customer for one in (epic, *tree) for customer in one.customers]
    return Feature(
        item=page.work(epic),
        horizon=_horizon(epic, counted),
        must=epic.must_have,
        done=sum(one.status_category is StatusCategory.DONE for one in counted),
        total=len(counted),
        due=epic.due_date,
        customers=len(set(asked)),
        requests=len(asked),
    )


def _horizon(epic: WorkItem, counted: Sequence[WorkItem]) -> str:
    if not epic.status_category.is_open:
        return DONE
    begun = any(not _untouched(one) for one in counted)
    if epic.status_category.is_wip or begun:
        return NOW
    return LATER if epic.backlog else NEXT


def _untouched(item: WorkItem) -> bool:
    return item.status_category in {StatusCategory.TODO, StatusCategory.UNKNOWN}
