"""Gates: dated points with their own forecast (rollup.md 2.4).

A gate belongs to a project, or to a program or product: then each member works on its own part.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from syncer.domain.item import WorkItem
from syncer.domain.report import Evidence, GateResult, Risk
from syncer.domain.selector import select
from syncer.domain.statement import Door, GateDefinition
from syncer.rollup.colours.health import short_date
from syncer.rollup.display import show_probability
from syncer.rollup.forecast import completion_cdf, date_reached, joint_cdf, probability_on_time
from syncer.rollup.forecasting.validity import OLDEST_SOURCE_HOURS
from syncer.rollup.project import NO_WORK, ProjectBasis
from syncer.rollup.risks.detected import counted, make_risk, project_level
from syncer.rollup.risks.project_detectors import AT_REST
from syncer.rollup.risks.scoring import (
    DEFAULTS,
    ScoringThresholds,
    impact_bucket,
    probability_bucket,
    risk_id,
)
from syncer.rollup.rules import DetectorRules
from syncer.rollup.tolerance import above, below
from syncer.rollup.view import View
from syncer.rollup.work.counting import countable

_SAFE: Final = 0.85
_BEYOND_HORIZON: Final = 10_000
_DOORS: Final = (Door.COMMAND, Door.CONFIGURATION, Door.TRACKER)
"""Which door stands over which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What one project has to do for a gate: countable items in all, open ones among them."""

    basis: ProjectBasis
    total: int
    open_items: tuple[WorkItem, ...]

    @property
    def withheld(self) -> str:
        """Why nothing may be said of this part; work that is seen to be done needs no forecast."""
        age = self.basis.source_age_hours
        if self.open_items:
            return self.basis.forecast.inputs.withheld
        if age is None or above(age, OLDEST_SOURCE_HOURS):
            return f"no data from {self.basis.source_name or 'its tracker'}"
        return ""


def _by_version(gate: GateDefinition, items: Sequence[WorkItem]) -> list[WorkItem]:
    """Items of a version named like the gate or due no later, where versions say anything.

    Versions of the past whose work is done say nothing about a gate that has none of its name.
    """
    found = [
        item
        for item in items
        if any(v.name == gate.name or (v.due and v.due <= gate.on) for v in item.fix_versions)
    ]
    named = any(v.name == gate.name for item in items for v in item.fix_versions)
    return found if named or any(item.is_open for item in found) else []


def _by_date(gate: GateDefinition, items: Sequence[WorkItem]) -> list[WorkItem]:
    return [item for item in items if item.due_date is not None and item.due_date <= gate.on]


def _own(gate: GateDefinition, basis: ProjectBasis, view: View) -> list[WorkItem]:
    if gate.items:
        return select(gate.items, basis.count.items, view.tree.by_uid)
    return _by_version(gate, basis.count.items) or _by_date(gate, basis.count.items)


def _part(items: Iterable[WorkItem], basis: ProjectBasis, view: View) -> _Part:
    """What one project has to do: the items of a gate and of the earlier gates of its scope."""
    count = countable(items, view.tree)
    return _Part(basis=basis, total=count.total, open_items=count.open_items)


def _curve(parts: Sequence[_Part], view: View) -> list[float]:
    """The joint completion of all parts: one team's work together, the teams beside each other."""
    by_team: dict[str, list[list[float]]] = defaultdict(list)
    for part in parts:
        throughput, left = part.basis.forecast.inputs.throughput, len(part.open_items)
        by_team[view.team_of(part.basis.project)].append(completion_cdf(throughput, left))
    return joint_cdf([by_team[team] for team in sorted(by_team)])


def _forecast(gate: GateDefinition, parts: Sequence[_Part], view: View) -> GateResult:
    """The gate with its chance, as far as there is one; 0 once it was missed."""
    remaining = len({item.uid for part in parts for item in part.open_items})
    result = GateResult(
        scope=view.full_scope(gate.scope),
        name=gate.name,
        on=gate.on,
        owner=gate.owner or next((p.basis.project.owner for p in parts if len(parts) == 1), ""),
        remaining=remaining,
        probability=None,
        contractual=gate.contractual,
    )
    withheld = next((part.withheld for part in parts if part.withheld), "")
    if not any(part.total for part in parts):
        withheld = withheld or NO_WORK
    if gate.on < view.today and remaining:
        result = replace(result, probability=0.0)
    if withheld:
        return result if result.probability is not None else replace(result, withheld=withheld)
    if not remaining:
        return replace(result, probability=1.0)
    curve, calendar = _curve(parts, view), view.calendar
    chance = probability_on_time(
        curve, view.today, gate.on, holidays=calendar.holidays, freezes=calendar.freezes
    )
    p85 = date_reached(
        curve, view.today, _SAFE, holidays=calendar.holidays, freezes=calendar.freezes
    )
    return replace(result, probability=chance, p85=p85)


def live_gates(gates: Sequence[GateDefinition], view: View) -> list[GateDefinition]:
    """Gates once each, by date and name: one said through two doors is one gate.

    A command stands over the configuration, that over a tracker; of one door the latest counts.
    """
    said = sorted(gates, key=lambda g: (-g.provenance.at.timestamp(), repr(g)))
    said.sort(key=lambda g: _DOORS.index(g.provenance.door))
    once: dict[tuple[str, str], GateDefinition] = {}
    for gate in said:
        once.setdefault((view.full_scope(gate.scope), gate.name), gate)
    return sorted(once.values(), key=lambda g: (g.on, view.full_scope(g.scope), g.name))


def gate_results(
    gates: Sequence[GateDefinition], bases: Mapping[str, ProjectBasis], view: View
) -> list[GateResult]:
    """Every gate with its chance, by date and name. Past gates without open work are left out."""
    ordered, results = live_gates(gates, view), list[GateResult]()
    so_far: dict[tuple[str, str], dict[str, WorkItem]] = defaultdict(dict)
    for gate in ordered:
        scope, parts = view.full_scope(gate.scope), list[_Part]()
        for key in view.projects_in(scope):
            items = so_far[scope, key]
            items.update((item.uid, item) for item in _own(gate, bases[key], view))
            parts.append(_part(items.values(), bases[key], view))
        result = _forecast(gate, parts, view) if parts else _unknown(gate, scope)
        if gate.on >= view.today or result.remaining:
            results.append(result)
    return results


def contractual_items(
    gates: Sequence[GateDefinition], bases: Mapping[str, ProjectBasis], view: View
) -> frozenset[str]:
    """The uids of the items of every gate that is promised in a contract."""
    promised = [gate for gate in live_gates(gates, view) if gate.contractual]
    return frozenset(
        item.uid
        for gate in promised
        for key in view.projects_in(view.full_scope(gate.scope))
        for item in _own(gate, bases[key], view)
    )


def _unknown(gate: GateDefinition, scope: str) -> GateResult:
    return GateResult(
        scope=scope,
        name=gate.name,
        on=gate.on,
        owner=gate.owner,
        remaining=0,
        probability=None,
        withheld=f"no project {scope}",
        contractual=gate.contractual,
    )


def gate_risks(
    results: Sequence[GateResult],
    bases: Mapping[str, ProjectBasis],
    *,
    view: View,
    rules: DetectorRules,
    scoring: ScoringThresholds = DEFAULTS,
) -> list[Risk]:
    """SCH-4: a gate that is unlikely within the next weeks, or missed."""
    risks: list[Risk] = []
    for gate in results:
        near = (gate.on - view.today).days <= rules.sch4_within_days
        held = [bases[key] for key in view.projects_in(gate.scope)]
        active = [basis for basis in held if basis.project.state not in AT_REST]
        chance = gate.probability
        if active and near and chance is not None and below(chance, rules.sch4_gate_below):
            risks.append(_unlikely(gate, chance, active, view=view, scoring=scoring))
    return risks


def _unlikely(
    gate: GateResult,
    chance: float,
    held: Sequence[ProjectBasis],
    *,
    view: View,
    scoring: ScoringThresholds,
) -> Risk:
    first, missed = held[0].project, view.calendar.working_days(gate.on, view.today)
    late = view.calendar.working_days(gate.on, gate.p85) if gate.p85 else _BEYOND_HORIZON
    late = missed if missed > 0 else late
    verb = "was missed" if missed > 0 else "is unlikely"
    must = gate.contractual or any(basis.must for basis in held)
    risk = make_risk(
        "SCH-4",
        gate.scope,
        f"Gate {gate.name} of {short_date(gate.on)} {verb}",
        size=(
            probability_bucket(1.0 - chance, scoring),
            impact_bucket(late, must=must, thresholds=scoring),
        ),
        projects=tuple(basis.project.key for basis in held),
        owner=gate.owner,
        level=project_level(view, first),
        evidence=[
            Evidence(
                label="items open",
                value=counted(gate.remaining, "item"),
                formula=f"chance of the gate {show_probability(chance)}",
            )
        ],
        proximity=gate.on,
        materialised_at=gate.on if missed > 0 else None,
        scoring=scoring,
    )
    return replace(risk, id=risk_id("SCH-4", gate.scope, [gate.name]))


def missed_days(results: Sequence[GateResult], key: str, view: View) -> int:
    """By how many working days the project's most overdue open gate is missed."""
    return max(
        (
            max(0, view.calendar.working_days(gate.on, view.today))
            for gate in results
            if gate.scope == f"proj:{key}" and gate.remaining
        ),
        default=0,
    )
