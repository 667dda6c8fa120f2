"""What must have happened between two states of an item whose sender tells no history: pure.

A state says when anything changed last, not what. Of two states that follow each other the
difference is known, and its time lies between them: the later state's own instant is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import ItemRecord, WorkItem
from syncer.domain.timeline import with_timeline


def observed(before: ItemRecord, after: ItemRecord) -> ItemRecord:
    """The later record with what changed since the earlier one, and the instants that follow.

    Nothing is added of a field whose changes the later record tells by itself. The later one's own
    word on when work began and ended stays. An older state is left as it is.
    """
    if after.item.updated_at < before.item.updated_at:
        return after
    told = {change.field for change in after.changes if change.at >= before.item.updated_at}
    seen = [one for one in _differences(before.item, after.item) if one.field not in told]
    known = _together(before.changes, (*after.changes, *seen))
    return ItemRecord(item=with_timeline(after.item, known), changes=(*after.changes, *seen))


def _differences(before: WorkItem, after: WorkItem) -> Iterator[Change]:
    at = after.updated_at
    if before.status_category is not after.status_category:
        status = Change(
            id=_seen(at),
            at=at,
            field=ChangeField.STATUS,
            before=before.status_category.value,
            after=after.status_category.value,
            before_text=before.native_status,
            after_text=after.native_status,
        )
        yield status
    for field, old, new in (
        (ChangeField.DUE, _day(before.due_date), _day(after.due_date)),
        (ChangeField.START, _day(before.start_date), _day(after.start_date)),
    ):
        if old != new:
            yield Change(
                id=_seen(at),
                at=at,
                field=field,
                before=old,
                after=new,
                before_text=old or "",
                after_text=new or "",
            )


def _together(earlier: Sequence[Change], later: Sequence[Change]) -> list[Change]:
    """All changes, oldest first; one that comes again is told by its newest reading."""
    newest = {(one.field, one.id): one for one in (*earlier, *later)}
    return sorted(newest.values(), key=lambda one: one.at)


def _seen(at: datetime) -> str:
    return f"seen-{at:%Y%m%dT%H%M%S%f}"


def _day(on: date | None) -> str | None:
    return on.isoformat() if on else None
