"""Past snapshots under other thresholds: which colours would have turned, and when.

Colours are worked out anew from the facts that each snapshot keeps, in the order of the weeks, so
that what lingers, lingers. What detectors and scoring made of the items is one of those facts:
their thresholds change nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from syncer.domain.facts import MemberFacts
from syncer.domain.health import Colour, Health
from syncer.domain.report import Snapshot
from syncer.rollup.colours.group import group_colour
from syncer.rollup.colours.health import project_colour, settle
from syncer.rollup.rules import HealthRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """A scope whose colour at the instant `as_of` (UTC) depends on the thresholds.

    `now` is its colour under those in force, `then` under the others; people's overrides stand
    aside.
    """

    as_of: datetime
    scope: str
    name: str
    now: Colour
    then: Colour


@dataclass(frozen=True, slots=True)
class _Before:
    """What the week before showed of a project, computed, and had for a target."""

    shown: Health
    computed: Health
    target: date | None


def replay(
    snapshots: Sequence[Snapshot], *, now: HealthRules, then: HealthRules
) -> Iterator[Turned]:
    """Every scope that another colour would have had, in the order of the snapshots.

    Both sides are worked out in the same way: equal thresholds never differ.
    """
    for snapshot, ours, theirs in zip(
        snapshots, _replayed(snapshots, now), _replayed(snapshots, then), strict=True
    ):
        names = {one.scope: one.name for one in snapshot.projects}
        names |= {one.scope: one.name for one in (*snapshot.programs, *snapshot.products)}
        for scope, colour in ours.items():
            if colour.health is not theirs[scope].health:
                yield Turned(
                    as_of=snapshot.as_of,
                    scope=scope,
                    name=names[scope],
                    now=colour,
                    then=theirs[scope],
                )


def _replayed(snapshots: Sequence[Snapshot], rules: HealthRules) -> Iterator[Mapping[str, Colour]]:
    """The colour of every scope of each snapshot."""
    before: dict[str, _Before] = {}
    for snapshot in snapshots:
        colours: dict[str, Colour] = {}
        for project in snapshot.projects:
            computed = project_colour(project.facts, rules.colour)
            shown = _settled(computed, project.target, before.get(project.key))
            before[project.key] = _Before(shown.health, computed.health, project.target)
            colours[project.scope] = shown
        for group in (*snapshot.programs, *snapshot.products):
            members = tuple(_member(one, colours) for one in group.facts.members)
            facts = replace(group.facts, members=members)
            colours[group.scope] = group_colour(facts, rules.group, rules.colour)
        yield colours


def _settled(computed: Colour, target: date | None, before: _Before | None) -> Colour:
    if before is None:
        return computed
    return settle(
        computed,
        shown_before=before.shown,
        computed_before=before.computed,
        cause=before.target != target,
    )


def _member(member: MemberFacts, colours: Mapping[str, Colour]) -> MemberFacts:
    colour = colours.get(f"proj:{member.key}")
    if colour is None:
        return member
    red = colour.health is Health.RED
    return replace(member, health=colour.health, reason=colour.reason, computed_red=red)
