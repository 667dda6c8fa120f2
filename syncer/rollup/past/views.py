"""Views of one project at past instants, made from no more items than concern it.

Every project asks for its own instants: when it started, when its window began, when its baseline
was approved. Rolling all items back for each would cost projects times items.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from fnmatch import fnmatchcase
from functools import cached_property

from syncer.domain.change import ChangeField
from syncer.domain.item import ItemState, WorkItem
from syncer.domain.link import LinkKind
from syncer.domain.portfolio import Project
from syncer.domain.ref import ItemRef
from syncer.domain.selector import (
    Among,
    Every,
    InContainer,
    InVersion,
    Selector,
    Under,
    WithField,
    WithLabel,
    key_of,
)
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.past.history import rewind
from syncer.rollup.view import View

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


class Surroundings:
    """Which items ever had to do with which: containers, parents and copies of all times.

    An over-estimate is harmless: what was not a member at an instant is not picked by the view.
    """

    def __init__(self, inputs: RollupInputs) -> None:
        self._inputs = inputs
        self.by_uid: Mapping[str, WorkItem] = {item.uid: item for item in inputs.items}
        self.refs: Mapping[str, ItemRef] = {key_of(item): item.ref for item in inputs.items}
        self._picked: dict[tuple[Selector, ...], set[str]] = {}

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
    def containers(self) -> Mapping[str, Sequence[str]]:
        """The uids of all items that ever were in a container, by `<connection>:<container>`."""
        found: dict[str, list[str]] = defaultdict(list)
        for uid, item in self.by_uid.items():
            own = str(item.container)
            found[own].append(uid)
            former = self._before(item, ChangeField.CONTAINER)
            for name in {f"{item.ref.connection}:{key}" for key in former} - {own}:
                found[name].append(uid)
        return found

    @cached_property
    def parents(self) -> Mapping[str, Sequence[str]]:
        """The uids of every parent that an item ever had, and of all it ever contributed to."""
        found: dict[str, list[str]] = {}
        for uid, item in self.by_uid.items():
            ends = [item.parent.uid] if item.parent else []
            ends += [end for end, inward in self._ends(uid, _GIVEN) if not inward]
            ends += map(self._uid, self._before(item, ChangeField.PARENT))
            if ends:
                found[uid] = ends
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

    def _in_container(self, pattern: str) -> list[str]:
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
    """Everything that can be reached; cycles are survived."""
    seen = set(start)
    waiting = list(seen)
    while waiting:
        for end in edges.get(waiting.pop(), ()):
            if end not in seen:
                seen.add(end)
                waiting.append(end)
    return seen


class PastViews:
    """Views of one project at past instants."""

    def __init__(self, inputs: RollupInputs) -> None:
        self._inputs = inputs
        self._around = Surroundings(inputs)
        self._items: dict[str, list[WorkItem]] = {}
        self._views: dict[tuple[datetime, date], View] = {}

    def at(self, project: Project, instant: datetime, today: date) -> View:
        """The view of a project as of an aware instant; `today` is its report-local date."""
        if project.key not in self._items:
            self._items = {project.key: self._around.of(project)}
            self._views = {}
        if (instant, today) not in self._views:
            self._views[instant, today] = self._view(project, instant, today)
        return self._views[instant, today]

    def _view(self, project: Project, instant: datetime, today: date) -> View:
        inputs = self._inputs
        refs, changes = self._around.refs, inputs.changes
        past = (
            rewind(item, changes.get(item.uid, ()), instant, refs=refs)
            for item in self._items[project.key]
        )
        items = [item for item in past if item is not None and item.state is not ItemState.MOVED]
        alone = replace(inputs.portfolio, projects=(project,), programs=(), products=())
        return View(alone, items, inputs.verdicts, today)
