"""Bottlenecks without names: RES-1 and RES-3 (rollup.md 2.7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncer.domain.item import Account
from syncer.domain.portfolio import Person, Portfolio, Program, ProjectState
from syncer.domain.report import Risk
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.risks.people_detectors import bus_factor, shares
from syncer.rollup.rules import DetectorRules, HealthRules
from tests.unit.rollup.builders import DOING, account, make_item, make_project, many
from tests.unit.rollup.scenes import run

ANN, BOB = account("Ann"), account("Bob")
ROBOT = Account(connection="jira", id="robot", name="Robot", bot=True)
PROJECTS = (make_project("net"), make_project("reg", owner=""), make_project("phn"))


def portfolio(**more: object) -> Portfolio:
    return Portfolio(**{"projects": PROJECTS, **more})  # type: ignore[arg-type]  # names of fields


def busy(net: int, reg: int, *people: Account, of: Portfolio | None = None) -> list[Risk]:
    items = [
        *many("NET", net, DOING, assignees=people or (ANN,)),
        *many("REG", reg, DOING, assignees=people or (ANN,)),
    ]
    return [risk for risk in run(items, of or portfolio()).unmerged if risk.rule == "RES-1"]


@pytest.mark.parametrize(
    ("assignments", "expected"),
    [
        pytest.param([18, 9, 5, 4, 2, 2], 2, id="E42 two"),
        pytest.param([21, 9, 4, 3, 2, 1], 1, id="E42 one"),
        pytest.param([10, 10], 2, id="E42 half is not more than half"),
        pytest.param([], 0, id="E42 none"),
        pytest.param([1, 1, 1, 1, 1, 1, 4], 3, id="order does not matter"),
    ],
)
def test_e42_the_bus_factor(assignments: list[float], expected: int) -> None:
    assert bus_factor(assignments) == expected


def test_what_several_work_on_is_split_and_robots_are_nobody() -> None:
    items = [
        make_item("NET-1", DOING, assignees=(ANN, BOB)),
        make_item("NET-2", DOING, assignees=(ANN, ROBOT)),
        make_item("NET-3", DOING, assignees=(ROBOT,)),
    ]
    assert shares(items, {}) == {"jira:ann": 1.5, "jira:bob": 0.5}


def test_res_1_tells_where_and_never_who() -> None:
    (risk,) = busy(5, 2)
    assert risk.title == "One person has 7 items in progress in Net and Reg"
    assert (risk.scope, risk.projects, risk.owner) == ("portfolio", ("net", "reg"), "Ann Owner")
    assert len(risk.evidence[0].items) == 7
    assert risk.level is VerdictLevel.PRODUCT  # no executive reads of a person
    words = " ".join([risk.title, risk.text, *(e.value + e.formula for e in risk.evidence)])
    assert "ann" not in words.casefold()


def test_res_1_belongs_to_the_program_that_holds_all_of_it() -> None:
    program = Program(key="5g", name="5G", projects=("net", "reg"))
    assert [risk.scope for risk in busy(5, 2, of=portfolio(programs=(program,)))] == ["prog:5g"]
    alone = replace(program, projects=("net",))
    assert [risk.scope for risk in busy(5, 2, of=portfolio(programs=(alone,)))] == ["portfolio"]


def test_res_1_knows_a_person_by_all_their_accounts() -> None:
    other = Account(connection="github", id="ann-gh", name="Ann")
    items = [
        *many("NET", 3, DOING, assignees=(ANN,)),
        *many("REG", 3, DOING, assignees=(other,)),
    ]
    ann = Person(name="Ann", accounts=("jira:ann", "github:ann-gh"))
    rules = {risk.rule for risk in run(items, portfolio(people=(ann,))).unmerged}
    strangers = {risk.rule for risk in run(items, portfolio()).unmerged}
    assert ("RES-1" in rules, "RES-1" in strangers) == (True, False)


def test_res_1_is_one_risk_a_person_whatever_they_work_on() -> None:
    (before,), (after,) = busy(5, 2), busy(4, 3)
    assert before.id == after.id
    assert len({risk.id for risk in [*busy(6, 6, ANN), *busy(6, 6, BOB)]}) == 2


def test_projects_at_rest_load_nobody() -> None:
    resting = tuple(replace(p, state=ProjectState.ON_HOLD) for p in PROJECTS[1:2])
    assert busy(5, 2, of=portfolio(projects=(PROJECTS[0], *resting))) == []


def test_res_3_says_how_much_rests_on_one_person() -> None:
    items = [
        *many("NET-A", 9, DOING, assignees=(ANN,)),
        *many("NET-B", 2, DOING, assignees=(ANN, BOB)),
        *many("NET-C", 1, DOING, assignees=(BOB,)),
        *many("NET-D", 5, DOING),
    ]
    (risk,) = (risk for risk in run(items, portfolio()).unmerged if risk.rule == "RES-3")
    assert risk.title == "Net rests on one person: 83 % of its recent work"
    assert (risk.scope, len(risk.evidence[0].items)) == ("proj:net", 12)


def test_a_company_may_call_two_people_too_few() -> None:
    items = [
        *many("NET-A", 10, DOING, assignees=(ANN,)),
        *many("NET-B", 10, DOING, assignees=(BOB,)),
    ]
    rules = HealthRules(detectors=DetectorRules(res3_people=2))
    assert "RES-3" in {risk.rule for risk in run(items, portfolio(), rules=rules).unmerged}
    assert "RES-3" not in {risk.rule for risk in run(items, portfolio()).unmerged}
