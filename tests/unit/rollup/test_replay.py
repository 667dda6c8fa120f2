"""Past weeks under other thresholds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from syncer.domain.facts import MemberFacts, ProgramFacts, ProjectFacts
from syncer.domain.health import Health
from syncer.domain.report import Snapshot
from syncer.rollup.colours.replay import Turned, replay
from syncer.rollup.rules import ColourRules, HealthRules
from tests.unit.publish.builders import AS_OF
from tests.unit.publish.portfolios import example

SHIPPED = HealthRules()
STRICT = HealthRules(colour=ColourRules(amber_below=0.95, red_below=0.6))


def weeks(*chances: float, targets: tuple[date, ...] = ()) -> list[Snapshot]:
    """A week for each chance of the project outreach, alone in a program."""
    days = targets or (date(2027, 1, 22),) * len(chances)
    return [
        week(number, chance, day)
        for number, (chance, day) in enumerate(zip(chances, days, strict=True))
    ]


def week(number: int, chance: float, target: date) -> Snapshot:
    facts = ProjectFacts(
        total=60, remaining=20, source_age_hours=0.0, probability=chance, target=target
    )
    outreach = next(one for one in example().projects if one.key == "outreach")
    project = replace(outreach, facts=facts, target=target, override=None)
    members = (MemberFacts(key="outreach", name="Customer outreach", health=Health.GREEN),)
    (program,) = example().programs
    group = replace(program, facts=ProgramFacts(members=members, joint=0.99))
    return example(
        as_of=AS_OF + timedelta(weeks=number), projects=(project,), programs=(group,), products=()
    )


def told(turned: list[Turned]) -> list[tuple[int, str, str, str]]:
    return [
        ((one.as_of - AS_OF).days // 7, one.scope, one.now.health, one.then.health)
        for one in turned
    ]


def test_equal_thresholds_turn_nothing() -> None:
    assert list(replay(weeks(0.4, 0.7, 0.9), now=SHIPPED, then=SHIPPED)) == []


def test_a_colour_that_other_thresholds_turn_is_told_with_its_week_and_turns_its_program() -> None:
    turned = list(replay(weeks(0.99, 0.9, 0.97), now=SHIPPED, then=STRICT))

    assert told(turned) == [
        (1, "proj:outreach", "GREEN", "AMBER"),
        (1, "prog:5g", "GREEN", "AMBER"),
        (2, "proj:outreach", "GREEN", "AMBER"),
        (2, "prog:5g", "GREEN", "AMBER"),
    ]
    assert turned[0].then.rule == "A1"
    assert "improving" in turned[2].then.reason


def test_what_lingers_under_other_thresholds_ends_as_it_would_have() -> None:
    turned = list(replay(weeks(0.9, 0.97, 0.97), now=SHIPPED, then=STRICT))
    assert {week for week, *_ in told(turned)} == {0, 1}


def test_a_moved_target_ends_what_lingers() -> None:
    moved = (date(2027, 1, 22), date(2027, 3, 1))
    turned = list(replay(weeks(0.9, 0.97, targets=moved), now=SHIPPED, then=STRICT))
    assert {week for week, *_ in told(turned)} == {0}


def test_a_lighter_threshold_turns_red_to_amber() -> None:
    mild = HealthRules(colour=ColourRules(red_below=0.2))
    turned = list(replay(weeks(0.3), now=SHIPPED, then=mild))
    assert told(turned)[0] == (0, "proj:outreach", "RED", "AMBER")
