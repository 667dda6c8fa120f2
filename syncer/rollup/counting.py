"""The countable set: the only denominator of progress and the only matter of a forecast.

Each work item counts once: leaves only, canonical identity, set union (rollup.md 2.2).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from syncer.domain.item import ItemKind, ItemState, StatusCategory, WorkItem
from syncer.domain.link import LinkKind

_NOT_WORK: Final = frozenset({ItemKind.RISK, ItemKind.DECISION, ItemKind.MILESTONE, ItemKind.GOAL})


def is_work(item: WorkItem) -> bool:
    """Whether the item can count at all: live, not cancelled, and a piece of work."""
    return (
        item.state is ItemState.LIVE
        and item.status_category is not StatusCategory.CANCELLED
        and item.kind not in _NOT_WORK
    )


class Tree:
    """Parents, children and canonical identities over all items of the store.

    Hierarchy crosses containers, so the tree is built once over everything and asked for
    each scope. Cyclic parents are survived: no walk visits an item twice.
    """

    def __init__(self, items: Iterable[WorkItem]) -> None:
        self.by_uid: Mapping[str, WorkItem] = {item.uid: item for item in items}
        self.children: Mapping[str, list[str]] = _children(self.by_uid)

    def ancestors(self, item: WorkItem) -> Iterator[WorkItem]:
        """The known ancestors, nearest first."""
        seen = {item.uid}
        parent = item.parent
        while parent is not None and parent.uid not in seen and parent.uid in self.by_uid:
            seen.add(parent.uid)
            yield self.by_uid[parent.uid]
            parent = self.by_uid[parent.uid].parent

    def descendants(self, uid: str) -> Iterator[WorkItem]:
        """Every item below, in no promised order."""
        seen = {uid}
        stack = list(self.children.get(uid, ()))
        while stack:
            child = stack.pop()
            if child not in seen:
                seen.add(child)
                yield self.by_uid[child]
                stack.extend(self.children.get(child, ()))

    def is_decomposed(self, item: WorkItem) -> bool:
        """Whether live work of level 0 lies below the item."""
        return any(
            is_work(child) and child.hierarchy_level == 0 for child in self.descendants(item.uid)
        )

    @cached_property
    def canonical(self) -> Mapping[str, str]:
        """The canonical uid of every mirrored or duplicate item; others are their own."""
        return _canonical(self.by_uid)

    def canonical_uid(self, item: WorkItem) -> str:
        """The identity under which the item counts."""
        return self.canonical.get(item.uid, item.uid)


def _children(by_uid: Mapping[str, WorkItem]) -> Mapping[str, list[str]]:
    children: dict[str, list[str]] = defaultdict(list)
    for uid, item in by_uid.items():
        if item.parent is not None and item.parent.uid != uid:
            children[item.parent.uid].append(uid)
    return children


def _same_thing(item: WorkItem, by_uid: Mapping[str, WorkItem]) -> Iterator[tuple[str, str]]:
    """Pairs (copy, original) that a mirror or duplicate link declares."""
    for link in item.links:
        if link.kind in (LinkKind.MIRRORS, LinkKind.DUPLICATES) and link.to.uid in by_uid:
            yield (link.to.uid, item.uid) if link.inward else (item.uid, link.to.uid)


def _canonical(by_uid: Mapping[str, WorkItem]) -> Mapping[str, str]:
    leader: dict[str, str] = {}
    copies: set[str] = set()

    def find(uid: str) -> str:
        while leader.get(uid, uid) != uid:
            uid = leader[uid]
        return uid

    for uid in sorted(by_uid):
        for copy, original in _same_thing(by_uid[uid], by_uid):
            copies.add(copy)
            leader.setdefault(copy, copy)
            leader.setdefault(original, original)
            leader[find(copy)] = find(original)
    groups: dict[str, list[str]] = defaultdict(list)
    for uid in leader:
        groups[find(uid)].append(uid)
    return {
        uid: min(group, key=lambda member: (member in copies, member))
        for group in groups.values()
        for uid in group
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Countable:
    """The countable items of a scope, by canonical uid in uid order.

    `undecomposed`: those that stand for work nobody has broken down yet. `cancelled`: items of
    the scope that would count, had they not been cancelled.
    """

    items: tuple[WorkItem, ...]
    undecomposed: frozenset[str]
    cancelled: int
    level_one: int

    @property
    def uids(self) -> frozenset[str]:
        """The uids of the countable items."""
        return frozenset(item.uid for item in self.items)

    @property
    def total(self) -> int:
        """|C|."""
        return len(self.items)

    @property
    def done(self) -> int:
        """|done ∩ C|."""
        return sum(item.status_category is StatusCategory.DONE for item in self.items)

    @property
    def open_items(self) -> tuple[WorkItem, ...]:
        """The open countable items."""
        return tuple(item for item in self.items if item.status_category.is_open)

    @property
    def remaining(self) -> int:
        """R: the number of open countable items."""
        return self.total - self.done

    @property
    def wip(self) -> tuple[WorkItem, ...]:
        """Items in progress or waiting."""
        return tuple(item for item in self.items if item.status_category.is_wip)

    @property
    def progress(self) -> float | None:
        """Share done, None where there is no countable work."""
        return self.done / self.total if self.total else None


def _counts(item: WorkItem, tree: Tree) -> bool:
    if item.hierarchy_level == 0:
        return True
    if item.hierarchy_level < 0:
        return item.parent is None or item.parent.uid not in tree.by_uid
    return not tree.is_decomposed(item)


def countable(scope: Iterable[WorkItem], tree: Tree) -> Countable:
    """The countable set of a scope's items (rollup.md 2.2, steps 1 to 4)."""
    members = list(scope)
    chosen: dict[str, WorkItem] = {}
    for item in members:
        if is_work(item) and _counts(item, tree):
            uid = tree.canonical_uid(item)
            if uid not in chosen or item.uid == uid:
                chosen[uid] = item
    ordered = tuple(chosen[uid] for uid in sorted(chosen))
    return Countable(
        items=ordered,
        undecomposed=frozenset(i.uid for i in ordered if i.hierarchy_level > 0),
        cancelled=sum(
            item.status_category is StatusCategory.CANCELLED and item.hierarchy_level == 0
            for item in members
        ),
        level_one=sum(is_work(item) and item.hierarchy_level == 1 for item in members),
    )
