"""The types of Linear's statuses as our categories (rollup.md 1.2, the row of Linear).

Types of issues' states: `WorkflowState.type` of the schema; of projects: `ProjectStatusType`; of
initiatives: `InitiativeStatus`. A status of an unknown type is UNKNOWN, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connectors.linear.rules import Rules, fold
from syncer.domain.item import ResolutionKind, StatusCategory
from syncer.domain.text import clean_line

_TYPES: Final[Mapping[str, StatusCategory]] = {
    "triage": StatusCategory.TODO,
    "backlog": StatusCategory.TODO,
    "unstarted": StatusCategory.TODO,
    "started": StatusCategory.IN_PROGRESS,
    "completed": StatusCategory.DONE,
    "canceled": StatusCategory.CANCELLED,
    "duplicate": StatusCategory.CANCELLED,
    # of projects
    "planned": StatusCategory.TODO,
    "paused": StatusCategory.WAITING,
    # of initiatives, which have no statuses of their own
    "proposed": StatusCategory.TODO,
    "active": StatusCategory.IN_PROGRESS,
}
_UNPLANNED: Final = frozenset({"triage", "backlog", "proposed"})
_ENDS: Final = {
    StatusCategory.DONE: ResolutionKind.DELIVERED,
    StatusCategory.CANCELLED: ResolutionKind.NOT_DELIVERED,
}


@dataclass(frozen=True, slots=True)
class Status:
    """Our category, what people see, how it ended, and whether nobody has planned it yet."""

    category: StatusCategory
    shown: str
    resolution: ResolutionKind | None = None
    backlog: bool = False


def status_of(name: str, type_: str, rules: Rules) -> Status:
    """What a status means: as configured, else waiting by its name, else by its type."""
    known, called = type_.casefold(), fold(name)
    theirs = _TYPES.get(known, StatusCategory.UNKNOWN)
    waits = called in rules.waiting and (theirs.is_open or theirs is StatusCategory.UNKNOWN)
    category = rules.own.get(called) or (StatusCategory.WAITING if waits else theirs)
    return Status(
        category,
        clean_line(name),
        _ENDS.get(category),
        category is StatusCategory.TODO and known in _UNPLANNED,
    )
