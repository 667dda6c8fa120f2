"""The colour of one project: a pure function of its facts record (rollup.md 3.2).

Each row of the table is one small function that either gives a colour or passes. The order of
`_TABLE` is the order of the page: the first that speaks wins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Final

from syncer.domain.facts import ProjectFacts
from syncer.domain.health import Colour, Confidence, Health
from syncer.domain.portfolio import ProjectState
from syncer.domain.statement import OwnerWord
from syncer.rollup.display import show_probability
from syncer.rollup.rules import ColourRules
from syncer.rollup.tolerance import at_least, below

_SEVERITY: Final = {
    Health.RED: 4,
    Health.AMBER: 3,
    Health.UNKNOWN: 2,
    Health.NO_PLAN: 2,
    Health.TOO_EARLY: 1,
    Health.GREEN: 0,
}
_LINGERING: Final = (Health.RED, Health.AMBER)
_AT_ONCE: Final = frozenset(Health) - (_SEVERITY.keys() - {Health.UNKNOWN})
_ENDED: Final = {
    ProjectState.DONE: Health.DONE,
    ProjectState.CANCELLED: Health.CANCELLED,
    ProjectState.ON_HOLD: Health.ON_HOLD,
}
_WORDS: Final = {OwnerWord.OFF_TRACK: Health.RED, OwnerWord.AT_RISK: Health.AMBER}

Row = Callable[[ProjectFacts, ColourRules], Colour | None]


def severity(health: Health) -> int:
    """How dark a colour is: RED > AMBER > UNKNOWN = NO PLAN > TOO EARLY > GREEN and the rest."""
    return _SEVERITY.get(health, 0)


def short_date(day: date) -> str:
    """A date as reports show it: `19 Mar`."""
    return f"{day.day} {day:%b}"


def _days(count: int) -> str:
    return f"{count} working day{'' if count == 1 else 's'}"


def _colour(health: Health, rule: str, reason: str) -> Colour:
    return Colour(health=health, rule=rule, reason=reason)


def _ended(facts: ProjectFacts, _: ColourRules) -> Colour | None:
    if facts.state in _ENDED:
        return _colour(_ENDED[facts.state], "1", f"declared {facts.state.value.replace('_', ' ')}")
    if facts.total and facts.remaining == 0:
        return _colour(Health.DONE, "1", f"all {facts.total} items done")
    return None


def _not_started(facts: ProjectFacts, _: ColourRules) -> Colour | None:
    if facts.start_in_future and facts.wip == 0:
        return _colour(Health.NOT_STARTED, "2", "starts later and nothing is in progress")
    return None


def _unknown(facts: ProjectFacts, rules: ColourRules) -> Colour | None:
    source = facts.source_name or "its tracker"
    if facts.source_age_hours is None:
        return _colour(Health.UNKNOWN, "3", f"no data from {source} yet")
    if facts.source_age_hours > rules.source_unknown_hours:
        hours = int(facts.source_age_hours)
        return _colour(Health.UNKNOWN, "3", f"no data from {source} for {hours} hours")
    if facts.total == 0 and facts.cancelled_only:
        return _colour(Health.CANCELLED, "3", "every item was cancelled")
    if facts.total == 0:
        return _colour(Health.UNKNOWN, "3", "no countable work")
    return None


def _lost(facts: ProjectFacts, rules: ColourRules) -> Colour | None:
    if facts.lost_target is None and not facts.lost_owner:
        return None
    kept = replace(facts, lost_target=None, lost_owner="", has_owner=True)
    if facts.lost_target is not None:
        kept = replace(kept, target=facts.lost_target)
        said = f"target removed (was {short_date(facts.lost_target)})"
    else:
        said = f"owner removed (was {facts.lost_owner})"
    beneath = _first(kept, rules)
    if severity(beneath.health) > severity(Health.AMBER):
        return _colour(beneath.health, "R0", f"{said}; {beneath.reason}")
    return _colour(Health.AMBER, "R0", said)


def _target_past(facts: ProjectFacts, _: ColourRules) -> Colour | None:
    if facts.target_past_days >= 1 and facts.remaining > 0:
        late, left = _days(facts.target_past_days), facts.remaining
        items = f"{left} item{'' if left == 1 else 's'}"
        return _colour(Health.RED, "R1", f"target passed {late} ago, {items} open")
    return None


def _chance(facts: ProjectFacts) -> str:
    target = f" of {short_date(facts.target)}" if facts.target else ""
    safe = f"; safe by {short_date(facts.p85)}" if facts.p85 else ""
    return f"{show_probability(facts.probability or 0.0)} chance{target}{safe}"


def _unlikely(facts: ProjectFacts, rules: ColourRules) -> Colour | None:
    if facts.probability is not None and below(facts.probability, rules.red_below):
        return _colour(Health.RED, "R2", _chance(facts))
    return None


def _behind(facts: ProjectFacts, *, planned_from: float, spi_below: float) -> bool:
    return (
        facts.probability is None
        and facts.planned is not None
        and facts.spi is not None
        and at_least(facts.planned, planned_from)
        and below(facts.spi, spi_below)
    )


def _behind_text(facts: ProjectFacts) -> str:
    why = f" ({facts.withheld})" if facts.withheld else ""
    return f"{round((facts.spi or 0) * 100)} % of the planned progress; no forecast{why}"


def _far_behind(facts: ProjectFacts, rules: ColourRules) -> Colour | None:
    if _behind(facts, planned_from=rules.plan_red_from, spi_below=rules.spi_red):
        return _colour(Health.RED, "R3", _behind_text(facts))
    return None


def _grave_risk(facts: ProjectFacts, rules: ColourRules) -> Colour | None:
    if facts.top_risk_score >= rules.risk_red:
        return _colour(Health.RED, "R4", f"critical risk: {facts.top_risk}")
    if (
        facts.top_risk_score >= rules.risk_red_unowned
        and facts.unowned_high_risk_days > rules.unowned_days
    ):
        days = facts.unowned_high_risk_days
        return _colour(Health.RED, "R4", f"risk without owner for {days} days: {facts.top_risk}")
    return None


def _far_slipped(facts: ProjectFacts, rules: ColourRules) -> Colour | None:
    limit = max(rules.slip_red_days, rules.slip_red_share * facts.baseline_duration_days)
    if facts.slip_days > limit and not facts.rebaseline_approved:
        return _colour(Health.RED, "R5", f"slipped {_days(facts.slip_days)} without approval")
    return None


def _gate_missed(facts: ProjectFacts, rules: ColourRules) -> Colour | None:
    if facts.must_gate_missed_days >= rules.gate_missed_days:
        missed = _days(facts.must_gate_missed_days)
        return _colour(Health.RED, "R6", f"gate missed by {missed}")
    if facts.lateness_must is not None and facts.lateness_must > rules.lateness_red_days:
        return _colour(Health.RED, "R6", facts.lateness_text or _days(facts.lateness_must))
    return None


def _uncertain(facts: ProjectFacts, rules: ColourRules) -> Colour | None:
    if facts.probability is not None and below(facts.probability, rules.amber_below):
        return _colour(Health.AMBER, "A1", _chance(facts))
    return None


def _somewhat_behind(facts: ProjectFacts, rules: ColourRules) -> Colour | None:
    if _behind(facts, planned_from=rules.plan_amber_from, spi_below=rules.spi_amber):
        return _colour(Health.AMBER, "A2", _behind_text(facts))
    return None


def _risk(facts: ProjectFacts, rules: ColourRules) -> Colour | None:
    if facts.top_risk_score >= rules.risk_amber:
        return _colour(Health.AMBER, "A3", f"risk: {facts.top_risk}")
    return None


def _slipped(facts: ProjectFacts, rules: ColourRules) -> Colour | None:
    if facts.first_edition_after_rebaseline:
        return _colour(
            Health.AMBER, "A4", f"rebaselined, {facts.total_slip_days:+d} working days in total"
        )
    if facts.pushes >= rules.pushes_amber:
        return _colour(Health.AMBER, "A4", f"target pushed {facts.pushes} times")
    if facts.slip_days >= rules.slip_amber_days:
        return _colour(Health.AMBER, "A4", f"slipped {_days(facts.slip_days)}")
    return None


def _warned(facts: ProjectFacts, _: ColourRules) -> Colour | None:
    if facts.warnings:
        return _colour(Health.AMBER, "A5", ", ".join(facts.warnings))
    return None


def _late_dependency(facts: ProjectFacts, _: ColourRules) -> Colour | None:
    if facts.lateness_own is not None and facts.lateness_own >= 1:
        late = facts.lateness_text or f"waits for a predecessor {_days(facts.lateness_own)} late"
        return _colour(Health.AMBER, "A6", late)
    return None


def _no_plan(facts: ProjectFacts, rules: ColourRules) -> Colour | None:
    old = facts.days_since_start is not None and facts.days_since_start > rules.no_plan_days
    if facts.target is None and old:
        return _colour(Health.NO_PLAN, "N", "no target date")
    if not facts.has_owner:
        return _colour(Health.NO_PLAN, "N", "no owner")
    return None


def _unsure(facts: ProjectFacts, _: ColourRules) -> Colour | None:
    if facts.confidence is Confidence.LOW:
        return _colour(Health.AMBER, "A8", "cannot confirm Green: data quality is low")
    return None


def _too_early(facts: ProjectFacts, rules: ColourRules) -> Colour | None:
    dates_missing = facts.target is None or facts.planned is None
    young = facts.planned is not None and below(facts.planned, rules.plan_amber_from)
    if facts.probability is not None or not (young or dates_missing):
        return None
    why = facts.withheld or "no dates yet"
    if facts.too_early_weeks > rules.too_early_weeks:
        return _colour(Health.UNKNOWN, "4", f"no forecast for {facts.too_early_weeks} weeks: {why}")
    return _colour(Health.TOO_EARLY, "4", why)


def _green(facts: ProjectFacts, _: ColourRules) -> Colour:
    if facts.probability is not None:
        return _colour(Health.GREEN, "G", _chance(facts))
    return _colour(Health.GREEN, "G", "on plan; no forecast")


_TABLE: Final[tuple[Row, ...]] = (
    _ended,
    _not_started,
    _unknown,
    _lost,
    _target_past,
    _unlikely,
    _far_behind,
    _grave_risk,
    _far_slipped,
    _gate_missed,
    _uncertain,
    _somewhat_behind,
    _risk,
    _slipped,
    _warned,
    _late_dependency,
    _no_plan,
    _unsure,
    _too_early,
)


def _first(facts: ProjectFacts, rules: ColourRules) -> Colour:
    for row in _TABLE:
        colour = row(facts, rules)
        if colour is not None:
            return colour
    return _green(facts, rules)


def firing_rules(facts: ProjectFacts, rules: ColourRules) -> tuple[Colour, ...]:
    """Every row that speaks, in the table's order: what `why` shows beside the winner."""
    spoken = (row(facts, rules) for row in _TABLE)
    return tuple(colour for colour in spoken if colour is not None)


def heed_owner(
    colour: Colour, word: OwnerWord | None, *, age: int, rules: ColourRules, by: str = ""
) -> Colour:
    """Rule A9: a fresh owner status may darken, never lighten; a stale one is only mentioned.

    `age` is in calendar days. `by` names whoever said it, where that was not the owner.
    """
    if word is None or colour.health not in _SEVERITY:
        return colour
    if age > rules.owner_word_days:
        stale = f"{colour.reason}; stale owner status ({age} days)"
        return replace(colour, reason=stale)
    said = _WORDS.get(word)
    if said is None or severity(said) <= severity(colour.health):
        return colour
    who = by or "owner"
    return _colour(said, "A9", f"{who} says {word.value.replace('_', ' ')}; data: {colour.reason}")


def project_colour(facts: ProjectFacts, rules: ColourRules | None = None) -> Colour:
    """The computed colour of a project, with the rule that gave it and one sentence."""
    applied = rules or ColourRules()
    colour = _first(facts, applied)
    age, by = facts.owner_word_age, facts.owner_word_by
    return heed_owner(colour, facts.owner_word, age=age, rules=applied, by=by)


def settle(
    computed: Colour, *, shown_before: Health | None, computed_before: Health | None, cause: bool
) -> Colour:
    """Hysteresis: worsening shows at once, improvement needs two snapshots or a discrete cause.

    `shown_before` and `computed_before` are of the previous weekly snapshot (None: there is
    none); `cause` says that the item set, the target or a decision changed since. Only Red and
    Amber linger: missing data is no improvement, and what was grey was never bad.
    """
    if shown_before not in _LINGERING or computed_before is None or cause:
        return computed
    if severity(computed.health) >= severity(shown_before) or computed.health in _AT_ONCE:
        return computed
    held = shown_before if severity(computed_before) >= severity(shown_before) else computed_before
    if severity(held) <= severity(computed.health):
        return computed
    return replace(computed, health=held, reason=f"{computed.reason} (improving)")
