"""What every block of one edition reads: two snapshots, the audience, and today's date there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from syncer.domain.colour_change import ColourChange
from syncer.domain.health import Health
from syncer.domain.report import (
    DependencyFinding,
    GroupResult,
    ItemDateMove,
    ItemMention,
    ProjectResult,
    Risk,
    Snapshot,
)
from syncer.publish.audience import AudienceView, Lens
from syncer.publish.digest.names import short_names
from syncer.publish.digest.shown import Shown
from syncer.publish.digest.tracker_text import clean
from syncer.rollup.rules import HealthRules

NAME_LIMIT = 40
_SEVERITY = {
    Health.RED: 4,
    Health.AMBER: 3,
    Health.UNKNOWN: 2,
    Health.NO_PLAN: 2,
    Health.TOO_EARLY: 1,
}
SETTLED = frozenset(
    {Health.GREEN, Health.DONE, Health.NOT_STARTED, Health.ON_HOLD, Health.CANCELLED}
)
"""Colours that ask nothing of the reader."""


def severity(health: Health) -> int:
    """The order of colours, worst highest; what is settled counts as Green (section 3.2, A9)."""
    return _SEVERITY.get(health, 0)


@dataclass(frozen=True)
class Context:
    """The inputs of one edition and the views of them that several blocks need."""

    snapshot: Snapshot
    previous: Snapshot | None
    colour_changes: Sequence[ColourChange]
    view: AudienceView
    version: int
    correction: str
    rules: HealthRules = field(default_factory=HealthRules)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The audience's time zone."""
        return ZoneInfo(self.view.timezone)

    @cached_property
    def today(self) -> date:
        """The report-local date of the snapshot."""
        return self.local(self.snapshot.as_of).date()

    def local(self, instant: datetime) -> datetime:
        """The instant in the audience's zone."""
        return instant.astimezone(self.zone)

    @cached_property
    def groups(self) -> tuple[GroupResult, ...]:
        """This audience's programs and products, worst first, else in configured order."""
        every = (*self.snapshot.programs, *self.snapshot.products)
        mine = [group for group in every if self.view.covers(group.scope)]
        return tuple(sorted(mine, key=lambda group: -severity(group.shown.health)))

    @cached_property
    def ungrouped(self) -> bool:
        """Whether nothing is grouped at all, so that the table lists projects."""
        return not self.snapshot.programs and not self.snapshot.products

    @cached_property
    def projects(self) -> tuple[ProjectResult, ...]:
        """This audience's projects, in configured order."""
        if self.ungrouped:
            return self.snapshot.projects
        keys = {key for group in self.groups for key in group.projects}
        return tuple(project for project in self.snapshot.projects if project.key in keys)

    @cached_property
    def scopes(self) -> frozenset[str]:
        """Every scope of this audience."""
        grouped = {group.scope for group in self.groups}
        return frozenset(grouped | {project.scope for project in self.projects})

    def resolve(self, scope: str) -> str:
        """The full name of a scope: a bare key means whatever has it, as on the command line."""
        if ":" in scope or scope == "portfolio":
            return scope
        found = (f"{sort}:{scope}" for sort in ("proj", "prog", "prod"))
        return next((name for name in found if self._exists(name)), scope)

    def _exists(self, scope: str) -> bool:
        key = scope.partition(":")[2]
        return self.snapshot.group(scope) is not None or (
            scope.startswith("proj:") and self.snapshot.project(key) is not None
        )

    def project_of(self, scope: str) -> ProjectResult | None:
        """The project of a scope, or the only project of a program or product."""
        full = self.resolve(scope)
        if full.startswith("proj:"):
            return self.snapshot.project(full.partition(":")[2])
        group = self.snapshot.group(full)
        only = group.projects[0] if group and len(group.projects) == 1 else ""
        return self.snapshot.project(only)

    def members(self, group: GroupResult) -> tuple[ProjectResult, ...]:
        """The projects of a group, worst first, else in configured order."""
        found = (self.snapshot.project(key) for key in group.projects)
        present = [project for project in found if project is not None]
        return tuple(sorted(present, key=lambda project: -severity(project.shown.health)))

    def earlier_group(self, scope: str) -> GroupResult | None:
        """The group in the last edition."""
        return self.previous.group(scope) if self.previous else None

    def earlier_project(self, key: str) -> ProjectResult | None:
        """The project in the last edition."""
        return self.previous.project(key) if self.previous else None

    @cached_property
    def _short(self) -> dict[str, str]:
        snapshot = self.snapshot
        every: list[GroupResult | ProjectResult] = [*snapshot.programs, *snapshot.products]
        every += snapshot.projects
        return short_names({entry.scope: (entry.key, clean(entry.name, 80)) for entry in every})

    def short(self, scope: str) -> str:
        """The short name of a scope: `Network` for `Network upgrade`."""
        full = self.resolve(scope)
        return self._short.get(full) or self._gone(full)

    def _gone(self, scope: str) -> str:
        """How a scope was called that only the last edition had."""
        key = scope.partition(":")[2]
        entry = self.earlier_project(key) if scope.startswith("proj:") else None
        return clean(entry.name if entry else key or scope, NAME_LIMIT)

    def named_short(self, text: str, limit: int = 200) -> str:
        """A sentence of the roll-up as this audience may read it, with projects' short names."""
        text = self.shown.text(text, limit)
        for project in sorted(self.snapshot.projects, key=lambda p: (-len(p.name), p.key)):
            if len(project.name.split()) > 1:
                text = text.replace(project.name, self.place(project.key))
        return text

    def place(self, project: str) -> str:
        """How a project is called in a sentence: by its product where it is all of it."""
        known = self._places.get(project)
        if known is None:
            owners = [group for group in self.snapshot.products if group.projects == (project,)]
            known = self.short(owners[0].scope if owners else f"proj:{project}")
            self._places[project] = known
        return known

    @cached_property
    def _places(self) -> dict[str, str]:
        """How projects are called; an edition asks for each item that it may not name."""
        return {}

    @cached_property
    def shown(self) -> Shown:
        """What this audience may read of items."""
        return Shown.of(self.snapshot, self.view, self.place)

    def name(self, entry: ProjectResult | GroupResult) -> str:
        """The full name of a scope, cleaned and cut."""
        return clean(entry.name, NAME_LIMIT) or clean(entry.key, NAME_LIMIT)

    def risks_in_view(self, risks: Sequence[Risk]) -> tuple[Risk, ...]:
        """The risks that touch this audience's scopes and that its lens may name."""
        shown = self.shown
        return tuple(
            risk
            for risk in risks
            if self._touches(risk) and shown.lens_names(risk) and shown.may_tell(risk)
        )

    @cached_property
    def unclaimed(self) -> tuple[ItemMention, ...]:
        """Program-level items of no program, as far as this audience may count them."""
        return tuple(item for item in self.snapshot.unclaimed if self.shown.may_count(item))

    @cached_property
    def moves(self) -> tuple[ItemDateMove, ...]:
        """Moved dates, as far as this audience may count the items."""
        every = self.snapshot.recent_moves
        return tuple(entry for entry in every if self.shown.may_count(entry.item))

    def edges(self, project: ProjectResult) -> list[DependencyFinding]:
        """The project's late dependencies whose ends this audience may count."""
        return [
            edge
            for edge in project.dependencies
            if (edge.lateness or 0) >= 1
            and all(map(self.shown.may_count, (edge.root, edge.predecessor, edge.waiting)))
        ]

    def _touches(self, risk: Risk) -> bool:
        hit = {f"proj:{key}" for key in risk.projects} | {self.resolve(risk.scope)}
        return self.ungrouped or bool(hit & self.scopes) or self._wide(risk)

    def _wide(self, risk: Risk) -> bool:
        narrow = risk.projects or risk.scope.startswith(("proj:", "prog:", "prod:"))
        return not narrow and self.view.lens is not Lens.PRODUCT
