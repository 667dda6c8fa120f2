"""One pushed item to one work item: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from connectors.push.wire import (
    ChangedField,
    PushedAccount,
    PushedChange,
    PushedItem,
    PushedLink,
    PushedVersion,
)
from syncer.connect.text_links import Phrase, text_links
from syncer.connect.unreadable import Unmappable
from syncer.domain.addresses import by_address
from syncer.domain.change import Change, ChangeField
from syncer.domain.item import (
    Account,
    ItemKind,
    ItemRecord,
    ResolutionKind,
    StatusCategory,
    Version,
    WorkItem,
)
from syncer.domain.link import Link
from syncer.domain.people import mail_mark
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.text import clean_block, clean_line
from syncer.domain.timeline import with_timeline

_LEVELS: Final = {
    ItemKind.GOAL: 3, ItemKind.INITIATIVE: 2, ItemKind.EPIC: 1, ItemKind.SUBTASK: -1,
}  # fmt: skip
_ENDED: Final = (StatusCategory.DONE, StatusCategory.CANCELLED)
_RESOLUTIONS: Final = {
    StatusCategory.DONE: ResolutionKind.DELIVERED,
    StatusCategory.CANCELLED: ResolutionKind.NOT_DELIVERED,
}
_CATEGORIES: Final = frozenset(category.value for category in StatusCategory)
_DAYS: Final = (ChangedField.DUE, ChangedField.START)


def to_record(
    item: PushedItem,
    *,
    container: ContainerKey,
    as_of: datetime,
    phrases: tuple[Phrase, ...] = (),
) -> ItemRecord:
    """The work item and its history; `Unmappable` where it cannot be as told.

    `phrases` are the words before an address or key in the body that make a link.
    """
    _refuse_contradictions(item, as_of=as_of)
    changes = _changes(item)
    made = with_timeline(_item(item, container), changes)
    links = (*made.links, *text_links(made.body, phrases))
    return ItemRecord(item=replace(made, links=links), changes=changes)


def _refuse_contradictions(item: PushedItem, *, as_of: datetime) -> None:
    if not clean_line(item.title):
        raise Unmappable("title: holds nothing that can be read")
    if item.updated_at > as_of:
        raise Unmappable("updated_at: lies after as_of")
    if item.created_at > item.updated_at:
        raise Unmappable("created_at: lies after updated_at")
    if item.done_at is not None and item.status_category not in _ENDED:
        raise Unmappable(f"done_at: is told, but status_category is {item.status_category}")
    for name in ("started_at", "done_at"):
        at = getattr(item, name)
        if at is not None and at > as_of:
            raise Unmappable(f"{name}: lies after as_of")
    if item.parent == item.id:
        raise Unmappable("parent: is the item itself")
    for index, link in enumerate(item.links):
        if link.to == item.id:
            raise Unmappable(f"links[{index}].to: is the item itself")


def _item(item: PushedItem, container: ContainerKey) -> WorkItem:
    ref = ItemRef(container.connection, item.id)
    return WorkItem(
        ref=ref,
        key=clean_line(item.key) or item.id,
        url=item.url or "",
        container=container,
        title=clean_line(item.title),
        body=clean_block(item.body),
        native_type=clean_line(item.type),
        kind=item.kind,
        created_at=item.created_at,
        updated_at=item.updated_at,
        history_complete=item.history_complete,
        **_standing(item),
        **_plan(item),
        **_belonging(item, container.connection),
    )


def _standing(item: PushedItem) -> dict[str, Any]:
    category, level = item.status_category, item.hierarchy_level
    return {
        "hierarchy_level": _LEVELS.get(item.kind, 0) if level is None else level,
        "native_status": clean_line(item.status) or category.value,
        "status_category": category,
        "backlog": item.backlog,
        "flagged": item.flagged,
        "resolution": clean_line(item.resolution) or None,
        "resolution_kind": _RESOLUTIONS.get(category),
        "started_at": item.started_at,
        "done_at": item.done_at,
        "restricted": item.restricted,
    }


def _plan(item: PushedItem) -> dict[str, Any]:
    return {
        "priority": item.priority,
        "must_have": item.must_have,
        "estimate": item.estimate,
        "estimate_unit": clean_line(item.estimate_unit),
        "start_date": item.start_date,
        "due_date": item.due_date,
    }


def _belonging(item: PushedItem, connection: str) -> dict[str, Any]:
    reporter = item.reporter
    return {
        "labels": _names(item.labels),
        "components": _names(item.components),
        "customers": _names(item.customers),
        "fix_versions": tuple(map(_version, item.fix_versions)),
        "assignees": tuple(_account(one, connection) for one in item.assignees),
        "reporter": _account(reporter, connection) if reporter else None,
        "parent": ItemRef(connection, item.parent) if item.parent else None,
        "parent_key": item.parent or "",
        "links": tuple(_link(one, connection) for one in item.links),
        "custom": {clean_line(name): clean_line(text) for name, text in item.custom.items()},
    }


def _names(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(clean for name in names if (clean := clean_line(name))))


def _version(version: PushedVersion) -> Version:
    name = clean_line(version.name)
    return Version(id=name, name=name, due=version.due, closed=version.closed)


def _account(account: PushedAccount, connection: str) -> Account:
    id_ = clean_line(account.id)
    name = clean_line(account.name) or id_
    mark = mail_mark(account.email)
    return Account(connection=connection, id=id_, name=name, bot=account.bot, mail=mark)


def _link(link: PushedLink, connection: str) -> Link:
    is_address = link.to.startswith(("http://", "https://"))
    return Link(
        kind=link.kind,
        to=by_address(link.to) if is_address else ItemRef(connection, link.to),
        to_key="" if is_address else link.to,
        inward=link.inward,
        native_type=link.kind.value,
    )


# --- history --------------------------------------------------------------------------------------


def _changes(item: PushedItem) -> tuple[Change, ...]:
    """The history, oldest change first; `Unmappable` for a value that its field cannot have."""
    for index, change in enumerate(item.changes):
        place = f"changes[{index}]"
        if not item.created_at <= change.at <= item.updated_at:
            raise Unmappable(f"{place}.at: does not lie between created_at and updated_at")
        for side in ("before", "after"):
            _refuse_value(change, getattr(change, side), place=f"{place}.{side}")
    ordered = sorted(item.changes, key=lambda change: change.at)
    return tuple(_numbered(ordered))


def _refuse_value(change: PushedChange, value: str | None, *, place: str) -> None:
    if value is None:
        return
    if change.field is ChangedField.STATUS and value not in _CATEGORIES:
        raise Unmappable(f"{place}: one of {', '.join(sorted(_CATEGORIES))}, not {value[:40]!r}")
    if change.field in _DAYS and not _is_day(value):
        raise Unmappable(f"{place}: no date such as 2026-11-23, but {value[:40]!r}")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _numbered(ordered: Sequence[PushedChange]) -> Iterator[Change]:
    """Changes known again by their instant, and by their turn among those of one instant."""
    turns: Counter[tuple[datetime, ChangedField]] = Counter()
    for change in ordered:
        turn = turns[change.at, change.field]
        turns[change.at, change.field] += 1
        at = change.at
        before, after = (clean_line(v or "") or None for v in (change.before, change.after))
        yield Change(
            id=f"{at:%Y%m%dT%H%M%S%f}" + (f"-{turn}" if turn else ""),
            at=at,
            field=ChangeField(change.field.value),
            before=before,
            after=after,
            before_text=before or "",
            after_text=after or "",
            actor=clean_line(change.by),
            by_bot=change.by_bot,
        )
