"""Statuses as our categories (rollup.md 1.2, the row of Redmine)."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.redmine.rules import Rules, fold
from connectors.redmine.wire import Status as ToldStatus
from syncer.domain.item import ResolutionKind, StatusCategory
from syncer.domain.text import clean_line


@dataclass(frozen=True, slots=True)
class Status:
    """Our category, what people see, how it ended, and whether nobody has planned it yet."""

    category: StatusCategory
    shown: str
    resolution: ResolutionKind | None = None
    backlog: bool = False


def status_of(told: ToldStatus | None, rules: Rules) -> Status:
    """Whether work remains is as Redmine says (`is_closed`); the name says the rest.

    An open status of no known name is UNKNOWN, never guessed, and one that is called done while
    Redmine does not call it closed leaves the work in progress.
    """
    shown = clean_line(told.name or "", limit=255) if told else ""
    if told is None or told.is_closed is None:
        return Status(StatusCategory.UNKNOWN, shown)
    name = fold(shown)
    own = rules.own.get(name)
    if told.is_closed:
        if own is StatusCategory.CANCELLED or (own is None and name in rules.not_delivered):
            return Status(StatusCategory.CANCELLED, shown, ResolutionKind.NOT_DELIVERED)
        return Status(StatusCategory.DONE, shown, ResolutionKind.DELIVERED)
    category = own or rules.statuses.get(name, StatusCategory.UNKNOWN)
    if not category.is_open:
        category = StatusCategory.IN_PROGRESS
    backlog = category is StatusCategory.TODO and name in rules.backlog
    return Status(category, shown, backlog=backlog)
