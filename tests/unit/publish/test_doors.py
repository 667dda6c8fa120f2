"""The three doors: what trackers say, and what counts where two say the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from syncer.domain.item import Account, ItemKind, ItemState, StatusCategory, Version, WorkItem
from syncer.domain.portfolio import Portfolio, Project
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.selector import InContainer, InVersion, Under
from syncer.domain.statement import (
    DecisionState,
    Door,
    GateDefinition,
    HumanRisk,
    Provenance,
    Statements,
)
from syncer.publish.doors import listed_options, merge, tracker_statements

CREATED = datetime(2026, 10, 1, tzinfo=UTC)
ANN = Account(connection="jira", id="ann", name="Ann Ash")
BOB = Account(connection="jira", id="bob", name="Bob Birch")
PORTFOLIO = Portfolio(
    projects=(Project(key="network", name="N", items=(InContainer("jira:NET"),)),)
)


def item(number: int = 1, **values: Any) -> WorkItem:
    defaults: dict[str, Any] = {
        "ref": ItemRef("jira", str(number)),
        "key": f"NET-{number}",
        "url": "",
        "container": ContainerKey("jira", "NET"),
        "title": "Which date?",
        "status_category": StatusCategory.TODO,
        "assignees": (ANN,),
        "reporter": BOB,
        "created_at": CREATED,
        "updated_at": CREATED,
    }
    return WorkItem(**(defaults | values))


def said_in(*items: WorkItem) -> Statements:
    return tracker_statements(items, PORTFOLIO)


def test_a_decision_item_asks_its_assignee() -> None:
    body = "We must choose.\n\nOptions:\n- Cut the rural sites\n- Move to April\n\nThanks"
    due = date(2026, 11, 26)
    (decision,) = said_in(item(kind=ItemKind.DECISION, body=body, due_date=due)).decisions
    assert (decision.scope, decision.question) == ("proj:network", "Which date?")
    assert (decision.decider, decision.confirmed_by) == ("Ann Ash", "Bob Birch")
    assert decision.needed_by == due
    assert [option.text for option in decision.options] == ["Cut the rural sites", "Move to April"]
    assert decision.provenance.door is Door.TRACKER
    assert decision.provenance.source == "jira:NET-1"


def test_what_a_bot_drafts_is_not_confirmed() -> None:
    robot = replace(BOB, bot=True)
    (decision,) = said_in(item(kind=ItemKind.DECISION, reporter=robot)).decisions
    assert decision.confirmed_by == ""


@pytest.mark.parametrize(
    ("category", "state"),
    [
        (StatusCategory.DONE, DecisionState.DECIDED),
        (StatusCategory.CANCELLED, DecisionState.WITHDRAWN),
        (StatusCategory.UNKNOWN, DecisionState.OPEN),
    ],
)
def test_a_decision_ends_with_its_item(category: StatusCategory, state: DecisionState) -> None:
    (decision,) = said_in(item(kind=ItemKind.DECISION, status_category=category)).decisions
    assert decision.state is state


def test_a_risk_item_is_scaled_by_its_fields_or_its_priority() -> None:
    scaled = item(1, kind=ItemKind.RISK, custom={"Probability": "4", "Impact": "many"}, priority=1)
    plain = item(2, kind=ItemKind.RISK)
    risks = said_in(scaled, plain).risks
    assert [(risk.probability, risk.impact) for risk in risks] == [(4, 4), (3, 3)]


def test_a_closed_or_deleted_risk_is_none() -> None:
    closed = item(1, kind=ItemKind.RISK, status_category=StatusCategory.DONE)
    deleted = item(2, kind=ItemKind.RISK, state=ItemState.DELETED)
    assert said_in(closed, deleted).risks == ()


def test_a_gate_item_holds_what_lies_below_it() -> None:
    gate = item(1, kind=ItemKind.MILESTONE, title="Freeze", due_date=date(2026, 12, 4))
    undated = item(2, kind=ItemKind.MILESTONE)
    child = item(3, parent=gate.ref)
    (found,) = said_in(gate, undated, child).gates
    assert (found.name, found.on, found.items) == (
        "Freeze",
        date(2026, 12, 4),
        (Under("jira:NET-1"),),
    )


def test_an_open_dated_version_is_a_gate_of_its_project() -> None:
    versions = (
        Version(id="1", name="2.0 [core]", due=date(2026, 12, 4)),
        Version(id="2", name="1.0", due=date(2026, 1, 1), closed=True),
        Version(id="3", name="someday"),
    )
    (gate,) = said_in(item(1, fix_versions=versions), item(2, fix_versions=versions)).gates
    assert gate.items == (InVersion("jira:NET/2.0 [[]core]"),)


def test_an_item_of_an_unclaimed_container_belongs_to_that_containers_project() -> None:
    elsewhere = item(kind=ItemKind.RISK, container=ContainerKey("jira", "OUT"))
    assert said_in(elsewhere).risks[0].scope == "proj:OUT"


def test_an_earlier_door_stands_over_a_later_one() -> None:
    def gate(door: Door, on: date) -> GateDefinition:
        said = Provenance(author="x", at=CREATED, door=door)
        return GateDefinition(scope="proj:a", name="Freeze", on=on, provenance=said)

    def risk(identity: str) -> HumanRisk:
        said = Provenance(author="x", at=CREATED, door=Door.TRACKER)
        return HumanRisk(
            id=identity, scope="s", title="t", probability=1, impact=1, provenance=said
        )

    first = Statements(gates=(gate(Door.COMMAND, date(2026, 12, 4)),), risks=(risk("a"),))
    second = Statements(gates=(gate(Door.CONFIGURATION, date(2026, 12, 11)),), risks=(risk("b"),))
    merged = merge(first, second)
    assert merged.gates == first.gates
    assert [one.id for one in merged.risks] == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ("", []),
        ("- not an option", []),
        ("## Options\n1. One\n2) Two\nA: Three", ["One", "Two", "Three"]),
        ("**Options**\n\n* One\n\n* Two\nText\n* Three", ["One", "Two"]),
        ("Options are many\n- One", []),
        pytest.param(
            "Options\n-  a" + " " * 1_000_000 + "b ", ["a" + " " * 1_000_000 + "b"], id="A54 blanks"
        ),
        pytest.param("a" + "\n!" * 500_000, [], id="A54 lines"),
    ],
)
def test_listed_options(body: str, options: list[str]) -> None:
    assert listed_options(body) == options
