"""A work item and what happened to it as plain values, whichever API told them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from connectors.gitlab.mapping.place import Place
from syncer.domain.item import Account, Sprint, Version


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another item: by its work item's id where that is told, and by its place."""

    id: str
    place: Place | None
    url: str = ""

    @property
    def locator(self) -> str:
        """Its full reference, empty where it is not told."""
        return self.place.locator if self.place else ""


class LinkWord(StrEnum):
    """What an item does to the one that it is linked to."""

    BLOCKS = "blocks"
    BLOCKED_BY = "is_blocked_by"
    RELATES = "relates_to"


@dataclass(frozen=True, slots=True)
class ToldLink:
    """A link as the item that carries it sees it."""

    word: LinkWord
    other: Neighbour
    created_at: datetime | None = None


class Happened(StrEnum):
    """What an entry of the history is about."""

    CLOSED = "closed"
    REOPENED = "reopened"
    STATUS = "status"
    LABELS = "labels"
    ASSIGNEES = "assignees"
    MILESTONE = "milestone"
    ITERATION = "iteration"
    WEIGHT = "weight"
    HEALTH = "health"
    DUE = "due"
    START = "start"
    TITLE = "title"
    BODY = "body"
    PARENT = "parent"
    LINK = "link"
    MOVED_FROM = "moved_from"
    MOVED_TO = "moved_to"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happened.

    `added` and `removed` are names of labels or people; `after` is the new value where only that
    is told, `before` the old one. `word` and `other` are of links.
    """

    what: Happened
    id: str
    at: datetime
    actor: str = ""
    by_bot: bool = False
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    word: LinkWord | None = None
    other: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """What is asked for beside the item itself. `complete` says whether its history is whole."""

    links: tuple[ToldLink, ...] = ()
    happenings: tuple[Happening, ...] = ()
    complete: bool = False


NO_DETAIL = Detail()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One work item. `children` are the types of its descendants; `moved_to` a page's address.

    `labels` are names by id, ids being empty where GitLab does not tell them.
    `dates_rolled_up` says that an epic's dates come from its children or their milestones.
    """

    id: str
    place: Place
    title: str
    body: str
    type_name: str
    closed: bool | None
    created: str | None
    updated: str | None
    closed_at: str | None
    confidential: bool
    author: Account | None
    assignees: tuple[Account, ...]
    labels: tuple[str, ...]
    version: Version | None
    sprint: Sprint | None
    weight: float | None
    health: str
    status_name: str
    status_category: str
    parent: Neighbour | None
    children: frozenset[str]
    start: date | None
    due: date | None
    dates_rolled_up: bool
    moved_to: str
    duplicated: bool
    promoted: bool
