"""What happened to a simulated item: as system notes, and as REST's resource events."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from connectors.gitlab.simulator_index import Index, Row
from syncer.connect.testing.script import Entry, ItemState, LinkChange
from syncer.domain.link import LinkKind

_NOTES_AN_ENTRY: Final = 100
_OF_HEALTH: Final = 900_000_000
_RELATIONS: Final = {
    (LinkKind.BLOCKS, False): "blocking",
    (LinkKind.BLOCKS, True): "blocked by",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One note. `event` is what REST shows instead, empty where it shows the note itself."""

    id: int
    at: datetime
    actor: str
    body: str
    system: bool = True
    event: str = ""
    about: dict[str, Any] = field(default_factory=dict)


def label_number(title: str) -> int:
    """The number of a label."""
    return 1000 + zlib.crc32(title.encode()) % 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What somebody said of an item's health: `onTrack`, `needsAttention` or `atRisk`."""

    value: str
    at: datetime
    actor: str = ""

    @property
    def words(self) -> str:
        """As a note writes it: `needs attention`."""
        return "".join(f" {c.lower()}" if c.isupper() else c for c in self.value)


def health_notes(said: Sequence[Health]) -> list[Moment]:
    """The notes about an item's health."""
    return [
        Moment(
            id=_OF_HEALTH + number,
            at=one.at,
            actor=one.actor,
            body=f"changed health status to **{one.words}**",
        )
        for number, one in enumerate(said)
    ]


def moments(index: Index, row: Row) -> list[Moment]:
    """Everything that happened to an item up to now, oldest first."""
    before, found = index.world.item(row.item_id).initial, []
    for entry in index.history(row):
        left = row.moved_to and entry.at == row.updated
        what = _left(index, entry) if left else _told(index, row, before=before, entry=entry)
        found += [
            Moment(id=entry.id * _NOTES_AN_ENTRY + n, at=entry.at, actor=entry.actor, **one)
            for n, one in enumerate(what)
        ]
        if left:
            break
        before = entry.state
    return found


_Fields = dict[str, Any]


def _left(index: Index, entry: Entry) -> Iterator[_Fields]:
    yield {"body": f"moved to {index.place(entry.state).locator}"}
    yield {"body": "closed", "event": "state", "about": {"state": "closed"}}


def _told(index: Index, row: Row, *, before: ItemState, entry: Entry) -> Iterator[_Fields]:
    yield from _of_others(index, row, entry)
    yield from _of_item(index, before, entry)


def _of_others(index: Index, row: Row, entry: Entry) -> Iterator[_Fields]:
    if entry.comment:
        yield {"body": entry.comment, "system": False}
    if entry.link is not None:
        yield from _link(index, row, entry.link)


def _of_item(index: Index, before: ItemState, entry: Entry) -> Iterator[_Fields]:
    if entry.changes:
        after = entry.state
        yield from _status(index, before, after)
        yield from _labels(index, before, after)
        yield from _plan(index, before, after)
        yield from _rest(index, before, after)


def _status(index: Index, before: ItemState, after: ItemState) -> Iterator[_Fields]:
    closed, was = index.closes(after.status), index.closes(before.status)
    if closed and not was:
        yield {"body": "closed", "event": "state", "about": {"state": "closed"}}
    elif was and not closed:
        yield {"body": "reopened", "event": "state", "about": {"state": "reopened"}}
    if after.status != before.status and not closed:
        yield {"body": f"set status to **{after.status}**"}


def _labels(index: Index, before: ItemState, after: ItemState) -> Iterator[_Fields]:
    old, new = set(index.labels_of(before)), set(index.labels_of(after))
    parts = []
    for word, names in (("added", sorted(new - old)), ("removed", sorted(old - new))):
        if names:
            numbers = " ".join(f"~{label_number(name)}" for name in names)
            parts.append(f"{word} {numbers} label{'s' if len(names) > 1 else ''}")
    if parts:
        about = {"added": sorted(new - old), "removed": sorted(old - new)}
        yield {"body": " and ".join(parts), "event": "label", "about": about}


def _plan(index: Index, before: ItemState, after: ItemState) -> Iterator[_Fields]:
    if after.versions != before.versions:
        name = after.versions[0] if after.versions else ""
        body = f'changed milestone to %"{name}"' if name else "removed milestone"
        yield {"body": body, "event": "milestone", "about": {"name": name}}
    dates = [
        _date(word, new)
        for word, old, new in (
            ("start", before.start, after.start),
            ("due", before.due, after.due),
        )
        if old != new
    ]
    if dates:
        yield {"body": " and ".join(dates)}
    if after.sprint != before.sprint:
        sprint = index.world.sprints.get(after.sprint or "")
        body = f'changed iteration to *iteration:"{sprint.name}"' if sprint else "removed iteration"
        yield {"body": body}
    if after.estimate != before.estimate:
        weight = f"changed weight to **{int(after.estimate or 0)}**"
        yield {"body": weight if after.estimate is not None else "removed the weight"}


def _date(word: str, new: date | None) -> str:
    return (
        f"changed {word} date to {new:%B} {new.day}, {new.year}" if new else f"removed {word} date"
    )


def _rest(index: Index, before: ItemState, after: ItemState) -> Iterator[_Fields]:
    if after.assignee != before.assignee:
        assigned = f"assigned to @{after.assignee}" if after.assignee else ""
        unassigned = f"unassigned @{before.assignee}" if before.assignee else ""
        yield {"body": " and ".join(filter(None, (assigned, unassigned)))}
    if after.title != before.title:
        yield {"body": f"changed title from **{{-{before.title}-}}** to **{{+{after.title}+}}**"}
    if after.body != before.body:
        yield {"body": "changed the description"}
    if after.parent != before.parent:
        yield from _parent(index, before, after)
    if after.container != before.container:
        yield {"body": f"moved from {index.place(before).locator}"}
    if after.restricted != before.restricted:
        yield {"body": "made the issue confidential"}


def _parent(index: Index, before: ItemState, after: ItemState) -> Iterator[_Fields]:
    row = index.rows.get(after.parent or before.parent or "")
    if row is not None:
        added = f"added {row.place.locator} as parent epic"
        yield {"body": added if after.parent else f"removed parent epic {row.place.locator}"}


def _link(index: Index, row: Row, link: LinkChange) -> Iterator[_Fields]:
    other = index.rows.get(link.other)
    if other is None:
        return
    words = _RELATIONS.get((link.kind, link.inward), "related to")
    kind = "epic" if row.place.in_group else "issue"
    added = f"marked this {kind} as {words} {other.place.locator}"
    yield {"body": added if link.added else f"removed the relation with {other.place.locator}"}
