"""The countable set: the only denominator of progress and the only matter of a forecast.

Each work item counts once: leaves only, canonical identity, set union (rollup.md 2.2).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import Final

from syncer.domain.item import ItemKind, ItemState, StatusCategory, WorkItem
from syncer.domain.link import LinkKind

_LIVE: Final = ItemState.LIVE
_DONE: Final = StatusCategory.DONE
_CANCELLED: Final = StatusCategory.CANCELLED
_uid: Final[Callable[[WorkItem], str]] = attrgetter("uid")
_end: Final[Callable[[WorkItem], datetime]] = attrgetter("done_at")
_NOT_WORK: Final = frozenset({ItemKind.RISK, ItemKind.DECISION, ItemKind.MILESTONE, ItemKind.GOAL})


def is_live_work(item: WorkItem) -> bool:
    """Whether the item is a piece of work that exists and that we can see, cancelled or not."""
    return item.state is _LIVE and item.kind not in _NOT_WORK


def is_work(item: WorkItem) -> bool:
    """Whether the item can count at all: live, not cancelled, and a piece of work."""
    return (
        item.state is _LIVE
        and item.kind not in _NOT_WORK
        and item.status_category is not _CANCELLED
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
        """Whether the item is of level 1 or higher with live work of level 0 below it."""
        return item.hierarchy_level > 0 and any(
            is_work(child) and child.hierarchy_level == 0 for child in self.descendants(item.uid)
        )

    def stands_alone(self, item: WorkItem) -> bool:
        """Whether no parent that we can see carries the item."""
        parent = self.by_uid.get(item.parent.uid) if item.parent else None
        return parent is None or parent.state is not _LIVE

    @cached_property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """All copies of one thing, the canonical one first, by the uid of each that has any."""
        return _same_things(self.by_uid)

    def copies(self, uid: str) -> tuple[str, ...]:
        """All mirrors and duplicates of one thing, the canonical one first."""
        return self.groups.get(uid, (uid,))

    def canonical_uid(self, uid: str) -> str:
        """The identity under which an item counts."""
        return self.copies(uid)[0]

    def canonical(self, uids: AbstractSet[str]) -> AbstractSet[str]:
        """The identities of many items: nearly all are their own."""
        copies = self.groups.keys() & uids
        return (uids - copies) | {self.groups[uid][0] for uid in copies} if copies else uids


def _children(by_uid: Mapping[str, WorkItem]) -> Mapping[str, list[str]]:
    children: dict[str, list[str]] = defaultdict(list)
    for uid, item in by_uid.items():
        if item.parent is not None and item.parent.uid != uid:
            children[item.parent.uid].append(uid)
    return children


def _copies_of(item: WorkItem, by_uid: Mapping[str, WorkItem]) -> Iterator[tuple[str, str]]:
    """Pairs (copy, original) that a mirror or duplicate link of the item declares."""
    for link in item.links:
        if link.kind in (LinkKind.MIRRORS, LinkKind.DUPLICATES) and link.to.uid in by_uid:
            yield (link.to.uid, item.uid) if link.inward else (item.uid, link.to.uid)


def _same_things(by_uid: Mapping[str, WorkItem]) -> Mapping[str, tuple[str, ...]]:
    """Every item that has copies or is one, with its whole group, the canonical item first."""
    leader: dict[str, str] = {}
    copies: set[str] = set()

    def find(uid: str) -> str:
        while leader.get(uid, uid) != uid:
            uid = leader[uid]
        return uid

    for uid in sorted(uid for uid, item in by_uid.items() if item.links):
        for copy, original in _copies_of(by_uid[uid], by_uid):
            copies.add(copy)
            leader.setdefault(copy, copy)
            leader.setdefault(original, original)
            leader[find(copy)] = find(original)
    groups: dict[str, list[str]] = defaultdict(list)
    for uid in leader:
        groups[find(uid)].append(uid)

    def rank(uid: str) -> tuple[bool, bool, str]:
        # A copy leads only where every original is gone.
        return by_uid[uid].state is not _LIVE, uid in copies, uid

    ordered = [tuple(sorted(group, key=rank)) for group in groups.values()]
    return {uid: group for group in ordered for uid in group}


@dataclass(frozen=True, kw_only=True)
class Countable:
    """The countable items of a scope, each thing once, in the order of their canonical uids.

    Of a thing's copies in the scope the canonical one stands for it, else the first by uid.
    `undecomposed`: those that stand for work nobody has broken down yet. `cancelled`: how many
    items of the scope would count, had they not been cancelled. `level_one`: how many live items
    of level 1 (epics, features) the scope holds, broken down or not.
    """

    items: tuple[WorkItem, ...]
    undecomposed: frozenset[str]
    cancelled: int
    level_one: int

    @cached_property
    def uids(self) -> frozenset[str]:
        """The uids of the countable items."""
        return frozenset(item.uid for item in self.items)

    @property
    def total(self) -> int:
        """|C|."""
        return len(self.items)

    @cached_property
    def done_uids(self) -> frozenset[str]:
        """The uids of what is done."""
        done = _DONE
        return frozenset(item.uid for item in self.items if item.status_category is done)

    @property
    def done(self) -> int:
        """|done ∩ C|."""
        return len(self.done_uids)

    @cached_property
    def ended(self) -> tuple[WorkItem, ...]:
        """The items with a known end, whatever their status, the earliest first."""
        return tuple(sorted((i for i in self.items if i.done_at is not None), key=_end))

    def ended_since(self, instant: datetime) -> tuple[WorkItem, ...]:
        """Those that ended at an aware instant or later: most ended long before."""
        return self.ended[bisect_left(self.ended, instant, key=_end) :]

    @cached_property
    def open_items(self) -> tuple[WorkItem, ...]:
        """The open countable items."""
        return tuple(item for item in self.items if item.status_category.is_open)

    @property
    def remaining(self) -> int:
        """R: the number of open countable items."""
        return self.total - self.done

    @cached_property
    def wip(self) -> tuple[WorkItem, ...]:
        """Items in progress or waiting."""
        return tuple(item for item in self.items if item.status_category.is_wip)

    @property
    def progress(self) -> float | None:
        """Share done, None where there is no countable work."""
        return self.done / self.total if self.total else None


def _is_leaf(uid: str, item: WorkItem, tree: Tree) -> bool:
    """Step 3: level 0; a subtask without its parent; anything higher that nobody broke down.

    A copy of something that was broken down is counted by the parts too.
    """
    copies = tree.groups.get(uid)
    if copies is None:
        if item.hierarchy_level > 0 and tree.is_decomposed(item):
            return False
    elif any(tree.is_decomposed(tree.by_uid[one]) for one in copies):
        return False
    return item.hierarchy_level >= 0 or tree.stands_alone(item)


def _would_count(item: WorkItem, tree: Tree) -> bool:
    """Whether a cancelled item is what a scope has lost; not a parent with its children."""
    if not is_live_work(item):
        return False
    if item.hierarchy_level > 0:
        below = tree.descendants(item.uid)
        return not any(is_live_work(child) and child.hierarchy_level == 0 for child in below)
    return item.hierarchy_level == 0 or tree.stands_alone(item)


def leaves(scope: Iterable[WorkItem], tree: Tree) -> tuple[WorkItem, ...]:
    """The items of a scope that count, each thing once, in the order of their canonical uids."""
    counted = [i for i in sorted(scope, key=_uid) if is_work(i) and _is_leaf(i.uid, i, tree)]
    if tree.groups:
        return _each_once(counted, tree.groups)
    return tuple(counted)


def _each_once(
    counted: Iterable[WorkItem], groups: Mapping[str, tuple[str, ...]]
) -> tuple[WorkItem, ...]:
    """One item for each thing: the canonical one, else the first."""
    chosen: dict[str, WorkItem] = {}
    for item in counted:
        uid = groups[item.uid][0] if item.uid in groups else item.uid
        if uid not in chosen or item.uid == uid:
            chosen[uid] = item
    return tuple(chosen[uid] for uid in sorted(chosen))


def undecomposed(items: Iterable[WorkItem]) -> frozenset[str]:
    """The uids of countable items that stand for work nobody has broken down yet."""
    return frozenset(item.uid for item in items if item.hierarchy_level > 0)


def countable(scope: Iterable[WorkItem], tree: Tree) -> Countable:
    """The countable set of a scope's items (rollup.md 2.2, steps 1 to 4), in whatever order."""
    members = list(scope)
    items = leaves(members, tree)
    cancelled = [i for i in members if i.status_category is _CANCELLED]
    return Countable(
        items=items,
        undecomposed=undecomposed(items),
        cancelled=sum(_would_count(item, tree) for item in cancelled),
        level_one=sum(item.hierarchy_level == 1 and is_work(item) for item in members),
    )
