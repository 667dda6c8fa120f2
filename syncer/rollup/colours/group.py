"""The colour of a program or product: a pure function of its members' facts (rollup.md 3.3)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final

from syncer.domain.facts import MemberFacts, ProgramFacts
from syncer.domain.health import Colour, Health
from syncer.domain.portfolio import Criticality
from syncer.rollup.colours.health import heed_owner, severity, short_date
from syncer.rollup.display import show_probability
from syncer.rollup.rules import ColourRules, GroupRules
from syncer.rollup.tolerance import at_least, below

_INACTIVE: Final = frozenset({Health.DONE, Health.CANCELLED, Health.ON_HOLD, Health.NOT_STARTED})
_UNSURE: Final = frozenset({Health.UNKNOWN, Health.NO_PLAN})
_NOT_GREEN: Final = frozenset({Health.AMBER, Health.RED, *_UNSURE})

Row = Callable[[ProgramFacts, GroupRules], Colour | None]


def _colour(health: Health, rule: str, reason: str) -> Colour:
    return Colour(health=health, rule=rule, reason=reason)


def _active(facts: ProgramFacts) -> tuple[MemberFacts, ...]:
    return tuple(member for member in facts.members if member.health not in _INACTIVE)


def _weighed(facts: ProgramFacts) -> tuple[MemberFacts, ...]:
    """Active members without those that are too early to say: they are neutral."""
    return tuple(member for member in _active(facts) if member.health is not Health.TOO_EARLY)


def _names(members: Collection[MemberFacts], healths: Collection[Health]) -> str:
    return ", ".join(member.name for member in members if member.health in healths)


def _because(facts: ProgramFacts, text: str) -> str:
    """Why: by the names of members, or in the words of the only one."""
    alone = facts.members[0].reason if len(facts.members) == 1 else ""
    return alone or text


def _share(facts: ProgramFacts, healths: Collection[Health]) -> float:
    members = _weighed(facts)
    total = sum(member.weight for member in members)
    return sum(m.weight for m in members if m.health in healths) / total if total else 0.0


def _any_must(facts: ProgramFacts, healths: Collection[Health]) -> str:
    must = [m for m in _active(facts) if m.criticality is Criticality.MUST]
    return _names(must, healths)


def _inactive(facts: ProgramFacts, _: GroupRules) -> Colour | None:
    if _active(facts):
        return None
    states = {member.health for member in facts.members}
    if not states:
        return _colour(Health.UNKNOWN, "0", "no member project")
    for health in (Health.ON_HOLD, Health.NOT_STARTED, Health.DONE):
        if health in states and (
            health is not Health.DONE or states <= {Health.DONE, Health.CANCELLED}
        ):
            return _colour(health, "0", "no active member project")
    return _colour(Health.CANCELLED, "0", "every member project was cancelled")


def _all_unknown(facts: ProgramFacts, _: GroupRules) -> Colour | None:
    if all(member.health in _UNSURE for member in _weighed(facts)):
        return _colour(Health.UNKNOWN, "0b", f"unknown: {_names(_active(facts), _UNSURE)}")
    return None


def _all_too_early(facts: ProgramFacts, _: GroupRules) -> Colour | None:
    if not _weighed(facts):
        return _colour(Health.TOO_EARLY, "0", "every active member is too early to say")
    return None


def _lost(facts: ProgramFacts, rules: GroupRules) -> Colour | None:
    """R0: what a program once had and lost never lightens it."""
    if facts.lost_target is None and not facts.lost_owner:
        return None
    beneath = _first(replace(facts, lost_target=None, lost_owner=""), rules)
    if facts.lost_target is not None:
        said = f"target removed (was {short_date(facts.lost_target)})"
    else:
        said = f"owner removed (was {facts.lost_owner})"
    if severity(beneath.health) > severity(Health.AMBER):
        return _colour(beneath.health, "R0", f"{said}; {beneath.reason}")
    return _colour(Health.AMBER, "R0", said)


def _must_red(facts: ProgramFacts, _: GroupRules) -> Colour | None:
    names = _any_must(facts, {Health.RED})
    return _colour(Health.RED, "R1", _because(facts, f"Red: {names}")) if names else None


def _much_red(facts: ProgramFacts, rules: GroupRules) -> Colour | None:
    if at_least(_share(facts, {Health.RED}), rules.red_share):
        names = _names(facts.members, {Health.RED})
        return _colour(Health.RED, "R2", _because(facts, f"Red: {names}"))
    return None


def _joint_red(facts: ProgramFacts, rules: GroupRules) -> Colour | None:
    in_joint = [member for member in _active(facts) if member.in_joint]
    some_dark = any(member.health is not Health.GREEN for member in in_joint)
    if facts.joint is not None and below(facts.joint, rules.joint_red) and some_dark:
        return _colour(Health.RED, "R3", f"all together {show_probability(facts.joint)}")
    if facts.top_risk_score >= rules.risk_red:
        return _colour(Health.RED, "R3", f"critical program risk: {facts.top_risk}")
    return None


def _some_dark(facts: ProgramFacts, rules: GroupRules) -> Colour | None:
    names = _names(_active(facts), {Health.RED})
    if names:
        return _colour(Health.AMBER, "A1", f"Red: {names}")
    names = _any_must(facts, {Health.AMBER, *_UNSURE})
    if names:
        return _colour(Health.AMBER, "A1", _because(facts, f"not Green: {names}"))
    if at_least(_share(facts, _NOT_GREEN), rules.amber_share):
        names = _names(_active(facts), _NOT_GREEN)
        return _colour(Health.AMBER, "A1", _because(facts, f"not Green: {names}"))
    return None


def _joint_amber(facts: ProgramFacts, rules: GroupRules) -> Colour | None:
    if facts.joint is None:
        why = facts.withheld or "a member has no forecast"
        return _colour(Health.AMBER, "A2", f"joint forecast withheld: {why}")
    if below(facts.joint, rules.joint_amber):
        together = show_probability(facts.joint)
        return _colour(Health.AMBER, "A2", f"each likely, all together {together}")
    if facts.top_risk_score >= rules.risk_amber:
        return _colour(Health.AMBER, "A2", f"program risk: {facts.top_risk}")
    return None


_TABLE: Final[tuple[Row, ...]] = (
    _inactive,
    _all_too_early,
    _all_unknown,
    _lost,
    _must_red,
    _much_red,
    _joint_red,
    _some_dark,
    _joint_amber,
)


def group_colour(
    facts: ProgramFacts, rules: GroupRules | None = None, colours: ColourRules | None = None
) -> Colour:
    """The computed colour of a program or product, with its rule and one sentence.

    Its owner's fresh word may darken it as a project's does (A9): people darken freely.
    """
    colour = not_too_light(_first(facts, rules or GroupRules()), facts)
    applied, age = colours or ColourRules(), facts.owner_word_age
    return heed_owner(colour, facts.owner_word, age=age, rules=applied, by=facts.owner_word_by)


def not_too_light(colour: Colour, facts: ProgramFacts) -> Colour:
    """No override makes it lighter than Amber while a must member computes Red (rollup.md 3.5)."""
    red = [
        member.name
        for member in _active(facts)
        if member.computed_red and member.criticality is Criticality.MUST
    ]
    if not red or severity(colour.health) >= severity(Health.AMBER):
        return colour
    return _colour(Health.AMBER, "A1", f"computed Red: {', '.join(red)}; {colour.reason}")


def _first(facts: ProgramFacts, rules: GroupRules) -> Colour:
    for row in _TABLE:
        colour = row(facts, rules)
        if colour is not None:
            return colour
    together = f"all together {show_probability(facts.joint)}" if facts.joint is not None else ""
    return _colour(Health.GREEN, "G", together or "every member Green")
