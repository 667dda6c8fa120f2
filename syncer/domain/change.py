"""The recorded history of a work item."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


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


class Change(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """One property of one item changed at one instant (UTC).

    `before_text` and `after_text` are what the tracker showed to people. `id` is the
    tracker's own id of the change, unique within the item together with `field`.

    Items have ten of these and more, so it is a struct: made, stored and loaded at a quarter of a
    dataclass's cost (docs/decisions/0035). In JSON it is a list of its values in this order, so a
    new property comes last, with a default. `msgspec.structs.replace` makes altered copies.
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
