"""Risks as readers see them: who answered, what changed, what closed (rollup.md 2.9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from syncer.domain.health import Health
from syncer.domain.portfolio import Portfolio, Program
from syncer.domain.report import Risk, RiskChange, Snapshot, SourceState
from syncer.domain.statement import (
    Decision,
    DecisionState,
    Door,
    HumanRisk,
    Provenance,
    RiskResponse,
    Roam,
    Statements,
)
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.evaluate import evaluate
from syncer.rollup.risks.ranking import answered, human_risks, merged
from syncer.rollup.rules import ColourRules, HealthRules
from tests.unit.rollup.builders import (
    AS_OF,
    DOING,
    TODAY,
    account,
    blocked_by,
    make_inputs,
    make_item,
    make_project,
    make_view,
)
from tests.unit.rollup.scenes import SAID, planned, portfolio, run, steady

WEEK = timedelta(days=7)
LATE = steady("NET", weekly=3, remaining=70)
CALM = steady("NET", weekly=3, remaining=12)
ALMOST_DONE = steady("NET", weekly=3, remaining=2)


def week(number: int, *, fires: bool, previous: Snapshot | None, **more: object) -> Snapshot:
    """The snapshot of a later week; what is done counts in the weeks before it."""
    as_of = AS_OF + number * WEEK
    items = LATE if fires else ALMOST_DONE
    return evaluate(
        make_inputs(items, portfolio("net"), as_of=as_of, previous=previous, **more)  # type: ignore[arg-type]  # names of fields
    )


def schedule(snapshot: Snapshot) -> list[tuple[RiskChange | None, int]]:
    """What became of SCH-1, wherever it stands."""
    every = (*snapshot.risks, *snapshot.past_risks)
    return [(risk.change, risk.quiet) for risk in every if risk.rule == "SCH-1"]


def weeks(*fires: bool) -> list[list[tuple[RiskChange | None, int]]]:
    """SCH-1 from week to week."""
    found: list[Snapshot] = []
    for number, firing in enumerate(fires):
        found.append(week(number, fires=firing, previous=found[-1] if found else None))
    return [schedule(snapshot) for snapshot in found]


def test_a_risk_closes_after_two_quiet_snapshots_and_is_said_once() -> None:
    assert weeks(True, False, False, False) == [
        [(None, 0)],
        [(None, 1)],
        [(RiskChange.CLOSED, 2)],
        [(None, 2)],
    ]


def test_one_quiet_snapshot_closes_nothing() -> None:
    assert weeks(True, False, True) == [[(None, 0)], [(None, 1)], [(RiskChange.UNCHANGED, 0)]]


@pytest.mark.parametrize(
    ("quiet", "change"), [(6, RiskChange.REOPENED), (7, RiskChange.NEW)], ids=["28 d", "35 d"]
)
def test_firing_again_within_28_days_of_closing_is_the_old_risk(
    quiet: int, change: RiskChange
) -> None:
    # Closed in the second quiet week; fires again in the week after the last quiet one.
    last = weeks(True, *[False] * (quiet - 1), True)[-1]
    assert last == [(change, 0)]


def test_a_reopened_risk_keeps_its_id_and_its_age() -> None:
    first = week(0, fires=True, previous=None)
    quiet = week(1, fires=False, previous=first)
    closed = week(2, fires=False, previous=quiet)
    again = week(3, fires=True, previous=closed)
    (risk,) = (risk for risk in again.risks if risk.rule == "SCH-1")
    (was,) = (risk for risk in first.risks if risk.rule == "SCH-1")
    assert (risk.id, risk.first_seen) == (was.id, TODAY)


def test_missing_data_closes_nothing() -> None:
    snapshot = week(0, fires=True, previous=None)
    never = [SourceState(connection="jira", container="NET", last_success_at=None)]
    for number in (1, 2, 3):
        snapshot = week(number, fires=True, previous=snapshot, sources=never)
        assert snapshot.projects[0].computed.health is Health.UNKNOWN
        assert schedule(snapshot) == [(None, 0)]


def test_unchanged_weeks_are_counted() -> None:
    snapshot = week(0, fires=True, previous=None)
    for number in (1, 2):
        snapshot = week(number, fires=True, previous=replace(snapshot, as_of=snapshot.as_of))
    (risk,) = (risk for risk in snapshot.risks if risk.rule == "SCH-1")
    assert (risk.change, risk.unchanged_weeks) == (RiskChange.UNCHANGED, 2)


# --- what people say --------------------------------------------------------------------------


def human(scope: str = "net", **more: object) -> HumanRisk:
    known = {"id": "H-1", "title": "Supplier", "probability": 3, "impact": 5, "provenance": SAID}
    return HumanRisk(scope=scope, **{**known, **more})  # type: ignore[arg-type]  # names of fields


def said(**more: object) -> RiskResponse:
    return RiskResponse(**{"rule": "HUMAN", "scope": "net", "provenance": SAID, **more})  # type: ignore[arg-type]  # names of fields


@pytest.mark.parametrize(
    ("response", "roam"),
    [
        pytest.param(said(owner="Ann", by=TODAY), Roam.OWNED, id="owned"),
        pytest.param(said(owner="Ann"), Roam.NEW, id="owned without a day to look at it again"),
        pytest.param(said(), Roam.NEW, id="owned by nobody"),
        pytest.param(
            said(roam=Roam.ACCEPTED, accept_until=TODAY), Roam.ACCEPTED, id="accepted until today"
        ),
        pytest.param(
            said(roam=Roam.ACCEPTED, accept_until=TODAY - timedelta(days=1)),
            Roam.NEW,
            id="acceptance lapsed",
        ),
        pytest.param(said(roam=Roam.ACCEPTED), Roam.NEW, id="accepted without end"),
        pytest.param(
            said(
                roam=Roam.ACCEPTED,
                accept_until=date(9999, 12, 31),
                provenance=replace(SAID, at=AS_OF - timedelta(days=90)),
            ),
            Roam.ACCEPTED,
            id="accepted for 90 days",
        ),
        pytest.param(
            said(
                roam=Roam.ACCEPTED,
                accept_until=date(9999, 12, 31),
                provenance=replace(SAID, at=AS_OF - timedelta(days=91)),
            ),
            Roam.NEW,
            id="nobody accepts for longer",
        ),
        pytest.param(
            said(roam=Roam.MITIGATED, owner="Ann", by=TODAY, next_step="Second supplier"),
            Roam.MITIGATED,
            id="mitigated",
        ),
        pytest.param(
            said(roam=Roam.MITIGATED, owner="Ann", by=TODAY), Roam.OWNED, id="mitigated by nothing"
        ),
        pytest.param(
            said(
                roam=Roam.MITIGATED,
                owner="Ann",
                by=TODAY - timedelta(days=1),
                next_step="Second supplier",
            ),
            Roam.OWNED,
            id="mitigation overdue",
        ),
    ],
)
def test_roam(response: RiskResponse, roam: Roam) -> None:
    view = make_view([], portfolio("net"))
    (risk,) = human_risks([human()], view)
    assert answered(risk, [response], view).roam is roam


@pytest.mark.parametrize(
    ("response", "heard"),
    [
        (said(owner="Ann", scope="proj:net"), True),
        (said(owner="Ann", rule="H-1", scope=""), True),
        (said(owner="Ann", rule="", scope=""), False),
        (said(owner="Ann", rule="H", scope=""), False),
        (said(owner="Ann", scope="out"), False),
        (said(owner="Ann", item="jira:NET-1"), False),
    ],
)
def test_a_response_names_its_risk_by_rule_and_scope_or_by_id(
    response: RiskResponse, *, heard: bool
) -> None:
    view = make_view([], portfolio("net", "out"))
    (risk,) = human_risks([human()], view)
    assert (answered(risk, [response], view).owner == "Ann") is heard


def test_a_command_stands_over_the_configuration_that_is_read_anew_each_day() -> None:
    view, (risk,) = make_view([], portfolio("net")), human_risks([human()], make_view([]))
    read_today = Provenance(author="Bob", at=AS_OF, door=Door.CONFIGURATION)
    configured = said(owner="Bob", by=TODAY, provenance=read_today)
    told = said(rule="H-1", scope="", owner="Ann", by=TODAY)  # three days ago
    for both in ([configured, told], [told, configured]):
        assert answered(risk, both, view).owner == "Ann"
    later = said(owner="Cid", by=TODAY, provenance=replace(SAID, at=AS_OF - timedelta(hours=1)))
    assert answered(risk, [configured, later, told], view).owner == "Cid"


def test_what_nobody_has_answered_is_new_whoever_it_would_fall_to() -> None:
    snapshot = run([*CALM, make_item("NET-900", DOING)], portfolio("net"))
    (risk,) = (one for one in snapshot.unmerged if one.rule == "RES-4")
    assert (risk.owner, risk.roam) == ("Ann Owner", Roam.NEW)


@pytest.mark.parametrize(("days", "rule"), [(7, "A3"), (8, "R4")])
def test_a_grave_risk_that_nobody_owns_is_red_after_a_week(days: int, rule: str) -> None:
    old = human(provenance=replace(SAID, at=AS_OF - timedelta(days=days)))
    snapshot = run(CALM, portfolio("net"), statements=Statements(risks=(old,)))
    assert snapshot.projects[0].computed.rule == rule
    told = [entry.label for risk in snapshot.risks for entry in risk.evidence]
    assert ("unowned" in told) is (rule == "R4")


def test_how_long_a_grave_risk_may_be_nobodys_is_the_companys() -> None:
    old = human(provenance=replace(SAID, at=AS_OF - timedelta(days=4)))
    rules = HealthRules(colour=ColourRules(unowned_days=3))
    snapshot = run(CALM, portfolio("net"), statements=Statements(risks=(old,)), rules=rules)
    assert snapshot.projects[0].computed.rule == "R4"
    assert "unowned" in [entry.label for risk in snapshot.risks for entry in risk.evidence]


def test_who_takes_a_grave_risk_takes_the_red_away() -> None:
    old = human(provenance=replace(SAID, at=AS_OF - timedelta(days=30)))
    both = Statements(risks=(old,), responses=(said(owner="Ann"),))
    assert run(CALM, portfolio("net"), statements=both).projects[0].computed.rule == "A3"


def test_a_risk_that_its_author_takes_back_is_closed_at_once() -> None:
    before = run(CALM, portfolio("net"), statements=Statements(risks=(human(),)))
    after = run(CALM, portfolio("net"), previous=before)
    assert [(r.id, r.change) for r in after.past_risks] == [("H-1", RiskChange.CLOSED)]


@pytest.mark.parametrize("scope", ["5g", "prog:5g"])
def test_a_risk_of_a_program_darkens_the_program(scope: str) -> None:
    of = portfolio("net", programs=(Program(key="5g", name="5G", projects=("net",), owner="J"),))
    snapshot = run(CALM, of, statements=Statements(risks=(human(scope, probability=4),)))
    assert snapshot.programs[0].computed.rule == "R3"
    assert snapshot.projects[0].computed.health is Health.GREEN


def test_a_risk_of_a_product_is_the_product_lenss() -> None:
    view = make_view([], portfolio("net"))
    (risk,) = human_risks([human("prod:phone")], view)
    assert (risk.scope, risk.level, risk.projects) == ("prod:phone", VerdictLevel.PRODUCT, ())


# --- governance -------------------------------------------------------------------------------


def decision(needed_by: date | None, **more: object) -> Decision:
    known = {
        "id": "D-1",
        "scope": "net",
        "question": "Which date?",
        "decider": "CTO",
        "confirmed_by": "J. Roth",
        "provenance": SAID,
    }
    return Decision(needed_by=needed_by, **{**known, **more})  # type: ignore[arg-type]  # names of fields


FRIDAY = TODAY - timedelta(days=3)


@pytest.mark.parametrize(
    ("asked", "fires"),
    [
        pytest.param(decision(FRIDAY), True, id="one working day"),
        pytest.param(decision(TODAY - timedelta(days=1)), True, id="Sunday is over on Monday"),
        pytest.param(decision(TODAY), False, id="today"),
        pytest.param(decision(None), False, id="no day"),
        pytest.param(decision(FRIDAY, confirmed_by=" "), False, id="draft"),
        pytest.param(decision(FRIDAY, state=DecisionState.DECIDED), False, id="decided"),
    ],
)
def test_gov_1_a_decision_that_is_overdue(asked: Decision, *, fires: bool) -> None:
    snapshot = run(CALM, portfolio("net"), statements=Statements(decisions=(asked,)))
    found = [risk for risk in snapshot.risks if risk.rule == "GOV-1"]
    assert [(risk.scope, risk.score, risk.owner) for risk in found] == (
        [("proj:net", 12, "CTO")] if fires else []
    )
    assert (snapshot.projects[0].computed.rule == "A3") is fires


@pytest.mark.parametrize(("ago", "fires"), [(1, True), (0, False)])
def test_gov_1_an_acceptance_that_has_run_out(ago: int, *, fires: bool) -> None:
    until = TODAY - timedelta(days=ago)
    accepted = said(roam=Roam.ACCEPTED, accept_until=until, owner="Ann")
    both = Statements(risks=(human(probability=2, impact=2),), responses=(accepted,))
    snapshot = run(CALM, portfolio("net"), statements=both)
    assert ("GOV-1" in {risk.rule for risk in snapshot.risks}) is fires


# --- merging ----------------------------------------------------------------------------------


def _waiting(*keys: str) -> tuple[Snapshot, list[Risk]]:
    root = make_item("REG-1", due_date=date(2027, 1, 22), assignees=(account("Ann"),))
    waiting = [
        blocked_by(make_item(f"{key.upper()}-1", start_date=TODAY, due_date=TODAY), "REG-1")
        for key in keys
    ]
    projects = tuple(make_project(key) for key in ("reg", *dict.fromkeys(keys)))
    of = Portfolio(
        projects=projects, programs=(Program(key="5g", name="5G", projects=("reg", "net")),)
    )
    snapshot = run([root, *waiting], of)
    return snapshot, [risk for risk in snapshot.risks if risk.rule == "DEP-2"]


def test_one_root_is_one_risk_of_the_program_that_holds_all_ends() -> None:
    _, (risk,) = _waiting("net")
    assert (risk.scope, risk.projects) == ("prog:5g", ("net",))


def test_one_root_that_hits_another_program_is_the_portfolios() -> None:
    snapshot, (risk,) = _waiting("net", "phn")
    assert (risk.scope, sorted(risk.projects), len(risk.merged)) == (
        "portfolio", ["net", "phn"], 2,
    )  # fmt: skip
    assert sum(one.rule == "DEP-2" for one in snapshot.unmerged) == 2
    assert risk.blast_radius == 2


def test_everything_about_one_root_is_one_risk_of_the_highest_score() -> None:
    root = make_item("REG-1", due_date=date(2027, 1, 22))  # nobody's, and late
    then = blocked_by(make_item("NET-1", start_date=TODAY, due_date=TODAY), "REG-1")
    snapshot = run([root, then], portfolio("reg", "net"))
    found = [risk for risk in snapshot.unmerged if risk.rule.startswith("DEP-")]
    assert {risk.rule for risk in found} == {"DEP-2", "DEP-5"}
    (shown,) = (risk for risk in snapshot.risks if risk.rule.startswith("DEP-"))
    assert (shown.rule, shown.score) == ("DEP-2", max(risk.score for risk in found))
    assert "DEP-5" in {entry.label for entry in shown.evidence}
    assert (shown.blast_radius, shown.projects) == (1, ("net",))


def test_a_risk_without_a_root_has_no_blast_radius() -> None:
    snapshot = run(LATE, portfolio("net"))
    assert {risk.blast_radius for risk in snapshot.risks if risk.rule == "SCH-1"} == {0}


def test_all_schedule_risks_of_a_scope_are_one_with_the_others_as_evidence() -> None:
    snapshot = run(LATE, portfolio("net"))
    (first,) = (risk for risk in snapshot.unmerged if risk.rule == "SCH-1")
    slipped = replace(first, id="R-2", rule="SCH-3", score=4, first_seen=date(2026, 11, 1))
    view = make_view(LATE, portfolio("net"))
    (risk,) = merged([slipped, first], view)
    assert (risk.id, risk.rule, risk.merged) == (
        first.id,
        "SCH-1",
        tuple(sorted(("R-2", first.id))),
    )
    assert "SCH-3" in {entry.label for entry in risk.evidence}
    assert risk.first_seen == date(2026, 11, 1)


def test_statements_through_the_doors_in_any_order_give_the_same_snapshot() -> None:
    later = replace(SAID, at=SAID.at + timedelta(days=1))
    responses = (said(owner="Ann"), said(owner="Bob"), said(owner="Cid", provenance=later))
    asked = (decision(FRIDAY), decision(TODAY, id="D-2"), decision(None, id="D-3"))
    straight = Statements(risks=(human(), human(id="H-2")), responses=responses, decisions=asked)
    turned = Statements(
        risks=straight.risks[::-1], responses=responses[::-1], decisions=asked[::-1]
    )
    one, two = (run(CALM, portfolio("net"), statements=s) for s in (straight, turned))
    assert one == two
    assert {risk.owner for risk in one.risks if risk.rule == "HUMAN"} == {"Cid"}


def test_a_project_at_rest_and_a_project_that_is_not_there_break_nothing() -> None:
    of = Portfolio(
        projects=(planned("net"),),
        programs=(Program(key="a", name="A", projects=("net", "net", "gone")),),
    )
    program = run(CALM, of).programs[0]
    assert (program.projects, program.total) == (("net",), 48)
    assert [m.key for m in program.facts.members] == ["net", "gone"]
    assert program.computed.health is Health.AMBER
