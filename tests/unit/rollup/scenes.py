"""Small portfolios on which the whole roll-up runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from syncer.domain.item import WorkItem
from syncer.domain.portfolio import Criticality, FixedTarget, Portfolio, Project
from syncer.domain.report import Snapshot
from syncer.domain.statement import Door, Provenance
from syncer.rollup.calendar import complete_weeks
from syncer.rollup.evaluate import evaluate
from tests.unit.rollup.builders import (
    AS_OF,
    DONE,
    TODAY,
    TODO,
    account,
    make_inputs,
    make_item,
    make_project,
    noon,
)

TARGET = date(2027, 3, 19)
SAID = Provenance(author="J. Roth", at=AS_OF - timedelta(days=3), door=Door.COMMAND)


def steady(key: str, *, weekly: int, remaining: int) -> list[WorkItem]:
    """A project that finished `weekly` items in each of the last twelve weeks."""
    done = [
        make_item(f"{key}-{100 + 10 * week + n}", DONE, done_at=noon(monday + timedelta(days=2)))
        for week, monday in enumerate(complete_weeks(TODAY, 12))
        for n in range(weekly)
    ]
    left = [
        make_item(f"{key}-{n}", TODO, assignees=(account("Ann"),)) for n in range(1, remaining + 1)
    ]
    return done + left


def planned(key: str, *, criticality: Criticality = Criticality.SHOULD, **more: object) -> Project:
    """A project with a start, a target and an owner."""
    return make_project(
        key,
        start=date(2026, 8, 31),
        target=FixedTarget(TARGET),
        criticality=criticality,
        **more,
    )


def portfolio(*keys: str, **more: object) -> Portfolio:
    """Planned projects with these keys."""
    return Portfolio(projects=tuple(planned(key, team=key) for key in keys), **more)  # type: ignore[arg-type]  # names of fields


def run(items: Sequence[WorkItem], of: Portfolio, **more: object) -> Snapshot:
    """The snapshot of these items."""
    return evaluate(make_inputs(list(items), of, **more))  # type: ignore[arg-type]  # names of fields
