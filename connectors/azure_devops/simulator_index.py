"""A simulated organisation as it stands at one instant: which items there are, and their pasts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from syncer.connect.testing.script import Entry, ItemState, LinkChange, Phase
from syncer.connect.testing.world import World
from syncer.domain.link import LinkKind

_CATEGORIES: Final = {
    Phase.TODO: "Proposed",
    Phase.PROGRESS: "InProgress",
    Phase.WAITING: "InProgress",
    Phase.DONE: "Completed",
}
TYPES: Final[Mapping[str, str]] = {
    "Initiative": "Epic",
    "Epic": "Feature",
    "Story": "User Story",
    "Task": "Issue",
    "Sub-task": "Task",
    "Gate": "Milestone",
}
"""What a world's types are called here; the others keep their names."""

DEPENDENCY: Final = "System.LinkTypes.Dependency"
RELATED: Final = "System.LinkTypes.Related"
PARENT: Final = "System.LinkTypes.Hierarchy-Reverse"
HIERARCHY: Final = "System.LinkTypes.Hierarchy-Forward"


def stamp(at: datetime) -> str:
    """An instant as answers write it: `2026-11-23T04:30:00.123Z`, or without digits."""
    text = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    digits = f"{at.microsecond:06}".rstrip("0")
    return f"{text}.{digits}Z" if digits else f"{text}Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """The state that one edit left behind; `entry` is None for the creation.

    A link makes a revision of the item that waits, or was edited, and an update without one of the
    item at its far end: `number` then stays.
    """

    number: int
    update: int
    at: datetime
    actor: str
    state: ItemState
    entry: Entry | None = None

    @property
    def is_new(self) -> bool:
        """Whether the item got a revision by it."""
        link = self.entry.link if self.entry else None
        return link is None or is_near(link)


def is_near(link: LinkChange) -> bool:
    """Whether the link was made by editing the item that tells of it: the one that it leads to."""
    return link.inward


def rel_of(kind: LinkKind, *, inward: bool) -> str:
    """The reference name of a link's end as an item at it sees it."""
    if kind is not LinkKind.BLOCKS:
        return RELATED
    return f"{DEPENDENCY}-{'Reverse' if inward else 'Forward'}"


@dataclass(slots=True)
class Index:
    """What there is at `now` in the served projects; `destroyed` items left no trace."""

    world: World
    now: datetime
    projects: Collection[str]
    destroyed: Collection[str]
    pasts: dict[str, tuple[Revision, ...]] = field(default_factory=dict)
    _phases: dict[str, Phase] = field(init=False)

    def __post_init__(self) -> None:
        self._phases = {status.name: status.phase for status in self.world.statuses}
        for item_id in self.world.ids():
            state = self.world.state(item_id, self.now)
            if state is not None and state.container in self.projects:
                self.pasts[item_id] = self._past(item_id)

    def _past(self, item_id: str) -> tuple[Revision, ...]:
        item = self.world.item(item_id)
        made = Revision(
            number=1, update=1, at=item.created_at, actor=item.reporter, state=item.initial
        )
        past = [made]
        for entry in self.world.history(item_id, self.now):
            if entry.touches or entry.state.deleted is not past[-1].state.deleted:
                revision = Revision(
                    number=past[-1].number, update=len(past) + 1, at=entry.at, actor=entry.actor,
                    state=entry.state, entry=entry,
                )  # fmt: skip
                past.append(replace(revision, number=revision.number + revision.is_new))
        return tuple(past)

    # --- what is seen -------------------------------------------------------------------------

    def state(self, item_id: str) -> ItemState:
        """An item's state now, silent changes included; `KeyError` without such an item."""
        state = self.world.state(item_id, self.now)
        if state is None or item_id not in self.pasts:
            raise KeyError(item_id)
        return state

    def is_seen(self, item_id: str) -> bool:
        """Whether the account sees the item, and it was not deleted."""
        return item_id in self.pasts and self._is_seen(self.state(item_id))

    @staticmethod
    def _is_seen(state: ItemState) -> bool:
        return not (state.deleted or state.hidden)

    def is_in_recycle_bin(self, item_id: str) -> bool:
        """Whether the item was deleted and could be restored."""
        if item_id not in self.pasts or item_id in self.destroyed:
            return False
        state = self.state(item_id)
        return state.deleted and not state.hidden

    def seen(self) -> list[str]:
        """The items that the account sees, by id."""
        return sorted(filter(self.is_seen, self.pasts), key=int)

    def latest(self, item_id: str) -> Revision:
        """The last revision of an item."""
        return next(one for one in reversed(self.pasts[item_id]) if one.is_new)

    # --- what things mean ---------------------------------------------------------------------

    def category(self, status: str) -> str:
        """The category of a state."""
        return _CATEGORIES[self._phases.get(status, Phase.TODO)]

    def closed_at(self, revisions: Iterable[Revision]) -> datetime | None:
        """When the item was completed, None while it is not."""
        closed: datetime | None = None
        for one in revisions:
            is_done = self._phases.get(one.state.status) is Phase.DONE
            closed = (closed or one.at) if is_done else None
        return closed
