"""Why a colour turned: found by recomputing with one input swapped for the earlier one.

Rollup.md 3.2: every change of colour names its cause. The causes are tried from the most
discrete to the least; the first whose swap undoes the change is named, else the first two that
undo it together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations
from typing import Final

from syncer.domain.colour_change import ColourChange
from syncer.domain.facts import ForecastInputs, ProjectFacts
from syncer.domain.health import Colour, Health
from syncer.domain.report import GroupResult, ProjectResult, Snapshot
from syncer.rollup.calendar import WorkCalendar
from syncer.rollup.colours.health import project_colour, severity, short_date
from syncer.rollup.colours.overrides import override_change, own_colour
from syncer.rollup.forecast import (
    HORIZON_WEEKS,
    completion_cdf,
    probability_on_time,
    weeks_until,
)
from syncer.rollup.rules import ColourRules, HealthRules
from syncer.rollup.tolerance import at_least

Swap = Callable[[ForecastInputs, ForecastInputs, int], ForecastInputs]

AND: Final = " and "
_RISK: Final = "risk"
_WORDS: Final = {Health.NO_PLAN: "to No plan", Health.TOO_EARLY: "to Too early"}


def _swap_date(now: ForecastInputs, before: ForecastInputs, _: int) -> ForecastInputs:
    return replace(now, target=before.target)


def _swap_scope(now: ForecastInputs, before: ForecastInputs, finished: int) -> ForecastInputs:
    """The open items that last time's scope would have left after what was finished since."""
    left = max(0, before.remaining - finished)
    return replace(now, remaining=left, scope_growth=before.scope_growth)


def _swap_pace(now: ForecastInputs, before: ForecastInputs, _: int) -> ForecastInputs:
    """The earlier weeks; too few of them gave no forecast then and give none now."""
    withheld = now.withheld or before.withheld
    return replace(now, throughput=before.throughput, withheld=withheld)


_FORECAST_SWAPS: Final[Mapping[str, Swap]] = {
    "date": _swap_date,
    "scope": _swap_scope,
    "pace": _swap_pace,
}
_FACT_SWAPS: Final[Mapping[str, tuple[str, ...]]] = {
    "dependency": ("lateness_own", "lateness_must", "lateness_text"),
    "owner": ("owner_word", "owner_word_age", "owner_word_by", "has_owner", "lost_owner"),
    "data": ("confidence", "source_age_hours", "source_name", "withheld"),
    "slip": ("slip_days", "pushes", "first_edition_after_rebaseline"),
    "risk": ("top_risk_score", "top_risk", "unowned_high_risk_days", "warnings"),
    "gate": ("must_gate_missed_days",),
    "state": ("state", "start_in_future", "total", "remaining"),
}


@lru_cache(maxsize=256)
def _chance(inputs: ForecastInputs, calendar: WorkCalendar) -> float | None:
    if inputs.withheld or inputs.target is None:
        return None
    curve = completion_cdf(inputs.throughput, inputs.remaining, inputs.scope_growth)
    return probability_on_time(
        curve,
        inputs.as_of,
        inputs.target,
        holidays=calendar.holidays,
        freezes=calendar.freezes,
    )


def _undone(colour: Colour, now: Health, before: Health) -> bool:
    """Whether a recomputed colour lies on the earlier side of the change."""
    if severity(now) > severity(before):
        return severity(colour.health) <= severity(before)
    return severity(colour.health) >= severity(before)


@dataclass(frozen=True, slots=True)
class _Swaps:
    """Recomputes what `now` would have been with some inputs of `before`."""

    now: ProjectResult
    before: ProjectResult
    calendar: WorkCalendar

    def causes(self) -> list[str]:
        """The inputs that differ at all, in the order of trying."""
        every = ("date", "dependency", "scope", "pace", *_FACT_SWAPS)
        return [cause for cause in dict.fromkeys(every) if self._differs(cause)]

    def _differs(self, cause: str) -> bool:
        if cause in _FORECAST_SWAPS:
            return self._inputs((cause,)) != self.now.forecast.inputs
        return self._facts(self.now.facts, (cause,)) != self.now.facts

    def _inputs(self, causes: Sequence[str]) -> ForecastInputs:
        inputs, earlier = self.now.forecast.inputs, self.before.forecast.inputs
        finished = self.now.done - self.before.done
        for cause in causes:
            if cause in _FORECAST_SWAPS:
                inputs = _FORECAST_SWAPS[cause](inputs, earlier, finished)
        return inputs

    def _facts(self, facts: ProjectFacts, causes: Sequence[str]) -> ProjectFacts:
        names = (name for cause in causes for name in _FACT_SWAPS.get(cause, ()))
        return replace(facts, **{name: getattr(self.before.facts, name) for name in names})

    def swapped(self, causes: Sequence[str]) -> ProjectFacts:
        """The facts record with these inputs of then."""
        inputs, facts = self._inputs(causes), self.now.facts
        if inputs != self.now.forecast.inputs:
            facts = _with_forecast(facts, inputs, self.calendar)
        return self._facts(facts, causes)


def _with_forecast(
    facts: ProjectFacts, inputs: ForecastInputs, calendar: WorkCalendar
) -> ProjectFacts:
    """The facts as other inputs of the forecast would have them."""
    past = calendar.working_days(inputs.target, inputs.as_of) if inputs.target else 0
    return replace(
        facts,
        probability=_chance(inputs, calendar),
        target=inputs.target,
        target_past_days=max(0, past) if inputs.remaining else 0,
    )


def find_cause(
    now: ProjectResult, before: ProjectResult, *, calendar: WorkCalendar, rules: ColourRules
) -> str:
    """The input whose earlier value would have kept the earlier colour, else two, else `several`.

    Each is tried alone, then together with the risks of then: a lower chance is also a risk, and
    the cause is what lowered it. Where no single one did it, two that did so together are named:
    `date and pace`.
    """
    swaps = _Swaps(now, before, calendar)
    causes = swaps.causes()
    for size in (1, 2):
        for tried in _tries(causes, size):
            colour = project_colour(swaps.swapped(tried), rules)
            if colour != now.computed and _undone(colour, now.shown.health, before.shown.health):
                return AND.join(cause for cause in tried[:size])
    return "several"


def _tries(causes: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    """So many inputs at a time, first alone and then with the risks."""
    yield from combinations(causes, size)
    if _RISK in causes:
        others = [cause for cause in causes if cause != _RISK]
        yield from ((*some, _RISK) for some in combinations(others, size))


def left_the_scope(
    facts: ProjectFacts,
    computed: Colour,
    before: ProjectResult,
    *,
    finished: int,
    inputs: ForecastInputs,
    calendar: WorkCalendar,
    rules: HealthRules,
) -> bool:
    """Whether a colour is as light as it is since items left the scope undone (rollup.md 3.2).

    `finished` counts the items done since. That is a discrete cause: it needs no second week. But
    a cut so large that somebody must have agreed to it (SCP-2) waits for that decision.
    """
    if severity(computed.health) >= severity(own_colour(before).health):
        return False
    swapped = _swap_scope(inputs, before.forecast.inputs, finished)
    left = swapped.remaining - inputs.remaining
    is_large = at_least(left, rules.detectors.scp2_removed * before.total)
    if left <= 0 or is_large or inputs.target is None:
        return False
    colour = project_colour(_with_forecast(facts, swapped, calendar), rules.colour)
    return severity(colour.health) > severity(computed.health)


def needed_pace(inputs: ForecastInputs, calendar: WorkCalendar) -> tuple[float, float] | None:
    """Items a week that the target needs, and the weeks left; None without target or time."""
    if inputs.target is None:
        return None
    weeks = weeks_until(inputs.as_of, inputs.target, horizon_weeks=HORIZON_WEEKS, calendar=calendar)
    return (inputs.remaining / weeks, weeks) if weeks > 0 else None


def _pace_detail(now: ProjectResult, calendar: WorkCalendar) -> str:
    inputs = now.forecast.inputs
    need = needed_pace(inputs, calendar)
    last = inputs.throughput[-2:]
    done = f"{sum(last)} item{'' if sum(last) == 1 else 's'} done in two weeks"
    return f"{done}, {need[0]:.1f} a week needed" if need else done


def _details(
    causes: str, now: ProjectResult, before: ProjectResult, *, calendar: WorkCalendar
) -> str:
    """What happened, of each of the causes."""
    told = [_detail(one, now, before, calendar=calendar) for one in causes.split(AND)]
    return "; ".join(dict.fromkeys(told))


def _detail(
    cause: str, now: ProjectResult, before: ProjectResult, *, calendar: WorkCalendar
) -> str:
    why = now.shown.reason
    if cause == "pace":
        return _pace_detail(now, calendar)
    if cause == "date" and now.target is not None:
        was = f" from {short_date(before.target)}" if before.target else ""
        return f"target moved{was} to {short_date(now.target)}"
    if cause == "scope":
        grown = now.total - before.total
        items = f"{abs(grown)} item{'' if abs(grown) == 1 else 's'}"
        return f"{items} {'more' if grown >= 0 else 'fewer'} than before" if grown else why
    if cause == "dependency" and now.facts.lateness_text:
        return now.facts.lateness_text
    return why


def _turned(name: str, health: Health) -> str:
    return f"{name} turned {_WORDS.get(health, health.value.replace('_', ' ').capitalize())}"


def _project_change(
    now: ProjectResult, before: ProjectResult, *, calendar: WorkCalendar, rules: ColourRules
) -> ColourChange:
    overridden = override_change(now, before)
    if overridden:
        return _by_override(now, before, overridden)
    cause = find_cause(now, before, calendar=calendar, rules=rules)
    detail = _details(cause, now, before, calendar=calendar)
    by = "" if cause == "several" else f" by {cause}"
    return ColourChange(
        scope=now.scope,
        name=now.name,
        before=before.shown.health,
        after=now.shown.health,
        cause=cause,
        text=f"{_turned(now.name, now.shown.health)}{by}: {detail}.",
    )


def _by_override(
    now: ProjectResult | GroupResult, before: ProjectResult | GroupResult, what: str
) -> ColourChange:
    """A person turned it: by showing another colour, or since that holds no longer."""
    return ColourChange(
        scope=now.scope,
        name=now.name,
        before=before.shown.health,
        after=now.shown.health,
        cause="override",
        text=f"{_turned(now.name, now.shown.health)}: {what}.",
    )


def _group_change(
    now: GroupResult, before: GroupResult, of_projects: Mapping[str, ColourChange]
) -> ColourChange:
    """A group's change; that of a group of one project is the project's, cause and all."""
    overridden = override_change(now, before)
    if overridden:
        return _by_override(now, before, overridden)
    only = of_projects.get(f"proj:{now.projects[0]}") if len(now.projects) == 1 else None
    if only is not None:
        return replace(only, scope=now.scope, name=now.name)
    return ColourChange(
        scope=now.scope,
        name=now.name,
        before=before.shown.health,
        after=now.shown.health,
        cause="members",
        text=f"{_turned(now.name, now.shown.health)}: {now.shown.reason}.",
    )


def colour_changes(
    now: Snapshot, previous: Snapshot | None, *, calendar: WorkCalendar, rules: ColourRules
) -> list[ColourChange]:
    """Every scope whose shown colour differs from the previous snapshot's, with its cause.

    Projects come first, the darkest first: what happened to a program happened in them.
    """
    if previous is None:
        return []
    of_projects: dict[str, ColourChange] = {}
    for project in now.projects:
        old = previous.project(project.key)
        if old is not None and old.shown.health is not project.shown.health:
            change = _project_change(project, old, calendar=calendar, rules=rules)
            of_projects[project.scope] = change
    of_groups: list[ColourChange] = []
    for group in (*now.programs, *now.products):
        was = previous.group(group.scope)
        if was is not None and was.shown.health is not group.shown.health:
            of_groups.append(_group_change(group, was, of_projects))
    every = (*of_projects.values(), *of_groups)
    return sorted(every, key=lambda c: (c.cause == "members", -severity(c.after), c.scope))
