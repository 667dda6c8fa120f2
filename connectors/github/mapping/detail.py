"""What is known of an issue beside the issue itself, whichever API told it: plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

_LOCATOR: Final = re.compile(r"([A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100})#([1-9]\d{0,17})")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another issue: where it is, and its database id if that was told."""

    repository: str
    number: int
    id: str = ""

    @property
    def locator(self) -> str:
        """As people write it: `acme/phone#12`."""
        return f"{self.repository}#{self.number}"


def neighbour_at(locator: str) -> Neighbour | None:
    """The issue that a locator names, None if it is none."""
    found = _LOCATOR.fullmatch(locator)
    return Neighbour(found[1], int(found[2])) if found else None


class Happened(StrEnum):
    """What an entry of the timeline tells, by the names of the REST API."""

    CLOSED = "closed"
    REOPENED = "reopened"
    LABELED = "labeled"
    UNLABELED = "unlabeled"
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    MILESTONED = "milestoned"
    DEMILESTONED = "demilestoned"
    RENAMED = "renamed"
    TRANSFERRED = "transferred"
    COMMENTED = "commented"
    DUPLICATE = "marked_as_duplicate"
    NO_DUPLICATE = "unmarked_as_duplicate"
    PARENT_ADDED = "parent_issue_added"
    PARENT_REMOVED = "parent_issue_removed"
    BLOCKED_BY_ADDED = "blocked_by_added"
    BLOCKED_BY_REMOVED = "blocked_by_removed"
    BLOCKING_ADDED = "blocking_added"
    BLOCKING_REMOVED = "blocking_removed"
    BOARD_STATUS = "project_v2_item_status_changed"


_TOLD_BY_BOTH: Final = frozenset({
    Happened.LABELED, Happened.UNLABELED, Happened.ASSIGNED, Happened.UNASSIGNED,
    Happened.MILESTONED, Happened.DEMILESTONED, Happened.COMMENTED,
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One entry of the timeline.

    `subject` is the label, login, milestone's title, project's title or reason of closing that it
    concerns; `before` and `after` are the titles of RENAMED and the statuses of BOARD_STATUS, and
    `before` the repository of TRANSFERRED.
    """

    what: Happened
    at: datetime
    actor: str = ""
    by_bot: bool = False
    subject: str = ""
    before: str = ""
    after: str = ""
    other: Neighbour | None = None

    @property
    def id(self) -> str:
        """The same whichever API told it: those give one entry different ids.

        Only what both of them tell is in it.
        """
        about = self.subject[:80] if self.what in _TOLD_BY_BOTH else ""
        return f"{self.what}@{self.at:%Y%m%dT%H%M%S}:{about}".rstrip(":")


@dataclass(frozen=True, slots=True, kw_only=True)
class Iteration:
    """An iteration of a project: `end` is its last day."""

    title: str
    end: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The place of the issue in one project, its values by folded field name."""

    project: str
    values: Mapping[str, str | float | date | Iteration] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """What is known of one issue beside itself.

    `complete` says whether `timeline`, oldest first, holds all entries. `height` is 0 without
    sub-issues, 1 with, 2 where one of those has its own.
    """

    timeline: tuple[Happening, ...] = ()
    complete: bool = False
    parent: Neighbour | None = None
    blocked_by: tuple[Neighbour, ...] = ()
    blocking: tuple[Neighbour, ...] = ()
    height: int = 0
    boards: tuple[Board, ...] = ()


NO_DETAIL: Final = Detail()
