"""Judging only what a change can affect gives what judging everything gives."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from syncer.classify import classify_portfolio
from syncer.classify.changes import Known, reclassify
from syncer.classify.classifier import Above, Standing, judge_again
from syncer.classify.portfolio import Portfolio
from syncer.classify.shipped import shipped_config
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
    known: Known | None = None
    for raw in (*pair, pair[0]):
        state = Portfolio.model_validate(raw)
        known = reclassify(known, state)
        assert known.verdicts == classify_portfolio(state)


def _tree() -> dict[str, Any]:
    strangers = [item(f"S{n}", "SEARCH", f"Stranger {n}") for n in range(50)]
    epic = item("E", "MOBILE", type="Epic")
    return portfolio(epic, *spread("E", "mobile", "mobile", "mobile"), *strangers)


def _changed(raw: dict[str, Any], number: int, **fields: Any) -> dict[str, Any]:
    after: dict[str, Any] = json.loads(json.dumps(raw))
    after["items"][number] |= fields
    return after


def _judged(before: Known, raw: dict[str, Any]) -> set[str]:
    """The items whose verdict is not the very one from before."""
    after = reclassify(before, Portfolio.model_validate(raw))
    found = {key for key, one in after.verdicts.items() if one is not before.verdicts.get(key)}
    assert len(found) == after.judged
    return found


def test_only_what_can_be_affected_is_judged() -> None:
    raw = _tree()
    before = reclassify(None, Portfolio.model_validate(raw))

    assert before.judged == 54
    assert _judged(before, raw) == set()
    assert _judged(before, _changed(raw, 1, title="Another part")) == {"E", "E-0"}
    turned = _changed(raw, 1, project="PAYMENTS")  # the epic becomes program work
    assert _judged(before, turned) == {"E", "E-0", "E-1", "E-2"}
    linked = _changed(raw, 1, links=[{"type": "blocks", "to": "S7"}])
    assert _judged(before, linked) == {"E", "E-0", "S7"}
    related = _changed(raw, 1, links=[{"type": "relates to", "to": "S7"}])
    assert _judged(before, related) == {"E", "E-0"}
    said = {"item": "E-1", "level": "program", "children": True}
    assert _judged(before, raw | {"overrides": [said]}) == {"E-1"}
    assert _judged(before, raw | {"overrides": [said | {"item": "E"}]}) == _judged(before, turned)


def test_other_projects_or_another_configuration_leave_nothing_as_it_is() -> None:
    raw = _tree()
    before = reclassify(None, Portfolio.model_validate(raw))

    assert len(_judged(before, raw | {"projects": raw["projects"][1:]})) == 54
    again = reclassify(before, Portfolio.model_validate(raw), config=shipped_config())
    assert again.judged == 54


def test_what_is_kept_is_not_judged_again_so_that_the_tests_above_mean_something() -> None:
    state = Portfolio.model_validate(_tree())
    right = judge_again(state)
    wrong = Standing(
        verdicts={**right.verdicts, "S7": right.verdicts["E"]}, above=right.above, judged=0
    )

    assert judge_again(state, wrong).verdicts["S7"] == right.verdicts["E"]
    assert judge_again(state, wrong, {"S7"}) == Standing(
        verdicts=right.verdicts, above=right.above, judged=1
    )


def _epic_in_two_products(children: int) -> Portfolio:
    places = ("MOBILE", "PAYMENTS")
    below = [item(f"C{n}", places[n % 2], f"Part {n}", parent="E") for n in range(children)]
    return Portfolio.model_validate(portfolio(item("E", "MOBILE", type="Epic"), *below))


def test_fifty_thousand_children_are_counted() -> None:
    few = judge_again(_epic_in_two_products(2))
    over = Above(None, few.verdicts["E"].level, few.verdicts["E"].confidence)
    names = [f"C{n}" for n in range(50_000)]
    before = Standing(
        verdicts=dict.fromkeys(names, few.verdicts["C0"]),
        above=dict.fromkeys(names, over),
        judged=0,
    )

    found = judge_again(_epic_in_two_products(50_000), before)

    assert (found.judged, found.verdicts["E"]) == (1, few.verdicts["E"])
    assert found.verdicts["E"].level is VerdictLevel.PROGRAM


def test_a_deep_chain_of_changes_is_climbed_once() -> None:
    def chain(title: str) -> Portfolio:
        deep = [item(f"K{n}", "MOBILE", title, parent=f"K{n - 1}") for n in range(3000)]
        return Portfolio.model_validate(portfolio(*deep))

    before = reclassify(None, chain("Sync"))

    assert reclassify(before, chain("Budget")).judged == 3000
