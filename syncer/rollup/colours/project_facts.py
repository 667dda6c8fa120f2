"""The facts record of one project, gathered from its figures, risks, gates and people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from syncer.domain.facts import ProjectFacts
from syncer.domain.report import (
    DependencyFinding,
    GateResult,
    ProjectResult,
    Quality,
    Risk,
    Snapshot,
)
from syncer.domain.statement import Baseline, OwnerStatus
from syncer.rollup.calendar import report_date
from syncer.rollup.forecasting.plan import FIRST_DAY
from syncer.rollup.project import ProjectBasis
from syncer.rollup.risks.gates import missed_days
from syncer.rollup.view import View

_DARKENING: Final = ("FLW-2", "SCP-1", "SCP-3", "RES-2")
"""Risk rules that darken a project by A5, whatever their score."""

_TOO_EARLY_RULE: Final = "4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What lies around a project's own figures."""

    quality: Quality
    risks: Sequence[Risk]
    findings: Sequence[DependencyFinding]
    gates: Sequence[GateResult]
    owner_status: OwnerStatus | None
    baseline: Baseline | None
    earlier_baseline: bool
    before: ProjectResult | None
    previous: Snapshot | None
    unowned_from: int


def _target_past(basis: ProjectBasis, view: View) -> int:
    if basis.target is None or not basis.count.remaining:
        return 0
    return max(0, view.calendar.working_days(basis.target, view.today))


def _baseline_days(basis: ProjectBasis, view: View) -> int:
    """The working days of the first plan, both ends counted."""
    if basis.start is None or basis.slip.baseline is None:
        return 0
    eve = max(basis.start, FIRST_DAY) - timedelta(days=1)
    return max(0, view.calendar.working_days(eve, basis.slip.baseline))


def _worst(findings: Sequence[DependencyFinding]) -> DependencyFinding | None:
    late = [
        finding for finding in findings if finding.lateness is not None and finding.lateness > 0
    ]
    return max(late, key=lambda f: (f.lateness or 0, f.waiting.uid), default=None)


def lateness_text(finding: DependencyFinding | None) -> str:
    """One phrase: what is late, by how much, and whose delay it is."""
    if finding is None:
        return ""
    waiting = "an item" if finding.waiting.restricted else finding.waiting.title
    root = "a restricted item" if finding.root.restricted else finding.root.title
    days = f"{finding.lateness} working day{'' if finding.lateness == 1 else 's'}"
    return f"{waiting} {days} late ({root})"


def _unowned_days(risks: Sequence[Risk], today: date, unowned_from: int) -> int:
    ages = [
        (today - risk.first_seen).days
        for risk in risks
        if risk.score >= unowned_from and not risk.owner and risk.first_seen is not None
    ]
    return max(ages, default=0)


def _lost_owner(basis: ProjectBasis, before: ProjectResult | None) -> str:
    if basis.project.owner or before is None:
        return ""
    return before.owner or before.facts.lost_owner


def _rebaselined(around: Surroundings) -> bool:
    """Whether another plan was approved since the previous edition; the first one is none."""
    baseline, before = around.baseline, around.before
    if baseline is None or around.previous is None or baseline.at <= around.previous.as_of:
        return False
    was = before.baseline_target if before else None
    moved = baseline.target is not None and was is not None and baseline.target != was
    return moved or around.earlier_baseline


def _is_approved(basis: ProjectBasis, baseline: Baseline | None) -> bool:
    """Whether the target in force is one that somebody approved; an older approval is none."""
    if baseline is None or baseline.target is None or basis.target is None:
        return False
    return basis.target <= baseline.target


def _total_slip(basis: ProjectBasis, view: View) -> int:
    first = next((move.before for move in basis.record.moves if move.before is not None), None)
    if first is None or basis.target is None:
        return 0
    return view.calendar.working_days(first, basis.target)


def _too_early_weeks(around: Surroundings, view: View) -> int:
    """For how many weeks the project has been too early to judge, UNKNOWN for it included."""
    before, previous = around.before, around.previous
    if before is None or previous is None or before.computed.rule != _TOO_EARLY_RULE:
        return 0
    since = report_date(previous.as_of, view.portfolio.timezone)
    return before.facts.too_early_weeks + max(1, round((view.today - since).days / 7))


def _warnings(basis: ProjectBasis, risks: Sequence[Risk]) -> tuple[str, ...]:
    fired = {risk.rule for risk in risks if basis.project.key in risk.projects}
    return tuple(rule for rule in _DARKENING if rule in fired)


def project_facts(basis: ProjectBasis, around: Surroundings, view: View) -> ProjectFacts:
    """Gather the record from which the project's colour follows."""
    project, count, status = basis.project, basis.count, around.owner_status
    worst_risk = max(around.risks, key=lambda r: (r.score, r.id), default=None)
    late = _worst(around.findings)
    late_must = _worst([f for f in around.findings if f.must])
    said = report_date(status.provenance.at, view.portfolio.timezone) if status else view.today
    return ProjectFacts(
        state=project.state,
        total=count.total,
        remaining=count.remaining,
        cancelled_only=not count.total and count.cancelled > 0,
        start_in_future=basis.start is not None and basis.start > view.today,
        wip=len(count.wip),
        days_since_start=(view.today - basis.start).days if basis.start else None,
        source_age_hours=basis.source_age_hours,
        source_name=basis.source_name,
        target=basis.record.current,
        has_owner=bool(project.owner),
        lost_target=basis.record.lost,
        lost_owner=_lost_owner(basis, around.before),
        target_past_days=_target_past(basis, view),
        probability=basis.forecast.probability,
        p85=basis.forecast.p85,
        withheld=basis.forecast.inputs.withheld,
        planned=basis.planned,
        spi=basis.spi,
        top_risk_score=worst_risk.score if worst_risk else 0,
        top_risk=worst_risk.title if worst_risk else "",
        unowned_high_risk_days=_unowned_days(around.risks, view.today, around.unowned_from),
        slip_days=basis.slip.days or 0,
        total_slip_days=_total_slip(basis, view),
        pushes=len(basis.slip.pushes),
        baseline_duration_days=_baseline_days(basis, view),
        rebaseline_approved=_is_approved(basis, around.baseline),
        first_edition_after_rebaseline=_rebaselined(around),
        must_gate_missed_days=missed_days(around.gates, project.key, view),
        lateness_own=late.lateness if late else None,
        lateness_must=late_must.lateness if late_must else None,
        lateness_text=lateness_text(late),
        warnings=_warnings(basis, around.risks),
        confidence=around.quality.confidence,
        owner_word=status.value if status else None,
        owner_word_age=(view.today - said).days,
        owner_word_by=status.by_other_than(project.owner) if status else "",
        too_early_weeks=_too_early_weeks(around, view),
    )
