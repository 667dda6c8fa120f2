"""Properties: any portfolio gives one honest verdict an item, and never an exception."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncer.classify import classify_portfolio
from syncer.classify.explain import LONGEST, explain
from syncer.classify.portfolio import Portfolio
from syncer.domain.verdict import VerdictLevel
from tests.unit.classify.portfolios import PRODUCTS, item, portfolio, verdict

KEYS = [f"K{n}" for n in range(6)]
keys = st.sampled_from([*KEYS, "unknown"])
text = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["All teams must migrate", "Fix the button", "Budget", "全チーム", "```", "> x"]
    ),
)
links = st.fixed_dictionaries(
    {"type": st.sampled_from(["blocks", "requires", "is blocked by", "?"]), "to": keys}
)
items = st.fixed_dictionaries(
    {
        "key": keys,
        "project": st.sampled_from([*(p.upper() for p in PRODUCTS), "PMO", "?"]),
        "title": text,
    },
    optional={
        "body": st.none() | text,
        "type": st.none() | st.sampled_from(["Epic", "Story", "Bug", "Task", "Risk", "🤷"]),
        "labels": st.none() | st.lists(st.none() | text, max_size=3),
        "parent": st.none() | keys,
        "links": st.none() | st.lists(links, max_size=4),
        "team": st.none() | text,
        "components": st.none() | st.lists(st.sampled_from(["web", "crm"]), max_size=2),
        "fix_versions": st.lists(text, max_size=2),
        "votes": st.none() | st.integers(-5, 50),
        "surprise": text,
    },
)
portfolios = st.lists(items, max_size=8).map(lambda found: portfolio(*found))


@settings(max_examples=200)
@given(portfolios)
def test_every_item_gets_one_honest_explained_verdict(raw: dict[str, Any]) -> None:
    found = classify_portfolio(raw)
    assert set(found) == {one["key"] for one in raw["items"]}
    for one in found.values():
        assert one.leaning is not VerdictLevel.UNCLASSIFIED
        assert 0.5 <= one.confidence <= 1
        assert one.reasons
        line = explain(one)
        assert line.isprintable()
        assert len(line) <= LONGEST
        assert (one.level is VerdictLevel.UNCLASSIFIED) == (one.decided_by == "none")
        assert one.decided_by == "none" or one.confidence >= 0.70


@given(portfolios)
def test_the_reasons_add_up_to_the_confidence(raw: dict[str, Any]) -> None:
    for one in classify_portfolio(raw).values():
        if one.decided_by in {"evidence", "none"}:
            total = math.fsum(reason.weight for reason in one.reasons)
            assert 1 / (1 + math.exp(-abs(total))) == pytest.approx(one.confidence)
            assert (total > 0) == (one.leaning is VerdictLevel.PROGRAM)


@given(portfolios)
def test_the_order_of_items_and_links_changes_nothing(raw: dict[str, Any]) -> None:
    unique = list({one["key"]: one for one in raw["items"]}.values())
    forwards = classify_portfolio(raw | {"items": unique})
    assert classify_portfolio(raw | {"items": unique[::-1]}) == forwards


def test_a_portfolio_may_be_given_ready_made() -> None:
    raw = portfolio(item("A", "MOBILE", "Fix the button"))
    assert classify_portfolio(Portfolio.model_validate(raw)) == classify_portfolio(raw)


@pytest.mark.parametrize(
    "body",
    ["a" * 10**6, "```" * 10**5, "{code:" * 10**5, "@" * 10**6, "<!--" * 10**5, "> x\n" * 10**5],
    ids=["a", "fence", "braces", "at", "comment", "quote"],
)
def test_a_body_of_a_megabyte_is_cut_and_judged(body: str) -> None:
    assert verdict(portfolio(item("A", "MOBILE", "Fix the button", body=body))).reasons


def test_deep_trees_need_no_recursion() -> None:
    depth = 3000
    chain = [item(f"K{n}", "MOBILE", "x", parent=f"K{n - 1}") for n in range(depth)]
    ring = [item(f"R{n}", "MOBILE", "x", parent=f"R{(n + 1) % depth}") for n in range(depth)]
    assert len(classify_portfolio(portfolio(*chain, *ring))) == 2 * depth


def test_half_a_character_is_no_error() -> None:
    assert verdict(portfolio(item("A", "MOBILE", "broken \ud83d title", body="\udfff"))).reasons
