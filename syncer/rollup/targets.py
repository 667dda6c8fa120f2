"""Target dates and their past: a date read from the configuration or from a tracker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import WorkItem
from syncer.domain.portfolio import FixedTarget, ItemTarget, Project, VersionTarget
from syncer.domain.selector import key_of
from syncer.domain.statement import DateMove
from syncer.rollup.inputs import RollupInputs

_FIELDS = {"due": ChangeField.DUE, "start": ChangeField.START}


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRecord:
    """The target in force, where it is written, and every move that led to it."""

    current: date | None
    moves: tuple[DateMove, ...] = ()
    source: str = ""

    @property
    def lost(self) -> date | None:
        """The last known target, where the present one was taken away."""
        if self.current is not None:
            return None
        known = (move.before for move in reversed(self.moves) if move.before is not None)
        return next(known, None)


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


def _from_item(target: ItemTarget, inputs: RollupInputs, items: Sequence[WorkItem]) -> TargetRecord:
    item = next((item for item in items if key_of(item) == target.item), None)
    if item is None:
        return TargetRecord(current=None, source=target.item)
    moves = date_moves(inputs.changes.get(item.uid, ()), _FIELDS[target.field], inputs.as_of)
    current = item.due_date if target.field == "due" else item.start_date
    # A date set for the first time is no move.
    moved = tuple(move for move in moves if move.before is not None)
    return TargetRecord(current=current, moves=moved, source=target.item)


def _from_version(target: VersionTarget, items: Sequence[WorkItem]) -> TargetRecord:
    container, _, name = target.version.rpartition("/")
    dues = {
        version.due
        for item in items
        if fnmatchcase(str(item.container), container)
        for version in item.fix_versions
        if version.name == name and version.due is not None
    }
    return TargetRecord(current=max(dues, default=None), source=target.version)


def _written(project: Project, inputs: RollupInputs, current: date | None) -> TargetRecord:
    """A literal of the configuration, rewound to the roll-up's instant by its recorded moves."""
    moves = [move for key, move in inputs.statements.target_moves if key == project.key]
    later = next((move for move in moves if move.at > inputs.as_of), None)
    return TargetRecord(
        current=later.before if later else current,
        moves=tuple(move for move in moves if move.at <= inputs.as_of),
        source="configuration",
    )


def resolve_target(
    project: Project, inputs: RollupInputs, items: Sequence[WorkItem]
) -> TargetRecord:
    """The target of a project at the roll-up's instant, with its moves."""
    match project.target:
        case FixedTarget(on):
            return _written(project, inputs, on)
        case ItemTarget() as target:
            return _from_item(target, inputs, items)
        case VersionTarget() as target:
            return _from_version(target, items)
        case None:
            return _written(project, inputs, None)
