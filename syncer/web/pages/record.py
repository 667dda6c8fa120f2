"""What people decided and what they overrode: the log of a program or product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from syncer.domain.override import OverrideState
from syncer.domain.report import GroupResult, ProjectResult
from syncer.domain.statement import Decision, DecisionState
from syncer.publish.digest.tracker_text import clean
from syncer.web.pages.context import Link, PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One decision of the log; `state` says overdue where it is, `outcome` what was decided."""

    scope: Link
    question: str
    decider: str
    needed_by: date | None
    state: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overridden:
    """One override of a colour, with what readers would see without it."""

    scope: Link
    state: OverrideState


def decisions(found: GroupResult, page: PageContext) -> list[Decided]:
    """Every decision of a program or product and its projects, open ones first."""
    scopes = {found.scope, *(f"proj:{key}" for key in found.projects)}
    mine = [
        one
        for one in page.current.pair.current.decisions
        if page.digest.resolve(one.scope) in scopes
    ]
    mine.sort(key=lambda one: (one.state is not DecisionState.OPEN, one.needed_by or date.max))
    return [_decided(one, page) for one in mine]


def _decided(one: Decision, page: PageContext) -> Decided:
    late = one.state is DecisionState.OPEN and one.needed_by and one.needed_by < page.today
    draft = one.state is DecisionState.OPEN and not one.confirmed_by
    return Decided(
        scope=page.scope(one.scope),
        question=page.text(one.question, 160),
        decider=clean(one.decider, 40),
        needed_by=one.needed_by,
        state="overdue" if late else "draft, not confirmed" if draft else one.state.value,
        outcome=page.text(one.outcome, 160),
    )


def overrides(found: GroupResult, page: PageContext) -> Iterator[Overridden]:
    """The newest override of the program or product and of each project, in force or lapsed."""
    every: list[GroupResult | ProjectResult] = [found, *page.digest.members(found)]
    for one in every:
        if one.override is not None:
            yield Overridden(scope=page.scope(one.scope), state=one.override)
