"""A project that is played week after week: each roll-up knows the one before it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from syncer.domain.change import Change, ChangeField
from syncer.domain.colour_change import ColourChange
from syncer.domain.item import ResolutionKind, StatusCategory, WorkItem
from syncer.domain.portfolio import FixedTarget, Portfolio, Project
from syncer.domain.report import GroupResult, ProjectResult, Snapshot
from syncer.domain.statement import Statements
from syncer.rollup.calendar import WorkCalendar
from syncer.rollup.colours.causes import colour_changes
from syncer.rollup.evaluate import evaluate
from syncer.rollup.rules import ColourRules
from tests.unit.rollup.builders import AS_OF, make_change, make_inputs

WEEK = timedelta(days=7)


@dataclass
class Weeks:
    """Items, portfolio and statements as they are now; `roll` takes the snapshot of the moment."""

    items: list[WorkItem]
    portfolio: Portfolio
    statements: Statements = field(default_factory=Statements)
    now: datetime = AS_OF
    changes: dict[str, list[Change]] = field(default_factory=dict)
    taken: list[Snapshot] = field(default_factory=list)

    def roll(self, **more: Any) -> Snapshot:
        previous = self.taken[-1] if self.taken else None
        inputs = make_inputs(
            self.items,
            self.portfolio,
            as_of=self.now,
            changes={uid: tuple(some) for uid, some in self.changes.items()},
            statements=self.statements,
            **{"previous": previous, **more},
        )
        self.taken.append(evaluate(inputs))
        return self.taken[-1]

    def week(self, done: int = 0, **more: Any) -> Snapshot:
        """A week passes, in which so many open items get done on the Wednesday."""
        self.finish(*[item.uid for item in self.items if item.is_open][:done])
        self.now += WEEK
        return self.roll(**more)

    def finish(self, *uids: str, at: datetime | None = None, actor: str = "Ann") -> None:
        """Items get done at an instant, by default two days from now."""
        when = at or self.now + timedelta(days=2)
        for uid in uids:
            known = self._item(uid)
            change = make_change(
                when,
                ChangeField.STATUS,
                known.status_category.value,
                StatusCategory.DONE.value,
                actor=actor,
            )
            self.change(
                uid,
                change,
                status_category=StatusCategory.DONE,
                started_at=known.started_at or when - timedelta(days=3),
                done_at=when,
                resolution_kind=ResolutionKind.DELIVERED,
            )

    def change(self, uid: str, *changes: Change, **fields: Any) -> None:
        """An item is changed, with the history that its tracker tells."""
        self.items = [replace(i, **fields) if i.uid == uid else i for i in self.items]
        self.changes.setdefault(uid, []).extend(changes)

    def _item(self, uid: str) -> WorkItem:
        return next(item for item in self.items if item.uid == uid)

    def declare(self, key: str, **fields: Any) -> None:
        """The configuration of a project changes."""
        projects = tuple(
            replace(one, **fields) if one.key == key else one for one in self.portfolio.projects
        )
        self.portfolio = replace(self.portfolio, projects=projects)

    def say(self, **fields: Any) -> None:
        """People say something more."""
        known = {name: (*getattr(self.statements, name), *said) for name, said in fields.items()}
        self.statements = replace(self.statements, **known)

    def turned(self) -> list[ColourChange]:
        """The colours that turned between the last two snapshots."""
        calendar = WorkCalendar.of(self.portfolio.holidays, self.portfolio.freezes)
        previous = self.taken[-2] if len(self.taken) > 1 else None
        return colour_changes(self.taken[-1], previous, calendar=calendar, rules=ColourRules())


def project_in(snapshot: Snapshot, key: str = "net") -> ProjectResult:
    found = snapshot.project(key)
    assert found is not None
    return found


def group_in(snapshot: Snapshot, scope: str = "prog:5g") -> GroupResult:
    found = snapshot.group(scope)
    assert found is not None
    return found


def fixed(project: Project) -> FixedTarget:
    assert isinstance(project.target, FixedTarget)
    return project.target
