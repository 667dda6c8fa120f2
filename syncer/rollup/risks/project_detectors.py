"""The risk rules that look at one project: schedule, scope, owners, data (rollup.md 2.10).

A detector looks at figures that are already worked out and yields unmerged risks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple, TypedDict, Unpack

from syncer.domain.item import WorkItem
from syncer.domain.portfolio import ProjectState
from syncer.domain.report import Evidence, Risk
from syncer.rollup.colours.health import short_date
from syncer.rollup.display import show_overrun, show_probability
from syncer.rollup.project import ProjectBasis
from syncer.rollup.risks.detected import (
    Size,
    cited,
    counted,
    make_risk,
    percent,
    project_level,
    uids,
)
from syncer.rollup.risks.scoring import (
    DEFAULTS,
    ScoringThresholds,
    exposure_money,
    impact_bucket,
    probability_bucket,
)
from syncer.rollup.rules import DetectorRules
from syncer.rollup.tolerance import above, at_least, below, round_half_up
from syncer.rollup.view import View
from syncer.rollup.work.observed import Observed

_DATA: Final = Size(2, 2)
_GRAVE_DATA: Final = Size(3, 3)
_UNASSIGNED: Final = Size(3, 3)
_BEYOND_HORIZON: Final = 10_000
"""Working days late where the 85 % date lies beyond the horizon: the highest bucket."""

AT_REST: Final = frozenset({ProjectState.DONE, ProjectState.CANCELLED, ProjectState.ON_HOLD})
"""Declared states in which a project has no risks of its own."""


class _Exposure(TypedDict, total=False):
    exposure_days: float | None
    exposure_money: float | None
    proximity: date | None
    materialised_at: date | None


class _Fault(NamedTuple):
    """A rule on data: whether it fires, how grave it is, what it says, and what that rests on."""

    rule: str
    fires: bool
    size: Size
    said: str
    formula: str
    items: Collection[str] = ()


@dataclass(frozen=True)
class ProjectDetectors:
    """The rules that look at one project."""

    basis: ProjectBasis
    observed: Observed
    view: View
    rules: DetectorRules
    scoring: ScoringThresholds = DEFAULTS

    def risks(self) -> list[Risk]:
        """Every risk that fires; none on a project that is declared over or on hold."""
        if self.basis.project.state in AT_REST:
            return []
        return [*self._schedule(), *self._scope(), *self._unassigned(), *self._data()]

    def _risk(
        self,
        rule: str,
        title: str,
        *,
        size: tuple[int, int],
        evidence: Sequence[Evidence],
        **exposure: Unpack[_Exposure],
    ) -> Risk:
        project = self.basis.project
        return make_risk(
            rule,
            project.scope,
            title,
            size=size,
            evidence=evidence,
            scoring=self.scoring,
            projects=(project.key,),
            owner=project.owner,
            level=project_level(self.view, project),
            **exposure,
        )

    def _impact(self, days: int) -> int:
        return impact_bucket(days, must=self.basis.must, thresholds=self.scoring)

    def _schedule(self) -> Iterator[Risk]:
        target, chance = self.basis.target, self.basis.forecast.probability
        if target is None or not self.basis.count.remaining:
            return
        past = self.view.calendar.working_days(target, self.view.today)
        if past >= 1:
            yield self._past(past, target)
        elif chance is not None and below(chance, self.rules.sch1_chance_below):
            yield self._late(chance, target)
        yield from self._slipped()

    def _past(self, days: int, target: date) -> Risk:
        return self._risk(
            "SCH-2",
            f"{self.basis.project.name} is past its target of {short_date(target)}",
            size=(5, self._impact(days)),
            evidence=[
                Evidence(
                    label="past the target",
                    value=counted(days, "working day"),
                    formula="working days from the target to today, "
                    f"with {counted(self.basis.count.remaining, 'item')} left",
                )
            ],
            proximity=target,
            materialised_at=target,
        )

    def _late(self, chance: float, target: date) -> Risk:
        basis, forecast = self.basis, self.basis.forecast
        late = _BEYOND_HORIZON if forecast.late_days is None else forecast.late_days
        cost, overrun = basis.project.cost_of_delay_per_week, forecast.overrun_days
        wording = show_overrun(overrun or 0.0, chance_at_horizon=(basis.curve or (1.0,))[-1])
        return self._risk(
            "SCH-1",
            f"{basis.project.name} misses {short_date(target)}",
            size=(probability_bucket(1.0 - chance, self.scoring), self._impact(late)),
            evidence=[
                Evidence(
                    label="chance of target",
                    value=show_probability(chance),
                    formula=f"{basis.count.remaining} items left at the pace of the last weeks; "
                    f"reported below {percent(self.rules.sch1_chance_below)}",
                ),
                Evidence(
                    label="expected overrun",
                    value=wording,
                    formula="sum over the working days after the target of the chance "
                    "that work is left",
                ),
            ],
            exposure_days=overrun,
            exposure_money=exposure_money(overrun, cost) if cost and overrun is not None else None,
            proximity=target,
        )

    def _slipped(self) -> Iterator[Risk]:
        slip, rules = self.basis.slip, self.rules
        days, pushes = slip.days or 0, len(slip.pushes)
        if pushes >= rules.sch3_pushes or days >= rules.sch3_slip_days:
            said = f"{counted(days, 'working day')} in {counted(pushes, 'move')}"
            yield self._risk(
                "SCH-3",
                f"{self.basis.project.name} slipped {said}",
                size=(2, self._impact(days)),
                evidence=[
                    Evidence(
                        label="slip",
                        value=said,
                        formula="working days from the first target; reported from "
                        f"{rules.sch3_slip_days} days or {rules.sch3_pushes} moves later on",
                    )
                ],
            )

    def _scope(self) -> Iterator[Risk]:
        scope, rules, name = self.basis.scope, self.rules, self.basis.project.name
        if scope is None:
            return
        if scope.creep is not None and at_least(scope.creep, rules.scp1_creep):
            share = percent(scope.creep)
            unplanned = scope.added - scope.decomposed
            yield self._risk(
                "SCP-1",
                f"{name} grew by {share} that nobody had planned",
                size=(3, 4 if at_least(scope.creep, rules.scp1_creep_high) else 3),
                evidence=[
                    Evidence(
                        label="added",
                        value=f"{unplanned} to {scope.baseline}",
                        formula="added and not broken down from the baseline / baseline; "
                        f"reported from {percent(rules.scp1_creep)}",
                        items=cited(sorted(scope.unplanned)),
                    )
                ],
            )
        if scope.removed_share is not None and at_least(scope.removed_share, rules.scp2_removed):
            share = percent(scope.removed_share)
            yield self._risk(
                "SCP-2",
                f"{share} of {name}'s baseline was removed: who agreed?",
                size=(2, 3),
                evidence=[
                    Evidence(
                        label="removed",
                        value=f"{scope.removed} of {scope.baseline}",
                        formula="cancelled or moved out / baseline; "
                        f"reported from {percent(rules.scp2_removed)}",
                        items=cited(sorted(scope.gone)),
                    )
                ],
            )

    def _due_soon_unassigned(self) -> list[WorkItem]:
        limit = self.view.today + timedelta(days=self.rules.res4_due_days)
        open_items = (item for item in self.basis.count.open_items if not item.assignees)
        return [item for item in open_items if item.due_date and item.due_date <= limit]

    def _unassigned(self) -> Iterator[Risk]:
        share, soon = self.observed.unassigned_share, self._due_soon_unassigned()
        facts: list[tuple[str, str, Sequence[WorkItem]]] = []
        if self.observed.unassigned and at_least(share, self.rules.res4_unassigned):
            said = f"{percent(share)} of work in progress has no owner"
            formula = f"in progress without owner; from {percent(self.rules.res4_unassigned)}"
            facts.append((said, formula, self.observed.unassigned))
        if soon:
            has = "has" if len(soon) == 1 else "have"
            days = self.rules.res4_due_days
            said = f"{counted(len(soon), 'item')} due within {days} days {has} no owner"
            facts.append((said, "open, due and without owner; from 1", soon))
        if facts:
            yield self._risk(
                "RES-4",
                f"{self.basis.project.name}: {facts[0][0]}",
                size=_UNASSIGNED,
                evidence=[
                    Evidence(label="without owner", value=said, formula=formula, items=uids(items))
                    for said, formula, items in facts
                ],
            )

    def _data(self) -> Iterator[Risk]:
        name = self.basis.project.name
        gaps = [] if self._is_no_project() else [*self._gaps(), *self._doubts()]
        for fault in (*gaps, self._source()):
            if fault.fires:
                evidence = Evidence(
                    label="data quality",
                    value=fault.said,
                    formula=fault.formula,
                    items=cited(sorted(fault.items)),
                )
                title = f"{name}: {fault.said}"
                yield self._risk(fault.rule, title, size=fault.size, evidence=[evidence])

    def _is_no_project(self) -> bool:
        """Nothing in it, or a container that nobody claims and that holds no work: only goals."""
        basis = self.basis
        return not basis.items or (basis.project.implicit and not basis.count.total)

    def _gaps(self) -> Iterator[_Fault]:
        basis, seen, rules = self.basis, self.observed, self.rules
        age = (self.view.today - basis.start).days if basis.start else 0
        yield _Fault(
            "DQ-1",
            fires=basis.target is None and age > rules.dq1_after_days,
            size=_GRAVE_DATA,
            said="has no target date",
            formula=f"no target {counted(age, 'day')} after the start; "
            f"more than {rules.dq1_after_days}",
        )
        yield _Fault(
            "DQ-2",
            fires=not basis.project.owner,
            size=_GRAVE_DATA,
            said="has no owner",
            formula="the configuration names nobody",
        )
        sound = seen.ratios.decomposed
        whole = 0.0 if sound is None else 1.0 - sound
        yield _Fault(
            "DQ-5",
            fires=whole > 0 and at_least(whole, rules.dq5_undecomposed),
            size=_DATA,
            said=f"{percent(whole)} of epics are not broken down",
            formula="epics without work below them / epics; "
            f"from {percent(rules.dq5_undecomposed)}",
            items=basis.count.undecomposed,
        )

    def _doubts(self) -> Iterator[_Fault]:
        seen, rules = self.observed, self.rules
        stale = counted(len(seen.stale), "item")
        yield _Fault(
            "DQ-3",
            fires=bool(seen.stale) and at_least(seen.stale_share, rules.dq3_stale),
            size=_DATA,
            said=f"{stale} in progress without a change for {rules.stale_days} days",
            formula="in progress without a meaningful change / in progress; "
            f"from {percent(rules.dq3_stale)}",
            items=[item.uid for item in seen.stale],
        )
        share, wrong = seen.contradiction_share, len(seen.contradictions)
        verb = "contradicts itself" if wrong == 1 else "contradict themselves"
        said = [f"{counted(wrong, 'item')} {verb}"] if wrong else []
        said += ["the owner says on track after the target"] if seen.word_contradicts else []
        yield _Fault(
            "DQ-4",
            fires=bool(said) and at_least(share, rules.dq4_contradictions),
            size=_DATA,
            said=", ".join(said),
            formula=f"contradictions / items; from {percent(rules.dq4_contradictions)}",
            items=[item.uid for item, _ in seen.contradictions],
        )

    def _source(self) -> _Fault:
        age, name = self.basis.source_age_hours, self.basis.source_name or "a source"
        old = age is None or above(age, self.rules.dq6_source_hours)
        said = "never read" if age is None else f"last read {round_half_up(age)} hours ago"
        return _Fault(
            "DQ-6",
            fires=old,
            size=_DATA,
            said=f"{name} was {said}",
            formula=f"age of the oldest source; more than {self.rules.dq6_source_hours:g} hours",
        )
