"""A simulated Linear as it stands at one instant: which items there are, and in what state."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from connectors.linear.mapping.site import Kind
from syncer.connect.testing.script import Entry, ItemState, Phase
from syncer.connect.testing.world import World

_NOT_DONE: Final = frozenset({"won't do", "declined", "cannot reproduce", "duplicate"})
_TYPES: Final = {
    Phase.TODO: "unstarted",
    Phase.PROGRESS: "started",
    Phase.WAITING: "started",
    Phase.DONE: "completed",
}
_BACKLOG: Final = frozenset({"backlog", "triage"})
_LABELS: Final = {"Risk": "syncer:risk", "Decision": "syncer:decision", "Gate": "syncer:gate"}
"""What an issue is that Linear has no type for says a label."""

_PRIORITIES: Final = {"Highest": 1, "High": 2, "Medium": 3, "Low": 4, "Lowest": 4}
_INITIATIVE: Final = 2


def stamp(at: datetime) -> str:
    """An instant as Linear writes it: `2026-11-23T04:30:00.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def made_id(kind: str, name: str) -> str:
    """An id for what a world knows by name alone."""
    return f"{kind}-{zlib.crc32(name.encode('utf-8', 'replace')):08x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An item; its id is that of the world's item."""

    id: str
    kind: Kind
    state: ItemState
    created: datetime
    updated: datetime
    completed: datetime | None = None

    @property
    def trashed(self) -> bool:
        """Whether somebody has thrown it away."""
        return self.state.deleted


@dataclass(slots=True)
class Index:
    """What the account sees at `now`: items of the served teams, trashed ones among them.

    `purged` are items that have left the trash for good.
    """

    world: World
    now: datetime
    containers: Collection[str]
    purged: Collection[str] = ()
    rows: dict[str, Row] = field(default_factory=dict)
    _phases: Mapping[str, Phase] = field(init=False)
    _levels: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._phases = {status.name: status.phase for status in self.world.statuses}
        self._levels = {type_.name: type_.level for type_ in self.world.types}
        for item_id in self.world.ids():
            state = self.world.state(item_id, self.now)
            if state is None or state.hidden or item_id in self.purged:
                continue
            if state.container in self.containers:
                self.rows[item_id] = self.row(item_id)

    def row(self, item_id: str) -> Row:
        """An item as it stands, also where nobody can see it; `KeyError` without such an item."""
        item = self.world.item(item_id)
        history = self.world.history(item_id, self.now)
        states = [(item.created_at, item.initial), *((e.at, e.state) for e in history)]
        state, updated = states[-1][1], self.world.updated_at(item_id, self.now)
        if state.deleted:
            updated = max(updated, next(at for at, one in states if one.deleted))
        return Row(
            id=item_id,
            kind=self._kind(state),
            state=state,
            created=item.created_at,
            updated=updated,
            completed=self._completed(states),
        )

    def _kind(self, state: ItemState) -> Kind:
        level = self._levels.get(state.type, 0)
        if level >= _INITIATIVE:
            return Kind.INITIATIVE
        return Kind.PROJECT if level > 0 else Kind.ISSUE

    def _completed(self, states: list[tuple[datetime, ItemState]]) -> datetime | None:
        found: datetime | None = None
        for at, state in states:
            found = (found or at) if self.phase(state) is Phase.DONE else None
        return found

    # --- what things mean ---------------------------------------------------------------------

    def phase(self, state: ItemState) -> Phase:
        """What the status of an item in this state means."""
        return self._phases.get(state.status, Phase.TODO)

    def status(self, state: ItemState) -> tuple[str, str]:
        """The name and type of Linear's status."""
        phase = self.phase(state)
        if phase is Phase.DONE and (state.resolution or "").casefold() in _NOT_DONE:
            return "Canceled", "canceled"
        called = state.status.casefold()
        return state.status, called if called in _BACKLOG else _TYPES[phase]

    def labels(self, state: ItemState) -> tuple[str, ...]:
        """The labels of an item in this state."""
        type_ = (_LABELS[state.type],) if state.type in _LABELS else ()
        parts = tuple(f"component {one}" for one in state.components)
        flagged = ("flagged",) if state.flagged else ()
        return tuple(dict.fromkeys((*state.labels, *type_, *parts, *flagged)))

    def priority(self, state: ItemState) -> int:
        """Linear's number of a priority, 0 for none."""
        return _PRIORITIES.get(state.priority or "", 0)

    def parent(self, row: Row) -> Row | None:
        """The visible parent of an item."""
        return self.rows.get(row.state.parent or "")

    def history(self, row: Row) -> tuple[Entry, ...]:
        """What happened to an item, oldest first."""
        return self.world.history(row.id, self.now)

    def of_kind(self, kind: Kind) -> list[Row]:
        """All items of a kind."""
        return [row for row in self.rows.values() if row.kind is kind]
