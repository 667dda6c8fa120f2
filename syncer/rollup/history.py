"""Items as they were at a past instant: their history rolled back, change by change.

Rolling back makes past editions, growth over a window and "what did we believe then" possible
from the newest knowledge of the store, without a snapshot of every day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import (
    Account,
    ItemState,
    ResolutionKind,
    StatusCategory,
    Version,
    WorkItem,
)
from syncer.domain.link import Link, LinkKind
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.timeline import timeline

Patch = Mapping[str, Any]


def _date(value: str | None) -> date | None:
    return date.fromisoformat(value[:10]) if value else None


def _names(value: str | None) -> list[str]:
    return [name for name in (value or "").split(",") if name]


def _ref(uid: str) -> ItemRef:
    connection, _, native = uid.partition(":")
    return ItemRef(connection, native)


def _undo_assignee(item: WorkItem, change: Change) -> Patch:
    known = {account.id: account for account in item.assignees}
    ids = _names(change.before)
    return {
        "assignees": tuple(
            known.get(i) or Account(connection=item.ref.connection, id=i, name=change.before_text)
            for i in ids
        )
    }


def _undo_versions(item: WorkItem, change: Change) -> Patch:
    known = {version.name: version for version in item.fix_versions}
    return {
        "fix_versions": tuple(
            known.get(name) or Version(id="", name=name) for name in _names(change.before)
        )
    }


def _parse_link(value: str) -> tuple[LinkKind, bool, str]:
    cut = min(i for i in (value.find(">"), value.find("<")) if i >= 0)
    return LinkKind(value[:cut]), value[cut] == "<", value[cut + 1 :]


def _undo_link(item: WorkItem, change: Change) -> Patch:
    links = item.links
    if change.after:
        kind, inward, uid = _parse_link(change.after)
        links = tuple(x for x in links if (x.kind, x.inward, x.to.uid) != (kind, inward, uid))
    if change.before:
        kind, inward, uid = _parse_link(change.before)
        links = (*links, Link(kind=kind, to=_ref(uid), inward=inward))
    return {"links": links}


def _undo_container(item: WorkItem, change: Change) -> Patch:
    return {"container": ContainerKey(item.ref.connection, change.before or item.container.key)}


_UNDO: Final[Mapping[ChangeField, Callable[[WorkItem, Change], Patch]]] = {
    ChangeField.STATUS: lambda _, c: {"native_status": c.before_text},
    ChangeField.RESOLUTION: lambda _, c: {
        "resolution": c.before_text or None,
        "resolution_kind": ResolutionKind(c.before) if c.before else None,
    },
    ChangeField.DUE: lambda _, c: {"due_date": _date(c.before)},
    ChangeField.START: lambda _, c: {"start_date": _date(c.before)},
    ChangeField.ASSIGNEE: _undo_assignee,
    ChangeField.PARENT: lambda _, c: {
        "parent": _ref(c.before) if c.before else None,
        "parent_key": c.before_text,
    },
    ChangeField.LABELS: lambda _, c: {"labels": tuple(_names(c.before))},
    ChangeField.VERSIONS: _undo_versions,
    ChangeField.FLAG: lambda _, c: {"flagged": bool(c.before)},
    ChangeField.LINK: _undo_link,
    ChangeField.TITLE: lambda i, c: {"title": c.before or i.title},
    ChangeField.KEY: lambda i, c: {"key": c.before or i.key},
    ChangeField.CONTAINER: _undo_container,
}


def _category_then(
    item: WorkItem, was: WorkItem, past: Sequence[Change], future: Sequence[Change]
) -> StatusCategory:
    """The category at the instant: from the history, corrected by flag and resolution."""
    touched = {change.field for change in future}
    if not touched & {ChangeField.STATUS, ChangeField.RESOLUTION, ChangeField.FLAG}:
        return item.status_category
    before = [c.after for c in past if c.field is ChangeField.STATUS][-1:]
    after = [c.before for c in future if c.field is ChangeField.STATUS][:1]
    known = before or after
    category = StatusCategory(known[0] or StatusCategory.UNKNOWN) if known else item.status_category
    if category is StatusCategory.DONE and was.resolution_kind is ResolutionKind.NOT_DELIVERED:
        return StatusCategory.CANCELLED
    return StatusCategory.WAITING if was.flagged and category.is_open else category


def rewind(item: WorkItem, changes: Sequence[Change], as_of: datetime) -> WorkItem | None:
    """The item as it was at an instant (aware UTC), None if it did not exist yet.

    `changes` is its whole history, oldest first. A property whose changes are not recorded
    stays as it is now. An item deleted or hidden since is shown as it is: its end has no instant.
    """
    if item.created_at > as_of:
        return None
    future = [change for change in changes if change.at > as_of]
    if not future:
        return item
    past = [change for change in changes if change.at <= as_of]
    was = item
    for change in reversed(future):
        undo = _UNDO.get(change.field)
        was = replace(was, **undo(was, change)) if undo else was
    category = _category_then(item, was, past, future)
    life = timeline(past, current=category, created_at=item.created_at)
    return replace(
        was,
        status_category=category,
        started_at=life.started_at,
        done_at=life.done_at,
        reopened_count=life.reopened_count,
        last_meaningful_change_at=life.last_meaningful_change_at,
        updated_at=past[-1].at if past else item.created_at,
    )


def rewind_all(
    items: Iterable[WorkItem], changes: Mapping[str, Sequence[Change]], as_of: datetime
) -> list[WorkItem]:
    """All items that existed at an instant, as they were then, in their given order."""
    past = (rewind(item, changes.get(item.uid, ()), as_of) for item in items)
    return [item for item in past if item is not None and item.state is not ItemState.MOVED]
