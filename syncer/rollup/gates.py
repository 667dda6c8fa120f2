"""Gates: dated points with their own forecast (rollup.md 2.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from syncer.domain.item import WorkItem
from syncer.domain.report import Evidence, GateResult, Risk
from syncer.domain.selector import select
from syncer.domain.statement import GateDefinition
from syncer.rollup.counting import countable
from syncer.rollup.detected import make_risk, project_level
from syncer.rollup.forecast import gate_probability
from syncer.rollup.health import short_date
from syncer.rollup.project import ProjectBasis
from syncer.rollup.rules import DetectorRules
from syncer.rollup.scoring import impact_bucket, probability_bucket
from syncer.rollup.tolerance import below
from syncer.rollup.view import View


def project_of(gate: GateDefinition, bases: Mapping[str, ProjectBasis]) -> ProjectBasis | None:
    """The project that a gate belongs to: scopes are `proj:<key>` or a bare project key."""
    return bases.get(gate.scope.removeprefix("proj:"))


def _by_version(gate: GateDefinition, items: Sequence[WorkItem]) -> list[WorkItem]:
    """Items of a version named like the gate, or of one that is due no later than it."""
    named = any(v.name == gate.name for item in items for v in item.fix_versions)
    if not named:
        return []
    return [
        item
        for item in items
        if any(v.name == gate.name or (v.due and v.due <= gate.on) for v in item.fix_versions)
    ]


def _by_date(gate: GateDefinition, items: Sequence[WorkItem]) -> list[WorkItem]:
    return [item for item in items if item.due_date is not None and item.due_date <= gate.on]


def _own(gate: GateDefinition, basis: ProjectBasis, view: View) -> list[WorkItem]:
    if gate.items:
        return select(gate.items, basis.count.items, view.tree.by_uid)
    return _by_version(gate, basis.count.items) or _by_date(gate, basis.count.items)


def gate_items(
    gate: GateDefinition,
    earlier: Sequence[GateDefinition],
    *,
    basis: ProjectBasis,
    view: View,
) -> tuple[WorkItem, ...]:
    """The open countable items of the gate or of an earlier gate of the same project."""
    scope = {item.uid: item for g in (*earlier, gate) for item in _own(g, basis, view)}
    return countable(scope.values(), view.tree).open_items


def _forecast(
    gate: GateDefinition, remaining: int, *, basis: ProjectBasis, view: View
) -> tuple[float | None, str]:
    if not remaining:
        return 1.0, ""
    if gate.on < view.today:
        return 0.0, ""
    withheld = basis.forecast.inputs.withheld
    if withheld:
        return None, withheld
    chance = gate_probability(
        basis.forecast.inputs.throughput,
        remaining,
        as_of=view.today,
        gate=gate.on,
        holidays=view.calendar.holidays,
        freezes=view.calendar.freezes,
    )
    return chance, ""


def gate_results(
    gates: Sequence[GateDefinition], bases: Mapping[str, ProjectBasis], view: View
) -> list[GateResult]:
    """Every gate with its chance, by date and name. Past gates without open work are left out."""
    ordered = sorted(gates, key=lambda gate: (gate.on, gate.scope, gate.name))
    results: list[GateResult] = []
    for index, gate in enumerate(ordered):
        basis = project_of(gate, bases)
        if basis is None:
            results.append(_unknown(gate))
            continue
        earlier = [g for g in ordered[:index] if project_of(g, bases) is basis]
        remaining = len(gate_items(gate, earlier, basis=basis, view=view))
        chance, withheld = _forecast(gate, remaining, basis=basis, view=view)
        if gate.on >= view.today or remaining:
            results.append(
                GateResult(
                    scope=f"proj:{basis.project.key}",
                    name=gate.name,
                    on=gate.on,
                    owner=gate.owner or basis.project.owner,
                    remaining=remaining,
                    probability=chance,
                    withheld=withheld,
                )
            )
    return results


def _unknown(gate: GateDefinition) -> GateResult:
    return GateResult(
        scope=gate.scope,
        name=gate.name,
        on=gate.on,
        owner=gate.owner,
        remaining=0,
        probability=None,
        withheld=f"no project {gate.scope}",
    )


def gate_risks(
    results: Sequence[GateResult],
    bases: Mapping[str, ProjectBasis],
    *,
    view: View,
    rules: DetectorRules,
) -> list[Risk]:
    """SCH-4: a gate that is unlikely within the next weeks, or missed."""
    risks: list[Risk] = []
    for gate in results:
        basis = bases.get(gate.scope.removeprefix("proj:"))
        near = (gate.on - view.today).days <= rules.sch4_within_days
        if basis is None or gate.probability is None or not near:
            continue
        if below(gate.probability, rules.sch4_gate_below):
            missed = max(0, view.calendar.working_days(gate.on, view.today))
            risks.append(
                make_risk(
                    "SCH-4",
                    basis.project.scope,
                    f"Gate {gate.name} of {short_date(gate.on)} is unlikely",
                    size=(
                        probability_bucket(1.0 - gate.probability),
                        impact_bucket(missed, must=basis.must),
                    ),
                    projects=(basis.project.key,),
                    owner=gate.owner,
                    level=project_level(view, basis.project),
                    evidence=[Evidence(label="items open", value=str(gate.remaining))],
                    proximity=gate.on,
                )
            )
    return risks


def missed_days(results: Sequence[GateResult], key: str, view: View) -> int:
    """By how many working days the project's most overdue open gate is missed."""
    return max(
        (
            view.calendar.working_days(gate.on, view.today)
            for gate in results
            if gate.scope == f"proj:{key}" and gate.remaining
        ),
        default=0,
    )


def live_gates(gates: Sequence[GateDefinition]) -> tuple[GateDefinition, ...]:
    """Gates once each: the same scope, name and date said through two doors is one gate."""
    return tuple({(g.scope.removeprefix("proj:"), g.name, g.on): g for g in gates}.values())
