"""What if: the same roll-up with items dropped, a target moved, or another pace assumed.

Nothing is stored. What is assumed goes in where it would come in if it were true, and the whole
roll-up runs over it: dependencies, risks, colours and programs follow, the price included (a moved
target counts as moved, dropped items as removed).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from syncer.domain.item import StatusCategory, WorkItem
from syncer.domain.portfolio import FixedTarget, Portfolio, Project
from syncer.domain.report import ProjectResult
from syncer.domain.statement import DateMove, Statements
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.view import with_implicit_projects

ASSUMED: Final = "what if"
"""Who moves a target that is only assumed to move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """What is assumed of one project.

    `drop` are uids of items that are not to be done, `target` is another target, and `pace` tells
    how many times as many items are finished each week (1.2: a fifth more).
    """

    project: str
    drop: Collection[str] = ()
    target: date | None = None
    pace: float = 1.0


def suppose(inputs: RollupInputs, assumed: Assumption, now: ProjectResult) -> RollupInputs:
    """The inputs as if the assumption held; `now` is the project as it stands."""
    portfolio = with_implicit_projects(inputs.portfolio, inputs.items)
    statements = inputs.statements
    if assumed.target is not None:
        portfolio = _with_target(portfolio, assumed.project, assumed.target)
        move = DateMove(at=inputs.as_of, before=now.target, after=assumed.target, by=ASSUMED)
        statements = _with_move(statements, now, move)
    return replace(
        inputs,
        items=[_dropped(item) if item.uid in assumed.drop else item for item in inputs.items],
        portfolio=portfolio,
        statements=statements,
        paces={**inputs.paces, assumed.project: assumed.pace},
    )


def _dropped(item: WorkItem) -> WorkItem:
    return replace(item, status_category=StatusCategory.CANCELLED)


def _with_target(portfolio: Portfolio, key: str, target: date) -> Portfolio:
    def moved(project: Project) -> Project:
        return replace(project, target=FixedTarget(target)) if project.key == key else project

    return replace(portfolio, projects=tuple(map(moved, portfolio.projects)))


def _with_move(statements: Statements, now: ProjectResult, move: DateMove) -> Statements:
    """All the target's moves so far, wherever they are written, and the assumed one."""
    others = [(key, one) for key, one in statements.target_moves if key != now.key]
    mine = [(now.key, one) for one in (*now.target_moves, move)]
    return replace(statements, target_moves=(*others, *mine))
