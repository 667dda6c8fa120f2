"""A project's own colour, held where it got better but lately (rollup.md 3.2, hysteresis)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from syncer.domain.facts import ProjectFacts
from syncer.domain.health import Colour, Health
from syncer.domain.report import ProjectResult
from syncer.domain.statement import Decision, DecisionState
from syncer.rollup.calendar import WorkCalendar, report_date
from syncer.rollup.colours.causes import left_the_scope
from syncer.rollup.colours.health import settle
from syncer.rollup.colours.overrides import own_colour
from syncer.rollup.project import ProjectBasis
from syncer.rollup.rules import HealthRules
from syncer.rollup.view import View


def settled(
    computed: Colour,
    facts: ProjectFacts,
    basis: ProjectBasis,
    *,
    before: ProjectResult | None,
    decided: bool,
    calendar: WorkCalendar,
    rules: HealthRules,
) -> Colour:
    """What the project shows where nobody overrides it.

    A moved target, a decision (`decided`) and items that left the scope are discrete causes.
    """
    if before is None:
        return computed
    return settle(
        computed,
        shown_before=before.before_unknown or own_colour(before).health,
        computed_before=before.before_unknown or before.computed.health,
        cause=decided
        or before.target != basis.record.current
        or left_the_scope(
            facts,
            computed,
            before,
            finished=basis.count.done - before.done,
            inputs=basis.forecast.inputs,
            calendar=calendar,
            rules=rules,
        ),
    )


def before_unknown(own: Colour, before: ProjectResult | None) -> Health | None:
    """What colour the project had before its data went missing, while it is missing."""
    if before is None or own.health is not Health.UNKNOWN:
        return None
    was = own_colour(before).health
    return was if was is not Health.UNKNOWN else before.before_unknown


def was_decided(key: str, decisions: Iterable[Decision], *, since: datetime, view: View) -> bool:
    """Whether a decision on the project or its group was taken since an instant (UTC)."""
    first = report_date(since, view.portfolio.timezone)
    return any(
        first <= decision.decided_on <= view.today
        for decision in decisions
        if decision.state is DecisionState.DECIDED and decision.decided_on is not None
        if key in view.projects_in(decision.scope)
    )
