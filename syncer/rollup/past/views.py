"""Views of one project at past instants, made from no more items than concern it.

Every project asks for its own instants: when it started, when its window began, when its baseline
was approved. Rolling all items back for each would cost projects times items.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import chain
from typing import Final

from syncer.domain.change import ChangeField
from syncer.domain.item import ItemState, ResolutionKind, StatusCategory, WorkItem
from syncer.domain.link import LinkKind
from syncer.domain.portfolio import Project
from syncer.domain.ref import ItemRef
from syncer.domain.selector import (
    Among,
    Every,
    InContainer,
    InVersion,
    Selector,
    Shelves,
    Under,
    WithField,
    WithLabel,
    is_plain,
    key_of,
)
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.past.history import may_cancel, rewind
from syncer.rollup.past.scope import Counted
from syncer.rollup.view import View
from syncer.rollup.work.counting import Tree, leaves, undecomposed

_CANCELLED: Final = StatusCategory.CANCELLED
_NOT_DELIVERED: Final = ResolutionKind.NOT_DELIVERED
_MOVED: Final = ItemState.MOVED
_SAME: tuple[str, ...] = (LinkKind.MIRRORS.value, LinkKind.DUPLICATES.value)
_GIVEN: tuple[str, ...] = (LinkKind.CONTRIBUTES_TO.value,)


_BINDING = frozenset(
    {
        ChangeField.CONTAINER,
        ChangeField.PARENT,
        ChangeField.LINK,
        ChangeField.LABELS,
        ChangeField.KEY,
    }
)
"""Properties that bind items together, or to a project."""
_PLACING = _BINDING | {ChangeField.VERSIONS}
"""Properties by which selectors and the counting of items place them."""


class Surroundings:
    """Which items ever had to do with which: containers, parents and copies of all times.

    An over-estimate is harmless: what was not a member at an instant is not picked by the view.
    """

    def __init__(self, inputs: RollupInputs) -> None:
        self._inputs = inputs
        self.by_uid: Mapping[str, WorkItem] = {item.uid: item for item in inputs.items}
        self._picked: dict[tuple[Selector, ...], set[str]] = {}

    @cached_property
    def refs(self) -> Mapping[str, ItemRef]:
        """Items by `<connection>:<key>`; asked for by the past alone."""
        return {key_of(item): item.ref for item in self._inputs.items}

    @cached_property
    def _former(self) -> Mapping[ChangeField, Mapping[str, Sequence[str]]]:
        """Every former value of the properties that bind items together, by uid: one look."""
        found: dict[ChangeField, dict[str, list[str]]] = {field: {} for field in _BINDING}
        for uid in self.by_uid:
            for change in self._inputs.changes.get(uid, ()):
                if change.before and change.field in _BINDING:
                    found[change.field].setdefault(uid, []).append(change.before)
        return found

    def _before(self, item: WorkItem, field: ChangeField) -> Sequence[str]:
        """Every former value of one property of an item."""
        return self._former[field].get(item.uid, ())

    def _uid(self, named: str) -> str:
        """The uid of an item that a history names by its uid or by its key."""
        ref = self.refs.get(named)
        return ref.uid if ref else named

    @cached_property
    def unsteady(self) -> frozenset[str]:
        """The uids of items that once had another place than now, or may have been cancelled.

        All others counted where they count now from the day on which they were created.
        """
        changes = self._inputs.changes
        told = (
            uid
            for uid in self.by_uid
            for change in changes.get(uid, ())
            if change.field in _PLACING or may_cancel(change)
        )
        now = (uid for uid, item in self.by_uid.items() if _counts_no_more(item))
        return frozenset(chain(told, now))

    @cached_property
    def containers(self) -> Mapping[str, Sequence[str]]:
        """The uids of all items that ever were in a container, by `<connection>:<container>`."""
        places: dict[tuple[str, str], list[str]] = defaultdict(list)
        for uid, item in self.by_uid.items():
            places[item.container.connection, item.container.key].append(uid)
        for uid, keys in self._former[ChangeField.CONTAINER].items():
            item = self.by_uid[uid]
            former = {(item.ref.connection, key) for key in keys}
            for place in former - {(item.container.connection, item.container.key)}:
                places[place].append(uid)
        return {f"{connection}:{key}": uids for (connection, key), uids in places.items()}

    @cached_property
    def parents(self) -> Mapping[str, Sequence[str]]:
        """The uids of every parent that an item ever had, and of all it ever contributed to."""
        found = {uid: [i.parent.uid] for uid, i in self.by_uid.items() if i.parent is not None}
        for uid in self._linked:
            ends = [end for end, inward in self._ends(uid, _GIVEN) if not inward]
            if ends:
                found.setdefault(uid, []).extend(ends)
        for uid, former in self._former[ChangeField.PARENT].items():
            found.setdefault(uid, []).extend(map(self._uid, former))
        return found

    @cached_property
    def children(self) -> Mapping[str, Sequence[str]]:
        """The uids of everything that ever was a child of an item."""
        return _reversed(self.parents)

    @cached_property
    def copies(self) -> Mapping[str, Sequence[str]]:
        """The uids at the other end of every mirror or duplicate link, in both directions."""
        found: dict[str, list[str]] = {}
        for uid in self._linked:
            ends = [end for end, _ in self._ends(uid, _SAME)]
            if ends:
                found[uid] = ends
        backwards = _reversed(found)
        return {uid: [*found.get(uid, ()), *backwards.get(uid, ())] for uid in {*found, *backwards}}

    @cached_property
    def _linked(self) -> Mapping[str, Sequence[tuple[str, str, bool]]]:
        """Kind, other end and direction (does it lead here) of all links an item ever had, by uid.

        What the history removes was a link before.
        """
        found: dict[str, list[tuple[str, str, bool]]] = {
            uid: [(link.kind.value, link.to.uid, link.inward) for link in item.links]
            for uid, item in self.by_uid.items()
            if item.links
        }
        for uid, values in self._former[ChangeField.LINK].items():
            for kind in (*_SAME, *_GIVEN):
                told = [value for value in values if value.startswith((f"{kind}>", f"{kind}<"))]
                ends = ((self._uid(one[len(kind) + 1 :]), one[len(kind)] == "<") for one in told)
                found.setdefault(uid, []).extend((kind, *end) for end in ends)
        return found

    def _ends(self, uid: str, kinds: Sequence[str]) -> list[tuple[str, bool]]:
        """The other ends of all links of some kinds that an item ever had; true: leads here."""
        return [(end, inward) for kind, end, inward in self._linked.get(uid, ()) if kind in kinds]

    def _ever(self, selector: Selector) -> Iterable[str]:
        """Every item that a selector may pick now or might have picked."""
        match selector:
            case InContainer(pattern):
                return self._in_container(pattern)
            case InVersion(pattern):
                return self._in_container(pattern.rpartition("/")[0])
            case Under(root):
                return self._below([self._uid(root), *self._formerly(root)])
            case WithField(name, value):
                return [uid for uid, i in self.by_uid.items() if i.custom.get(name) == value]
            case WithLabel(pattern):
                return self._labelled(pattern)
            case Among(_, uids):
                return uids
            case Every((first, *others)):
                found = self._any(first)
                return found.intersection(*map(self._any, others))
            case _:
                return self.by_uid

    def _any(self, selectors: Sequence[Selector]) -> set[str]:
        """Every item that one of several selectors may ever have picked; found once."""
        key = tuple(selectors)
        if key not in self._picked:
            self._picked[key] = {uid for one in key for uid in self._ever(one)}
        return self._picked[key]

    def _labelled(self, pattern: str) -> list[str]:
        return [
            uid
            for uid, names in self.labels.items()
            if any(fnmatchcase(name, pattern) for name in names)
        ]

    @cached_property
    def labels(self) -> Mapping[str, Iterable[str]]:
        """Every label that an item ever had, by uid; items without any are left out."""
        found: dict[str, Iterable[str]] = {}
        for uid, item in self.by_uid.items():
            former = (
                name.strip()
                for text in self._before(item, ChangeField.LABELS)
                for name in text.split(",")
            )
            names = {*item.labels, *former}
            if names:
                found[uid] = names
        return found

    def _in_container(self, pattern: str) -> Sequence[str]:
        if is_plain(pattern):
            return self.containers.get(pattern, ())
        names = [name for name in self.containers if fnmatchcase(name, pattern)]
        return [uid for name in names for uid in self.containers[name]]

    @cached_property
    def _former_keys(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for uid, item in self.by_uid.items():
            for key in self._before(item, ChangeField.KEY):
                found[f"{item.ref.connection}:{key}"].append(uid)
        return found

    def _formerly(self, name: str) -> Sequence[str]:
        return self._former_keys.get(name, ())

    def _below(self, roots: Iterable[str]) -> set[str]:
        return _closure(roots, self.children)

    def of(self, project: Project) -> list[WorkItem]:
        """The items that decide what counted in a project at any time, in uid order.

        Its members of all times, what mirrors or duplicates them, everything below those, and
        everything above: a parent may carry a subtask, an ancestor may exclude an item.
        """
        same = _closure(self._any(project.items), self.copies)
        tree = self._below(same)
        every = _closure(tree, self.parents)
        return [self.by_uid[uid] for uid in sorted(every) if uid in self.by_uid]


def _reversed(edges: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for source, ends in edges.items():
        for end in ends:
            found[end].append(source)
    return found


def _closure(start: Iterable[str], edges: Mapping[str, Sequence[str]]) -> set[str]:
    """Everything that can be reached, wave by wave; cycles are survived."""
    seen = set(start)
    wave = seen
    while wave:
        wave = set[str]().union(*(edges[uid] for uid in edges.keys() & wave)) - seen
        seen |= wave
    return seen


def _counts_no_more(item: WorkItem) -> bool:
    """Whether an item is a cancelled one, lives elsewhere, or is cancelled as soon as it is done.

    Who was never in one of these ways by the history either was not cancelled at any instant: a
    past category is one that the history names, or the present one.
    """
    return (
        item.status_category is _CANCELLED
        or item.resolution_kind is _NOT_DELIVERED
        or item.state is _MOVED
    )


class PastViews:
    """Views of one project at past instants."""

    def __init__(self, inputs: RollupInputs) -> None:
        self._inputs = inputs
        self._around = Surroundings(inputs)
        self._items: dict[str, list[WorkItem]] = {}
        self._views: dict[tuple[datetime, date], View] = {}

    def at(self, project: Project, instant: datetime, today: date) -> View:
        """The view of a project as of an aware instant; `today` is its report-local date."""
        items = self._concerned(project)
        if (instant, today) not in self._views:
            past = [was for item in items if (was := self._rewound(item, instant)) is not None]
            self._views[instant, today] = self._view(project, past, today)
        return self._views[instant, today]

    def counted(self, project: Project, instant: datetime) -> Counted:
        """What counted in a project at an aware instant: what the view of then would tell of it.

        Few items were ever in another place or cancelled. What the others were otherwise plays no
        part, so that nobody rolls them back.
        """
        items = list(self._placed(self._concerned(project), instant))
        tree = Tree(items)
        held = Shelves(items).select(project.items, tree.by_uid, excluding=project.excluding)
        found = leaves(held, tree)
        return Counted(uids=frozenset(i.uid for i in found), undecomposed=undecomposed(found))

    def _concerned(self, project: Project) -> Sequence[WorkItem]:
        """What has to do with a project; kept for one at a time, since all are asked in turn."""
        if project.key not in self._items:
            self._items = {project.key: self._around.of(project)}
            self._views = {}
        return self._items[project.key]

    def _placed(self, items: Iterable[WorkItem], instant: datetime) -> Iterator[WorkItem]:
        """The items that existed at an instant, in the places that they had then."""
        unsteady = self._around.unsteady
        for item in items:
            if item.uid in unsteady:
                was = self._rewound(item, instant)
                if was is not None:
                    yield was
            elif item.created_at <= instant:
                yield item

    def _rewound(self, item: WorkItem, instant: datetime) -> WorkItem | None:
        """The item as it was, None where it did not exist yet or has another life now."""
        changes = self._inputs.changes.get(item.uid, ())
        was = rewind(item, changes, instant, refs=self._around.refs)
        return None if was is None or was.state is _MOVED else was

    def _view(self, project: Project, items: Sequence[WorkItem], today: date) -> View:
        inputs = self._inputs
        alone = replace(inputs.portfolio, projects=(project,), programs=(), products=())
        return View(alone, items, inputs.verdicts, today)
