"""When an item could not go on: waiting status, flag and open predecessors (rollup.md 2.6).

Everything here follows from recorded changes. Instants are aware UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import StatusCategory, WorkItem
from syncer.domain.link import LinkKind
from syncer.rollup.calendar import report_date

Span = tuple[datetime, datetime | None]
"""From when to when something held; None: it still does."""

_INWARD = f"{LinkKind.BLOCKS.value}<"
_OUTWARD = f"{LinkKind.REQUIRES.value}>"
_WAITING: Final = StatusCategory.WAITING
_ENDED: Final = (StatusCategory.DONE.value, StatusCategory.CANCELLED.value)
_STATUS: Final = ChangeField.STATUS
_FLAG: Final = ChangeField.FLAG
_LINK: Final = ChangeField.LINK


def spans(states: Iterable[tuple[datetime, bool]]) -> list[Span]:
    """The stretches in which something held, from the instants at which it began or ceased to."""
    found: list[Span] = []
    since: datetime | None = None
    for at, holds in states:
        if holds and since is None:
            since = at
        elif not holds and since is not None:
            found.append((since, at))
            since = None
    if since is not None:
        found.append((since, None))
    return found


def both(some: Iterable[Span], others: Sequence[Span]) -> Iterator[Span]:
    """The stretches in which both of two things held."""
    for begin, end in some:
        for other_begin, other_end in others:
            first = max(begin, other_begin)
            ends = [one for one in (end, other_end) if one is not None]
            last = min(ends, default=None)
            if last is None or first < last:
                yield first, last


def _recorded(
    item: WorkItem,
    changes: Iterable[Change],
    field: ChangeField,
    *,
    holds: Callable[[str | None], bool],
    now: bool,
) -> list[Span]:
    """When a property had a value that `holds`; `now` says whether it does where nothing moved."""
    moves = [change for change in changes if change.field is field]
    first = holds(moves[0].before) if moves else now
    began = item.created_at if moves else item.started_at or item.created_at
    return spans([(began, first), *((move.at, holds(move.after)) for move in moves)])


def _is_waiting(value: str | None) -> bool:
    return value == _WAITING


def _is_open(value: str | None) -> bool:
    return value not in _ENDED


def waiting_spans(item: WorkItem, changes: Sequence[Change]) -> list[Span]:
    """When the item stood in a waiting status or bore a flag."""
    waiting = item.status_category is _WAITING and not item.flagged
    if not waiting and not item.flagged and not any(map(_tells_of_waiting, changes)):
        return []
    return [
        *_recorded(item, changes, _STATUS, holds=_is_waiting, now=waiting),
        *_recorded(item, changes, _FLAG, holds=bool, now=item.flagged),
    ]


def _tells_of_waiting(change: Change) -> bool:
    """Whether a change begins or ends a wait; nearly all are of other things."""
    if change.field is _STATUS:
        return _is_waiting(change.before) or _is_waiting(change.after)
    return change.field is _FLAG


def open_spans(item: WorkItem, changes: Sequence[Change]) -> list[Span]:
    """When the item was neither done nor cancelled."""
    moves = [change for change in changes if change.field is _STATUS]
    states = [(item.created_at, _is_open(moves[0].before) if moves else True)]
    found = spans([*states, *((move.at, _is_open(move.after)) for move in moves)])
    if found and found[-1][1] is None and not item.is_open:
        found[-1] = (found[-1][0], item.done_at or item.updated_at)
    return found


@dataclass(frozen=True)
class Blockages:
    """When items could not go on.

    `predecessors` are the uids that an item waits for now, by its uid; `names` are the uids behind
    the names that histories use for items, their keys among them.
    """

    items: Mapping[str, WorkItem]
    changes: Mapping[str, Sequence[Change]]
    predecessors: Mapping[str, Sequence[str]]
    names: Mapping[str, str]
    zone: ZoneInfo
    as_of: datetime

    def _history(self, uid: str) -> Sequence[Change]:
        known = self.changes.get(uid, ())
        if not known or known[-1].at <= self.as_of:  # nothing is known of the future
            return known
        return [change for change in known if change.at <= self.as_of]

    def is_blocked(self, item: WorkItem) -> bool:
        """Whether the item cannot go on now."""
        waits = item.flagged or item.status_category is _WAITING
        awaited = (self.items.get(uid) for uid in self.predecessors.get(item.uid, ()))
        return waits or any(other is not None and other.is_open for other in awaited)

    def of(self, item: WorkItem) -> list[Span]:
        """Every stretch in which something held the item up, in whatever order."""
        history = self._history(item.uid)
        found = waiting_spans(item, history)
        for uid, linked in self._links(item, history).items():
            other = self.items.get(uid)
            if other is not None:
                found += both(linked, open_spans(other, self._history(uid)))
        return found

    def _links(self, item: WorkItem, history: Iterable[Change]) -> Mapping[str, list[Span]]:
        """When the item was said to wait for others, by their uids; past links included."""
        told: dict[str, list[tuple[datetime, bool]]] = {}
        for change in history:
            if change.field is _LINK:
                for value, holds in ((change.before, False), (change.after, True)):
                    uid = self._awaited(value)
                    if uid:
                        told.setdefault(uid, []).append((change.at, holds))
        for uid in self.predecessors.get(item.uid, ()):
            told.setdefault(uid, [(item.created_at, True)])
        return {uid: spans(_from_birth(states, item)) for uid, states in told.items()}

    def _awaited(self, value: str | None) -> str:
        for mark in (_INWARD, _OUTWARD):
            if value and value.startswith(mark):
                name = value.removeprefix(mark)
                return self.names.get(name, name)
        return ""

    def days(self, item: WorkItem) -> list[tuple[date, date | None]]:
        """The same as report-local days, both ends counted."""
        return [
            (report_date(begin, self.zone), report_date(end, self.zone) if end else None)
            for begin, end in self.of(item)
        ]

    def since(self, item: WorkItem) -> datetime | None:
        """Since when the item has been held up without a break, None where it is not."""
        latest: datetime | None = None
        for begin, end in sorted(self.of(item), key=lambda span: span[0], reverse=True):
            if end is None or (latest is not None and end >= latest):
                latest = begin if latest is None else min(latest, begin)
        if latest is None or item.started_at is None:
            return latest
        return max(latest, item.started_at)


def _from_birth(
    states: Sequence[tuple[datetime, bool]], item: WorkItem
) -> list[tuple[datetime, bool]]:
    """A link that was taken away without having been recorded had been there from the start."""
    return [(item.created_at, True), *states] if not states[0][1] else list(states)
