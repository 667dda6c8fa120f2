from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import Account, ItemKind, WorkItem
from syncer.domain.portfolio import (
    Criticality,
    FixedTarget,
    ItemTarget,
    Portfolio,
    Product,
    Program,
    Project,
    ProjectState,
    Team,
)
from syncer.domain.report import Risk, SourceState
from syncer.domain.statement import OwnerWord
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.past.views import PastViews
from syncer.rollup.project import bases
from syncer.rollup.risks.dependency_detectors import cycle_risks, dependency_risks, withdrawn_risks
from syncer.rollup.risks.load_detectors import overload_risks, team_loads
from syncer.rollup.risks.project_detectors import ProjectDetectors
from syncer.rollup.rules import DetectorRules, ScoringRules
from syncer.rollup.view import View
from syncer.rollup.work.dependencies import CycleTime, Dependencies
from syncer.rollup.work.observed import observe
from tests.unit.rollup.builders import (
    AS_OF,
    CANCELLED,
    DOING,
    DONE,
    TODAY,
    TODO,
    account,
    basis_of,
    blocks,
    example_portfolio,
    finished,
    linked,
    make_change,
    make_epic,
    make_inputs,
    make_item,
    make_portfolio,
    make_project,
    make_view,
    many,
    moved,
    noon,
    view_of,
)
from tests.unit.rollup.samples import NET, OUT

RULES = DetectorRules()
DAY = timedelta(days=1)
ANN = (account("Ann"),)
PLANNED, SINCE = noon(date(2026, 3, 2)), noon(date(2026, 6, 1))
PERMIT_DUE, SITE_START, DEMO_START = date(2027, 1, 22), date(2027, 1, 11), date(2027, 2, 15)


def planned(prefix: str, count: int, **more: Any) -> list[WorkItem]:
    return many(prefix, count, created_at=PLANNED, **more)


def inputs_of(items: Sequence[WorkItem], *projects: Project, **more: Any) -> RollupInputs:
    return make_inputs(items, make_portfolio(*projects), **more)


def risks_of(
    inputs: RollupInputs, *, word: OwnerWord | None = None, rules: DetectorRules = RULES
) -> dict[str, Risk]:
    """The risks of the first project by rule."""
    view = view_of(inputs)
    basis = basis_of(inputs, inputs.portfolio.projects[0].key)
    seen = observe(basis, view, as_of=inputs.as_of, rules=rules, owner_word=word)
    found = ProjectDetectors(basis, seen, view, rules).risks()
    assert len({risk.rule for risk in found}) == len(found)
    return {risk.rule: risk for risk in found}


# --- schedule ------------------------------------------------------------------------------------


def outreach(target: date, **more: Any) -> RollupInputs:
    items = [*finished(OUT.throughput, "NET"), *planned("NET-X", OUT.remaining, assignees=ANN)]
    return inputs_of(items, make_project("net", target=FixedTarget(target), **more))


def test_e48_sch_1_of_the_outreach() -> None:
    risk = risks_of(outreach(OUT.target))["SCH-1"]
    assert (risk.probability, risk.impact, risk.score, risk.band) == (2, 2, 4, "low")
    assert (risk.title, risk.owner, risk.scope) == ("Net misses 22 Jan", "Ann Owner", "proj:net")
    assert (risk.evidence[0].label, risk.evidence[0].value) == ("chance of target", "83 %")
    assert risk.exposure_days == pytest.approx(0.900, abs=5e-4)
    assert (risk.exposure_money, risk.proximity) == (None, OUT.target)


def test_e47_sch_1_of_the_network() -> None:
    early = {"started_at": SINCE, "done_at": SINCE}
    added = many("NET-A", 10, created_at=noon(date(2026, 9, 15)))
    items = [
        *planned("NET-B", 101, status=DONE, **early),
        *finished(NET.throughput, "NET"),
        *planned("NET-X", 72),
        *added,
    ]
    project = make_project(
        "net",
        target=FixedTarget(NET.target),
        criticality=Criticality.MUST,
        cost_of_delay_per_week=120_000,
    )
    risk = risks_of(inputs_of(items, project))["SCH-1"]
    assert (risk.probability, risk.impact, risk.score, risk.band) == (4, 5, 20, "critical")
    assert risk.exposure_days == pytest.approx(7.652, abs=5e-4)
    assert risk.exposure_money == pytest.approx(184_000, abs=500)


def test_a_safe_date_is_no_schedule_risk() -> None:
    assert "SCH-1" not in risks_of(outreach(date(2027, 1, 25)))


def test_sch_1_has_a_threshold_of_its_own() -> None:
    rules = DetectorRules(sch1_chance_below=0.5)
    assert "SCH-1" not in risks_of(outreach(OUT.target), rules=rules)


def test_a_target_that_no_horizon_reaches_has_the_highest_impact() -> None:
    items = [*finished((1,) * 8, "NET"), *planned("NET-X", 400)]
    project = make_project("net", target=FixedTarget(TODAY + 30 * DAY))
    risk = risks_of(inputs_of(items, project))["SCH-1"]
    assert (risk.probability, risk.impact) == (5, 5)


@pytest.mark.parametrize(
    ("target", "impact"), [(date(2026, 11, 20), 2), (date(2026, 11, 6), 4), (TODAY, None)]
)
def test_sch_2_fires_once_a_working_day_has_passed(target: date, impact: int | None) -> None:
    found = risks_of(outreach(target))
    assert ("SCH-2" in found) is (impact is not None)
    if impact is not None:
        risk = found["SCH-2"]
        assert (risk.probability, risk.impact) == (5, impact)
        assert risk.title.startswith("Net is past its target of")
        assert risk.materialised_at == target
    else:
        assert found["SCH-1"].probability == 5
        assert found["SCH-1"].materialised_at is None


def test_nothing_left_is_no_schedule_risk() -> None:
    project = make_project("net", target=FixedTarget(date(2026, 11, 2)))
    found = risks_of(inputs_of(many("NET", 3, DONE), project))
    assert not any(rule.startswith("SCH-") for rule in found)


def pushed(*dates: date) -> dict[str, Risk]:
    """The risks of a project whose target moved through the dates, one a month."""
    changes: list[Change] = []
    for month, (before, after) in enumerate(pairwise(dates), start=5):
        sides = before.isoformat(), after.isoformat()
        changes.append(make_change(noon(date(2026, month, 4)), ChangeField.DUE, *sides))
    items = [make_epic("NET-1", due_date=dates[-1]), make_item("NET-2", parent="NET-1")]
    project = make_project("net", target=ItemTarget("jira:NET-1"), start=date(2026, 3, 1))
    inputs = inputs_of(items, project, changes={"jira:NET-1": changes})
    return risks_of(inputs)


def test_sch_3_by_slip() -> None:
    monday = date(2027, 3, 1)
    risk = pushed(monday, monday + 7 * DAY)["SCH-3"]
    assert (risk.probability, risk.impact) == (2, 2)
    assert risk.title == "Net slipped 5 working days in 1 move"
    assert "SCH-3" not in pushed(monday, monday + 4 * DAY)


def test_sch_3_by_pushes_even_where_the_slip_was_won_back() -> None:
    there, back = date(2027, 3, 1), date(2027, 3, 4)
    risk = pushed(there, back, there, back, there)["SCH-3"]
    assert risk.title == "Net slipped 0 working days in 2 moves"
    assert "SCH-3" not in pushed(there, back, there)


# --- scope ---------------------------------------------------------------------------------------


def grown(extra: int) -> dict[str, Risk]:
    added = many("NET-9", extra, created_at=SINCE)
    project = make_project("net", start=date(2026, 4, 1))
    return risks_of(inputs_of([*planned("NET-1", 20), *added], project))


@pytest.mark.parametrize(("extra", "impact"), [(2, None), (3, 3), (5, 3), (6, 4)])
def test_scp_1_by_share(extra: int, impact: int | None) -> None:
    risk = grown(extra).get("SCP-1")
    assert (risk.impact if risk else None) == impact


def shrunk(gone: int) -> dict[str, Risk]:
    cancelled = planned("NET-9", gone, status=CANCELLED)
    changes = {item.uid: [moved(SINCE, TODO, CANCELLED)] for item in cancelled}
    project = make_project("net", start=date(2026, 4, 1))
    items = [*planned("NET-1", 20 - gone), *cancelled]
    return risks_of(inputs_of(items, project, changes=changes))


def test_e13_scp_2_asks_who_agreed() -> None:
    risk = shrunk(8)["SCP-2"]
    assert (risk.probability, risk.impact) == (2, 3)
    assert risk.title == "40 % of Net's baseline was removed: who agreed?"
    assert risk.evidence[0].value == "8 of 20"


def test_scp_2_from_15_percent_on() -> None:
    assert "SCP-2" in shrunk(3)
    assert "SCP-2" not in shrunk(2)


# --- people and data -----------------------------------------------------------------------------


def net(*items: WorkItem, **project: Any) -> dict[str, Risk]:
    return risks_of(inputs_of(items, make_project("net", **project)))


def test_res_4_by_work_in_progress() -> None:
    owned = many("NET-1", 3, DOING, assignees=ANN)
    risk = net(*owned, make_item("NET-9", DOING))["RES-4"]
    assert (risk.probability, risk.impact) == (3, 3)
    assert risk.title == "Net: 25 % of work in progress has no owner"
    assert risk.evidence[0].items == ("jira:NET-9",)
    assert "RES-4" not in net(*many("NET-1", 4, DOING, assignees=ANN), make_item("NET-9", DOING))


@pytest.mark.parametrize(
    ("due", "fires"),
    [(TODAY + 14 * DAY, True), (TODAY + 15 * DAY, False), (TODAY - 30 * DAY, True), (None, False)],
)
def test_res_4_by_due_date(due: date | None, fires: bool) -> None:
    found = net(make_item("NET-1", due_date=due), make_item("NET-2", DOING, assignees=ANN))
    assert ("RES-4" in found) is fires
    if fires:
        assert found["RES-4"].title == "Net: 1 item due within 14 days has no owner"
        assert found["RES-4"].evidence[0].items == ("jira:NET-1",)


def test_res_4_tells_both_of_its_reasons_once() -> None:
    due = many("NET", 2, DOING, due_date=TODAY)
    risk = net(*due)["RES-4"]
    assert [e.value for e in risk.evidence] == [
        "100 % of work in progress has no owner",
        "2 items due within 14 days have no owner",
    ]


def test_a_container_of_goals_that_nobody_claims_lacks_neither_owner_nor_target() -> None:
    goal = make_item("NET-1", kind=ItemKind.GOAL)
    found = {implicit: net(goal, owner="", start=TODAY - 30 * DAY, implicit=implicit)
             for implicit in (True, False)}  # fmt: skip
    assert not {"DQ-1", "DQ-2"} & found[True].keys()
    assert {"DQ-1", "DQ-2"} <= found[False].keys()
    worked = net(make_item("NET-2"), owner="", start=TODAY - 30 * DAY, implicit=True)
    assert {"DQ-1", "DQ-2"} <= worked.keys()


@pytest.mark.parametrize(("days", "fires"), [(14, False), (15, True)])
def test_dq_1_a_fortnight_after_the_start(days: int, fires: bool) -> None:
    found = net(make_item("NET-1"), start=TODAY - days * DAY)
    assert ("DQ-1" in found) is fires
    targeted = FixedTarget(date(2027, 3, 1))
    assert "DQ-1" not in net(make_item("NET-1"), start=TODAY - days * DAY, target=targeted)


def test_dq_2_without_owner() -> None:
    risk = net(make_item("NET-1"), owner="")["DQ-2"]
    assert (risk.score, risk.owner, risk.title) == (9, "", "Net: has no owner")
    assert "DQ-2" not in net(make_item("NET-1"))


def wip(stale: int, fresh: int) -> list[WorkItem]:
    old = AS_OF - 30 * DAY
    return [
        *many("NET-1", stale, DOING, assignees=ANN, last_meaningful_change_at=old),
        *many("NET-2", fresh, DOING, assignees=ANN),
    ]


def test_dq_3_by_stale_work() -> None:
    risk = net(*wip(3, 7))["DQ-3"]
    assert risk.score == 4
    assert risk.title == "Net: 3 items in progress without a change for 14 days"
    assert "DQ-3" not in net(*wip(2, 5))


def test_dq_4_by_contradictions() -> None:
    odd = make_item("NET-0", resolution="Done")
    assert net(odd, *many("NET", 19))["DQ-4"].title == "Net: 1 item contradicts itself"
    assert "DQ-4" not in net(odd, *many("NET", 20))


def test_dq_4_by_the_owners_word() -> None:
    late = make_project("net", target=FixedTarget(date(2026, 11, 2)))
    inputs = inputs_of(many("NET", 3), late)
    assert "DQ-4" not in risks_of(inputs)
    risk = risks_of(inputs, word=OwnerWord.ON_TRACK)["DQ-4"]
    assert risk.title == "Net: the owner says on track after the target"


def test_dq_5_by_epics_without_children() -> None:
    def epics(whole: int) -> list[WorkItem]:
        return [make_epic(f"NET-E{n}") for n in range(whole)] + [
            item
            for n in range(4)
            for item in (make_epic(f"NET-D{n}"), make_item(f"NET-S{n}", parent=f"NET-D{n}"))
        ]

    assert net(*epics(1))["DQ-5"].title == "Net: 20 % of epics are not broken down"
    assert "DQ-5" not in net(*epics(0))
    assert "DQ-5" not in net(make_item("NET-1"))


@pytest.mark.parametrize(
    ("hours", "said"),
    [(24, None), (25, "Net: jira:NET was last read 25 hours ago"),
     (None, "Net: jira:NET was never read")],
)  # fmt: skip
def test_dq_6_by_age_of_the_source(hours: int | None, said: str | None) -> None:
    at = None if hours is None else AS_OF - timedelta(hours=hours)
    source = SourceState(connection="jira", container="NET", last_success_at=at)
    found = risks_of(inputs_of([], make_project("net"), sources=[source]))
    assert (found["DQ-6"].title if said else found.get("DQ-6")) == said
    assert set(found) <= {"DQ-6"}


@pytest.mark.parametrize("state", [ProjectState.DONE, ProjectState.CANCELLED, ProjectState.ON_HOLD])
def test_what_is_at_rest_has_no_risks(state: ProjectState) -> None:
    assert net(make_item("NET-1"), owner="", state=state) == {}
    assert net(make_item("NET-1"), owner="", state=ProjectState.PROPOSED)


def test_a_products_own_project_belongs_to_the_products_lens() -> None:
    project = make_project("net", owner="")
    inputs = inputs_of([make_item("NET-1")], project)
    assert risks_of(inputs)["DQ-2"].level is VerdictLevel.PROGRAM
    product = Product(key="phone", name="Phone", projects=("net",))
    sold = replace(inputs, portfolio=replace(inputs.portfolio, products=(product,)))
    assert risks_of(sold)["DQ-2"].level is VerdictLevel.PRODUCT


# --- dependencies --------------------------------------------------------------------------------


def dependencies(
    items: Sequence[WorkItem], portfolio: Portfolio | None = None, **more: Any
) -> Dependencies:
    return Dependencies(
        view=make_view(items, portfolio, **more),
        cycle_times={"net": CycleTime(p50=9, p85=18)},
        forecasts={"reg": PERMIT_DUE},
        default=CycleTime(p50=5, p85=10),
    )


def late(
    items: Sequence[WorkItem], *must: str, portfolio: Portfolio | None = None, **more: Any
) -> list[Risk]:
    graph = dependencies(items, portfolio, **more)
    return dependency_risks(graph.findings(), graph.view, frozenset(must))


def permit(due: date | None = PERMIT_DUE, **more: Any) -> WorkItem:
    return blocks(make_item("ado:REG-112", due_date=due, **more), "NET-87")


def site(**more: Any) -> WorkItem:
    return make_item("NET-87", start_date=SITE_START, **more)


def demo(**more: Any) -> WorkItem:
    return make_item("PHN-301", start_date=DEMO_START, **more)


def test_e49_dep_2_of_a_must_item() -> None:  # E49, E51
    [risk] = late([permit(), site(must_have=True)])
    assert (risk.rule, risk.probability, risk.impact, risk.score) == ("DEP-2", 4, 4, 16)
    assert (risk.id, risk.scope, risk.band) == ("R-9b55296d23", "prog:5g", "critical")
    assert (risk.level, risk.projects) == (VerdictLevel.PROGRAM, ("net",))
    assert risk.title == "Title of REG-112 comes 9 working days too late for Title of NET-87"
    assert risk.proximity == SITE_START
    assert risk.evidence[0].value == "9 working days"


def test_e49_dep_2_of_a_must_project_and_of_neither() -> None:
    assert [risk.score for risk in late([permit(), site()], "net")] == [16]
    assert [risk.score for risk in late([permit(), site()], "reg", "phn")] == [12]


def test_e50_dep_3_of_a_must_project() -> None:
    _, risk = late([permit(), blocks(site(), "PHN-301"), demo()], "net", "phn")
    assert (risk.rule, risk.probability, risk.impact, risk.score) == ("DEP-3", 3, 3, 9)
    assert (risk.band, risk.scope, risk.projects) == ("medium", "proj:phn", ("phn",))
    assert risk.root is not None
    assert risk.root.uid == "ado:REG-112"
    assert [s.uid for s in risk.subjects] == ["jira:NET-87", "jira:PHN-301"]
    assert risk.evidence[0].items == ("ado:REG-112", "jira:NET-87", "jira:PHN-301")


def test_the_id_of_a_chain_does_not_depend_on_its_dates() -> None:
    def ids(due: date) -> list[str]:
        return sorted(r.id for r in late([permit(due), blocks(site(), "PHN-301"), demo()]))

    assert ids(PERMIT_DUE) == ids(PERMIT_DUE + 7 * DAY)


@pytest.mark.parametrize(("due", "fires"), [(SITE_START, False), (SITE_START + DAY, True)])
def test_a_predecessor_on_the_day_is_in_time(due: date, fires: bool) -> None:
    assert bool(late([permit(due), site()])) is fires


def test_a_date_from_a_forecast_is_less_sure_than_a_promise() -> None:
    epic = blocks(make_epic("ado:REG-112"), "NET-87")
    [risk] = late([epic, site()])
    assert (risk.probability, risk.impact) == (3, 3)


def test_a_contract_is_surer_than_a_promise() -> None:
    base = example_portfolio()
    projects = tuple(replace(p, contractual=p.key == "reg") for p in base.projects)
    [risk] = late([permit(), site()], portfolio=replace(base, projects=projects))
    assert risk.probability == 5


BOT = Account(connection="ado", id="bot", name="Bot", bot=True)


@pytest.mark.parametrize(
    ("more", "owner"),
    [
        ({"assignees": ANN}, "Ann"),
        ({"assignees": (BOT,)}, "L. Brandt"),
        ({"assignees": ANN, "restricted": True}, "L. Brandt"),
        ({}, "L. Brandt"),
    ],
)
def test_who_can_act_on_a_late_predecessor(more: dict[str, Any], owner: str) -> None:
    [risk] = late([permit(**more), site()])
    assert risk.owner == owner


def test_without_an_owner_of_the_root_the_waiting_project_acts() -> None:
    base = example_portfolio()
    projects = tuple(replace(p, owner="" if p.key == "reg" else p.owner) for p in base.projects)
    [risk] = late([permit(), site()], portfolio=replace(base, projects=projects))
    assert risk.owner == "M. Okafor"


def test_restricted_items_are_not_named() -> None:
    items = [permit(restricted=True), site(restricted=True)]
    [risk] = late(items)
    assert risk.title == "restricted item comes 9 working days too late for restricted item"


@pytest.mark.parametrize(
    ("levels", "scope", "level"),
    [
        ({}, "proj:net", VerdictLevel.PROGRAM),
        ({"jira:NET-87": VerdictLevel.PROGRAM}, "prog:5g", VerdictLevel.PROGRAM),
        ({"jira:NET-87": VerdictLevel.PRODUCT}, "proj:net", VerdictLevel.PRODUCT),
    ],
)
def test_inside_a_project_the_verdict_decides_the_scope(
    levels: dict[str, VerdictLevel], scope: str, level: VerdictLevel
) -> None:
    first = blocks(make_item("NET-1", due_date=PERMIT_DUE), "NET-87")
    [risk] = late([first, site()], levels=levels)
    assert (risk.scope, risk.level) == (scope, level)


def test_work_of_no_project_is_the_portfolios() -> None:
    [risk] = late([permit(), site()], portfolio=make_portfolio())
    assert (risk.scope, risk.projects, risk.owner) == ("portfolio", (), "")


def test_one_edge_recorded_at_both_ends_is_one_risk() -> None:
    from_both = site(
        links=linked(site(), (permit().links[0].kind, "ado:REG-112"), inward=True).links
    )
    assert len(late([permit(), from_both])) == 1


def cycles(items: Sequence[WorkItem]) -> list[Risk]:
    graph = dependencies(items)
    return cycle_risks(graph, graph.view)


def ring(*names: str, **more: Any) -> list[WorkItem]:
    ends = (*names[1:], names[0])
    return [blocks(make_item(a, **more), b) for a, b in zip(names, ends, strict=True)]


def test_e40_dep_4_once_for_the_whole_circle() -> None:
    items = [*ring("NET-1", "NET-2", "NET-3"), make_item("NET-4")]
    items[2] = blocks(items[2], "NET-4")
    [risk] = cycles(items)
    assert (risk.rule, risk.probability, risk.impact, risk.score) == ("DEP-4", 5, 4, 20)
    assert risk.title == "3 items wait for each other in a circle (NET-1, NET-2, NET-3)"
    assert [s.key for s in risk.subjects] == ["NET-1", "NET-2", "NET-3"]
    assert (risk.owner, risk.projects) == ("M. Okafor", ("net",))
    assert cycles(list(reversed(items))) == [risk]


def test_a_chain_is_no_circle() -> None:
    assert cycles(ring("NET-1", "NET-2", "NET-3")[:2]) == []


def test_a_circle_over_projects_is_the_programs() -> None:
    [risk] = cycles([blocks(make_item("NET-1"), "REG-1"), blocks(make_item("REG-1"), "NET-1")])
    assert (risk.scope, risk.projects) == ("prog:5g", ("net", "reg"))
    [beside] = cycles([blocks(make_item("NET-1"), "PHN-1"), blocks(make_item("PHN-1"), "NET-1")])
    assert (beside.scope, beside.projects) == ("proj:net", ("net", "phn"))


def test_long_and_hidden_circles_are_told_briefly() -> None:
    [long] = cycles(ring(*(f"NET-{n}" for n in range(1, 8))))
    assert long.title.endswith("(NET-1, NET-2, NET-3, NET-4, NET-5 and 2 more)")
    [hidden] = cycles(ring("NET-1", "NET-2", restricted=True))
    assert hidden.title == "2 items wait for each other in a circle"


def withdrawn(*items: WorkItem) -> list[Risk]:
    graph = dependencies(items)
    return withdrawn_risks(graph, graph.view)


def test_e41_dep_6_where_a_predecessor_was_cancelled() -> None:
    gone = replace(permit(), status_category=CANCELLED)
    [risk] = withdrawn(gone, site())
    assert (risk.rule, risk.score, risk.scope, risk.owner) == ("DEP-6", 6, "prog:5g", "M. Okafor")
    assert risk.title == "Title of NET-87 waits for cancelled Title of REG-112"
    assert (risk.projects, risk.evidence[0].value) == (("net",), "REG-112")
    assert withdrawn(replace(gone, status_category=DONE), site()) == []


def test_dep_6_keeps_restricted_items_to_itself() -> None:
    [risk] = withdrawn(replace(permit(), status_category=CANCELLED, restricted=True), site())
    assert "REG-112" not in f"{risk.title} {risk.evidence[0].value}"


# --- teams ---------------------------------------------------------------------------------------


def overloads(inputs: RollupInputs, rules: DetectorRules = RULES) -> list[Risk]:
    view = view_of(inputs)
    found = list(bases(view, PastViews(inputs), inputs).values())
    return overload_risks(team_loads(found, view, rules), view, rules)


def busy(due: int, *projects: Project, on: date = TODAY + 28 * DAY, **more: Any) -> RollupInputs:
    items = [
        *finished(NET.throughput, "NET"),
        *planned("NET-D", due, due_date=on),
        *planned("NET-L", 9, due_date=TODAY + 29 * DAY),
        *planned("NET-P", 9, due_date=TODAY - DAY),
    ]
    return inputs_of(items, *(projects or (make_project("net", team="network"),)), **more)


def test_e43_res_2_of_the_network() -> None:
    [risk] = overloads(busy(26))
    assert risk.title == "Network team 37 % overbooked for 4 weeks (26 due, 19 likely)"
    assert (risk.rule, risk.scope, risk.probability, risk.impact) == ("RES-2", "team:network", 3, 3)
    assert (risk.evidence[0].value, len(risk.evidence[0].items)) == ("1.37", 26)
    assert (risk.projects, risk.owner) == (("net",), "Ann Owner")


@pytest.mark.parametrize(("due", "fires"), [(22, False), (23, True)])
def test_res_2_above_a_load_of_1_2(due: int, fires: bool) -> None:
    assert bool(overloads(busy(due))) is fires
    assert bool(overloads(busy(due, on=TODAY))) is fires


def test_res_2_looks_as_far_as_it_is_told() -> None:
    # In two weeks the network finishes nine items.
    rules = DetectorRules(res2_weeks=2)
    assert overloads(busy(26), rules) == []
    [risk] = overloads(busy(11, on=TODAY + 14 * DAY), rules)
    assert risk.title.endswith("for 2 weeks (11 due, 9 likely)")


def test_a_team_counts_its_shared_items_once() -> None:
    twice = [make_project("a", "jira:NET", team="x"), make_project("b", "jira:NET", team="x")]
    [risk] = overloads(busy(26, *twice))
    assert "26 due, 19 likely" in risk.title
    assert risk.projects == ("a", "b")


def test_projects_without_a_team_are_their_own_and_teams_have_names() -> None:
    [alone] = overloads(busy(26, make_project("net")))
    assert (alone.scope, alone.title.partition(" 37")[0]) == ("proj:net", "Net team")
    inputs = busy(26)
    teams = (Team(key="network", name="The Network Team"),)
    [named] = overloads(replace(inputs, portfolio=replace(inputs.portfolio, teams=teams)))
    assert named.title.startswith("The Network Team 37 %")


def test_thin_history_and_projects_at_rest_promise_no_load() -> None:
    items = [*finished((2,) * 5, "NET"), *planned("NET-D", 50, due_date=TODAY)]
    assert overloads(inputs_of(items, make_project("net"))) == []
    assert overloads(busy(26, make_project("net", state=ProjectState.ON_HOLD))) == []


def test_the_load_of_a_products_team_is_the_products() -> None:
    inputs = busy(26)
    product = Product(key="phone", name="Phone", projects=("net",))
    sold = replace(inputs.portfolio, products=(product,))
    assert [r.level for r in overloads(replace(inputs, portfolio=sold))] == [VerdictLevel.PRODUCT]
    both = replace(sold, programs=(Program(key="p", name="P", projects=("net",)),))
    assert [r.level for r in overloads(replace(inputs, portfolio=both))] == [VerdictLevel.PROGRAM]


# --- all together --------------------------------------------------------------------------------


def test_bands_and_buckets_may_differ_by_company() -> None:
    graph = dependencies([permit(), site()])
    scoring = ScoringRules(impact_days=(0, 1, 2, 3), bands=(2, 3, 4)).thresholds
    [risk] = dependency_risks(graph.findings(), graph.view, frozenset(), scoring=scoring)
    assert (risk.impact, risk.band) == (5, "critical")


def _everything(view: View, inputs: RollupInputs) -> list[Risk]:
    all_bases = bases(view, PastViews(inputs), inputs)
    graph = Dependencies(
        view=view,
        cycle_times={key: basis.cycle for key, basis in all_bases.items()},
        forecasts={key: basis.forecast.p85 for key, basis in all_bases.items()},
        default=CycleTime(p50=5, p85=10),
    )
    own = [
        ProjectDetectors(
            basis, observe(basis, view, as_of=inputs.as_of, rules=RULES), view, RULES
        ).risks()
        for basis in all_bases.values()
    ]
    return sorted(
        [
            *(risk for found in own for risk in found),
            *dependency_risks(graph.findings(), view, frozenset({"net"})),
            *cycle_risks(graph, view),
            *withdrawn_risks(graph, view),
            *overload_risks(team_loads(list(all_bases.values()), view, RULES), view, RULES),
        ],
        key=lambda risk: risk.id,
    )


@st.composite
def portfolios_of_items(draw: st.DrawFn) -> list[WorkItem]:
    days = st.none() | st.dates(date(2026, 11, 1), date(2027, 3, 1))
    names = [f"{where}-{n}" for n, where in enumerate(["NET", "REG", "PHN", "NET", "REG", "NET"])]
    return [
        blocks(
            make_item(
                name,
                draw(st.sampled_from([TODO, DOING, DONE, CANCELLED])),
                due_date=draw(days),
                start_date=draw(days),
                assignees=draw(st.sampled_from([(), ANN])),
            ),
            *draw(st.lists(st.sampled_from(names), max_size=2, unique=True)),
        )
        for name in names
    ]


@settings(max_examples=40)
@given(portfolios_of_items(), st.randoms(use_true_random=False))
def test_the_order_of_items_never_matters(items: list[WorkItem], luck: random.Random) -> None:
    shuffled = items.copy()
    luck.shuffle(shuffled)
    one, other = make_inputs(items), make_inputs(shuffled)
    found = _everything(view_of(one), one)
    assert found == _everything(view_of(other), other)
    assert len({risk.id for risk in found}) == len(found)
