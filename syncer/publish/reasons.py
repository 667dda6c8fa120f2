"""What stands behind a colour, in words: inputs, further rules, levers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import date

from syncer.domain.backtest import Backtest
from syncer.domain.facts import ProgramFacts, ProjectFacts
from syncer.domain.health import Colour
from syncer.domain.report import Levers, ProjectResult
from syncer.publish.digest.figures import word
from syncer.publish.rulebook import fact
from syncer.rollup.colours.health import firing_rules
from syncer.rollup.display import show_probability
from syncer.rollup.rules import HealthRules

_NEXT_RULES = 2


def inputs(facts: ProjectFacts | ProgramFacts) -> Iterator[tuple[str, str]]:
    """The facts that differ from their defaults, by name: what the rules had to go by."""
    for one in fields(facts):
        value = getattr(facts, one.name)
        if one.name != "members" and value not in (one.default, None, "", ()):
            yield one.name.replace("_", " "), fact(value)


def backtest_line(found: Backtest) -> str:
    """`our 85 % held 11 of 13 times (the plain bootstrap's 10)`, empty where none can be judged."""
    if not found.total:
        return ""
    times = "time" if found.total == 1 else "times"
    plain = f"the plain bootstrap's {found.plain_held}"
    return f"our 85 % held {found.held} of {found.total} {times} ({plain})"


def _long(when: date) -> str:
    """`13 April 2027`."""
    return f"{when.day} {when:%B %Y}"


def next_rules(project: ProjectResult, rules: HealthRules) -> tuple[Colour, ...]:
    """The worst rules that fire beside the one that gave the colour."""
    spoken = firing_rules(project.facts, rules.colour)
    others = [colour for colour in spoken if colour.rule != project.computed.rule]
    return tuple(others[:_NEXT_RULES])


def rule_line(colour: Colour) -> str:
    """`A4 AMBER: target pushed 2 times`."""
    return f"{colour.rule} {word(colour.health)}: {colour.reason}"


def lever_lines(levers: Levers | None) -> Iterator[str]:
    """What would bring the chance to 85 %, a line each; nothing where nothing would."""
    if levers is None:
        return
    if levers.drop is not None:
        keys = ", ".join(
            item.key for item in levers.candidates[: levers.drop] if not item.restricted
        )
        chance = show_probability(levers.drop_probability or 0.0)
        yield f"drop {levers.drop} of {len(levers.candidates)} optional items: {chance} ({keys})"
    if levers.move_to is not None:
        chance = show_probability(levers.move_probability or 0.0)
        yield f"move the target to {_long(levers.move_to)}: {chance}"
    if levers.pace_needed is not None and levers.pace_now is not None:
        yield f"do {levers.pace_needed:.1f} items a week; today {levers.pace_now:.1f}"
