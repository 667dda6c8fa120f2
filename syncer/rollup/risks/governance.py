"""GOV-1: decisions not taken in time, acceptances and overrides that ran out (rollup.md 2.10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from syncer.domain.portfolio import ProjectState
from syncer.domain.report import Evidence, Risk
from syncer.domain.statement import ColourOverride, Decision, DecisionState, RiskResponse, Roam
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.calendar import days_overdue
from syncer.rollup.colours.health import short_date
from syncer.rollup.colours.overrides import OverrideBook
from syncer.rollup.project import ProjectBasis
from syncer.rollup.risks.detected import Size, counted, make_risk, project_level
from syncer.rollup.risks.ranking import accepted_until, answer_to
from syncer.rollup.risks.scoring import DEFAULTS, ScoringThresholds, risk_id
from syncer.rollup.view import View

RULE: Final = "GOV-1"
_SIZE: Final = Size(4, 3)


def _level(scope: str, view: View) -> VerdictLevel:
    project = view.projects.get(scope.removeprefix("proj:"))
    if project is not None:
        return project_level(view, project)
    return VerdictLevel.PRODUCT if scope.startswith("prod:") else VerdictLevel.PROGRAM


def _own(scope: str, view: View) -> tuple[str, ...]:
    """The project of a project's scope; what is asked of a program concerns no single project."""
    return view.projects_in(scope) if scope.startswith("proj:") else ()


def overdue_decisions(
    decisions: Iterable[Decision], view: View, *, scoring: ScoringThresholds = DEFAULTS
) -> list[Risk]:
    """Confirmed, open decisions whose day has passed by a working day or more."""
    return [
        _overdue(decision, view, scoring)
        for decision in decisions
        if decision.state is DecisionState.OPEN
        and decision.confirmed_by.strip()
        and decision.needed_by is not None
        and days_overdue(decision.needed_by, view.today, view.calendar.holidays) >= 1
    ]


def _overdue(decision: Decision, view: View, scoring: ScoringThresholds) -> Risk:
    by = decision.needed_by or view.today
    scope = view.full_scope(decision.scope)
    late = counted(days_overdue(by, view.today, view.calendar.holidays), "working day")
    risk = make_risk(
        RULE,
        scope,
        f"Decision overdue since {short_date(by)}: {decision.question}",
        size=_SIZE,
        evidence=[
            Evidence(
                label="decision overdue",
                value=late,
                formula=f"working days since it was needed; {decision.decider} decides",
            )
        ],
        scoring=scoring,
        projects=_own(scope, view),
        owner=decision.decider,
        level=_level(scope, view),
        proximity=by,
    )
    return replace(risk, id=risk_id(RULE, scope, [decision.id]))


def lapsed_acceptances(
    risks: Iterable[Risk],
    responses: Sequence[RiskResponse],
    view: View,
    *,
    scoring: ScoringThresholds = DEFAULTS,
) -> list[Risk]:
    """Risks that fire still, though the time for which somebody accepted them is over."""
    found: list[Risk] = []
    for risk in risks:
        said = answer_to(risk, responses, view)
        if said is None or said.roam is not Roam.ACCEPTED:
            continue
        until = accepted_until(said, view)
        if until is not None and until < view.today:
            expired = make_risk(
                RULE,
                risk.scope,
                f"Acceptance ran out on {short_date(until)}: {risk.title}",
                size=_SIZE,
                evidence=[
                    Evidence(
                        label="accepted until",
                        value=until.isoformat(),
                        formula="the risk still fires after the last day of its acceptance",
                    )
                ],
                scoring=scoring,
                projects=risk.projects,
                owner=said.owner or said.provenance.author,
                level=risk.level,
                proximity=until,
            )
            found.append(replace(expired, id=risk_id(RULE, risk.scope, [risk.id])))
    return found


def expired_overrides(
    book: OverrideBook,
    bases: Mapping[str, ProjectBasis],
    view: View,
    *,
    scoring: ScoringThresholds = DEFAULTS,
) -> list[Risk]:
    """Overrides whose last day has passed while they held, until somebody renews or undoes them.

    Where the work has ended there is nothing left to show.
    """
    return [
        _run_out(one, view, scoring)
        for one in book.overrides.values()
        if book.has_expired(one)
        and any(_goes_on(bases[key]) for key in view.projects_in(one.scope) if key in bases)
    ]


def _goes_on(basis: ProjectBasis) -> bool:
    running = basis.project.state in (ProjectState.ACTIVE, ProjectState.PROPOSED)
    return running and basis.count.remaining > 0


def _run_out(override: ColourOverride, view: View, scoring: ScoringThresholds) -> Risk:
    author, colour = override.provenance.author, override.colour.value.capitalize()
    risk = make_risk(
        RULE,
        override.scope,
        f"Override expired on {short_date(override.expires)}: renew it or take it back",
        size=_SIZE,
        evidence=[
            Evidence(
                label=f"{colour} shown until",
                value=override.expires.isoformat(),
                formula=f"{author}: {override.reason}",
                url=override.evidence,
            )
        ],
        scoring=scoring,
        projects=_own(override.scope, view),
        owner=author,
        level=_level(override.scope, view),
        proximity=override.expires,
    )
    return replace(risk, id=risk_id(RULE, override.scope, [override.id]))
