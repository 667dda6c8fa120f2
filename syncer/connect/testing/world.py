"""A neutral scripted tracker: the truth that a simulator renders in its vendor's shapes.

A world is a script of lives. It can tell the state and the history of every item at any
instant, so a report of a past Monday and a sync of today read the same world. Tests change it
live: every change is one more event of the script.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from syncer.clock import as_utc
from syncer.connect.testing.entries import event_entry, link_entry, seen_from
from syncer.connect.testing.script import (
    Container,
    Entry,
    Event,
    ItemState,
    ItemType,
    LinkChange,
    Person,
    Phase,
    ScriptedItem,
    ScriptedLink,
    Sprint,
    Status,
    Version,
)
from syncer.domain.link import LinkKind

PLAIN_STATUSES: Final = (
    Status(name="To Do", phase=Phase.TODO),
    Status(name="In Progress", phase=Phase.PROGRESS),
    Status(name="Blocked", phase=Phase.WAITING),
    Status(name="Done", phase=Phase.DONE),
)
PLAIN_TYPES: Final = (
    ItemType(name="Initiative", level=2),
    ItemType(name="Epic", level=1),
    ItemType(name="Story"),
    ItemType(name="Task"),
    ItemType(name="Bug"),
    ItemType(name="Gate"),
    ItemType(name="Decision"),
    ItemType(name="Risk"),
    ItemType(name="Sub-task", level=-1),
)
PLAIN_PRIORITIES: Final = ("Highest", "High", "Medium", "Low", "Lowest")


@dataclass(frozen=True, slots=True)
class _Timeline:
    """An item's history in order, with the instants beside it for bisection."""

    item: ScriptedItem
    instants: tuple[datetime, ...]
    entries: tuple[Entry, ...]

    def entries_at(self, instant: datetime) -> tuple[Entry, ...]:
        return self.entries[: bisect_right(self.instants, instant)]

    def state_at(self, instant: datetime) -> ItemState:
        count = bisect_right(self.instants, instant)
        return self.entries[count - 1].state if count else self.item.initial


@dataclass(slots=True)
class World:
    """Containers, people and scripted items with their links.

    Read it with an instant; change it with the verbs (`create`, `edit`, `comment`, `delete`,
    `hide`, `reveal`, `move`, `link`, `unlink`). `revision` grows with every change, so that a
    simulator knows when what it rendered is stale.
    """

    containers: dict[str, Container] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    versions: list[Version] = field(default_factory=list)
    sprints: dict[str, Sprint] = field(default_factory=dict)
    statuses: tuple[Status, ...] = PLAIN_STATUSES
    types: tuple[ItemType, ...] = PLAIN_TYPES
    priorities: tuple[str, ...] = PLAIN_PRIORITIES
    revision: int = 0
    former_containers: dict[str, str] = field(default_factory=dict)
    _items: dict[str, ScriptedItem] = field(default_factory=dict)
    _links: dict[str, ScriptedLink] = field(default_factory=dict)
    _links_of: dict[str, list[str]] = field(default_factory=dict)
    _timelines: dict[str, _Timeline] = field(default_factory=dict)
    _entry_ids: dict[tuple[str, object], int] = field(default_factory=dict)

    # --- building -----------------------------------------------------------------------------

    def add_container(self, container: Container) -> None:
        """Add a container, or replace the one with this key."""
        self.containers[container.key] = container
        self.revision += 1

    def add_person(self, person: Person) -> None:
        """Add an account, or replace the one with this id."""
        self.people[person.id] = person
        self.revision += 1

    def add_version(self, version: Version) -> None:
        """Add a version, or replace the one with this id."""
        self.versions = [v for v in self.versions if v.id != version.id] + [version]
        self.revision += 1

    def add_sprint(self, sprint: Sprint) -> None:
        """Add a sprint, or replace the one with this id."""
        self.sprints[sprint.id] = sprint
        self.revision += 1

    def create(self, item: ScriptedItem) -> None:
        """Add an item with its whole script.

        Raises:
            ValueError: if the id is taken, the container unknown, or an instant has no zone.
        """
        if item.id in self._items:
            raise ValueError(f"item {item.id} exists already")
        if item.initial.container not in self.containers:
            raise ValueError(f"item {item.id} lies in no container: {item.initial.container}")
        self._items[item.id] = _in_utc(item)
        for number in range(len(item.events)):
            self._number(item.id, number)
        self._forget(item.id)

    def link(self, link: ScriptedLink) -> None:
        """Add a link between two items of the world.

        Raises:
            KeyError: if one of its ends does not exist.
        """
        for end in (link.source, link.target):
            self._links_of.setdefault(self._items[end].id, []).append(link.id)
            self._number(end, (link.id, True))
            self._number(end, (link.id, False))
        self._links[link.id] = link
        self._forget(link.source, link.target)

    # --- changing -----------------------------------------------------------------------------

    def edit(self, item_id: str, at: datetime, *, actor: str = "", **changes: object) -> None:
        """Change fields of an item (names of `ItemState`) at an instant."""
        self._append(item_id, Event(at=at, actor=actor, changes=changes))

    def comment(self, item_id: str, at: datetime, text: str, *, actor: str = "") -> None:
        """Comment on an item."""
        self._append(item_id, Event(at=at, actor=actor, comment=text))

    def delete(self, item_id: str, at: datetime) -> None:
        """Remove an item for good."""
        self.edit(item_id, at, deleted=True)

    def hide(self, item_id: str, at: datetime) -> None:
        """Take away the account's permission to see an item."""
        self.edit(item_id, at, hidden=True)

    def reveal(self, item_id: str, at: datetime) -> None:
        """Give the permission back."""
        self.edit(item_id, at, hidden=False)

    def move(self, item_id: str, at: datetime, *, container: str, key: str) -> None:
        """Move an item to another container, where it has another key but the same id."""
        if container not in self.containers:
            raise ValueError(f"no container {container}")
        self.edit(item_id, at, container=container, key=key)

    def rename_container(self, key: str, new_key: str, at: datetime) -> None:
        """Give a container another key: its items get keys with it, and show no trace of that.

        Their old keys still lead to them, as do the container's in histories.
        """
        container = self.containers.pop(key)
        self.containers[new_key] = dataclasses.replace(container, key=new_key)
        self.former_containers[key] = new_key
        for item_id in tuple(self._items):
            state = self.state(item_id, at)
            if state is not None and state.container == key:
                changes = {"container": new_key, "key": new_key + state.key.removeprefix(key)}
                self._append(item_id, Event(at=at, changes=changes, silent=True))
        self.revision += 1

    def container_named(self, key: str) -> Container:
        """The container that has, or once had, this key; `KeyError` if none."""
        while key in self.former_containers and key not in self.containers:
            key = self.former_containers[key]
        return self.containers[key]

    def unlink(self, link_id: str, at: datetime) -> None:
        """Remove a link; the history of both ends remembers it."""
        link = self._links[link_id]
        self._links[link_id] = dataclasses.replace(link, removed_at=as_utc(at))
        self._forget(link.source, link.target)

    # --- reading ------------------------------------------------------------------------------

    def ids(self) -> Iterator[str]:
        """The ids of all items, whatever became of them, in the order of their creation here."""
        return iter(self._items)

    def item(self, item_id: str) -> ScriptedItem:
        """The script of an item; `KeyError` if there is none."""
        return self._items[item_id]

    def state(self, item_id: str, at: datetime) -> ItemState | None:
        """The state of an item at an instant; None before its creation or without such an id."""
        item = self._items.get(item_id)
        if item is None or at < item.created_at:
            return None
        return self._timeline(item_id).state_at(at)

    def visible(self, item_id: str, at: datetime) -> ItemState | None:
        """The state of an item that the account can see at the instant, else None."""
        state = self.state(item_id, at)
        return None if state is None or state.deleted or state.hidden else state

    def history(self, item_id: str, at: datetime) -> tuple[Entry, ...]:
        """The entries of an item's history up to an instant, oldest first."""
        return self._timeline(item_id).entries_at(at)

    def updated_at(self, item_id: str, at: datetime) -> datetime:
        """When the item was last touched, as seen at the instant."""
        entries = reversed(self.history(item_id, at))
        return next((e.at for e in entries if e.touches), self._items[item_id].created_at)

    def links(self, item_id: str, at: datetime) -> tuple[ScriptedLink, ...]:
        """The links of an item, from either end, that stand at an instant."""
        known = (self._links[link_id] for link_id in self._links_of.get(item_id, ()))
        return tuple(link for link in known if link.stands_at(at))

    def find(self, key: str, at: datetime) -> str | None:
        """The id of the item that has, or once had, this key at the instant; None if nobody."""
        former = None
        for item_id in self._items:
            state = self.state(item_id, at)
            if state is not None and state.key == key:
                return item_id
            if state is not None and key in self.keys(item_id, at):
                former = item_id
        return former

    def keys(self, item_id: str, at: datetime) -> tuple[str, ...]:
        """All keys that an item has had up to an instant, the first one first."""
        states = (entry.state.key for entry in self.history(item_id, at))
        return tuple(dict.fromkeys((self._items[item_id].initial.key, *states)))

    def next_change(self, after: datetime) -> datetime | None:
        """The first instant later than `after` at which the script goes on; None if it is over."""
        return min((instant for instant in self._instants() if instant > after), default=None)

    def _instants(self) -> Iterator[datetime]:
        for item_id, item in self._items.items():
            yield item.created_at
            yield from self._timeline(item_id).instants
        yield from (instant for s in self.sprints.values() for instant in (s.start, s.end))
        yield from (v.released_at for v in self.versions if v.released_at is not None)

    # --- inside -------------------------------------------------------------------------------

    def _append(self, item_id: str, event: Event) -> None:
        item = self._items[item_id]
        unknown = set(event.changes) - {f.name for f in dataclasses.fields(ItemState)}
        if unknown:
            raise ValueError(f"no such field: {', '.join(sorted(unknown))}")
        self._number(item_id, len(item.events))
        events = (*item.events, dataclasses.replace(event, at=as_utc(event.at)))
        self._items[item_id] = dataclasses.replace(item, events=events)
        self._forget(item_id)

    def _number(self, item_id: str, origin: object) -> None:
        """Give a happening the number of its history entry, once and for all."""
        self._entry_ids.setdefault((item_id, origin), len(self._entry_ids) + 1)

    def _forget(self, *item_ids: str) -> None:
        for item_id in item_ids:
            self._timelines.pop(item_id, None)
        self.revision += 1

    def _timeline(self, item_id: str) -> _Timeline:
        timeline = self._timelines.get(item_id)
        if timeline is None:
            timeline = self._timelines[item_id] = self._fold(self._items[item_id])
        return timeline

    def _fold(self, item: ScriptedItem) -> _Timeline:
        """Replay an item's events and link changes in order."""
        state = item.initial
        entries: list[Entry] = []
        for at, origin, event in sorted(self._happenings(item), key=lambda h: h[:1]):
            number = self._entry_ids[item.id, origin]
            entry = (
                link_entry(number, at, happening=event, state=state)
                if isinstance(event, tuple)
                else event_entry(number, event, state)
            )
            state = entry.state
            entries.append(entry)
        return _Timeline(item, tuple(entry.at for entry in entries), tuple(entries))

    def _happenings(
        self, item: ScriptedItem
    ) -> Iterator[tuple[datetime, object, Event | tuple[str, LinkChange]]]:
        for number, event in enumerate(item.events):
            yield event.at, number, event
        for link_id in self._links_of.get(item.id, ()):
            link = self._links[link_id]
            yield link.created_at, (link_id, True), (link.actor, seen_from(item.id, link))
            if link.removed_at is not None:
                gone = dataclasses.replace(seen_from(item.id, link), added=False)
                yield link.removed_at, (link_id, False), (link.actor, gone)


def _in_utc(item: ScriptedItem) -> ScriptedItem:
    events = tuple(dataclasses.replace(event, at=as_utc(event.at)) for event in item.events)
    if any(event.at < item.created_at for event in events):
        raise ValueError(f"item {item.id} changes before it is created")
    return dataclasses.replace(item, created_at=as_utc(item.created_at), events=events)


def uniform_world(
    *, count: int, container: str = "BIG", begin: datetime = datetime(2026, 1, 5, 8, tzinfo=UTC)
) -> World:
    """Make a world of `count` equal small items, one created every minute, a third of them done.

    For tests of size: `BIG-1` … `BIG-<count>` with ids `20001` … , three events each at most.
    """
    world = World()
    world.add_container(Container(id="10900", key=container, name=f"{container} project"))
    world.add_person(Person(id="person-1", name="Kim Lee", email="kim@example.com"))
    for number in range(1, count + 1):
        world.create(_uniform_item(container, number, begin + timedelta(minutes=number)))
    return world


def _uniform_item(container: str, number: int, created: datetime) -> ScriptedItem:
    started = Event(
        at=created + timedelta(days=1), actor="person-1", changes={"status": "In Progress"}
    )
    ended = Event(
        at=created + timedelta(days=4),
        actor="person-1",
        changes={"status": "Done", "resolution": "Done"},
    )
    events: Iterable[Event] = ((), (started,), (started, ended))[number % 3]
    return ScriptedItem(
        id=str(20000 + number),
        created_at=created,
        reporter="person-1",
        initial=ItemState(
            container=container,
            key=f"{container}-{number}",
            title=f"Check mast {number} on the ridge",
            assignee="person-1",
        ),
        events=tuple(events),
    )


def blocks(
    link_id: str, source: str, target: str, *, at: datetime, actor: str = ""
) -> ScriptedLink:
    """A link that says: `source` blocks `target`."""
    return ScriptedLink(
        id=link_id, kind=LinkKind.BLOCKS, source=source, target=target, created_at=at, actor=actor
    )
