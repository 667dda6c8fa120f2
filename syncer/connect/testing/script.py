"""The values of a scripted tracker: what a `World` is made of.

Nothing here knows a vendor. Status names, type names and texts are whatever the script says;
a simulator renders them in its tracker's own shapes. Instants are aware UTC, dates civil.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from syncer.domain.link import LinkKind


class Phase(StrEnum):
    """What a status means, from which a simulator derives its tracker's own category."""

    TODO = "todo"
    PROGRESS = "progress"
    WAITING = "waiting"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account of the tracker; `bot` marks an application's account."""

    id: str
    name: str
    email: str = ""
    bot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A workflow status and its meaning."""

    name: str
    phase: Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemType:
    """An item type; `level` is 2 initiative, 1 epic, 0 item, -1 sub-task."""

    name: str
    level: int = 0
    untranslated: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A release or milestone of a container; `released_at` None while it is open."""

    id: str
    container: str
    name: str
    due: date | None = None
    released_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprint:
    """An iteration from `start` to `end`; closed from `end` on."""

    id: str
    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A project, repository or board with its immutable number."""

    id: str
    key: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemState:
    """Everything about an item that can change.

    `container` and `key` change when an item moves. `parent` and the ends of links are item
    ids. `resolution` is the tracker's word for how the work ended ("Done", "Won't Do").
    A `hidden` item exists but the account may not see it; a `restricted` one is seen with a
    security level; a `deleted` one is gone.
    """

    container: str
    key: str
    title: str
    body: str = ""
    type: str = "Story"
    status: str = "To Do"
    resolution: str | None = None
    priority: str | None = "Medium"
    assignee: str | None = None
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    sprint: str | None = None
    parent: str | None = None
    start: date | None = None
    due: date | None = None
    estimate: float | None = None
    flagged: bool = False
    restricted: bool = False
    hidden: bool = False
    deleted: bool = False


INVISIBLE_FIELDS = frozenset({"hidden", "deleted"})
"""Fields whose change leaves no trace in an item's history and does not touch it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """At one instant one person changed fields of an item, commented on it, or both.

    `changes` maps names of `ItemState` fields to their new values. A `silent` event leaves no
    trace in the item's history and does not touch it, as when its whole container is renamed.
    """

    at: datetime
    actor: str = ""
    changes: Mapping[str, object] = field(default_factory=dict)
    comment: str = ""
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedItem:
    """An item's whole life: how it was created and what happened to it since."""

    id: str
    created_at: datetime
    reporter: str
    initial: ItemState
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedLink:
    """An edge from `source` to `target` (item ids): the source blocks the target."""

    id: str
    kind: LinkKind
    source: str
    target: str
    created_at: datetime
    actor: str = ""
    removed_at: datetime | None = None

    def stands_at(self, instant: datetime) -> bool:
        """Whether the link exists at the instant."""
        return self.created_at <= instant and (self.removed_at is None or instant < self.removed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field of an item before and after an entry of its history."""

    field: str
    before: object
    after: object


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChange:
    """A link of an item was added or removed; `inward` if the item is the link's target."""

    kind: LinkKind
    other: str
    inward: bool
    added: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of an item's history with the state that it left behind.

    `id` is unique in the world. The creation is no entry.
    """

    id: int
    at: datetime
    actor: str
    changes: tuple[FieldChange, ...] = ()
    link: LinkChange | None = None
    comment: str = ""
    state: ItemState

    @property
    def touches(self) -> bool:
        """Whether the tracker would move the item's "updated" instant."""
        return bool(self.changes or self.link or self.comment)
