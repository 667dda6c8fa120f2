"""The recorded history of a work item."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ChangeField(StrEnum):
    """Which property of an item a change touched.

    `before` and `after` of a `Change` are canonical per field: STATUS a
    `StatusCategory` value; DUE, START an ISO date; RESOLUTION a `ResolutionKind`
    value; ASSIGNEE comma-joined account ids; PARENT the parent's uid; LABELS,
    VERSIONS comma-joined names; FLAG "1" or empty; LINK `<kind>><uid>` or
    `<kind><<uid>` for an inward link; TITLE, KEY, CONTAINER the text itself. None means empty.
    """

    STATUS = "status"
    RESOLUTION = "resolution"
    DUE = "due"
    START = "start"
    ASSIGNEE = "assignee"
    PARENT = "parent"
    LABELS = "labels"
    VERSIONS = "versions"
    SPRINT = "sprint"
    ESTIMATE = "estimate"
    PRIORITY = "priority"
    FLAG = "flag"
    LINK = "link"
    TITLE = "title"
    BODY = "body"
    KEY = "key"
    CONTAINER = "container"
    COMMENT = "comment"
    RANK = "rank"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One property of one item changed at one instant (UTC).

    `before_text` and `after_text` are what the tracker showed to people. `id` is the
    tracker's own id of the change, unique within the item together with `field`.
    """

    id: str
    at: datetime
    field: ChangeField
    before: str | None
    after: str | None
    before_text: str = ""
    after_text: str = ""
    actor: str = ""
    by_bot: bool = False
    reason: str = ""
