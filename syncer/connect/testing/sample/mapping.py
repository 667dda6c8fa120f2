"""One item as Sample sends it, as an item record or as unreadable with the reason. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ValidationError

from syncer.connect.testing.sample.text import plain_text
from syncer.connect.times import utc_instant
from syncer.connect.unreadable import Unmappable, reason_of, unreadable
from syncer.domain.change import Change, ChangeField
from syncer.domain.item import (
    Account,
    ItemKind,
    ItemRecord,
    ResolutionKind,
    StatusCategory,
    Unreadable,
    WorkItem,
)
from syncer.domain.link import Link, LinkKind
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.text import clean_block, clean_line
from syncer.domain.timeline import timeline

_NOT_DELIVERED: Final = frozenset({"won't do", "duplicate", "obsolete"})
_CATEGORIES: Final[Mapping[str, StatusCategory]] = {
    "to do": StatusCategory.TODO,
    "in progress": StatusCategory.IN_PROGRESS,
    "blocked": StatusCategory.WAITING,
    "done": StatusCategory.DONE,
}
_KINDS: Final[Mapping[str, tuple[ItemKind, int]]] = {
    "initiative": (ItemKind.INITIATIVE, 2),
    "epic": (ItemKind.EPIC, 1),
    "sub-task": (ItemKind.SUBTASK, -1),
}
_LONGEST_TEXT: Final = 100_000


def _in_utc(value: object) -> datetime:
    if not isinstance(value, str):
        raise Unmappable("a time is no text")
    return utc_instant(value)


Instant = Annotated[datetime, BeforeValidator(_in_utc)]


class _Person(BaseModel):
    id: str
    name: str = ""


class _Link(BaseModel):
    kind: str
    to: int
    to_key: str = ""


class _Entry(BaseModel):
    id: int
    at: Instant
    field: str
    before: str | None = None
    after: str | None = None


class _Item(BaseModel):
    """Only what is used: whatever else Sample sends is its own business."""

    id: int
    key: str
    container: str
    title: str = ""
    body: str | None = None
    type: str = ""
    status: str = ""
    resolution: str | None = None
    labels: list[str] = []
    parent: int | None = None
    links: list[_Link] = []
    reporter: _Person | None = None
    created: Instant
    changed: Instant
    history: list[_Entry] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What stays the same for all items of a connection."""

    connection: str
    url: str
    statuses: Mapping[str, StatusCategory]

    def category(self, status: str, resolution: str | None) -> StatusCategory:
        """Ours for one of their statuses; UNKNOWN rather than a guess."""
        known = {**_CATEGORIES, **{name.casefold(): own for name, own in self.statuses.items()}}
        category = known.get(status.casefold(), StatusCategory.UNKNOWN)
        if category is StatusCategory.DONE and not is_delivered(resolution):
            return StatusCategory.CANCELLED
        return category

    def ref(self, id_: int, key: str = "") -> ItemRef:
        """The item with this number."""
        return ItemRef(self.connection, str(id_), key)


def is_delivered(resolution: str | None) -> bool:
    """Whether what ended so delivered something."""
    return (resolution or "").casefold() not in _NOT_DELIVERED


def read_item(raw: object, site: Site) -> ItemRecord | Unreadable:
    """The record of one item; `Unreadable` where its shape is not as promised."""
    try:
        return _record(_Item.model_validate(raw), site)
    except ValidationError as error:
        key = raw.get("key") if isinstance(raw, dict) else None
        return unreadable(
            raw,
            connection=site.connection,
            key=key if isinstance(key, str) else "",
            reason=reason_of(error),
        )


def _record(raw: _Item, site: Site) -> ItemRecord:
    kind, level = _KINDS.get(raw.type.casefold(), (ItemKind.ITEM, 0))
    changes = tuple(_changes(raw.history, site))
    item = WorkItem(
        ref=site.ref(raw.id, raw.key),
        key=clean_line(raw.key),
        url=f"{site.url}/items/{raw.id}",
        container=ContainerKey(site.connection, raw.container),
        title=clean_line(raw.title) or "(no title)",
        body=clean_block(plain_text((raw.body or "")[:_LONGEST_TEXT])),
        native_type=clean_line(raw.type),
        kind=kind,
        hierarchy_level=level,
        labels=tuple(map(clean_line, raw.labels)),
        reporter=_account(raw.reporter, site),
        parent=site.ref(raw.parent) if raw.parent else None,
        links=tuple(_links(raw.links, site)),
        **_life(raw, changes, site),
    )
    return ItemRecord(item=item, changes=changes)


def _life(raw: _Item, changes: Sequence[Change], site: Site) -> dict[str, Any]:
    category = site.category(raw.status, raw.resolution)
    life = timeline(changes, current=category, created_at=raw.created)
    delivered = ResolutionKind.DELIVERED if is_delivered(raw.resolution) else None
    return {
        "native_status": clean_line(raw.status),
        "status_category": category,
        "resolution": clean_line(raw.resolution or "") or None,
        "resolution_kind": (delivered or ResolutionKind.NOT_DELIVERED) if raw.resolution else None,
        "created_at": raw.created,
        "updated_at": raw.changed,
        "started_at": life.started_at,
        "done_at": life.done_at,
        "reopened_count": life.reopened_count,
        "last_meaningful_change_at": life.last_meaningful_change_at,
    }


def _account(person: _Person | None, site: Site) -> Account | None:
    if person is None:
        return None
    return Account(connection=site.connection, id=person.id, name=clean_line(person.name))


def _links(links: Iterable[_Link], site: Site) -> Iterable[Link]:
    """Sample tells a link at its source alone; whoever builds a graph merges both ends."""
    for link in links:
        kind = LinkKind.BLOCKS if link.kind == "blocks" else LinkKind.RELATES
        yield Link(kind=kind, to=site.ref(link.to, link.to_key), native_type=clean_line(link.kind))


def _changes(entries: Iterable[_Entry], site: Site) -> Iterable[Change]:
    """The changes of status, oldest first; more fields are as many lines more."""
    for entry in sorted(entries, key=lambda one: (one.at, one.id)):
        if entry.field == "status":
            before, after = (
                site.category(told or "", None).value for told in (entry.before, entry.after)
            )
            yield Change(
                id=str(entry.id),
                at=entry.at,
                field=ChangeField.STATUS,
                before=before,
                after=after,
                before_text=clean_line(entry.before or ""),
                after_text=clean_line(entry.after or ""),
            )
