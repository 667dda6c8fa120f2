"""Judging only what a change can affect gives what judging everything gives."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from syncer.classify import classify_portfolio
from syncer.classify.changes import affected, reclassify
from syncer.classify.classifier import judge_anew
from syncer.classify.portfolio import Portfolio
from syncer.domain.verdict import VerdictLevel
from tests.unit.classify.portfolios import item, portfolio, spread
from tests.unit.classify.test_metamorphic import LINKS, TITLES, TYPES, portfolios

PLACES = ("MOBILE", "PAYMENTS", "SEARCH", "PMO")


@st.composite
def changes(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A portfolio, and the same after some items changed, came, went or were spoken of."""
    before = draw(portfolios())
    after = json.loads(json.dumps(before))
    keys = [one["key"] for one in before["items"]]
    for _ in range(draw(st.integers(0, 3))):
        one = draw(st.sampled_from(after["items"]))
        field, values = draw(
            st.sampled_from(
                [
                    ("title", st.sampled_from(TITLES)),
                    ("type", st.sampled_from(TYPES)),
                    ("project", st.sampled_from(PLACES)),
                    ("parent", st.none() | st.sampled_from([*keys, "new"])),
                    ("links", _links([*keys, "new"])),
                ]
            )
        )
        one[field] = draw(values)
    if draw(st.booleans()):
        after["items"].append(item("new", draw(st.sampled_from(PLACES)), parent=keys[0]))
    if len(keys) > 1 and draw(st.booleans()):
        del after["items"][draw(st.integers(0, len(keys) - 1))]
    if draw(st.booleans()):
        key = draw(st.sampled_from(keys))
        children = draw(st.booleans())
        after["overrides"] = [{"item": key, "level": "program", "children": children}]
    return (before, after) if draw(st.booleans()) else (after, before)


def _links(keys: list[str]) -> st.SearchStrategy[list[dict[str, str]]]:
    one = st.fixed_dictionaries({"type": st.sampled_from(LINKS), "to": st.sampled_from(keys)})
    return st.lists(one, max_size=2)


@settings(max_examples=60)
@given(changes())
def test_the_same_verdicts_as_a_full_run(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    before, after = (Portfolio.model_validate(raw) for raw in pair)

    found = reclassify(before, classify_portfolio(before), after)

    assert found == classify_portfolio(after)


def _tree() -> dict[str, Any]:
    strangers = [item(f"S{n}", "SEARCH", f"Stranger {n}") for n in range(50)]
    epic = item("E", "MOBILE", type="Epic")
    return portfolio(epic, *spread("E", "mobile", "mobile", "mobile"), *strangers)


def test_only_what_can_be_affected_is_judged() -> None:
    raw = _tree()
    changed = json.loads(json.dumps(raw))
    changed["items"][1]["project"] = "PAYMENTS"
    before, after = Portfolio.model_validate(raw), Portfolio.model_validate(changed)

    assert affected(before, after) == {"E", "E-0", "E-1", "E-2"}
    assert affected(before, before) == frozenset()


def test_what_is_kept_is_not_judged_again_so_that_the_test_above_means_something() -> None:
    before = Portfolio.model_validate(_tree())
    known = classify_portfolio(before)
    wrong = {**known, "S7": known["E"]}

    assert judge_anew(before, wrong)["S7"] == known["E"]
    assert known["S7"] != known["E"]


def test_fifty_thousand_children_are_counted() -> None:
    names = ("mobile", "payments")
    children = [item(f"C{n}", names[n % 2].upper(), f"Part {n}", parent="E") for n in range(50_000)]
    raw = Portfolio.model_validate(portfolio(item("E", "MOBILE", type="Epic"), *children))
    one = classify_portfolio(portfolio(children[0] | {"parent": None}))["C0"]

    found = judge_anew(raw, {f"C{n}": one for n in range(50_000)})

    assert found["E"].level is VerdictLevel.PROGRAM
