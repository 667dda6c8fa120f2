"""One row of a sheet to one work item, and what changed in it since it was seen last: pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import blake2b
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from connectors.csv_file.memory import Seen
from connectors.csv_file.rules import Column, Rules, fold
from connectors.csv_file.table import Line, Sheet
from connectors.csv_file.values import day, instant, is_yes, listed, number
from syncer.connect.unreadable import Unmappable, unreadable
from syncer.domain.addresses import by_address
from syncer.domain.change import Change, ChangeField
from syncer.domain.item import (
    Account,
    ItemKind,
    ItemRecord,
    ResolutionKind,
    StatusCategory,
    Unreadable,
    Version,
    WorkItem,
)
from syncer.domain.link import Link, LinkKind
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.text import clean_block, clean_line

T = TypeVar("T")

_DIGEST_BYTES: Final = 8
_LONGEST_ID: Final = 200
_LONGEST_NAME: Final = 200
_ENDED: Final = (StatusCategory.DONE, StatusCategory.CANCELLED)
_LEVELS: Final = {
    ItemKind.GOAL: 3, ItemKind.INITIATIVE: 2, ItemKind.EPIC: 1, ItemKind.SUBTASK: -1,
}  # fmt: skip
_LINKS: Final[tuple[tuple[Column, LinkKind, bool], ...]] = (
    ("blocks", LinkKind.BLOCKS, False),
    ("blocked_by", LinkKind.BLOCKS, True),
    ("relates_to", LinkKind.RELATES, False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row that became an item, and what to remember of it."""

    record: ItemRecord
    seen: Seen


def id_of(sheet: Sheet, line: Line) -> str:
    """The id of a row as its identity; empty where it has none that can be one."""
    id_ = clean_line(sheet.cell(line, "id"), limit=_LONGEST_ID + 1)
    return id_ if len(id_) <= _LONGEST_ID else ""


def read_row(
    sheet: Sheet, line: Line, *, rules: Rules, seen: Seen | None, at: datetime
) -> Row | Unreadable:
    """The item of a row, or why it cannot be read; never an exception.

    `seen` is the row as it was seen last, None where it is new; `at` (UTC) is when it was read.
    """
    try:
        return _Reader(sheet, line, rules=rules, seen=seen, at=at).row()
    except Unmappable as error:
        return refused(sheet, line, rules=rules, reason=str(error))


def refused(sheet: Sheet, line: Line, *, rules: Rules, reason: str) -> Unreadable:
    """A row that cannot be read, under its id, with the line where a person finds it."""
    id_ = id_of(sheet, line)
    raw = {"id": id_, **dict(zip(sheet.headers, line.cells, strict=False))}
    reason = f"line {line.number}: {reason}"
    return unreadable(raw, connection=rules.connection, key=id_, reason=reason)


class _Reader:
    """Reads one row."""

    def __init__(
        self, sheet: Sheet, line: Line, *, rules: Rules, seen: Seen | None, at: datetime
    ) -> None:
        self._sheet = sheet
        self._line = line
        self._rules = rules
        self._seen = seen
        self._at = at
        self._digest = _digest(line)
        self._status = self._cell("status")
        self._category = self._category_of(self._status)

    def _cell(self, column: Column) -> str:
        return self._sheet.cell(self._line, column)

    def row(self) -> Row:
        """The item with what changed, and the row as it is remembered."""
        self._refuse_odd_shapes()
        due = self._day("due")
        seen = self._remembered(due)
        changes = tuple(self._changes(seen))
        return Row(record=ItemRecord(item=self._item(seen, due), changes=changes), seen=seen)

    def _refuse_odd_shapes(self) -> None:
        if not id_of(self._sheet, self._line):
            raise Unmappable("no id, or one of more than 200 characters")
        beyond = self._line.cells[len(self._sheet.headers) :]
        if any(cell.strip() for cell in beyond):
            raise Unmappable(
                f"{len(self._line.cells)} cells, but the header names {len(self._sheet.headers)}"
            )

    def _day(self, column: Column) -> date | None:
        return _named(column, lambda: day(self._cell(column), rules=self._rules))

    def _instant(self, column: Column) -> datetime | None:
        return _named(column, lambda: instant(self._cell(column), rules=self._rules))

    def _category_of(self, status: str) -> StatusCategory:
        return self._rules.statuses.get(fold(status), StatusCategory.UNKNOWN)

    def _item(self, seen: Seen, due: date | None) -> WorkItem:
        id_ = id_of(self._sheet, self._line)
        kind = self._rules.types.get(fold(self._cell("type")), ItemKind.ITEM)
        return WorkItem(
            ref=ItemRef(self._rules.connection, id_),
            key=id_,
            url=self._url(id_),
            container=ContainerKey(self._rules.connection, self._rules.container),
            title=clean_line(self._cell("title")) or id_,
            body=clean_block(self._cell("description")),
            native_type=clean_line(self._cell("type"), limit=_LONGEST_NAME),
            kind=kind,
            hierarchy_level=_LEVELS.get(kind, 0),
            created_at=min(self._instant("created") or seen.first_at, seen.updated_at),
            updated_at=seen.updated_at,
            last_meaningful_change_at=seen.updated_at,
            history_complete=False,
            **self._standing(seen),
            **self._plan(due),
            **self._belonging(),
        )

    def _standing(self, seen: Seen) -> dict[str, Any]:
        resolutions = {
            StatusCategory.DONE: ResolutionKind.DELIVERED,
            StatusCategory.CANCELLED: ResolutionKind.NOT_DELIVERED,
        }
        return {
            "native_status": clean_line(self._status, limit=_LONGEST_NAME),
            "status_category": self._category,
            "resolution_kind": resolutions.get(self._category),
            "started_at": seen.started_at,
            "done_at": seen.done_at,
            "flagged": self._is("flagged"),
        }

    def _plan(self, due: date | None) -> dict[str, Any]:
        return {
            "start_date": self._day("start"),
            "due_date": due,
            "priority": self._rules.priorities.get(fold(self._cell("priority"))),
            "estimate": _named("estimate", lambda: number(self._cell("estimate"))),
            "must_have": self._is("must_have"),
            # Whoever writes something unclear there means to keep the row from others' eyes.
            "restricted": is_yes(self._cell("restricted"), rules=self._rules, otherwise=True),
        }

    def _belonging(self) -> dict[str, Any]:
        parent = clean_line(self._cell("parent"), limit=_LONGEST_ID)
        parent = "" if parent == id_of(self._sheet, self._line) else parent
        return {
            "labels": self._names("labels"),
            "customers": self._names("customers"),
            "fix_versions": tuple(Version(id=name, name=name) for name in self._names("version")),
            "assignees": tuple(
                Account(connection=self._rules.connection, id=name, name=name)
                for name in self._names("assignee")
            ),
            "parent": ItemRef(self._rules.connection, parent) if parent else None,
            "parent_key": parent,
            "links": tuple(self._links()),
            "custom": {
                name: clean_line(self._line.cells[place])
                for name, place in self._sheet.customs.items()
                if place < len(self._line.cells) and self._line.cells[place].strip()
            },
        }

    def _links(self) -> Iterator[Link]:
        itself = id_of(self._sheet, self._line)
        for column, kind, inward in _LINKS:
            for name in self._names(column):
                if name == itself:
                    continue
                to = by_address(name) if _is_web(name) else ItemRef(self._rules.connection, name)
                yield Link(kind=kind, to=to, to_key=name, inward=inward, native_type=column)

    def _names(self, column: Column) -> tuple[str, ...]:
        names = (clean_line(name, limit=_LONGEST_NAME) for name in listed(self._cell(column)))
        return tuple(name for name in names if name)

    def _is(self, column: Column) -> bool:
        return is_yes(self._cell(column), rules=self._rules, otherwise=False)

    def _url(self, id_: str) -> str:
        told = self._cell("url")
        if _is_web(told):
            return told
        template = self._rules.item_url
        return template.replace("{id}", quote(id_, safe="")) if template else ""

    # --- what was seen before ---------------------------------------------------------------------

    def _remembered(self, due: date | None) -> Seen:
        """The row as it stands now, with the instants that only watching it can tell."""
        before = self._seen
        told = self._instant("updated")
        return Seen(
            digest=self._digest,
            first_at=before.first_at if before else self._at,
            updated_at=told or self._since(),
            status=self._category.value,
            due=due.isoformat() if due else "",
            started_at=self._started(),
            done_at=self._done(told),
        )

    def _since(self) -> datetime:
        """Since when the row says what it says now."""
        before = self._seen
        return before.updated_at if before and before.digest == self._digest else self._at

    def _started(self) -> datetime | None:
        """When work was seen to begin: known only where the row was there before it began."""
        if self._category in (StatusCategory.TODO, StatusCategory.UNKNOWN) or self._seen is None:
            return None
        if self._seen.started_at is None and self._seen.status == StatusCategory.TODO.value:
            return self._since()
        return self._seen.started_at

    def _done(self, updated: datetime | None) -> datetime | None:
        """When the work ended: the sheet's own word, else when that was seen.

        A row that had ended when it was first seen ended at its last update, or nobody knows when.
        """
        if self._category not in _ENDED:
            return None
        told = self._instant("done")
        if told is not None:
            return told
        if self._seen is None:
            return updated
        ended = self._seen.status in {category.value for category in _ENDED}
        return self._seen.done_at if ended else self._since()

    def _changes(self, now: Seen) -> Iterator[Change]:
        before = self._seen
        if before is None or before.digest == now.digest:
            return  # nobody touched the row: at most its meaning was configured otherwise
        if before.status != now.status:
            yield self._change(ChangeField.STATUS, before.status, now.status)
        if before.due != now.due:
            yield self._change(ChangeField.DUE, before.due, now.due)

    def _change(self, field: ChangeField, before: str, after: str) -> Change:
        return Change(
            id=f"{field.value}-{self._at:%Y%m%dT%H%M%S%f}",
            at=self._at,
            field=field,
            before=before or None,
            after=after or None,
            before_text=before,
            after_text=after,
        )


def _digest(line: Line) -> str:
    content = "\x1f".join(cell.strip() for cell in line.cells).rstrip("\x1f")
    return blake2b(content.encode(errors="replace"), digest_size=_DIGEST_BYTES).hexdigest()


def _named(column: Column, read: Callable[[], T]) -> T:
    """What a cell says; where it says nothing that its column could mean, the column is named."""
    try:
        return read()
    except Unmappable as error:
        raise Unmappable(f"column {column}: {error}") from None


def _is_web(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
