"""A simulated GitLab as it stands at one instant: which items there are, and in what state."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from connectors.gitlab.mapping.place import Place
from syncer.connect.testing.script import Entry, ItemState, Phase
from syncer.connect.testing.world import World

_NUMBER: Final = re.compile(r"([0-9]+)$")
_MOVE: Final = 10_000_000_000
_NOT_DONE: Final = frozenset({"won't do", "declined", "cannot reproduce", "duplicate"})
_PLAIN: Final = frozenset({"Story", "Task", "Sub-task", "Epic", "Initiative", "Issue"})
_CATEGORIES: Final = {
    Phase.TODO: "TO_DO",
    Phase.PROGRESS: "IN_PROGRESS",
    Phase.WAITING: "IN_PROGRESS",
    Phase.DONE: "DONE",
}


def stamp(at: datetime) -> str:
    """An instant as GraphQL writes it, in whole seconds: `2026-11-23T04:30:00Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def stamp_ms(at: datetime) -> str:
    """An instant as REST writes it, in milliseconds: `2026-11-23T04:30:00.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def number_of(key: str) -> int:
    """The number at the end of a key such as `acme/phone#12`."""
    found = _NUMBER.search(key)
    if found is None:
        raise ValueError(f"{key} ends with no number")
    return int(found[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A work item. `moved_to` is the id of the item that it has become elsewhere."""

    item_id: str
    id: int
    place: Place
    state: ItemState
    created: datetime
    updated: datetime
    closed: datetime | None = None
    moved_to: int = 0

    @property
    def cursor(self) -> str:
        """Where it stands among items by time of change."""
        return f"{stamp_ms(self.updated)}/{self.id:020}"


@dataclass(slots=True)
class Index:
    """What the account sees at `now`: the items of the served projects and groups."""

    world: World
    now: datetime
    containers: Collection[str]
    rows: dict[str, Row] = field(default_factory=dict)
    by_id: dict[int, Row] = field(default_factory=dict)
    listed: dict[str, list[Row]] = field(default_factory=dict)
    children: dict[str, list[str]] = field(default_factory=dict)
    _phases: Mapping[str, Phase] = field(init=False)

    def __post_init__(self) -> None:
        self._phases = {status.name: status.phase for status in self.world.statuses}
        for item_id in self.world.ids():
            state = self.world.visible(item_id, self.now)
            if state is not None:
                self._add(item_id, state)

    def is_group(self, key: str) -> bool:
        """Whether a container is a group: it holds others, or has a path of one part."""
        return "/" not in key or any(one.startswith(f"{key}/") for one in self.world.containers)

    def place(self, state: ItemState) -> Place:
        """Where an item in this state is."""
        return Place(state.container, number_of(state.key), self.is_group(state.container))

    def _add(self, item_id: str, state: ItemState) -> None:
        row = self.row(item_id)
        if state.container in self.containers:
            self.rows[item_id] = row
            self.children.setdefault(state.parent or "", []).append(item_id)
            self._list(row)
        for former in self._moved_away(item_id, row.id):
            if former.place.path in self.containers:
                self._list(former)

    def _list(self, row: Row) -> None:
        self.listed.setdefault(row.place.path, []).append(row)
        self.by_id[row.id] = row

    def row(self, item_id: str) -> Row:
        """An item as it stands, also where nobody can see it; `KeyError` without such an item."""
        item = self.world.item(item_id)
        history = self.world.history(item_id, self.now)
        states = [(item.created_at, item.initial), *((e.at, e.state) for e in history)]
        state = states[-1][1]
        return Row(
            item_id=item_id,
            id=int(item_id) + self._moves([one.container for _, one in states]) * _MOVE,
            place=self.place(state),
            state=state,
            created=item.created_at,
            updated=self.world.updated_at(item_id, self.now),
            closed=self._closed(states),
        )

    def _moved_away(self, item_id: str, present: int) -> Iterator[Row]:
        """What an item has left behind where it was before: closed, with a hint of where it is."""
        item, before = self.world.item(item_id), self.world.item(item_id).initial
        for entry in self.world.history(item_id, self.now):
            if entry.state.container != before.container:
                moves = (present - int(item_id)) // _MOVE
                yield Row(
                    item_id=item_id,
                    id=int(item_id) + (moves - 1) * _MOVE,
                    place=self.place(before),
                    state=before,
                    created=item.created_at,
                    updated=entry.at,
                    closed=entry.at,
                    moved_to=present,
                )
            before = entry.state

    @staticmethod
    def _moves(containers: list[str]) -> int:
        return sum(one != other for one, other in pairwise(containers))

    def _closed(self, states: list[tuple[datetime, ItemState]]) -> datetime | None:
        closed: datetime | None = None
        for at, state in states:
            closed = (closed or at) if self.closes(state.status) else None
        return closed

    # --- what things mean ---------------------------------------------------------------------

    def closes(self, status: object) -> bool:
        """Whether an item in this status is closed."""
        return self._phases.get(str(status)) is Phase.DONE

    def category(self, state: ItemState) -> str:
        """The category of the status of an item in this state."""
        phase = self._phases.get(state.status, Phase.TODO)
        cancelled = (state.resolution or "").casefold() in _NOT_DONE
        return "CANCELED" if phase is Phase.DONE and cancelled else _CATEGORIES[phase]

    def type_name(self, row: Row) -> str:
        """GitLab's type: an epic in a group, an issue or a task in a project."""
        if row.place.in_group:
            return "Epic"
        level = next((t.level for t in self.world.types if t.name == row.state.type), 0)
        return "Task" if level < 0 else "Issue"

    def labels_of(self, state: ItemState) -> tuple[str, ...]:
        """The titles of all labels that an item bears in a state."""
        flagged = ("flagged",) if state.flagged else ()
        components = tuple(f"component::{one}" for one in state.components)
        priority = (f"priority::{state.priority}",) if state.priority else ()
        type_ = () if state.type in _PLAIN else (f"type::{state.type}",)
        return tuple(dict.fromkeys((*state.labels, *components, *priority, *type_, *flagged)))

    def parent(self, row: Row) -> Row | None:
        """The visible parent of an item."""
        return self.rows.get(row.state.parent or "")

    def history(self, row: Row) -> tuple[Entry, ...]:
        """What happened to an item, oldest first."""
        return self.world.history(row.item_id, self.now)

    def ordered(self, path: str, *, by_update: bool) -> list[Row]:
        """The items of a container by time of change or creation."""
        rows = self.listed.get(path, [])
        key = (lambda row: row.cursor) if by_update else (lambda row: f"{row.id:020}")
        return sorted(rows, key=key)
