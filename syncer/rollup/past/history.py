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
from syncer.domain.selector import key_of
from syncer.domain.timeline import Timeline, timeline

Patch = Mapping[str, Any]
Refs = Mapping[str, ItemRef]

_NO_REFS: Final[Refs] = {}
_STATUS: Final = ChangeField.STATUS
_RESOLUTION: Final = ChangeField.RESOLUTION
_MOVED: Final = ItemState.MOVED
_CANCELLED: Final = StatusCategory.CANCELLED.value
_DECIDES_CATEGORY: Final = frozenset({ChangeField.STATUS, ChangeField.RESOLUTION, ChangeField.FLAG})


def _date(value: str | None) -> date | None:
    return date.fromisoformat(value[:10]) if value else None


def _names(value: str | None) -> list[str]:
    return [name for name in (value or "").split(",") if name]


def _ref(uid: str, refs: Refs) -> ItemRef:
    """The item that a history names, by its uid or, where it knows no better, by its key."""
    connection, _, native = uid.partition(":")
    return refs.get(uid) or ItemRef(connection, native)


def _category(value: str | None) -> StatusCategory:
    return next((c for c in StatusCategory if c.value == value), StatusCategory.UNKNOWN)


def _resolution(value: str | None) -> ResolutionKind | None:
    return next((kind for kind in ResolutionKind if kind.value == value), None)


def _undo_assignee(item: WorkItem, change: Change, _: Refs) -> Patch:
    known = {account.id: account for account in item.assignees}
    ids = _names(change.before)
    return {
        "assignees": tuple(
            known.get(i) or Account(connection=item.ref.connection, id=i, name=change.before_text)
            for i in ids
        )
    }


def _undo_parent(_: WorkItem, change: Change, refs: Refs) -> Patch:
    return {
        "parent": _ref(change.before, refs) if change.before else None,
        "parent_key": change.before_text,
    }


def _undo_versions(item: WorkItem, change: Change, _: Refs) -> Patch:
    known = {version.name: version for version in item.fix_versions}
    return {
        "fix_versions": tuple(
            known.get(name) or Version(id="", name=name) for name in _names(change.before)
        )
    }


def _link(value: str | None, refs: Refs) -> Link | None:
    """The link that one side of a change names, None where it names none that we know."""
    for kind in LinkKind:
        for arrow in "><":
            if value and value.startswith(f"{kind.value}{arrow}"):
                other = value.removeprefix(f"{kind.value}{arrow}")
                return Link(kind=kind, to=_ref(other, refs), inward=arrow == "<")
    return None


def _is_same(link: Link, told: Link | None) -> bool:
    """Whether a link is the told one; histories may name the other end by its key only."""
    return (
        told is not None
        and (link.kind, link.inward, link.to.connection)
        == (told.kind, told.inward, told.to.connection)
        and told.to.id in {link.to.id, link.to_key}
    )


def _undo_link(item: WorkItem, change: Change, refs: Refs) -> Patch:
    added, removed = _link(change.after, refs), _link(change.before, refs)
    links = tuple(link for link in item.links if not _is_same(link, added))
    return {"links": (*links, removed) if removed else links}


def _undo_container(item: WorkItem, change: Change, _: Refs) -> Patch:
    return {"container": ContainerKey(item.ref.connection, change.before or item.container.key)}


_UNDO: Final[Mapping[ChangeField, Callable[[WorkItem, Change, Refs], Patch]]] = {
    ChangeField.STATUS: lambda _, c, __: {"native_status": c.before_text},
    ChangeField.RESOLUTION: lambda _, c, __: {
        "resolution": c.before_text or None,
        "resolution_kind": _resolution(c.before),
    },
    ChangeField.DUE: lambda _, c, __: {"due_date": _date(c.before)},
    ChangeField.START: lambda _, c, __: {"start_date": _date(c.before)},
    ChangeField.ASSIGNEE: _undo_assignee,
    ChangeField.PARENT: _undo_parent,
    ChangeField.LABELS: lambda _, c, __: {"labels": tuple(_names(c.before))},
    ChangeField.VERSIONS: _undo_versions,
    ChangeField.FLAG: lambda _, c, __: {"flagged": bool(c.before)},
    ChangeField.LINK: _undo_link,
    ChangeField.TITLE: lambda i, c, _: {"title": c.before or i.title},
    ChangeField.KEY: lambda i, c, _: {"key": c.before or i.key},
    ChangeField.CONTAINER: _undo_container,
}
"""How a change is taken back. Other fields stay: no figure of the roll-up reads their past."""

_DEPENDENT: Final = frozenset(
    {
        ChangeField.ASSIGNEE,
        ChangeField.VERSIONS,
        ChangeField.LINK,
        ChangeField.TITLE,
        ChangeField.KEY,
        ChangeField.CONTAINER,
    }
)
"""What it takes back depends on the later ones; of others the first that is undone says it all."""


def _recorded(past: Sequence[Change], future: Sequence[Change]) -> StatusCategory | None:
    """The category that the history tells for the instant between past and future."""
    entered = [c.after for c in past if c.field is _STATUS]
    left = [c.before for c in future if c.field is _STATUS]
    if entered:
        return _category(entered[-1])
    return _category(left[0]) if left else None


def _unrecorded(item: WorkItem, was: WorkItem) -> StatusCategory:
    """The category beneath flag and resolution of an item whose status never moved."""
    if item.status_category is StatusCategory.CANCELLED and item.resolution_kind is not None:
        return StatusCategory.DONE
    if item.status_category is StatusCategory.WAITING and item.flagged and not was.flagged:
        return StatusCategory.TODO  # nothing is born in progress
    return item.status_category


def _category_then(
    item: WorkItem, was: WorkItem, *, past: Sequence[Change], future: Sequence[Change]
) -> StatusCategory:
    """The category at the instant: from the history, corrected by flag and resolution."""
    if all(change.field not in _DECIDES_CATEGORY for change in future):
        return item.status_category
    category = _recorded(past, future) or _unrecorded(item, was)
    if category is StatusCategory.DONE and was.resolution_kind is ResolutionKind.NOT_DELIVERED:
        return StatusCategory.CANCELLED
    return StatusCategory.WAITING if was.flagged and category.is_open else category


def _was_done(item: WorkItem, category: StatusCategory, as_of: datetime) -> bool:
    """Whether the item was done by then though in a status that the tracker no longer knows."""
    forgotten = category is StatusCategory.UNKNOWN and item.status_category is StatusCategory.DONE
    return forgotten and item.done_at is not None and item.done_at <= as_of


def _until(instant: datetime | None, as_of: datetime) -> datetime | None:
    return instant if instant is not None and instant <= as_of else None


def _dated(item: WorkItem, as_of: datetime) -> WorkItem:
    """An item whose life is dated but not recorded as changes: open before it was done."""
    started, done = _until(item.started_at, as_of), _until(item.done_at, as_of)
    if (started, done) == (item.started_at, item.done_at):
        return item
    return replace(
        item,
        status_category=StatusCategory.IN_PROGRESS if started else StatusCategory.TODO,
        resolution=None,
        resolution_kind=None,
        started_at=started,
        done_at=None,
        last_meaningful_change_at=_until(item.last_meaningful_change_at, as_of) or item.created_at,
    )


def _undone(item: WorkItem, future: Sequence[Change], refs: Refs) -> WorkItem:
    """The item with the properties that it had before some changes, latest first undone."""
    was, last = item, dict[ChangeField, Change]()
    for change in reversed(future):
        if change.field in _DEPENDENT:
            was = replace(was, **_UNDO[change.field](was, change, refs))
        elif change.field in _UNDO:
            last[change.field] = change
    patch: dict[str, Any] = {}
    for change in last.values():
        patch.update(_UNDO[change.field](was, change, refs))
    return replace(was, **patch) if patch else was


def _life(
    item: WorkItem, category: StatusCategory, past: Sequence[Change], *, as_of: datetime
) -> Timeline:
    """The timeline at the instant; where the history is not whole, what the item tells wins."""
    told = timeline(
        past,
        current=category,
        created_at=item.created_at,
        resolved_at=_until(item.done_at, as_of),
        complete=item.history_complete,
    )
    if item.history_complete and category is not item.status_category:
        return told
    return replace(
        told,
        started_at=_until(item.started_at, as_of) or told.started_at,
        last_meaningful_change_at=_until(item.last_meaningful_change_at, as_of)
        or told.last_meaningful_change_at,
    )


def _is_as_it_was(item: WorkItem, changes: Sequence[Change], as_of: datetime) -> bool:
    """Whether nothing that is known about an item came later."""
    if changes and changes[-1].at > as_of:
        return False
    started, done = item.started_at, item.done_at
    return (started is None or started <= as_of) and (done is None or done <= as_of)


def rewind(
    item: WorkItem, changes: Sequence[Change], as_of: datetime, *, refs: Refs = _NO_REFS
) -> WorkItem | None:
    """The item as it was at an instant (aware UTC), None if it did not exist yet.

    `changes` is its whole history, oldest first; `refs` tells items by `<connection>:<key>`, since
    some histories know no ids. A property whose changes are not recorded stays as it is now. An
    item deleted or hidden since is shown as it is: its end has no instant.
    """
    if item.created_at > as_of:
        return None
    if _is_as_it_was(item, changes, as_of):
        return item
    if not any(change.field is _STATUS for change in changes):
        item = _dated(item, as_of)
    if not changes or changes[-1].at <= as_of:
        return item
    future = [change for change in changes if change.at > as_of]
    past = changes[: len(changes) - len(future)]
    was = _undone(item, future, refs)
    category = _category_then(item, was, past=past, future=future)
    category = StatusCategory.DONE if _was_done(item, category, as_of) else category
    life = _life(item, category, past, as_of=as_of)
    return replace(
        was,
        status_category=category,
        started_at=life.started_at,
        done_at=life.done_at,
        reopened_count=life.reopened_count,
        last_meaningful_change_at=life.last_meaningful_change_at,
        updated_at=_until(item.updated_at, as_of) or (past[-1].at if past else item.created_at),
    )


def may_cancel(change: Change) -> bool:
    """Whether an item may be a cancelled one on one side of a change and none on the other.

    A resolution that delivered nothing makes cancelled what was done.
    """
    if change.field is _STATUS:
        return _CANCELLED in (change.before, change.after)
    return change.field is _RESOLUTION


def rewind_all(
    items: Iterable[WorkItem], changes: Mapping[str, Sequence[Change]], as_of: datetime
) -> list[WorkItem]:
    """All items that existed at an instant, as they were then, in their given order."""
    known, past = list(items), list[WorkItem]()
    refs: Refs | None = None
    for item in known:
        history = changes.get(item.uid, ())
        was: WorkItem | None = item
        if item.created_at > as_of or not _is_as_it_was(item, history, as_of):
            if refs is None:  # names are needed for the past alone
                refs = {key_of(one): one.ref for one in known}
            was = rewind(item, history, as_of, refs=refs)
        if was is not None and was.state is not _MOVED:
            past.append(was)
    return past
