"""Every detector of the catalogue over the figures of one roll-up (rollup.md 2.10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import repeat
from zoneinfo import ZoneInfo

from syncer.domain.load import TeamLoad
from syncer.domain.report import DependencyFinding, GateResult, Risk
from syncer.domain.selector import key_of
from syncer.domain.statement import Statements
from syncer.rollup.colours.overrides import OverrideBook
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.past.scope import ScopeChange
from syncer.rollup.past.scope_since import change_since, local_midnight
from syncer.rollup.past.views import PastViews
from syncer.rollup.project import ProjectBasis
from syncer.rollup.risks.benefits import benefit_risks
from syncer.rollup.risks.dependency_detectors import cycle_risks, dependency_risks, withdrawn_risks
from syncer.rollup.risks.dependency_gaps import Unseen, chain_risks, gap_risks
from syncer.rollup.risks.flow_detectors import FlowDetectors
from syncer.rollup.risks.gates import contractual_items, gate_risks
from syncer.rollup.risks.governance import expired_overrides, lapsed_acceptances, overdue_decisions
from syncer.rollup.risks.load_detectors import overload_risks, team_loads
from syncer.rollup.risks.people_detectors import key_person_risks, known_people, overload_of_people
from syncer.rollup.risks.project_detectors import ProjectDetectors
from syncer.rollup.risks.ranking import human_risks
from syncer.rollup.risks.scoring import ScoringThresholds
from syncer.rollup.rules import DetectorRules
from syncer.rollup.view import View
from syncer.rollup.work.blocked import Blockages
from syncer.rollup.work.dependencies import Dependencies
from syncer.rollup.work.flow_figures import FlowReader, ObservedFlow
from syncer.rollup.work.ledgers import unclaimed_risks
from syncer.rollup.work.observed import Observed


@dataclass(frozen=True, kw_only=True)
class Detection:
    """What the detectors look at: the figures of every project, and what people have said."""

    inputs: RollupInputs
    view: View
    past: PastViews
    bases: Mapping[str, ProjectBasis]
    observed: Mapping[str, Observed]
    dependencies: Dependencies
    findings: Sequence[DependencyFinding]
    gates: Sequence[GateResult]
    statements: Statements
    book: OverrideBook

    @property
    def _rules(self) -> DetectorRules:
        return self.inputs.rules.detectors

    @property
    def _scoring(self) -> ScoringThresholds:
        return self.inputs.rules.scoring.thresholds

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.inputs.portfolio.timezone)

    @cached_property
    def flows(self) -> Mapping[str, ObservedFlow]:
        """How the work of each project flows, by key."""
        blockages = Blockages(
            items=self.view.tree.by_uid,
            changes=self.inputs.changes,
            predecessors=self.dependencies.predecessors,
            names={key_of(item): item.uid for item in self.view.items},
            zone=self._zone,
            as_of=self.inputs.as_of,
        )
        reader = FlowReader(blockages=blockages, rules=self._rules, today=self.view.today)
        return {key: reader.of(basis.count) for key, basis in self.bases.items()}

    @cached_property
    def loads(self) -> tuple[TeamLoad, ...]:
        """What each team has due beside what it likely finishes."""
        return team_loads(list(self.bases.values()), self.view, self._rules)

    def risks(self) -> list[Risk]:
        """Every risk that fires, before anybody answered or merged them, in no promised order."""
        found = [*self._of_projects(), *self._of_dependencies(), *self._of_people()]
        said, scoring = self.statements, self._scoring
        found += gate_risks(
            self.gates, self.bases, view=self.view, rules=self._rules, scoring=scoring
        )
        found += unclaimed_risks(self.view, self._rules, scoring=scoring)
        found += benefit_risks(self.view, scoring=scoring)
        found += human_risks(said.risks, self.view, scoring=scoring)
        found += lapsed_acceptances(found, said.responses, self.view, scoring=scoring)
        found += overdue_decisions(said.decisions, self.view, scoring=scoring)
        found += expired_overrides(self.book, self.bases, self.view, scoring=scoring)
        return found

    def _of_projects(self) -> Iterator[Risk]:
        for key, basis in self.bases.items():
            seen = self.observed[key]
            yield from ProjectDetectors(basis, seen, self.view, self._rules, self._scoring).risks()
            yield from FlowDetectors(
                basis=basis,
                flow=self.flows[key],
                growth=_Growth(basis, self.past, self._zone),
                changes=self.inputs.changes,
                view=self.view,
                rules=self._rules,
                scoring=self._scoring,
            ).risks()

    def _of_dependencies(self) -> Iterator[Risk]:
        view, rules, scoring = self.view, self._rules, self._scoring
        must = frozenset(key for key, basis in self.bases.items() if basis.must)
        promised = contractual_items(self.statements.gates, self.bases, view)
        yield from dependency_risks(self.findings, view, must, promised=promised, scoring=scoring)
        yield from cycle_risks(self.dependencies, view, scoring=scoring)
        yield from gap_risks(self.findings, self.dependencies, rules, scoring=scoring)
        yield from withdrawn_risks(self.dependencies, view, scoring=scoring)
        yield from Unseen(self.dependencies, self._ages(), rules, scoring).risks()
        yield from chain_risks(self.dependencies, rules, scoring=scoring)

    def _of_people(self) -> Iterator[Risk]:
        bases, view = list(self.bases.values()), self.view
        rules, scoring, people = (
            self._rules,
            self._scoring,
            known_people(view.portfolio, view.items),
        )
        yield from overload_of_people(bases, view, rules, scoring=scoring, people=people)
        yield from overload_risks(self.loads, view, rules, scoring=scoring)
        yield from key_person_risks(bases, view, rules, scoring=scoring, people=people)

    def _ages(self) -> Mapping[str, float]:
        """Hours since each container was last read, by `<connection>:<container>`."""
        return {
            f"{source.connection}:{source.container}": (
                self.inputs.as_of - source.last_success_at
            ).total_seconds()
            / 3600
            for source in self.inputs.sources
            if source.last_success_at is not None
        }


@dataclass(frozen=True)
class _Growth:
    """How a project's scope changed from the beginning of one day to that of the next."""

    basis: ProjectBasis
    past: PastViews
    zone: ZoneInfo

    def __call__(self, days: Sequence[date]) -> list[ScopeChange | None]:
        project = self.basis.project
        instants = [local_midnight(day, self.zone) for day in days]
        before = [self.past.counted(project, instant) for instant in instants[:-1]]
        views = map(self.past.at, repeat(project), instants[1:], days[1:])
        return [
            change_since(then, later, project.key) if then.uids else None
            for then, later in zip(before, views, strict=True)
        ]
