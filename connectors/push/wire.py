"""What may be pushed: the shapes of our own item format, and nothing beside them.

`docs/push-schema.json` is made of these classes by `scripts/write_push_schema.py`; the descriptions
are its documentation. Trackers are read patiently, because nobody can mend them. A sender of this
format is somebody's own script: whatever is unknown or odd here is an error that names its field.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StrictBool,
    StrictInt,
)

from syncer.domain.item import ItemKind, StatusCategory
from syncer.domain.link import LinkKind

MOST_ITEMS: Final = 5000
MOST_DELETED: Final = 20_000
MOST_PRESENT: Final = 100_000

_ID: Final = r"^[A-Za-z0-9][A-Za-z0-9._:/#@+-]{0,199}$"
_CONTAINER: Final = r"^[A-Za-z0-9][A-Za-z0-9_./-]{0,99}$"
_ADDRESS: Final = r"^https?://[!-~]{1,2000}$"
_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)"
)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def _written(value: object) -> object:
    if not isinstance(value, str) or _INSTANT.fullmatch(value) is None:
        raise ValueError("no instant with its offset, such as 2026-11-23T09:30:00Z")
    return value


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies beyond the calendar") from None


def _dated(value: object) -> object:
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        raise ValueError("no date such as 2026-11-23")
    return value


def _end(text: str) -> str:
    if re.fullmatch(_ID, text) is None and re.fullmatch(_ADDRESS, text) is None:
        raise ValueError("neither the id of an item here nor the address of one elsewhere")
    return text


Instant = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc)]
Day = Annotated[date, BeforeValidator(_dated)]
Id = Annotated[str, Strict(), Field(pattern=_ID)]
Line = Annotated[str, Strict(), Field(max_length=200)]
Name = Annotated[str, Strict(), Field(min_length=1, max_length=200)]
Text = Annotated[str, Strict()]
Address = Annotated[str, Strict(), Field(pattern=_ADDRESS)]
Amount = Annotated[float, Strict(), Field(ge=0, allow_inf_nan=False)]
_Names = Annotated[tuple[Name, ...], Field(max_length=100)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PushedAccount(_Shape):
    """A person, or a robot, as your system knows them."""

    id: Name = Field(description="Never changes; `<connection>:<id>` is what `[[people]]` names.")
    name: Line = Field("", description="As people read it; left out: the id.")
    email: Line = Field(
        "",
        description="Makes one person of accounts in several trackers; only a mark of it is kept.",
    )
    bot: StrictBool = Field(default=False, description="No human being.")


class PushedVersion(_Shape):
    """A release or milestone that an item belongs to."""

    name: Name = Field(description="Its name; versions with one name are one.")
    due: Day | None = Field(None, description="The day on which it is due.")
    closed: StrictBool = Field(default=False, description="Whether it is released or closed.")


class PushedLink(_Shape):
    """A link to another item."""

    kind: LinkKind = Field(description="How this item relates to the other one.")
    to: Annotated[str, Strict(), AfterValidator(_end)] = Field(
        max_length=2010,
        description="The id of an item of this connection, or the web address of any tracker's.",
    )
    inward: StrictBool = Field(
        default=False, description="The link runs from the other item to this one: `is blocked by`."
    )


class ChangedField(StrEnum):
    """What a change may be about."""

    STATUS = "status"
    DUE = "due"
    START = "start"
    ASSIGNEE = "assignee"
    TITLE = "title"
    FLAG = "flag"
    COMMENT = "comment"


class PushedChange(_Shape):
    """Something that changed in an item, at one instant."""

    at: Instant = Field(description="When.")
    field: ChangedField = Field(description="What.")
    before: Line | None = Field(
        None,
        description="The value before: of `status` a status category, of `due` and `start` a date, "
        "of `assignee` ids with commas between, of `flag` 1 or nothing.",
    )
    after: Line | None = Field(None, description="The value after, written in the same way.")
    by: Line = Field("", description="The name of whoever did it.")
    by_bot: StrictBool = Field(default=False, description="It was no human being.")


class PushedItem(_Shape):
    """A work item as it is now; whatever is left out is empty."""

    id: Id = Field(description="What never changes, whatever happens to the item.")
    title: Annotated[str, Strict()] = Field(
        min_length=1, description="One line; what is longer than 500 characters is cut."
    )
    status_category: StatusCategory = Field(
        description="What the status means. UNKNOWN counts as open and lowers the data's quality."
    )
    created_at: Instant = Field(description="When the item came into being.")
    updated_at: Instant = Field(
        description="When anything of it changed last, not after `as_of`. Of two states of an item "
        "the one with the later instant counts, in whatever order they come."
    )
    key: Line = Field("", description="What people call it; left out: the id.")
    url: Address | None = Field(None, description="Where people see it.")
    body: Text = Field("", description="Plain text; what exceeds 20,000 characters is cut.")
    type: Line = Field("", description="What your system calls this sort of item.")
    kind: ItemKind = Field(ItemKind.ITEM, description="What sort of thing it is.")
    hierarchy_level: StrictInt | None = Field(
        None,
        ge=-1,
        le=3,
        description="3 goal, 2 initiative, 1 epic or feature, 0 item, -1 subtask; left out: as "
        "`kind` says.",
    )
    status: Line = Field("", description="Your system's word for it; left out: the category.")
    backlog: StrictBool = Field(default=False, description="Not taken up for work yet.")
    flagged: StrictBool = Field(default=False, description="Marked as impeded.")
    resolution: Line = Field("", description="Your system's word for how it ended.")
    priority: StrictInt | None = Field(None, ge=0, le=4, description="0 the highest, 4 the lowest.")
    must_have: StrictBool = Field(default=False, description="No release without it.")
    restricted: StrictBool = Field(
        default=False, description="Not for all readers: shown as `restricted item`."
    )
    labels: _Names = Field((), description="Labels; selectors may pick by them.")
    components: _Names = Field((), description="Parts of the system.")
    customers: _Names = Field((), description="Who asked for it.")
    fix_versions: Annotated[tuple[PushedVersion, ...], Field(max_length=100)] = Field(
        (), description="Releases or milestones that it belongs to."
    )
    assignees: Annotated[tuple[PushedAccount, ...], Field(max_length=100)] = Field(
        (), description="Who works on it."
    )
    reporter: PushedAccount | None = Field(None, description="Who wrote it.")
    parent: Id | None = Field(None, description="The id of the item above, in this connection.")
    links: Annotated[tuple[PushedLink, ...], Field(max_length=1000)] = Field(
        (), description="Links to others. To say it at one end is enough."
    )
    estimate: Amount | None = Field(None, description="Its estimated size.")
    estimate_unit: Line = Field("", description="What the estimate counts: points, hours.")
    start_date: Day | None = Field(None, description="The planned start.")
    due_date: Day | None = Field(None, description="The day on which it is due.")
    started_at: Instant | None = Field(
        None, description="When work began; left out: as `changes` tell."
    )
    done_at: Instant | None = Field(
        None, description="When it was done; left out: as `changes` tell. Only where it is ended."
    )
    custom: Annotated[dict[Name, Line], Field(max_length=100)] = Field(
        default_factory=dict, description="Further fields by name, for selectors."
    )
    changes: Annotated[tuple[PushedChange, ...], Field(max_length=2000)] = Field(
        (), description="What happened to it, in any order. What was pushed before stays known."
    )
    history_complete: StrictBool = Field(
        default=False, description="`changes` tell every change of status since it was created."
    )


class Envelope(_Shape):
    """What surrounds pushed items; `items` are read one by one."""

    container: Annotated[str, Strict(), Field(pattern=_CONTAINER)] = Field(
        description="To what all of this belongs: a board, a plant, a contract. `items = "
        '["<connection>:<container>"]` selects it.'
    )
    as_of: Instant = Field(
        description="When your system was read for this; what syncer shows is as fresh as this. "
        "Not in the future."
    )
    name: Line = Field("", description="What people call the container.")
    items: Annotated[tuple[Any, ...], Field(max_length=MOST_ITEMS)] = Field(
        (), description="New and changed items, each as a whole."
    )
    deleted: Annotated[tuple[Id, ...], Field(max_length=MOST_DELETED)] = Field(
        (), description="Ids of items that were deleted by `as_of`."
    )
    complete: StrictBool = Field(
        default=False,
        description="An inventory: the container holds `items` and `present` and nothing else; "
        "what is missing was deleted.",
    )
    present: Annotated[tuple[Id, ...], Field(max_length=MOST_PRESENT)] = Field(
        (), description="Only with `complete`: ids that are there and are not told anew."
    )


class PushedDelivery(Envelope):
    """The body of one delivery to a connection of kind `push`.

    Without items, deletions and `complete` it is a heartbeat: nothing has changed up to `as_of`.
    """

    items: Annotated[tuple[PushedItem, ...], Field(max_length=MOST_ITEMS)] = Field(
        (), description="New and changed items, each as a whole."
    )
