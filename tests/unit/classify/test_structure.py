"""Structural evidence: minimal pairs, the same words on different graphs."""

from __future__ import annotations

from typing import Any

import pytest

from syncer.classify import classify_portfolio
from syncer.classify.portfolio import UNCLAIMED
from syncer.classify.signals import MOST_LABELS, MOST_NAMES
from syncer.domain.verdict import VerdictLevel
from tests.unit.classify.portfolios import item, portfolio, project, signals, spread, verdict

PROGRAM, PRODUCT = VerdictLevel.PROGRAM, VerdictLevel.PRODUCT


def test_children_in_several_products_are_program_and_in_one_product_product() -> None:
    epic = item("A", "MOBILE", type="Epic")
    wide = verdict(portfolio(epic, *spread("A", "mobile", "payments", "search", "billing")))
    narrow = verdict(portfolio(epic, *spread("A", "mobile", "mobile", "mobile", "mobile")))
    assert (wide.level, narrow.level) == (PROGRAM, PRODUCT)
    assert {"spread_products", "spread_teams", "level_with_spread"} <= signals(wide)
    assert signals(narrow) == {"one_product"}


def test_everything_below_counts_not_only_children() -> None:
    raw = portfolio(
        item("A", "PMO", type="Initiative"),
        item("B", "PMO", type="Epic", parent="A"),
        *spread("B", "mobile", "payments", "search"),
    )
    assert verdict(raw).level is PROGRAM


def test_a_level_without_spread_counts_nothing() -> None:
    initiative = item("A", "MOBILE", type="Initiative", hierarchy_level=2)
    found = verdict(portfolio(initiative, *spread("A", "mobile", "mobile")))
    assert found.level is PRODUCT
    assert "level_with_spread" not in signals(found)


@pytest.mark.parametrize(
    ("own", "foreign", "spreads"),
    [
        pytest.param(10, 1, False, id="one review in eleven children is incidental"),
        pytest.param(7, 2, False, id="less than a quarter"),
        pytest.param(6, 2, True, id="exactly a quarter"),
    ],
)
def test_a_quarter_must_lie_outside_the_largest(own: int, foreign: int, spreads: bool) -> None:
    children = spread("A", *["mobile"] * own, *["payments"] * foreign)
    found = verdict(portfolio(item("A", "MOBILE", type="Epic"), *children))
    assert ("spread_products" in signals(found)) is spreads


def test_containers_are_not_products() -> None:
    """Two containers of one product and team are one; components part one container."""
    two_containers = {
        "projects": [
            {"key": "FE", "product": "search", "team": "Owl"},
            {"key": "BE", "product": "search", "team": "Owl"},
        ],
        "items": [
            item("A", "FE"),
            item("B", "FE", "Part 1", parent="A"),
            item("C", "BE", "Part 2", parent="A"),
        ],
    }
    one_container = {
        "projects": [{"key": "MONO", "product": None, "team": ""}],
        "items": [
            item("A", "MONO"),
            item("B", "MONO", "Part 1", parent="A", components=["web"], team="Owl"),
            item("C", "MONO", "Part 2", parent="A", components=["crm"], team="Fox"),
        ],
    }
    assert verdict(two_containers).level is PRODUCT
    assert verdict(one_container).level is PROGRAM


def test_a_program_office_is_no_product_and_its_team_no_second_team() -> None:
    children = [
        item("B", "MOBILE", "Part 1", parent="A"),
        item("C", "PMO", "Part 2", parent="A"),
    ]
    found = verdict(portfolio(item("A", "PMO", type="Epic"), *children))
    assert not signals(found) & {"spread_products", "spread_teams"}


def test_two_teams_of_one_product_are_weak_evidence() -> None:
    children = [
        item(f"A-{n}", "MOBILE", f"Part {n}", parent="A", team=team)
        for n, team in enumerate(["Owl", "Fox"])
    ]
    found = verdict(portfolio(item("A", "MOBILE", type="Epic"), *children))
    assert signals(found) == {"spread_teams"}


@pytest.mark.parametrize(
    ("links", "signal"),
    [
        (["PAYMENTS"], "blocks_one"),
        (["PAYMENTS", "SEARCH"], "blocks_many"),
        (["PAYMENTS", "PAYMENTS"], "blocks_one"),
        (["MOBILE"], "one_product_links"),
    ],
)
def test_blocking_counts_other_products(links: list[str], signal: str) -> None:
    others = [item(f"B{n}", key, f"Work {n}") for n, key in enumerate(links)]
    blocks = [{"type": "blocks", "to": other["key"]} for other in others]
    found = verdict(portfolio(item("A", "MOBILE", type="Task", links=blocks), *others))
    assert signals(found) & {"blocks_one", "blocks_many", "one_product_links"} == {signal}


@pytest.mark.parametrize(
    ("targets", "text"),
    [
        (["PAYMENTS", "SEARCH"], "blocks 2 other products"),
        (["NET", "OUT"], "blocks 2 other projects"),
        (["PAYMENTS", "OUT"], "blocks 2 other projects or products"),
        (["PHONE", "PAYMENTS"], "blocks 2 other products"),
    ],
)
def test_what_counts_as_a_product_and_is_a_project_is_called_one(
    targets: list[str], text: str
) -> None:
    alone = [{"key": key, "product": key} for key in ("NET", "OUT")]
    phone = {"key": "PHONE", "product": "PHONE", "kind": "product"}
    others = [item(f"B{n}", key, f"Work {n}") for n, key in enumerate(targets)]
    links = [{"type": "blocks", "to": other["key"]} for other in others]
    raw = portfolio(item("A", "MOBILE", links=links), *others)
    raw["projects"] += [*alone, phone]
    assert text in [reason.text for reason in verdict(raw).reasons]


def test_blocking_two_products_is_program_as_in_the_specification() -> None:
    raw = portfolio(
        item("A", "MOBILE", links=[{"type": "blocks", "to": k} for k in ("B", "C")]),
        item("B", "PAYMENTS"),
        item("C", "SEARCH"),
    )
    raw["projects"][0] |= {"program": ["5G Infrastructure"]}
    found = verdict(raw)
    assert found.level is PROGRAM
    assert found.confidence > 0.9
    assert {"blocks_many", "program_member"} <= signals(found)


@pytest.mark.parametrize(
    "kind",
    [
        "is blocked by",
        "Blocked-By",
        "relates to",
        "duplicates",
        "is cloned by",
        "is caused by",
        "☃",
    ],
)
def test_being_blocked_and_other_links_are_no_evidence(kind: str) -> None:
    links = [{"type": kind, "to": key} for key in ("B", "C")]
    raw = portfolio(
        item("A", "MOBILE", type="Story", links=links), item("B", "PAYMENTS"), item("C", "SEARCH")
    )
    assert signals(verdict(raw)) == {"type_story"}


def test_an_incoming_link_is_the_other_items_outgoing_one() -> None:
    raw = portfolio(
        item("A", "PAYMENTS", type="Task"),
        item("B", "MOBILE", links=[{"type": "is blocked by", "to": "A"}]),
    )
    assert "blocks_one" in signals(verdict(raw))


@pytest.mark.parametrize(("kind", "level"), [("requires", PROGRAM), ("threatens", PROGRAM)])
def test_requiring_and_threatening_several_products(kind: str, level: VerdictLevel) -> None:
    links = [{"type": kind, "to": key} for key in ("B", "C", "D")]
    others = [item("B", "PAYMENTS"), item("C", "SEARCH"), item("D", "BILLING")]
    found = verdict(portfolio(item("A", "PMO", type="Risk", links=links), *others))
    assert found.level is level
    assert "governance_kind" in signals(found)


def test_a_risk_of_one_product_is_product() -> None:
    raw = portfolio(
        item("A", "MOBILE", type="Risk", links=[{"type": "threatens", "to": "B"}]),
        item("B", "MOBILE", "Delivery"),
    )
    assert verdict(raw).level is PRODUCT


@pytest.mark.parametrize(
    ("fields", "signal"),
    [
        ({"type": "Feature"}, "type_feature"),
        ({"type": "故事"}, "type_story"),
        ({"type": "Fehler"}, "type_bug"),
        ({"labels": ["Dependabot"]}, "automated"),
        ({"fix_versions": ["3.2"]}, "fix_version"),
        ({"customers": 14}, "customers"),
        ({"votes": 3}, "customers"),
        ({"pull_requests": ["#7"]}, "pull_request"),
        ({"goal": "Grow in new markets"}, "goal"),
    ],
)
def test_signals_of_the_item_itself(fields: dict[str, Any], signal: str) -> None:
    assert signals(verdict(portfolio(item("A", "MOBILE", **fields)))) == {signal}


def test_a_feature_that_customers_asked_for_is_as_sure_as_in_the_specification() -> None:
    raw = {
        "projects": [project("phone", name="5G Smartphone", kind="product")],
        "items": [item("A", "PHONE", "Dual SIM", type="Feature", customers=14)],
    }
    found = verdict(raw)
    assert found.level is PRODUCT
    assert found.confidence == pytest.approx(0.99)


def test_a_release_train_is_not_made_product_by_its_version() -> None:
    children = spread("A", "mobile", "payments", "search", fix_versions=["train 3.2"])
    raw = portfolio(item("A", "PMO", "Release 3.2", fix_versions=["train 3.2"]), *children)
    found = verdict(raw)
    assert found.level is PROGRAM
    assert "fix_version" not in signals(found)


def test_a_long_span_counts_only_with_two_teams() -> None:
    days = {"started_at": "2026-01-01T00:00:00Z", "due_at": "2026-09-01T00:00:00Z"}
    wide = portfolio(item("A", "PMO", **days), *spread("A", "mobile", "payments"))
    narrow = portfolio(item("A", "MOBILE", **days), *spread("A", "mobile", "mobile"))
    assert "long_span" in signals(verdict(wide))
    assert "long_span" not in signals(verdict(narrow))


def test_one_of_many_equal_orders_is_an_instance_of_a_campaign() -> None:
    same = [
        item(f"A{n}", product.upper(), "Rotate the certificates", parent="P", type="Task")
        for n, product in enumerate(["mobile", "payments", "search"])
    ]
    raw = portfolio(item("P", "PMO", type="Initiative"), *same)
    assert verdict(raw, "A1").level is PROGRAM
    for one in same:
        one["labels"] = ["bot"]
    assert verdict(raw, "A1").level is PRODUCT


def test_structure_outweighs_words() -> None:
    words = "All teams must migrate to the shared platform: cross-team rollout, roadmap and budget"
    narrow = portfolio(
        item("A", "MOBILE", words, body=words * 5), *spread("A", "mobile", "mobile", "mobile")
    )
    wide = portfolio(
        item("A", "MOBILE", "Fix the button", body="As a user I want the page fixed"),
        *spread("A", "mobile", "payments", "search"),
    )
    assert verdict(narrow).level is PRODUCT
    assert verdict(wide).level is PROGRAM


@pytest.mark.parametrize("parent", ["A", "B"])
def test_its_own_ancestor_is_never_decided_without_other_evidence(parent: str) -> None:
    raw = portfolio(
        item("A", "MOBILE", "Alignment", type="Epic", parent=parent),
        item("B", "MOBILE", "Alignment 2", type="Epic", parent="A"),
    )
    found = verdict(raw)
    assert found.level is VerdictLevel.UNCLASSIFIED
    assert found.confidence < 0.70
    spreading = portfolio(*raw["items"], *spread("A", "mobile", "payments", "search"))
    assert verdict(spreading).level is PROGRAM


@pytest.mark.parametrize("home", ["PMO", "BOX"])
def test_an_epic_of_no_product_is_product_work_where_all_below_it_lies_in_one(home: str) -> None:
    raw = portfolio(item("E", home, "Town halls", type="Epic"), *spread("E", *["mobile"] * 3))
    raw["projects"].append({"key": "BOX", "product": UNCLAIMED})

    found = classify_portfolio(raw)["E"]

    assert found.level is VerdictLevel.PRODUCT
    assert "everything below lies in mobile" in {reason.text for reason in found.reasons}


def test_an_epic_of_another_product_gets_no_such_benefit() -> None:
    raw = portfolio(item("E", "SEARCH", "Town halls", type="Epic"), *spread("E", "mobile"))
    assert "one_product" not in signals(classify_portfolio(raw)["E"])


def test_a_tree_with_more_products_than_can_be_told_apart_still_spreads() -> None:
    chain = [
        item(f"K{n}", "?", "Part", parent=f"K{n - 1}", components=[f"c{n}"])
        for n in range(2 * MOST_NAMES)
    ]
    found = classify_portfolio({"items": [{**chain[0], "type": "Epic"}, *chain[1:]]})["K0"]
    assert found.level is VerdictLevel.PROGRAM


def test_of_very_many_labels_the_first_are_looked_at() -> None:
    labels = [*(f"l{n}" for n in range(MOST_LABELS - 1)), "syncer:program", "syncer:product"]
    found = verdict(portfolio(item("A", "MOBILE", labels=labels)))
    assert (found.level, found.decided_by) == (VerdictLevel.PROGRAM, "explicit")
