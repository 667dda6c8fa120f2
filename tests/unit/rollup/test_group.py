"""The colour table of programs and products: vectors V15 to V18."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from syncer.domain.facts import MemberFacts, ProgramFacts
from syncer.domain.health import Health
from syncer.domain.portfolio import Criticality
from syncer.domain.statement import OwnerWord
from syncer.rollup.colours.group import group_colour

MUST, SHOULD = Criticality.MUST, Criticality.SHOULD
G, A, R, U = Health.GREEN, Health.AMBER, Health.RED, Health.UNKNOWN


def program(*members: tuple[Health, Criticality], joint: float | None = 0.9) -> ProgramFacts:
    """A program of equally weighted members named by their place."""
    return ProgramFacts(
        members=tuple(
            MemberFacts(key=f"p{i}", name=f"P{i}", health=health, criticality=criticality)
            for i, (health, criticality) in enumerate(members)
        ),
        joint=joint,
    )


VECTORS = [
    pytest.param(program((R, MUST), (A, SHOULD), (G, SHOULD), joint=0.3017), R, "R1", id="V15"),
    pytest.param(program(*[(G, MUST)] * 9, (R, SHOULD)), A, "A1", id="V16"),
    pytest.param(program((G, SHOULD), (G, SHOULD), (U, MUST), joint=None), A, "A1", id="V17"),
    pytest.param(program((G, MUST), (G, MUST), joint=0.81), A, "A2", id="V18"),
    pytest.param(program(*[(G, MUST)] * 5, joint=0.87**5), A, "A2", id="V18-five"),
    pytest.param(program(joint=None), U, "0", id="no-member"),
    pytest.param(program((Health.DONE, MUST), (Health.DONE, MUST)), Health.DONE, "0", id="done"),
    pytest.param(program((U, MUST), (U, SHOULD), joint=None), U, "0b", id="all-unknown"),
    pytest.param(program((R, SHOULD), (G, MUST), (G, MUST)), R, "R2", id="third-red"),
    pytest.param(program((A, SHOULD), (G, MUST), joint=0.49), R, "R3", id="joint-red"),
    pytest.param(program((A, SHOULD), *[(G, MUST)] * 2), A, "A1", id="third-amber"),
    pytest.param(program((A, SHOULD), *[(G, MUST)] * 3), G, "G", id="quarter-amber"),
    pytest.param(program((G, MUST), joint=None), A, "A2", id="withheld"),
    pytest.param(program((Health.TOO_EARLY, SHOULD), (G, MUST)), G, "G", id="too-early-is-neutral"),
    pytest.param(program((Health.TOO_EARLY, MUST)), Health.TOO_EARLY, "0", id="all-too-early"),
]


@pytest.mark.parametrize(("facts", "health", "rule"), VECTORS)
def test_vectors(facts: ProgramFacts, health: Health, rule: str) -> None:
    colour = group_colour(facts)
    assert (colour.health, colour.rule) == (health, rule)
    assert colour.reason


@pytest.mark.parametrize(("score", "rule"), [(20, "R3"), (19, "A2"), (15, "A2"), (14, "G")])
def test_a_risk_of_the_program_itself_darkens(score: int, rule: str) -> None:
    facts = ProgramFacts(members=program((G, MUST)).members, joint=0.9, top_risk_score=score)
    assert group_colour(facts).rule == rule


LOST = date(2027, 3, 19)
CALM = program((G, MUST), (G, SHOULD))
UNSURE = [
    pytest.param(program((U, SHOULD), (Health.TOO_EARLY, SHOULD), joint=None), U, "0b", id="0b"),
    pytest.param(
        program((Health.NO_PLAN, SHOULD), (G, MUST)), A, "A1", id="no plan counts as unknown"
    ),
    pytest.param(program((Health.NO_PLAN, MUST), (U, MUST), joint=None), U, "0b", id="all grey"),
    pytest.param(replace(CALM, lost_target=LOST), A, "R0", id="R0-target"),
    pytest.param(replace(CALM, lost_owner="J. Roth"), A, "R0", id="R0-owner"),
    pytest.param(replace(program((R, MUST)), lost_target=LOST), R, "R0", id="R0 lightens no Red"),
    pytest.param(
        replace(CALM, owner_word=OwnerWord.OFF_TRACK, owner_word_age=14), R, "A9", id="A9"
    ),
    pytest.param(
        replace(CALM, owner_word=OwnerWord.OFF_TRACK, owner_word_age=15), G, "G", id="A9-stale"
    ),
    pytest.param(
        replace(program((Health.DONE, MUST)), owner_word=OwnerWord.AT_RISK),
        Health.DONE,
        "0",
        id="what is over is over",
    ),
]


@pytest.mark.parametrize(("facts", "health", "rule"), UNSURE)
def test_grey_members_lost_promises_and_owners(
    facts: ProgramFacts, health: Health, rule: str
) -> None:
    colour = group_colour(facts)
    assert (colour.health, colour.rule) == (health, rule)


def test_a_group_of_one_gives_that_projects_reason() -> None:
    only = MemberFacts(key="a", name="A", health=A, reason="demo 2 days late")
    assert group_colour(ProgramFacts(members=(only,), joint=0.99)).reason == "demo 2 days late"
