"""Open and closed, statuses and labels as our categories (rollup.md 1.2, the row of GitLab).

GitLab's statuses, since 18.2: docs.gitlab.com/user/work_items/status. Each has one of five
categories; before there were any, and without a licence, scoped labels said how far work is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from connectors.gitlab.rules import Rules, fold
from syncer.domain.item import ResolutionKind, StatusCategory

_CATEGORIES: Final[Mapping[str, StatusCategory]] = {
    "triage": StatusCategory.TODO,
    "to_do": StatusCategory.TODO,
    "in_progress": StatusCategory.IN_PROGRESS,
    "done": StatusCategory.DONE,
    "canceled": StatusCategory.CANCELLED,
}
_BACKLOG: Final = "triage"
_STRONGEST: Final = (
    StatusCategory.CANCELLED,
    StatusCategory.DONE,
    StatusCategory.WAITING,
    StatusCategory.IN_PROGRESS,
    StatusCategory.TODO,
    StatusCategory.UNKNOWN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that an item's status depends on, now or at some time past.

    `closed` is None where GitLab does not tell. `left` says that it was closed since it goes on
    elsewhere: moved, a duplicate, or promoted to an epic.
    """

    closed: bool | None = False
    name: str = ""
    category: str = ""
    labels: frozenset[str] = frozenset()
    assignees: frozenset[str] = frozenset()
    left: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    """Our category, what people see, how it ended, and whether nobody has planned it yet."""

    category: StatusCategory
    shown: str
    resolution: ResolutionKind | None = None
    backlog: bool = False


def status_of(standing: Standing, rules: Rules) -> Status:
    """Closed counts as GitLab says; open as the status says, else as labels say, else TODO.

    Who does not use statuses has every open item in the first one: there a label that speaks of
    a status says more. A status of no known category and meaning is UNKNOWN, never guessed; one
    that says "done" of an open item leaves it in progress.
    """
    if standing.closed is None:
        return Status(StatusCategory.UNKNOWN, standing.name)
    if standing.closed:
        return _closed(standing, rules)
    by_label = _of_labels(standing.labels, rules)
    if not standing.name:
        return by_label or Status(StatusCategory.TODO, "Open")
    named = _named(standing, rules)
    return by_label if by_label and named.category is StatusCategory.TODO else named


def _closed(standing: Standing, rules: Rules) -> Status:
    cancelled = _CATEGORIES.get(standing.category) is StatusCategory.CANCELLED
    own = rules.own.get(fold(standing.name)) is StatusCategory.CANCELLED
    labelled = any(rules.plain(x, "status") in rules.not_delivered for x in standing.labels)
    shown = standing.name or "Closed"
    if cancelled or own or labelled or standing.left:
        return Status(StatusCategory.CANCELLED, shown, ResolutionKind.NOT_DELIVERED)
    return Status(StatusCategory.DONE, shown, ResolutionKind.DELIVERED)


def _named(standing: Standing, rules: Rules) -> Status:
    name = fold(standing.name)
    theirs, shipped = _CATEGORIES.get(standing.category), rules.statuses.get(name)
    waits = shipped if shipped is StatusCategory.WAITING else None
    category = rules.own.get(name) or waits or theirs or shipped or StatusCategory.UNKNOWN
    if category in (StatusCategory.DONE, StatusCategory.CANCELLED):
        category = StatusCategory.IN_PROGRESS
    backlog = category is StatusCategory.TODO and (
        standing.category == _BACKLOG or name in rules.backlog
    )
    return Status(category, standing.name, backlog=backlog)


def _of_labels(labels: Iterable[str], rules: Rules) -> Status | None:
    """What the strongest of the labels says that speak of a status; "done" is not one of them."""
    found = []
    for label in sorted(labels):
        plain = rules.plain(label, "status")
        category = rules.own.get(plain) or rules.statuses.get(plain)
        if category is not None and plain not in rules.finished:
            backlog = category is StatusCategory.TODO and plain in rules.backlog
            found.append(Status(category, label, backlog=backlog))
    return min(found, key=lambda status: _STRONGEST.index(status.category), default=None)
