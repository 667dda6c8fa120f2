"""Selectors: which work items belong to a project, a gate or a rule.

They are evaluated over the store's items, so re-mapping never syncs again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from syncer.domain.item import WorkItem
from syncer.domain.link import LinkKind
from syncer.domain.ref import ContainerKey

_ANY_DEPTH: Final = "**"


@dataclass(frozen=True, slots=True)
class InContainer:
    """Every item of the containers that match a glob such as `jira:PHN*`."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Under:
    """The tree below an item, over all trackers; named `<connection>:<key>`.

    What contributes to an item of the tree is part of it, with all that lies below.
    """

    root: str


@dataclass(frozen=True, slots=True)
class WithLabel:
    """Items with a label that matches a glob."""

    pattern: str


@dataclass(frozen=True, slots=True)
class WithField:
    """Items whose custom field (by its configured name) has exactly this value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class InVersion:
    """Items of one version or milestone: `jira:NET/2.0` (container glob, then name)."""

    pattern: str


@dataclass(frozen=True, slots=True)
class InArea:
    """Items of an area path: `ado:Corp/Network/**` (connection, then path).

    Each part of the path may be a glob, `**` stands for any number of parts, none included. Case
    plays no part, as at Azure DevOps. Other trackers' components are areas without depth.
    """

    pattern: str


@dataclass(frozen=True, slots=True)
class InQuery:
    """Items that a connection's tracker finds for a query in its own language.

    Only the tracker can answer it: see `answered`. Unanswered it picks nothing.
    """

    connection: str
    query: str


@dataclass(frozen=True, slots=True)
class Among:
    """Items listed by uid, under the words that say how the list came about."""

    name: str
    uids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Every:
    """Items that each of the parts picks; a part picks what any of its selectors picks."""

    parts: tuple[tuple[Selector, ...], ...]


Written = InContainer | Under | WithLabel | WithField | InVersion | InArea | InQuery
"""The selectors that a person can write."""

Selector = Written | Among | Every


def described(selector: Selector) -> str:
    """The selector in the words of the configuration: `jira:NET`, `label "prog:*"`."""
    match selector:
        case InContainer(name) | Among(name, _):
            return name
        case Under(root):
            return f"under {root}"
        case WithLabel(pattern):
            return f'label "{pattern}"'
        case WithField(name, value):
            return f"{name} = {value}"
        case InVersion(pattern):
            return f"version {pattern}"
        case InArea(pattern):
            return f"area {pattern}"
        case InQuery(connection, query):
            return f"query of {connection}: {query}"
        case Every(parts):
            return ", of these ".join(" or ".join(map(described, part)) for part in parts)


def answered(selector: Selector, answers: Mapping[InQuery, frozenset[str]]) -> Selector:
    """The selector with every query replaced by the items that its tracker found."""
    match selector:
        case InQuery():
            return Among(described(selector), answers.get(selector, frozenset()))
        case Every(parts):
            return Every(tuple(tuple(answered(one, answers) for one in part) for part in parts))
        case _:
            return selector


def followed(
    selector: Selector, containers: Mapping[str, str], keys: Mapping[str, str]
) -> tuple[Selector, ...]:
    """The selector under present names: what is written by a former key goes on picking the same.

    `containers` and `keys` give the present name of a container (`jira:NET`) and of an item
    (`jira:NET-1`) by a former one.
    """
    match selector:
        case InContainer(pattern):
            return tuple(InContainer(one) for one in _present(pattern, containers))
        case InVersion(pattern):
            container, _, name = pattern.rpartition("/")
            return tuple(InVersion(f"{one}/{name}") for one in _present(container, containers))
        case Under(root):
            return (Under(keys.get(root, root)),)
        case Every(parts):
            return (Every(tuple(all_followed(part, containers, keys) for part in parts)),)
        case _:
            return (selector,)


def all_followed(
    selectors: Iterable[Selector], containers: Mapping[str, str], keys: Mapping[str, str]
) -> tuple[Selector, ...]:
    """Each of the selectors under present names."""
    return tuple(new for one in selectors for new in followed(one, containers, keys))


def _present(pattern: str, containers: Mapping[str, str]) -> tuple[str, ...]:
    """A container's present name; a glob stays, and what it has lost comes beside it."""
    if pattern in containers:
        return (containers[pattern],)
    lost = (new for old, new in containers.items() if fnmatchcase(old, pattern))
    return (pattern, *(new for new in lost if not fnmatchcase(new, pattern)))


def queries(selector: Selector) -> Iterator[InQuery]:
    """The queries in a selector."""
    match selector:
        case InQuery():
            yield selector
        case Every(parts):
            for part in parts:
                for one in part:
                    yield from queries(one)
        case _:
            return


def key_of(item: WorkItem) -> str:
    """The item's name in the configuration: `<connection>:<human key>`."""
    return f"{item.ref.connection}:{item.key}"


def _at_place(selector: InContainer | InVersion | InArea) -> Callable[[WorkItem], bool]:
    match selector:
        case InContainer(pattern):
            return lambda item: fnmatchcase(str(item.container), pattern)
        case InVersion(pattern):
            return lambda item: _in_version(item, pattern)
        case InArea(pattern):
            return _in_area(pattern)


def _in_version(item: WorkItem, pattern: str) -> bool:
    container, _, name = pattern.rpartition("/")
    names = (version.name for version in item.fix_versions)
    return fnmatchcase(str(item.container), container) and any(fnmatchcase(n, name) for n in names)


def _in_area(pattern: str) -> Callable[[WorkItem], bool]:
    connection, _, path = pattern.partition(":")
    wanted = path.casefold().split("/")

    def is_in(item: WorkItem) -> bool:
        areas = (area.casefold().split("/") for area in item.components)
        return item.ref.connection == connection and any(_leads(wanted, area) for area in areas)

    return is_in


def _leads(wanted: Sequence[str], area: Sequence[str]) -> bool:
    """Whether the parts of a path are what is wanted, part by part.

    All ends of the path that a beginning of the pattern can reach are kept, so that many `**` cost
    no more than few.
    """
    reached = {0}
    for part in wanted:
        if part == _ANY_DEPTH:
            reached = set(range(min(reached), len(area) + 1))
        else:
            reached = {n + 1 for n in reached if n < len(area) and fnmatchcase(area[n], part)}
        if not reached:
            return False
    return len(area) in reached


def _under(root: str, by_uid: Mapping[str, WorkItem]) -> Callable[[WorkItem], bool]:
    """Whether an item is the root or below it; every ancestor is asked once for all items."""
    known: dict[str, bool] = {}

    def is_under(item: WorkItem) -> bool:
        came_from: dict[str, str] = {item.uid: ""}
        waiting = [item]
        while waiting:
            current = waiting.pop()
            if known.get(current.uid, key_of(current) == root):
                known.update(dict.fromkeys(_way_to(current.uid, came_from), True))
                return True
            for uid in () if current.uid in known else above(current):
                if uid in by_uid and uid not in came_from:  # a climb in circles ends here
                    came_from[uid] = current.uid
                    waiting.append(by_uid[uid])
        known.update(dict.fromkeys(came_from, False))
        return False

    return is_under


def above(item: WorkItem) -> Iterator[str]:
    """The uids of what an item belongs to: its parent, and what it contributes to.

    A tracker knows no parent beyond itself, so a link is how people name one on another tracker.
    """
    if item.parent is not None:
        yield item.parent.uid
    for link in item.links:
        if link.kind is LinkKind.CONTRIBUTES_TO and not link.inward:
            yield link.to.uid


def _way_to(uid: str, came_from: Mapping[str, str]) -> Iterator[str]:
    while uid:
        yield uid
        uid = came_from[uid]


def matcher(selector: Selector, by_uid: Mapping[str, WorkItem]) -> Callable[[WorkItem], bool]:
    """A predicate for one selector; `by_uid` lets `Under` climb to the ancestors."""
    match selector:
        case InContainer() | InVersion() | InArea():
            return _at_place(selector)
        case Under(root):
            return _under(root, by_uid)
        case WithLabel(pattern):
            return lambda item: any(fnmatchcase(label, pattern) for label in item.labels)
        case WithField(name, value):
            return lambda item: item.custom.get(name) == value
        case InQuery():
            return lambda _item: False
        case Among(_, uids):
            return lambda item: item.uid in uids
        case Every(parts):
            tests = [[matcher(one, by_uid) for one in part] for part in parts]
            return lambda item: all(any(test(item) for test in part) for part in tests)


def select(
    selectors: Iterable[Selector],
    items: Iterable[WorkItem],
    by_uid: Mapping[str, WorkItem],
    *,
    excluding: Iterable[Selector] = (),
) -> list[WorkItem]:
    """Items that any selector picks and no excluding one does, in their given order."""
    wanted = [matcher(selector, by_uid) for selector in selectors]
    unwanted = [matcher(selector, by_uid) for selector in excluding]
    return [
        item
        for item in items
        if any(test(item) for test in wanted) and not any(test(item) for test in unwanted)
    ]


class Shelves:
    """Items by container, so that picking for many projects does not try every item each time."""

    def __init__(self, items: Iterable[WorkItem]) -> None:
        self._items = list(items)
        places: dict[tuple[str, str], list[int]] = {}
        for place, item in enumerate(self._items):
            container = item.container
            places.setdefault((container.connection, container.key), []).append(place)
        self._places = {f"{name[0]}:{name[1]}": found for name, found in places.items()}

    def containers(self) -> Mapping[ContainerKey, Sequence[WorkItem]]:
        """The items of each container, in their given order."""
        return {
            self._items[places[0]].container: [self._items[place] for place in places]
            for places in self._places.values()
        }

    def touched(
        self, selectors: Sequence[Selector], by_uid: Mapping[str, WorkItem]
    ) -> set[ContainerKey]:
        """The containers of which something is picked; whole containers cost no look at items."""
        if all(isinstance(one, InContainer) and one.pattern for one in selectors):
            names = self._named([container_pattern(one) for one in selectors])
            return {self._items[self._places[name][0]].container for name in names}
        return {item.container for item in self.select(selectors, by_uid)}

    def select(
        self,
        selectors: Sequence[Selector],
        by_uid: Mapping[str, WorkItem],
        *,
        excluding: Sequence[Selector] = (),
    ) -> list[WorkItem]:
        """The same items in the same order as `select` picks from all."""
        if not excluding and all(isinstance(one, InContainer) and one.pattern for one in selectors):
            return self._possible(selectors)
        return select(selectors, self._possible(selectors), by_uid, excluding=excluding)

    def _possible(self, selectors: Sequence[Selector]) -> list[WorkItem]:
        patterns = [container_pattern(selector) for selector in selectors]
        if not all(patterns):
            return list(self._items)
        names = self._named(patterns)
        if len(names) == 1:  # in order already
            return [self._items[place] for place in self._places[names[0]]]
        places = sorted(place for name in names for place in self._places[name])
        return [self._items[place] for place in places]

    def _named(self, patterns: Sequence[str]) -> list[str]:
        if len(patterns) == 1 and patterns[0] in self._places and is_plain(patterns[0]):
            return [patterns[0]]
        return [n for n in self._places if any(fnmatchcase(n, p) for p in patterns)]


def is_plain(pattern: str) -> bool:
    """Whether a glob means nothing but its own letters."""
    return not any(sign in pattern for sign in "*?[")


def container_pattern(selector: Selector) -> str:
    """The glob of the containers to which a selector confines itself, empty for none."""
    match selector:
        case InContainer(pattern):
            return pattern
        case InVersion(pattern):
            return pattern.rpartition("/")[0]
        case Every(((only,), *_)):
            return container_pattern(only)
        case _:
            return ""
