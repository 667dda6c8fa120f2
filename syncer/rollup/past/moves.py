"""What moved since a week ago: due dates that others depend on, and reopened work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import ItemState, StatusCategory
from syncer.domain.report import DependencyFinding, ItemDateMove
from syncer.domain.statement import DateMove
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.past.targets import date_moves
from syncer.rollup.view import View

_WEEK: Final = timedelta(days=7)
_LIVE: Final = ItemState.LIVE
_STATUS: Final = ChangeField.STATUS
_ENDS: Final = (StatusCategory.DONE.value, StatusCategory.CANCELLED.value)


def _net(moves: Sequence[DateMove]) -> tuple[date, date | None] | None:
    """The date before the first and after the last of some moves, None where nothing moved.

    A date that was taken away is a move to None; one that was first set moved nothing.
    """
    first, last = moves[0].before, moves[-1].after
    return (first, last) if first is not None and first != last else None


def recent_moves(
    findings: Sequence[DependencyFinding], view: View, inputs: RollupInputs
) -> list[ItemDateMove]:
    """Net due-date moves of the last seven days, largest first.

    Only open items that others wait for, and open program-level items, are reported. A date that
    was taken away moved by 0 days.
    """
    since = inputs.as_of - _WEEK
    awaited = {m.uid for finding in findings for m in (finding.root, finding.predecessor)}
    found: list[ItemDateMove] = []
    for item in view.open_items:
        if item.uid not in awaited and view.verdict(item.uid).level is not VerdictLevel.PROGRAM:
            continue
        changes = [c for c in inputs.changes.get(item.uid, ()) if c.at > since]
        moves = date_moves(changes, ChangeField.DUE, inputs.as_of)
        net = _net(moves) if moves else None
        if net is not None:
            last = moves[-1]
            move = DateMove(at=last.at, before=net[0], after=net[1], by=last.by, reason=last.reason)
            days = view.calendar.working_days(net[0], net[1]) if net[1] else 0
            found.append(ItemDateMove(item=view.mention(item), move=move, working_days=days))
    return sorted(found, key=lambda m: (-abs(m.working_days), m.item.uid))


def reopened_items(view: View, inputs: RollupInputs) -> int:
    """How many items left DONE for an open state in the last seven days."""
    since: datetime = inputs.as_of - _WEEK
    histories = (inputs.changes.get(item.uid, ()) for item in view.items if item.state is _LIVE)
    late = (changes for changes in histories if changes and changes[-1].at > since)
    return sum(any(_reopens(one, since, inputs.as_of) for one in changes) for changes in late)


def _reopens(change: Change, since: datetime, until: datetime) -> bool:
    return (
        change.field is _STATUS
        and since < change.at <= until
        and change.before == StatusCategory.DONE.value
        and change.after not in _ENDS
    )
