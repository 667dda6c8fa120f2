"""The work item: what every connector's items become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from syncer.domain.change import Change
from syncer.domain.link import Link
from syncer.domain.ref import ContainerKey, Identified, ItemRef


class ItemKind(StrEnum):
    """What sort of thing the item is, whatever its tracker calls it."""

    GOAL = "goal"
    INITIATIVE = "initiative"
    EPIC = "epic"
    ITEM = "item"
    SUBTASK = "subtask"
    RISK = "risk"
    DECISION = "decision"
    MILESTONE = "milestone"
    DEPENDENCY = "dependency"


class StatusCategory(StrEnum):
    """Our six states. UNKNOWN counts as open and lowers data quality."""

    TODO = "TODO"
    IN_PROGRESS = "IN_PROGRESS"
    WAITING = "WAITING"
    DONE = "DONE"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"

    is_open: bool
    """Whether work remains: neither done nor cancelled."""
    is_wip: bool
    """Whether work has started and not ended."""

    def __init__(self, value: str) -> None:
        """Work out once what a roll-up asks of every item again and again."""
        self.is_open = value not in {"DONE", "CANCELLED"}
        self.is_wip = value in {"IN_PROGRESS", "WAITING"}


class ResolutionKind(StrEnum):
    """Whether the item's end delivered something."""

    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"


class ItemState(StrEnum):
    """Where the item is, as far as the tracker lets us see."""

    LIVE = "live"
    DELETED = "deleted"
    MOVED = "moved"
    HIDDEN = "hidden"


_LIVE: Final = ItemState.LIVE
"""By a name of its own: Python 3.11 takes five times as long for a member of an enumeration."""


class DateSource(StrEnum):
    """Where a date comes from; rolled-up dates are derived, not promised."""

    EXPLICIT = "explicit"
    INHERITED = "inherited"
    SPRINT_END = "sprint_end"
    ROLLED_UP = "rolled_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person as one tracker knows them.

    `mail` is the mark of their e-mail address (`syncer.domain.people`), empty where none is told.
    """

    connection: str
    id: str
    name: str
    bot: bool = False
    mail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A fix version, release or milestone that an item belongs to."""

    id: str
    name: str
    due: date | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprint:
    """An iteration; `closed` sprints with open items are a contradiction."""

    id: str
    name: str
    end: date | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem(Identified):
    """One work item. Instants are aware UTC; dates are the tracker's civil dates.

    `hierarchy_level`: 3 goal, 2 initiative, 1 epic or feature, 0 item, -1 subtask.
    `priority`: 0 is the highest, 4 the lowest, None unknown.
    `parent_known` is false where the tracker names a parent that it does not show.
    `custom` holds configured custom fields by their configured name. `unread` names what the
    tracker no longer shows (`must_have`, `customers`, `custom.<name>`) and from when (UTC) the
    value is that is kept instead, None where none is known.
    """

    ref: ItemRef
    key: str
    url: str
    container: ContainerKey
    title: str
    body: str = ""
    native_type: str = ""
    kind: ItemKind = ItemKind.ITEM
    hierarchy_level: int = 0
    native_status: str = ""
    status_category: StatusCategory = StatusCategory.UNKNOWN
    backlog: bool = False
    flagged: bool = False
    resolution: str | None = None
    resolution_kind: ResolutionKind | None = None
    priority: int | None = None
    must_have: bool = False
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    fix_versions: tuple[Version, ...] = ()
    sprints: tuple[Sprint, ...] = ()
    assignees: tuple[Account, ...] = ()
    reporter: Account | None = None
    parent: ItemRef | None = None
    parent_key: str = ""
    links: tuple[Link, ...] = ()
    estimate: float | None = None
    estimate_unit: str = ""
    start_date: date | None = None
    due_date: date | None = None
    date_source: DateSource = DateSource.EXPLICIT
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    done_at: datetime | None = None
    reopened_count: int = 0
    last_meaningful_change_at: datetime | None = None
    restricted: bool = False
    state: ItemState = ItemState.LIVE
    customers: tuple[str, ...] = ()
    custom: Mapping[str, str] = field(default_factory=dict)
    history_complete: bool = True
    unread: Mapping[str, datetime | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take the identity from the ref."""
        object.__setattr__(self, "uid", self.ref.uid)

    @property
    def is_open(self) -> bool:
        """Whether the item is live and neither done nor cancelled."""
        return self.state is _LIVE and self.status_category.is_open


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRecord:
    """An item together with its change history, oldest change first."""

    item: WorkItem
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """One item that the tracker sent and we could not read: quarantined, never dropped."""

    ref: ItemRef
    key: str
    reason: str
    raw: str
