"""Programs and products over whole portfolios: joints, lost dates, owners' words (2.4, 3.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from syncer.domain.health import Confidence, Health
from syncer.domain.portfolio import (
    Criticality,
    FixedTarget,
    Portfolio,
    Product,
    Program,
    ProjectState,
)
from syncer.domain.report import GroupResult, Snapshot
from syncer.domain.statement import OwnerStatus, OwnerWord, Statements
from tests.unit.rollup.builders import TODAY
from tests.unit.rollup.scenes import SAID, TARGET, planned, run, steady

NET, OUT = steady("NET", weekly=3, remaining=12), steady("OUT", weekly=2, remaining=8)
MUST, SHOULD = Criticality.MUST, Criticality.SHOULD
EMPTY = Portfolio()


def program(**more: object) -> Program:
    known = {"key": "5g", "name": "5G", "projects": ("net", "out"), "owner": "J. Roth"}
    return Program(**{**known, **more})  # type: ignore[arg-type]  # names of fields


def of(
    group: Program | None = None, *, net: Criticality = SHOULD, out: Criticality = SHOULD
) -> Portfolio:
    projects = planned("net", criticality=net, team="a"), planned("out", criticality=out, team="b")
    return Portfolio(projects=projects, programs=(group or program(),))


def first(snapshot: Snapshot) -> GroupResult:
    return snapshot.programs[0]


def test_the_joint_is_of_the_must_members_at_the_latest_of_their_targets() -> None:
    portfolio = of(net=MUST)
    later = replace(portfolio.projects[1], target=FixedTarget(date(2028, 1, 1)))
    result = first(run([*NET, *OUT], replace(portfolio, projects=(portfolio.projects[0], later))))
    assert (result.target, result.withheld) == (TARGET, "")
    assert [m.in_joint for m in result.facts.members] == [True, False]


def test_the_programs_own_target_stands_over_its_members() -> None:
    result = first(run([*NET, *OUT], of(program(target=date(2026, 11, 24)))))
    assert (result.target, result.own_target) == (date(2026, 11, 24), date(2026, 11, 24))
    assert result.probability == pytest.approx(0.0)


def test_a_member_without_forecast_withholds_the_joint_and_leaves_the_best() -> None:
    result = first(run([*NET, *(i for i in OUT if i.is_open)], of()))
    assert (result.probability, result.withheld) == (None, "no forecast for Out")
    assert result.at_best is not None


def test_members_of_which_nothing_is_known_promise_nothing() -> None:
    result = first(run([], of()))
    assert (result.probability, result.at_best) == (None, None)
    assert result.computed.health is Health.UNKNOWN


def test_a_must_member_that_is_done_leaves_the_others_in_the_joint() -> None:
    done = [item for item in NET if not item.is_open]
    result = first(run([*done, *OUT], of(net=MUST)))
    assert [m.in_joint for m in result.facts.members] == [False, True]
    assert result.computed.health is Health.GREEN


def test_a_program_whose_members_are_all_done_is_done() -> None:
    done = [item for item in (*NET, *OUT) if not item.is_open]
    result = first(run(done, of()))
    assert (result.computed.health, result.progress) == (Health.DONE, 1.0)


def test_a_target_in_the_past_is_red_and_has_no_chance() -> None:
    past = FixedTarget(TODAY - timedelta(days=7))
    gone = tuple(replace(project, target=past) for project in of(net=MUST).projects)
    result = first(run([*NET, *OUT], replace(of(net=MUST), projects=gone)))
    assert result.computed.rule == "R1"
    assert result.probability == pytest.approx(0.0)


def test_a_product_is_judged_by_the_same_table_and_one_without_projects_is_unknown() -> None:
    products = (
        Product(key="phone", name="Phone", projects=("net", "out")),
        Product(key="new", name="New", projects=()),
    )
    phone, new = run([*NET, *OUT], replace(of(), products=products)).products
    assert (phone.computed.health, phone.total) == (Health.GREEN, 48 + 32)
    assert (new.computed.health, new.quality.confidence) == (Health.UNKNOWN, Confidence.LOW)
    assert (new.target, new.planned, new.progress) == (None, None, None)


def test_a_project_on_hold_is_no_reason_to_be_amber() -> None:
    held = [replace(p, state=ProjectState.ON_HOLD) if p.key == "out" else p for p in of().projects]
    result = first(run([*NET, *OUT], replace(of(), projects=tuple(held))))
    assert result.computed.health is Health.GREEN


@pytest.mark.parametrize(
    ("target", "health"),
    [(date(2026, 11, 24), Health.RED), (TARGET, Health.AMBER)],
    ids=["still missed", "was on track"],
)
def test_r0_a_program_that_loses_its_date_keeps_its_colour(target: date, health: Health) -> None:
    items = steady("NET", weekly=3, remaining=70) if health is Health.RED else NET
    with_date = of(program(target=target))
    before = run([*items, *OUT], with_date)
    after = run([*items, *OUT], of(program()), previous=before)
    again = run([*items, *OUT], of(program()), previous=after)
    for snapshot in (after, again):
        colour = first(snapshot).computed
        assert (colour.health, colour.rule) == (health, "R0")
        assert first(snapshot).facts.lost_target == target
    assert "target removed" in first(again).computed.reason


def test_r0_a_program_that_loses_its_owner_is_amber_until_it_has_one() -> None:
    before = run([*NET, *OUT], of())
    after = run([*NET, *OUT], of(program(owner="")), previous=before)
    again = run([*NET, *OUT], of(program(owner="A. Silva")), previous=after)
    assert first(before).computed.health is Health.GREEN
    assert first(after).computed.reason == "owner removed (was J. Roth)"
    assert first(again).computed.health is Health.GREEN


@pytest.mark.parametrize(
    ("word", "days", "health"),
    [
        (OwnerWord.OFF_TRACK, 14, Health.RED),
        (OwnerWord.AT_RISK, 14, Health.AMBER),
        (OwnerWord.AT_RISK, 15, Health.GREEN),
        (OwnerWord.ON_TRACK, 1, Health.GREEN),
    ],
)
@pytest.mark.parametrize("scope", ["5g", "prog:5g"])
def test_a_programs_owner_may_darken_it(
    word: OwnerWord, days: int, health: Health, scope: str
) -> None:
    told = replace(SAID, at=SAID.at.replace(day=23) - timedelta(days=days))
    said = OwnerStatus(scope=scope, text="", value=word, provenance=told)
    result = first(run([*NET, *OUT], of(), statements=Statements(owner_statuses=(said,))))
    assert result.computed.health is health
    assert ("stale owner status" in result.computed.reason) is (days > 14)


def test_no_word_lightens_a_program() -> None:
    said = OwnerStatus(scope="5g", text="", value=OwnerWord.ON_TRACK, provenance=SAID)
    late = steady("NET", weekly=3, remaining=70)
    result = first(run([*late, *OUT], of(net=MUST), statements=Statements(owner_statuses=(said,))))
    assert result.computed.health is Health.RED


def test_nothing_at_all_is_a_snapshot_too() -> None:
    snapshot = run([], EMPTY)
    assert (snapshot.projects, snapshot.programs, snapshot.risks) == ((), (), ())
