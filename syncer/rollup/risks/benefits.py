"""BEN-1: what a program or product was to bring and has not by its day (rollup.md 2.10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from syncer.domain.portfolio import Benefit, Product, Program
from syncer.domain.report import Evidence, Risk
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.calendar import is_overdue
from syncer.rollup.colours.health import short_date
from syncer.rollup.risks.detected import make_risk
from syncer.rollup.risks.scoring import DEFAULTS, ScoringThresholds, risk_id
from syncer.rollup.view import View

RULE = "BEN-1"


def is_short(benefit: Benefit) -> bool:
    """Whether the metric has not reached its target, as far as both are known.

    Where the target lies below the baseline less is better.
    """
    if benefit.now is None or benefit.target is None:
        return False
    if benefit.baseline is not None and benefit.target < benefit.baseline:
        return benefit.now > benefit.target
    return benefit.now < benefit.target


def benefit_risks(view: View, *, scoring: ScoringThresholds = DEFAULTS) -> list[Risk]:
    """Benefits past their day and short of their target, sized as people said."""
    groups: list[Program | Product] = [*view.portfolio.programs, *view.portfolio.products]
    return [
        _missed(group, benefit, scoring)
        for group in groups
        for benefit in _missing(group.benefits, view)
    ]


def _missing(benefits: Iterable[Benefit], view: View) -> list[Benefit]:
    holidays = view.calendar.holidays
    return [
        one
        for one in benefits
        if one.due is not None and is_overdue(one.due, view.today, holidays) and is_short(one)
    ]


def _missed(group: Program | Product, benefit: Benefit, scoring: ScoringThresholds) -> Risk:
    now, target = f"{benefit.now:g}", f"{benefit.target:g}"
    due = f" on {short_date(benefit.due)}" if benefit.due else ""
    risk = make_risk(
        RULE,
        group.scope,
        f"{group.name}: {benefit.name} is {now}, promised were {target}{due}",
        size=(benefit.probability, benefit.impact),
        evidence=[
            Evidence(
                label=benefit.name,
                value=f"{now} of {target}",
                formula="metric short of its target after its day; sized by people",
            )
        ],
        scoring=scoring,
        projects=(),
        level=VerdictLevel.PROGRAM if isinstance(group, Program) else VerdictLevel.PRODUCT,
        owner=group.owner,
        proximity=benefit.due,
        materialised_at=benefit.due,
    )
    return replace(risk, id=risk_id(RULE, group.scope, [benefit.name]))
