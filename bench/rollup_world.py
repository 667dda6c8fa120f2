"""A made-up company for roll-ups: items of many projects and programs, with history and links.

Every fact follows from the number of an item, so that one size is always the same company.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import (
    Account,
    ItemKind,
    ItemRecord,
    ResolutionKind,
    StatusCategory,
    WorkItem,
)
from syncer.domain.link import Link, LinkKind
from syncer.domain.portfolio import Criticality, FixedTarget, Portfolio, Program, Project
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.report import SourceState
from syncer.domain.selector import InContainer
from syncer.domain.verdict import Verdict, VerdictLevel
from syncer.rollup.inputs import RollupInputs

AS_OF: Final = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)
CONNECTION: Final = "jira"
PROJECTS: Final = 200
PROGRAMS: Final = 30
EPIC_EVERY: Final = 25
_DONE_SHARE: Final = 0.7
_WIP_SHARE: Final = 0.03
_HISTORY: Final = timedelta(weeks=70)
_LINK_EVERY: Final = 20
_CHAIN: Final = 60
_PEOPLE: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """So many items over so many projects and programs."""

    items: int
    projects: int = PROJECTS
    programs: int = PROGRAMS

    @property
    def each(self) -> int:
        """Items of one project."""
        return max(1, self.items // self.projects)

    def records(self) -> Iterator[ItemRecord]:
        """Every item with its history."""
        for project in range(self.projects):
            for serial in range(self.each):
                yield self._record(project, serial)

    def _ref(self, project: int, serial: int) -> ItemRef:
        return ItemRef(CONNECTION, str(1 + project * self.each + serial))

    def _record(self, project: int, serial: int) -> ItemRecord:
        born = AS_OF - _HISTORY * (1 - 0.97 * (serial / self.each) ** 2)
        ends = (
            AS_OF - _HISTORY * (0.95 - 0.95 * serial / (self.each * _DONE_SHARE)) - _noise(serial)
        )
        status = self._status(serial)
        is_done, is_epic = status is StatusCategory.DONE, serial % EPIC_EVERY == 0
        started = None
        if is_done or status is StatusCategory.IN_PROGRESS:
            started = (ends if is_done else AS_OF) - timedelta(days=5)
        ref = self._ref(project, serial)
        ends = max(ends, born + timedelta(hours=2))
        began = max(started, born + timedelta(hours=1)) if started else None
        item = WorkItem(
            ref=ref,
            key=f"P{project}-{serial + 1}",
            url=f"https://tracker.example/P{project}-{serial + 1}",
            container=ContainerKey(CONNECTION, f"P{project}"),
            title=f"Piece of work {serial} of project {project}",
            kind=ItemKind.EPIC if is_epic else ItemKind.ITEM,
            hierarchy_level=int(is_epic),
            native_status=status.value,
            status_category=status,
            resolution_kind=ResolutionKind.DELIVERED if is_done else None,
            priority=serial % 5,
            labels=("prog:x",) if serial % 50 == 1 else (),
            assignees=_person(project, serial) if began else (),
            parent=None if is_epic else self._ref(project, serial - serial % EPIC_EVERY),
            links=self._links(project, serial),
            due_date=_due(serial) if not is_done else None,
            created_at=born,
            updated_at=ends if is_done else began or born,
            started_at=began,
            done_at=ends if is_done else None,
            last_meaningful_change_at=ends if is_done else began or born,
        )
        return ItemRecord(item=item, changes=tuple(_changes(item)))

    def _status(self, serial: int) -> StatusCategory:
        share = serial / self.each
        if share < _DONE_SHARE:
            return StatusCategory.DONE
        wip = share < _DONE_SHARE + _WIP_SHARE
        return StatusCategory.IN_PROGRESS if wip else StatusCategory.TODO

    def _links(self, project: int, serial: int) -> tuple[Link, ...]:
        """Every twentieth item waits for another project's; chains end after three hops."""
        place = serial % _CHAIN
        if place % _LINK_EVERY != 7:  # noqa: PLR2004  any place but an epic's
            return ()
        back = 1 if place < _LINK_EVERY else _LINK_EVERY
        other = (7 * project + 1) % self.projects
        return (Link(kind=LinkKind.BLOCKS, to=self._ref(other, serial - back), inward=True),)

    def portfolio(self) -> Portfolio:
        """One project a container, of which every program holds some."""
        projects = tuple(
            Project(
                key=f"p{number}",
                name=f"Project {number}",
                items=(InContainer(f"{CONNECTION}:P{number}"),),
                owner=f"Owner {number}",
                team=f"t{number}",
                start=(AS_OF - _HISTORY).date(),
                target=FixedTarget(date(2027, 3, 19) + timedelta(days=number % 90)),
                criticality=Criticality.MUST if number % 3 == 0 else Criticality.SHOULD,
                cost_of_delay_per_week=10_000.0,
            )
            for number in range(self.projects)
        )
        programs = tuple(
            Program(
                key=f"g{number}",
                name=f"Program {number}",
                owner=f"Head {number}",
                projects=tuple(one.key for one in projects[number :: self.programs]),
            )
            for number in range(self.programs)
        )
        return Portfolio(projects=projects, programs=programs)

    def sources(self) -> list[SourceState]:
        """Every container was read an hour ago."""
        read = AS_OF - timedelta(hours=1)
        return [
            SourceState(connection=CONNECTION, container=f"P{number}", last_success_at=read)
            for number in range(self.projects)
        ]

    def inputs(self, records: Sequence[ItemRecord]) -> RollupInputs:
        """What a roll-up of these records is computed from."""
        return RollupInputs(
            as_of=AS_OF,
            items=[record.item for record in records],
            changes={record.item.uid: record.changes for record in records},
            verdicts=verdicts(records),
            portfolio=self.portfolio(),
            sources=self.sources(),
        )


def verdicts(records: Sequence[ItemRecord]) -> Mapping[str, Verdict]:
    """Epics are program-level, all else is product work."""
    program, product = (
        Verdict(level=level, leaning=level, confidence=1.0, decided_by="rule")
        for level in (VerdictLevel.PROGRAM, VerdictLevel.PRODUCT)
    )
    return {r.item.uid: program if r.item.hierarchy_level else product for r in records}


def _noise(serial: int) -> timedelta:
    """Up to three days, so that weeks differ."""
    return timedelta(hours=serial * 2_654_435_761 % 73)


def _person(project: int, serial: int) -> tuple[Account, ...]:
    name = f"Person {project}/{serial % _PEOPLE}"
    return (Account(connection=CONNECTION, id=f"{project}-{serial % _PEOPLE}", name=name),)


def _due(serial: int) -> date | None:
    return AS_OF.date() + timedelta(days=serial * 31 % 200 - 10) if serial % 3 == 0 else None


def _changes(item: WorkItem) -> Iterator[Change]:
    moves = (
        (item.started_at, StatusCategory.TODO, StatusCategory.IN_PROGRESS),
        (item.done_at, StatusCategory.IN_PROGRESS, StatusCategory.DONE),
    )
    for number, (at, before, after) in enumerate(moves):
        if at is not None:
            yield Change(
                id=f"{item.ref.id}-{number}",
                at=at,
                field=ChangeField.STATUS,
                before=before.value,
                after=after.value,
                before_text=before.value,
                after_text=after.value,
            )
