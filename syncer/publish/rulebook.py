"""What each rule of a colour says, which facts it reads and which thresholds it applies.

The rows of rollup.md 3.2 and 3.3 in plain words, so that a colour can show its own rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from syncer.domain.facts import ProgramFacts, ProjectFacts
from syncer.rollup.rules import ColourRules, GroupRules, HealthRules
from syncer.rollup.tolerance import round_half_up


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a colour table: what it says, what it reads, and its thresholds by name."""

    says: str
    facts: tuple[str, ...] = ()
    thresholds: tuple[str, ...] = ()


_CHANCE: Final = ("probability", "target", "p85", "remaining")
_PLAN: Final = ("planned", "spi", "withheld")
_OWNER: Final = Rule(
    "the fresh word of the owner is darker than the data",
    ("owner_word", "owner_word_age", "owner_word_by"),
    ("owner_word_days",),
)

_PROJECT: Final[Mapping[str, Rule]] = {
    "1": Rule("declared so, or nothing is open", ("state", "total", "remaining")),
    "2": Rule("the start lies ahead and nothing is in progress", ("start_in_future", "wip")),
    "3": Rule(
        "no fresh data, or nothing to count",
        ("source_name", "source_age_hours", "total", "remaining"),
        ("source_unknown_hours",),
    ),
    "R0": Rule("had a target or an owner and lost it", ("lost_target", "lost_owner")),
    "R1": Rule("the target has passed and work is open", ("target_past_days", "remaining")),
    "R2": Rule("the chance of the target is too low", _CHANCE, ("red_below",)),
    "R3": Rule("no forecast, and far behind plan", _PLAN, ("plan_red_from", "spi_red")),
    "R4": Rule(
        "a grave risk stands",
        ("top_risk_score", "top_risk", "unowned_high_risk_days"),
        ("risk_red", "risk_red_unowned", "unowned_days"),
    ),
    "R5": Rule(
        "slipped far without approval",
        ("slip_days", "total_slip_days", "baseline_duration_days", "pushes"),
        ("slip_red_days", "slip_red_share"),
    ),
    "R6": Rule(
        "a must gate is missed, or a must item waits too long",
        ("must_gate_missed_days", "lateness_must", "lateness_text"),
        ("gate_missed_days", "lateness_red_days"),
    ),
    "A1": Rule("the chance of the target is not high", _CHANCE, ("amber_below", "red_below")),
    "A2": Rule("no forecast, and behind plan", _PLAN, ("plan_amber_from", "spi_amber")),
    "A3": Rule("a high risk stands", ("top_risk_score", "top_risk"), ("risk_amber",)),
    "A4": Rule(
        "the target was pushed, or slipped, or is new",
        ("pushes", "slip_days", "total_slip_days", "first_edition_after_rebaseline"),
        ("pushes_amber", "slip_amber_days"),
    ),
    "A5": Rule("a risk rule fires that darkens", ("warnings",)),
    "A6": Rule("its own work waits for a late predecessor", ("lateness_own", "lateness_text")),
    "N": Rule(
        "never had a target or an owner",
        ("target", "has_owner", "days_since_start"),
        ("no_plan_days",),
    ),
    "A8": Rule("the data is too poor to confirm Green", ("confidence",)),
    "A9": _OWNER,
    "4": Rule(
        "too early to judge",
        ("planned", "withheld", "too_early_weeks", "days_since_start"),
        ("plan_amber_from", "too_early_weeks"),
    ),
    "G": Rule("no rule darkens it", _CHANCE, ("amber_below",)),
}

_GROUP: Final[Mapping[str, Rule]] = {
    "0": Rule("no project of it is active"),
    "0b": Rule("all active projects are unknown"),
    "R0": Rule("had a target or an owner and lost it", ("lost_target", "lost_owner")),
    "R1": Rule("a must project is Red"),
    "R2": Rule("too much of its weight is Red", (), ("red_share",)),
    "R3": Rule(
        "all projects together are unlikely, or a grave risk of its own stands",
        ("joint", "top_risk_score", "top_risk"),
        ("joint_red", "risk_red"),
    ),
    "A1": Rule(
        "a project is Red, a must project not Green, or too much weight is not Green",
        (),
        ("amber_share",),
    ),
    "A2": Rule(
        "all projects together are not likely enough, or a risk of its own stands",
        ("joint", "withheld", "top_risk_score", "top_risk"),
        ("joint_amber", "risk_amber"),
    ),
    "A9": _OWNER,
    "G": Rule("no rule darkens it", ("joint",), ("joint_amber",)),
}


def rule_of(name: str, facts: ProjectFacts | ProgramFacts) -> Rule:
    """The rule of a table by its name; one that no table has (an override's) says nothing."""
    table = _PROJECT if isinstance(facts, ProjectFacts) else _GROUP
    return table.get(name, Rule(""))


def inputs_of(rule: Rule, facts: ProjectFacts | ProgramFacts) -> Iterator[str]:
    """The facts that a rule reads, as `open items: 82`; for a group without any, its members."""
    for name in rule.facts:
        value = getattr(facts, name)
        if value not in (None, "", ()):
            yield f"{name.replace('_', ' ')}: {fact(value)}"
    if isinstance(facts, ProgramFacts):
        for member in facts.members:
            yield f"{member.name}: {fact(member.health)}, {member.criticality}"


def thresholds_of(
    rule: Rule, facts: ProjectFacts | ProgramFacts, rules: HealthRules
) -> Iterator[str]:
    """The thresholds that a rule applies, with the names under which they are configured."""
    table = "colour" if isinstance(facts, ProjectFacts) or rule is _OWNER else "group"
    applied: ColourRules | GroupRules = getattr(rules, table)
    for name in rule.thresholds:
        field = type(applied).model_fields[name]
        value = _threshold(getattr(applied, name))
        yield f"{field.description}: {value} ({table}.{name})"


def fact(value: object) -> str:
    """A fact as it is shown: four digits of a number, a list with commas."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)


def _threshold(value: float) -> str:
    """A share as per cent; counts and days as they are."""
    if type(value) is float and 0 < value <= 1:
        return f"{round_half_up(100 * value)} %"
    return f"{value:g}"
