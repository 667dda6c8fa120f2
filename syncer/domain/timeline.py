"""What the history of an item says about its life: started, done, reopened, last cared for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Final

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import StatusCategory, WorkItem

MEANINGFUL: Final = frozenset({
    ChangeField.STATUS,
    ChangeField.ASSIGNEE,
    ChangeField.DUE,
    ChangeField.START,
    ChangeField.ESTIMATE,
    ChangeField.LINK,
    ChangeField.COMMENT,
})  # fmt: skip
"""Changes that show care for an item (rollup.md 2.8); rank, labels and bots do not."""


_BEGUN: Final = frozenset({StatusCategory.IN_PROGRESS, StatusCategory.WAITING, StatusCategory.DONE})
_STATUS: Final = ChangeField.STATUS
_DONE: Final = StatusCategory.DONE
_CATEGORIES: Final = {category.value: category for category in StatusCategory}
_REOPENED: Final = frozenset(
    {StatusCategory.TODO, StatusCategory.IN_PROGRESS, StatusCategory.WAITING}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The instants (UTC) of an item's life, as `WorkItem` holds them."""

    started_at: datetime | None
    done_at: datetime | None
    reopened_count: int
    last_meaningful_change_at: datetime


def timeline(
    changes: Sequence[Change],
    *,
    current: StatusCategory,
    created_at: datetime,
    resolved_at: datetime | None = None,
    complete: bool = True,
) -> Timeline:
    """The timeline of an item from its changes, oldest first.

    `current` is the item's category now and wins over a history that ends elsewhere.
    `started_at` is the first entry into IN_PROGRESS, WAITING or DONE. `done_at` is the last entry
    into DONE of an item that is DONE now; where the history shows none it is `resolved_at`, the
    tracker's own date, and without one the item's creation if it was created DONE and the
    history is `complete`. Where DONE was entered from a status that nobody knows any more, it is
    the earlier of the two, since that status may have been done already. `reopened_count` counts
    the recorded moves from DONE to a category that is known to be open.
    """
    path = _path(changes, current=current, created_at=created_at)
    born_done = created_at if complete else None
    done_at = None
    if current is _DONE:
        done_at = _done_at(path, resolved_at=resolved_at, born_done=born_done)
    return Timeline(
        started_at=_started_at(path, done_at),
        done_at=done_at,
        reopened_count=_reopened(path),
        last_meaningful_change_at=_last_meaningful(changes, created_at),
    )


def with_timeline(item: WorkItem, changes: Sequence[Change]) -> WorkItem:
    """The item with what its history, oldest change first, tells of its life.

    The item's own word on when work began and ended stays where it has one, and a start that the
    history only supposes is not told.
    """
    life = timeline(
        changes,
        current=item.status_category,
        created_at=item.created_at,
        resolved_at=item.done_at,
        complete=item.history_complete,
    )
    begun = _start_known(changes, started_at=life.started_at, complete=item.history_complete)
    return replace(
        item,
        started_at=item.started_at or begun,
        done_at=item.done_at or life.done_at,
        reopened_count=max(item.reopened_count, life.reopened_count),
        last_meaningful_change_at=life.last_meaningful_change_at,
    )


def _start_known(
    changes: Sequence[Change], *, started_at: datetime | None, complete: bool
) -> datetime | None:
    """The start of a timeline where its history shows it; None where it was only supposed.

    An item whose history begins in the midst of its work began at a time that nobody knows.
    """
    first = next((change for change in changes if change.field is _STATUS), None)
    shown = complete or (first is not None and _category(first.before) not in _BEGUN)
    return started_at if shown else None


Step = tuple[datetime | None, StatusCategory]


def _path(
    changes: Sequence[Change], *, current: StatusCategory, created_at: datetime
) -> list[Step]:
    """The categories in order, each with the instant of entry, None where that is unknown."""
    moves = [change for change in changes if change.field is _STATUS]
    path: list[Step] = [(created_at, _category(moves[0].before) if moves else current)]
    path += [(move.at, _category(move.after)) for move in moves]
    if path[-1][1] is not current:
        path.append((None, current))
    return path


def _category(value: str | None) -> StatusCategory:
    return _CATEGORIES.get(value or "", StatusCategory.UNKNOWN)


def _done_at(
    path: Sequence[Step], *, resolved_at: datetime | None, born_done: datetime | None
) -> datetime | None:
    entries = [
        (before, at)
        for (_, before), (at, after) in pairwise(path)
        if after is _DONE and before is not _DONE
    ]
    if not entries:
        return resolved_at or born_done
    before, at = entries[-1]
    if at is None or (before is StatusCategory.UNKNOWN and resolved_at is not None):
        return _earliest(at, resolved_at)
    return at


def _reopened(path: Sequence[Step]) -> int:
    moves = [
        at for (_, before), (at, after) in pairwise(path) if before is _DONE and after in _REOPENED
    ]
    return len(moves) - moves.count(None)


def _started_at(path: Sequence[Step], done_at: datetime | None) -> datetime | None:
    for at, category in path:
        if at is not None and category in _BEGUN:
            return at if done_at is None else min(at, done_at)
    return done_at


def _earliest(*instants: datetime | None) -> datetime | None:
    return min((instant for instant in instants if instant is not None), default=None)


def _last_meaningful(changes: Iterable[Change], created_at: datetime) -> datetime:
    cared = [change.at for change in changes if change.field in MEANINGFUL and not change.by_bot]
    return max(cared, default=created_at)
