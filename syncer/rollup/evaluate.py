"""The roll-up: from items, portfolio and statements to one snapshot.

A pure function. Nothing here knows where items come from, what time it is, or who reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from syncer.domain.facts import ProjectFacts
from syncer.domain.gaming import BulkClosure
from syncer.domain.health import Colour, Health
from syncer.domain.report import (
    DependencyFinding,
    GateResult,
    ProjectResult,
    Quality,
    Risk,
    Snapshot,
    SourceState,
)
from syncer.domain.statement import Baseline, OwnerStatus, OwnerWord, Statements
from syncer.rollup.calendar import report_date
from syncer.rollup.cited import cited_items
from syncer.rollup.colours.disagreement import disagreements
from syncer.rollup.colours.health import project_colour
from syncer.rollup.colours.overrides import OverrideBook, shown
from syncer.rollup.colours.project_facts import Surroundings, project_facts
from syncer.rollup.colours.settling import before_unknown, settled, was_decided
from syncer.rollup.forecasting.bulk import told
from syncer.rollup.forecasting.features import feature_forecasts, has_features
from syncer.rollup.forecasting.options import blockers, project_levers
from syncer.rollup.group_result import Members, latest_word, product_results, program_results
from syncer.rollup.grouping import grouped
from syncer.rollup.identity import snapshot_id
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.past.history import rewind_all
from syncer.rollup.past.late import late_news
from syncer.rollup.past.moves import recent_moves, reopened_items
from syncer.rollup.past.said import in_order, said_by
from syncer.rollup.past.views import PastViews
from syncer.rollup.product.view import with_views
from syncer.rollup.project import ProjectBasis, bases, beyond_safe
from syncer.rollup.risks.changes import Compared
from syncer.rollup.risks.dependency_gaps import ruled
from syncer.rollup.risks.detection import Detection
from syncer.rollup.risks.gate_moves import with_baselines
from syncer.rollup.risks.gates import gate_results
from syncer.rollup.risks.ranking import answered, for_display
from syncer.rollup.risks.withdrawn import with_withdrawals
from syncer.rollup.view import View, with_implicit_projects
from syncer.rollup.work.dependencies import CycleTime, Dependencies
from syncer.rollup.work.estimates import estimate_progress, progress_of
from syncer.rollup.work.ledgers import ledgers, unclaimed
from syncer.rollup.work.observed import Observed, held_up, observe, quality_of, unclassified_share


@dataclass(frozen=True)
class Rollup:
    """One run of the roll-up; each part is worked out once, when something asks for it."""

    inputs: RollupInputs

    @cached_property
    def today(self) -> date:
        """The report-local date."""
        return report_date(self.inputs.as_of, self.inputs.portfolio.timezone)

    @cached_property
    def statements(self) -> Statements:
        """What people had said by the instant of the roll-up."""
        return in_order(said_by(self.inputs.statements, self.inputs.as_of))

    @cached_property
    def book(self) -> OverrideBook:
        """The overrides of colours."""
        return OverrideBook.of(
            self.statements.colour_overrides,
            as_of=self.inputs.as_of,
            zone=self.inputs.portfolio.timezone,
            previous=self.inputs.previous,
        )

    @cached_property
    def view(self) -> View:
        """The portfolio over the items of the instant."""
        items = rewind_all(self.inputs.items, self.inputs.changes, self.inputs.as_of)
        return View(self.inputs.portfolio, items, self.inputs.verdicts, self.today)

    @cached_property
    def bases(self) -> Mapping[str, ProjectBasis]:
        """The figures of each project alone."""
        return bases(self.view, self.past, self.inputs)

    @cached_property
    def past(self) -> PastViews:
        """Views of projects at past instants."""
        return PastViews(self.inputs)

    @cached_property
    def observed(self) -> Mapping[str, Observed]:
        """Data quality as seen on the items of each project."""
        rules, as_of = self.inputs.rules.detectors, self.inputs.as_of
        waiting = held_up(self.view)
        return {
            key: observe(
                basis,
                self.view,
                as_of=as_of,
                rules=rules,
                owner_word=self._owner_word(basis),
                waiting=waiting,
            )
            for key, basis in self.bases.items()
        }

    @cached_property
    def dependencies(self) -> Dependencies:
        """The dependency graph with expected dates."""
        rules = self.inputs.rules.detectors
        return Dependencies(
            view=self.view,
            cycle_times={key: basis.cycle for key, basis in self.bases.items()},
            forecasts={key: basis.forecast.p85 for key, basis in self.bases.items()},
            default=CycleTime(p50=rules.cycle_p50_default, p85=rules.cycle_p85_default),
        )

    @cached_property
    def findings(self) -> Sequence[DependencyFinding]:
        """Every open dependency with its lateness and the rules that fire on it."""
        return ruled(self.dependencies.findings(), self.dependencies, self.inputs.rules.detectors)

    @cached_property
    def _findings_of(self) -> Mapping[str, Sequence[DependencyFinding]]:
        """The open dependencies of each project, by its key."""
        return grouped((finding.project, finding) for finding in self.findings)

    @cached_property
    def _blocking(self) -> frozenset[str]:
        """Items that something waits for: one look for all projects."""
        return blockers(self.view)

    @cached_property
    def gates(self) -> Sequence[GateResult]:
        """Gates with their chances."""
        found = gate_results(self.statements.gates, self.bases, self.view)
        return with_baselines(
            found, self.statements.gates, previous=self.inputs.previous, view=self.view
        )

    @cached_property
    def detection(self) -> Detection:
        """The detectors over all figures."""
        return Detection(
            inputs=self.inputs,
            view=self.view,
            past=self.past,
            bases=self.bases,
            observed=self.observed,
            dependencies=self.dependencies,
            findings=self.findings,
            gates=self.gates,
            statements=self.statements,
            book=self.book,
        )

    @cached_property
    def unmerged(self) -> Sequence[Risk]:
        """Every risk that fires, before merging, in id order, with its age."""
        responses = self.statements.responses
        found = self.detection.risks()
        known = (self._aged(answered(risk, responses, self.view)) for risk in found)
        return sorted(known, key=lambda risk: risk.id)

    @cached_property
    def _risks_of(self) -> Mapping[str, Sequence[Risk]]:
        """The risks that concern each project, by its key."""
        return grouped((key, risk) for risk in self.unmerged for key in {*risk.projects})

    @cached_property
    def _first_seen(self) -> Mapping[str, date]:
        """Since when the previous edition knew a risk that was not closed, by id."""
        previous = self.inputs.previous
        if previous is None:
            return {}
        past = [risk for risk in previous.past_risks if risk.closed_on is None]
        return {
            identity: risk.first_seen
            for risk in (*past, *previous.unmerged)
            for identity in (*risk.merged, risk.id)
            if risk.first_seen is not None
        }

    def _aged(self, risk: Risk) -> Risk:
        seen = self._first_seen.get(risk.id)
        known = [day for day in (seen, risk.first_seen, self.today) if day is not None]
        return replace(risk, first_seen=min(known))

    @cached_property
    def compared(self) -> Compared:
        """Risks as readers see them: merged, answered, compared, ranked; and those of the past."""
        return for_display(
            self.unmerged,
            responses=self.statements.responses,
            previous=self.inputs.previous,
            view=self.view,
            unknown=self._unknown,
            scoring=self.inputs.rules.scoring.thresholds,
            unowned_days=self.inputs.rules.colour.unowned_days,
        )

    @property
    def _unknown(self) -> frozenset[str]:
        results = self.projects.values()
        return frozenset(p.key for p in results if p.computed.health is Health.UNKNOWN)

    def _before(self, key: str) -> ProjectResult | None:
        return self.inputs.previous.project(key) if self.inputs.previous else None

    @cached_property
    def bulk_closures(self) -> Mapping[str, tuple[BulkClosure, ...]]:
        """What was closed in bulk, by project."""
        return {key: basis.bulk_closures for key, basis in self.bases.items()}

    def _quality(self, basis: ProjectBasis) -> Quality:
        key = basis.project.key
        share = unclassified_share(self.view.open_members[key], self.view)
        found = quality_of(
            basis,
            self.observed[key],
            unclassified=share,
            thresholds=self.inputs.rules.quality.thresholds,
        )
        return replace(found, reasons=(*found.reasons, *map(told, self.bulk_closures[key])))

    def _owner_status(self, scope: str) -> OwnerStatus | None:
        return latest_word(self.statements.owner_statuses, scope, self.view)

    def _owner_word(self, basis: ProjectBasis) -> OwnerWord | None:
        status = self._owner_status(basis.project.scope)
        return status.value if status else None

    def _baselines(self, key: str) -> list[Baseline]:
        """The approved plans of a project, oldest first."""
        return [b for b in self.statements.baselines if b.project == key]

    def _facts(self, basis: ProjectBasis, quality: Quality) -> ProjectFacts:
        key = basis.project.key
        approved = self._baselines(key)
        around = Surroundings(
            quality=quality,
            risks=self._risks_of.get(key, ()),
            findings=self._findings_of.get(key, ()),
            gates=self.gates,
            owner_status=self._owner_status(basis.project.scope),
            baseline=approved[-1] if approved else None,
            earlier_baseline=len(approved) > 1,
            before=self._before(key),
            previous=self.inputs.previous,
            unowned_from=self.inputs.rules.colour.risk_red_unowned,
        )
        return project_facts(basis, around, self.view)

    def _settled(self, computed: Colour, basis: ProjectBasis, facts: ProjectFacts) -> Colour:
        """The project's own colour: what it shows where nobody overrides it."""
        key, previous = basis.project.key, self.inputs.previous
        since = previous.as_of if previous else self.inputs.as_of
        return settled(
            computed,
            facts,
            basis,
            before=self._before(key),
            decided=was_decided(key, self.statements.decisions, since=since, view=self.view),
            calendar=self.view.calendar,
            rules=self.inputs.rules,
        )

    @cached_property
    def projects(self) -> Mapping[str, ProjectResult]:
        """The result of each project, by key."""
        return {key: self._project(basis) for key, basis in self.bases.items()}

    def _project(self, basis: ProjectBasis) -> ProjectResult:
        project, count, view = basis.project, basis.count, self.view
        quality = self._quality(basis)
        facts = self._facts(basis, quality)
        computed = project_colour(facts, self.inputs.rules.colour)
        own = self._settled(computed, basis, facts)
        override = self.book.state(project.scope, own, basis.record.current)
        faults = self.observed[project.key].contradictions
        by_estimate = estimate_progress(project, count)
        return ProjectResult(
            key=project.key,
            name=project.name,
            owner=project.owner,
            team=project.team,
            kind=project.kind,
            criticality=project.criticality,
            computed=computed,
            shown=shown(override, own),
            override=override,
            bulk_closures=self.bulk_closures[project.key],
            baseline_progress=basis.scope.baseline_progress if basis.scope else None,
            facts=facts,
            forecast=basis.forecast,
            quality=quality,
            ledgers=ledgers(basis.items, view),
            total=count.total,
            done=count.done,
            remaining=count.remaining,
            wip=len(count.wip),
            progress=progress_of(by_estimate, count),
            by_estimate=by_estimate,
            planned=basis.planned,
            start=basis.start,
            target=basis.record.current,
            baseline_target=basis.slip.baseline,
            slip_days=basis.slip.days or 0,
            pushes=len(basis.slip.pushes),
            pushes_explained=basis.slip.explained,
            target_moves=basis.record.moves,
            cost_of_delay_per_week=project.cost_of_delay_per_week,
            levers=project_levers(basis, view, self._blocking),
            dependencies=tuple(self._findings_of.get(project.key, ())),
            beyond_safe=tuple(view.mention(item) for item in beyond_safe(basis)),
            restricted=sum(item.restricted for item in view.open_members[project.key]),
            contradictions=tuple(view.mention(item) for item, _ in faults),
            before_unknown=before_unknown(own, self._before(project.key)),
            backtest=basis.backtest,
            features=feature_forecasts(basis, view) if has_features(basis, view) else (),
            flow=self.detection.flows[project.key].figures,
        )


def _members(run: Rollup) -> Members:
    return Members(
        bases=run.bases,
        results=run.projects,
        risks=run.unmerged,
        rules=run.inputs.rules,
        previous=run.inputs.previous,
        owner_statuses=run.statements.owner_statuses,
        book=run.book,
    )


def _sources(inputs: RollupInputs) -> tuple[SourceState, ...]:
    return tuple(sorted(inputs.sources, key=lambda s: (s.connection, s.container)))


def evaluate(inputs: RollupInputs) -> Snapshot:
    """Compute the snapshot of one instant. The same inputs in any order give the same result."""
    items = sorted(inputs.items, key=lambda item: item.uid)
    portfolio = with_implicit_projects(inputs.portfolio, items)
    run = Rollup(replace(inputs, items=items, portfolio=portfolio))
    members = _members(run)
    programs, products = program_results(members, run.view), product_results(members, run.view)
    products = with_views(products, members, run.view, findings=run.findings, inputs=run.inputs)
    cited = (*run.compared.risks, *run.compared.past, *run.unmerged)
    snapshot = Snapshot(
        id="",
        as_of=inputs.as_of,
        timezone=portfolio.timezone,
        currency=portfolio.currency,
        reconstructed=inputs.reconstructed,
        config_hash=inputs.config_hash,
        engine_version=inputs.engine_version,
        projects=tuple(run.projects.values()),
        programs=programs,
        products=products,
        disagreements=disagreements(
            (*programs, *products, *run.projects.values()), inputs.rules, run.today
        ),
        risks=run.compared.risks,
        past_risks=with_withdrawals(
            run.compared.past, items, inputs.changes, responses=run.statements.responses
        ),
        unmerged=tuple(run.unmerged),
        gates=tuple(run.gates),
        decisions=run.statements.decisions,
        owner_statuses=run.statements.owner_statuses,
        sources=_sources(inputs),
        unclaimed=tuple(run.view.mention(item) for item in unclaimed(run.view)),
        recent_moves=tuple(recent_moves(run.findings, run.view, run.inputs)),
        restricted=sum(item.restricted for item in run.view.open_items),
        unclassified_share=unclassified_share(run.view.open_items, run.view),
        reopened=reopened_items(run.view, run.inputs),
        overrides=len(run.statements.overrides),
        holidays=len(portfolio.holidays),
        freezes=len(portfolio.freezes),
        cited=cited_items(cited, run.projects.values(), run.view),
        late_news=late_news(inputs, evaluate),
        loads=run.detection.loads,
    )
    return replace(snapshot, id=snapshot_id(inputs, snapshot))
