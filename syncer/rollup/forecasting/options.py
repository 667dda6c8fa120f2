"""Levers of a project with the items that could be cut, named (rollup.md 2.4)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from syncer.domain.item import StatusCategory, WorkItem
from syncer.domain.report import Levers
from syncer.rollup.forecasting.levers import LeverFigures, levers
from syncer.rollup.project import ProjectBasis
from syncer.rollup.risks.scoring import exposure_money
from syncer.rollup.tolerance import below
from syncer.rollup.view import View

_SAFE: Final = 0.85


def blockers(view: View) -> frozenset[str]:
    """The uids of items that something waits for; what we cannot see may wait."""
    by_uid = view.tree.by_uid
    return frozenset(
        predecessor
        for predecessor, waiting in view.edges
        if waiting not in by_uid or by_uid[waiting].is_open
    )


def candidates(
    basis: ProjectBasis, view: View, blocking: AbstractSet[str] | None = None
) -> list[WorkItem]:
    """Items that could be cut, least urgent first: not started, not must, blocking nothing.

    `blocking` are the uids of `blockers`, found in the view if not given.
    """
    if blocking is None:
        blocking = blockers(view)
    free = [
        item
        for item in basis.count.open_items
        if item.status_category is StatusCategory.TODO
        and not item.must_have
        and not any(uid in blocking for uid in view.tree.copies(item.uid))
    ]
    return sorted(free, key=lambda i: (-(i.priority if i.priority is not None else 9), i.uid))


def _figures(basis: ProjectBasis, view: View, *, available: int) -> LeverFigures:
    inputs = basis.forecast.inputs
    target = basis.target
    if target is None:
        raise ValueError(f"{basis.project.key} has no target to bring closer")
    return levers(
        inputs.throughput,
        inputs.remaining,
        as_of=view.today,
        target=target,
        scope_growth=inputs.scope_growth,
        holidays=view.calendar.holidays,
        freezes=view.calendar.freezes,
        candidates=available,
        curve=basis.curve,
    )


def project_levers(
    basis: ProjectBasis, view: View, blocking: AbstractSet[str] | None = None
) -> Levers | None:
    """The ways to a safe target, None where it is safe already or nothing can be forecast.

    `blocking` is as in `candidates`: one look for all projects.
    """
    chance = basis.forecast.probability
    if chance is None or basis.target is None or not below(chance, _SAFE):
        return None
    free = candidates(basis, view, blocking)
    figures = _figures(basis, view, available=len(free))
    late = view.calendar.working_days(basis.target, figures.p85_date) if figures.p85_date else None
    cost = basis.project.cost_of_delay_per_week
    return Levers(
        drop=figures.drop,
        drop_probability=figures.p_drop,
        candidates=tuple(view.mention(item) for item in free),
        move_to=figures.p85_date,
        move_probability=figures.p_at_p85,
        move_days=late,
        move_money=exposure_money(late, cost) if cost and late is not None else None,
        raise_percent=figures.raise_percent,
        pace_needed=figures.items_per_week_needed,
        pace_now=figures.items_per_week_now,
    )
