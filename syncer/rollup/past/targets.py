"""Target dates and their past: a date read from the configuration or from a tracker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import ItemState, WorkItem
from syncer.domain.portfolio import FixedTarget, ItemTarget, Project, VersionTarget
from syncer.domain.selector import key_of
from syncer.domain.statement import DateMove
from syncer.rollup.inputs import RollupInputs

_FIELDS = {"due": ChangeField.DUE, "start": ChangeField.START}


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRecord:
    """The target in force, where it is written, and how it came there, oldest first.

    `history` begins where a date was first set: there `before` is None. `last` is the date of
    an item that was deleted together with the target.
    """

    current: date | None
    history: tuple[DateMove, ...] = ()
    source: str = ""
    last: date | None = None

    @property
    def moves(self) -> tuple[DateMove, ...]:
        """The history without the first setting of a date: that moved nothing."""
        dated = [index for index, move in enumerate(self.history) if move.before is not None]
        return self.history[dated[0] :] if dated else ()

    @property
    def lost(self) -> date | None:
        """The last known target, where the present one was taken away."""
        if self.current is not None:
            return None
        known = (move.after or move.before for move in reversed(self.history))
        return self.last or next((day for day in known if day is not None), None)


def parse_date(value: str | None) -> date | None:
    """A date as changes store it; None for none."""
    return date.fromisoformat(value[:10]) if value else None


def date_moves(changes: Sequence[Change], field: ChangeField, until: datetime) -> list[DateMove]:
    """The recorded moves of one date of one item, up to an instant."""
    return [
        DateMove(
            at=change.at,
            before=parse_date(change.before),
            after=parse_date(change.after),
            by=change.actor,
            reason=change.reason,
        )
        for change in changes
        if change.field is field and change.at <= until
    ]


def _named(name: str, inputs: RollupInputs, items: Sequence[WorkItem]) -> WorkItem | None:
    """The item with a configured name, now or, since keys change when items move, formerly."""
    found = [item for item in items if key_of(item) == name]
    if not found:
        found = [i for i in items if name in _former_names(i, inputs.changes.get(i.uid, ()))]
    return min(found, key=lambda i: (i.state is not ItemState.LIVE, i.uid), default=None)


def _former_names(item: WorkItem, changes: Sequence[Change]) -> set[str]:
    keys = {change.before for change in changes if change.field is ChangeField.KEY}
    return {f"{item.ref.connection}:{key}" for key in keys}


def _from_item(target: ItemTarget, inputs: RollupInputs, items: Sequence[WorkItem]) -> TargetRecord:
    item = _named(target.item, inputs, items)
    if item is None:
        return TargetRecord(current=None, source=target.item)
    day = item.due_date if target.field == "due" else item.start_date
    gone = item.state is ItemState.DELETED
    moves = date_moves(inputs.changes.get(item.uid, ()), _FIELDS[target.field], inputs.as_of)
    return TargetRecord(
        current=None if gone else day,
        history=tuple(moves),
        source=target.item,
        last=day if gone else None,
    )


def _version_due(target: VersionTarget, items: Sequence[WorkItem]) -> date | None:
    """The date of a version by name or id, as its items hold it; the latest where they differ."""
    container, _, name = target.version.rpartition("/")
    dues = {
        version.due
        for item in items
        if item.state is ItemState.LIVE and fnmatchcase(str(item.container), container)
        for version in item.fix_versions
        if name in {version.name, version.id} and version.due is not None
    }
    return max(dues, default=None)


def _recorded(
    project: Project, inputs: RollupInputs, *, current: date | None, source: str = "configuration"
) -> TargetRecord:
    """A target whose moves were recorded for the project, rewound to the roll-up's instant."""
    told = (move for key, move in inputs.statements.target_moves if key == project.key)
    moves = sorted(told, key=lambda move: move.at)
    later = next((move for move in moves if move.at > inputs.as_of), None)
    return TargetRecord(
        current=later.before if later else current,
        history=tuple(move for move in moves if move.at <= inputs.as_of),
        source=source,
    )


def resolve_target(
    project: Project, inputs: RollupInputs, items: Sequence[WorkItem]
) -> TargetRecord:
    """The target of a project at the roll-up's instant, with its history.

    `items` are those of the instant.
    """
    match project.target:
        case FixedTarget(on):
            return _recorded(project, inputs, current=on)
        case ItemTarget() as target:
            return _from_item(target, inputs, items)
        case VersionTarget(version) as target:
            due = _version_due(target, items)
            return _recorded(project, inputs, current=due, source=version)
        case None:
            return _recorded(project, inputs, current=None)
