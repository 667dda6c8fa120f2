"""The printed figures of a scope: chance and dates."""

from __future__ import annotations

from datetime import date

from syncer.domain.health import Health
from syncer.domain.report import Forecast, GroupResult, ProjectResult
from syncer.publish.digest.context import Context
from syncer.publish.digest.wording import day, one_decimal, span
from syncer.rollup.display import show_probability

_NO_DATA = frozenset({Health.UNKNOWN})
_WITHOUT_CHANCE = frozenset({Health.NOT_STARTED, Health.ON_HOLD, Health.CANCELLED})
WAIT_UNTIL_DATE = "no target"


def chance(probability: float | None, target: date | None, *, today: date) -> str:
    """`30 % · 19 Mar`, or which of the two is missing."""
    if target is None:
        return WAIT_UNTIL_DATE
    shown = show_probability(probability) if probability is not None else "no forecast"
    return f"{shown} · {day(target, today=today)}"


def status_chance(
    entry: ProjectResult | GroupResult, before: float | None, context: Context
) -> str:
    """The chance cell of a status row; what it was last week only where that reads otherwise."""
    health = entry.shown.health
    if health is Health.DONE:
        return "Done"
    if health in _WITHOUT_CHANCE:
        return day(entry.target, today=context.today) if entry.target else WAIT_UNTIL_DATE
    probability = probability_of(entry)
    if probability is None and health in _NO_DATA:
        return "unknown"
    text = chance(probability, entry.target, today=context.today)
    if probability is None or before is None:
        return text
    was, now = show_probability(before), show_probability(probability)
    return text if was == now else text.replace(now, f"{now} (was {was})", 1)


def probability_of(entry: ProjectResult | GroupResult) -> float | None:
    """The chance of the target, None where it is withheld."""
    return entry.probability if isinstance(entry, GroupResult) else entry.forecast.probability


def likely_and_safe(entry: ProjectResult | GroupResult) -> tuple[date | None, date | None]:
    """The 50 % and the 85 % date."""
    if isinstance(entry, GroupResult):
        return entry.p50, entry.p85
    return entry.forecast.p50, entry.forecast.p85


def status_dates(entry: ProjectResult | GroupResult, context: Context) -> str:
    """The likely–safe cell: `26 Mar – 13 Apr`, or why there is none."""
    if entry.shown.health in {Health.DONE} | _NO_DATA | _WITHOUT_CHANCE:
        return "–"
    likely, safe = likely_and_safe(entry)
    if likely or safe or _beyond(entry):
        return span(likely, safe, today=context.today)
    why = context.shown.text(withheld(entry), 60)
    return f"{'' if entry.target else 'no forecast: '}{why}" if why else "–"


def _beyond(entry: ProjectResult | GroupResult) -> bool:
    if isinstance(entry, ProjectResult):
        return entry.forecast.beyond_horizon
    return entry.probability is not None and entry.p85 is None


def withheld(entry: ProjectResult | GroupResult) -> str:
    """Why no forecast may be shown, empty where one may."""
    if isinstance(entry, ProjectResult):
        return entry.forecast.inputs.withheld
    at_best = f"at best {show_probability(entry.at_best)}" if entry.at_best is not None else ""
    return at_best or entry.withheld


def inputs(forecast: Forecast) -> str:
    """The inputs of a forecast in one line: open items, weekly throughput, growth."""
    given = forecast.inputs
    weeks = ", ".join(str(done) for done in given.throughput)
    growth = f"{one_decimal(100 * given.scope_growth)} %"
    return f"{given.remaining} open; items a week, oldest first: {weeks}; scope growth {growth}"


def word(health: Health) -> str:
    """A colour as a word: `RED`, `NO PLAN`."""
    return health.value.replace("_", " ")


def named(health: Health) -> str:
    """A colour inside a sentence: `Red`, `unknown`, `no plan`."""
    plain = word(health)
    colours = {Health.RED, Health.AMBER, Health.GREEN}
    return plain.capitalize() if health in colours else plain.lower()
