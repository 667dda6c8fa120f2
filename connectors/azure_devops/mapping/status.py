"""States and their categories as our categories (rollup.md 1.2, the row of Azure DevOps).

The categories: learn.microsoft.com/azure/devops/boards/work-items/workflow-and-state-categories.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connectors.azure_devops.rules import Rules, fold
from syncer.domain.item import ResolutionKind, StatusCategory

_CATEGORIES: Final[Mapping[str, StatusCategory]] = {
    "proposed": StatusCategory.TODO,
    "inprogress": StatusCategory.IN_PROGRESS,
    "resolved": StatusCategory.IN_PROGRESS,
    "completed": StatusCategory.DONE,
    "removed": StatusCategory.CANCELLED,
}
"""Resolved counts as in progress for Azure DevOps itself."""

_KINDS: Final = {
    StatusCategory.DONE: ResolutionKind.DELIVERED,
    StatusCategory.CANCELLED: ResolutionKind.NOT_DELIVERED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that an item's status depends on, now or at some time past.

    `category` is Azure DevOps' own word, empty where it is not told; `reasons` say why the state
    was entered.
    """

    state: str = ""
    category: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """Our category, what people see, how it ended, and whether nobody has planned it yet."""

    category: StatusCategory
    shown: str
    resolution: ResolutionKind | None = None
    reason: str = ""
    backlog: bool = False


def status_of(standing: Standing, rules: Rules) -> Status:
    """The configured meaning of the state wins, then what Azure DevOps says, then its name.

    An open state whose name says that it waits is WAITING in any category. Completed for a reason
    that delivers nothing (a duplicate) is CANCELLED. An unknown state is UNKNOWN, never guessed.
    """
    name = fold(standing.state)
    category = rules.own.get(name) or _told(standing, rules)
    if category is StatusCategory.DONE and any(
        fold(one) in rules.not_delivered for one in standing.reasons
    ):
        category = StatusCategory.CANCELLED
    resolution = _KINDS.get(category)
    backlog = category is StatusCategory.TODO and name in rules.backlog
    reason = next(iter(standing.reasons), "") if resolution else ""
    return Status(category, standing.state, resolution, reason, backlog=backlog)


def _told(standing: Standing, rules: Rules) -> StatusCategory:
    theirs = _CATEGORIES.get(standing.category.casefold())
    shipped = rules.statuses.get(fold(standing.state))
    if theirs is None:
        return shipped or StatusCategory.UNKNOWN
    return shipped if shipped is StatusCategory.WAITING and theirs.is_open else theirs
