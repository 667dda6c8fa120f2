"""The chain of precedence: the first step that exists decides."""

from __future__ import annotations

from typing import Any

import pytest

from syncer.classify.explain import explain
from syncer.domain.verdict import VerdictLevel
from tests.unit.classify.portfolios import item, portfolio, project, spread, verdict

PROGRAM, PRODUCT = VerdictLevel.PROGRAM, VerdictLevel.PRODUCT
UNCLASSIFIED = VerdictLevel.UNCLASSIFIED


def _tree(**more: Any) -> dict[str, Any]:
    """A grandparent, a parent and a child in one product, all plain product work by evidence."""
    return portfolio(
        item("G", "MOBILE", type="Epic"),
        item("P", "MOBILE", "Part", type="Story", parent="G"),
        item("A", "MOBILE", "Step", type="Story", parent="P"),
        **more,
    )


def _override(key: str, level: str = "program", **more: Any) -> dict[str, Any]:
    return {"item": key, "level": level, "author": "J. Roth", "reason": "ordered"} | more


def test_a_human_override_beats_everything_below_it() -> None:
    raw = _tree(
        overrides=[_override("G", "product", children=True), _override("A")],
        mappings=[{"item": "A", "level": "product", "rule": "label x"}],
    )
    found = verdict(raw)
    assert (found.level, found.decided_by, found.confidence) == (PROGRAM, "override", 1.0)
    assert explain(found) == "Program (100 %): set by J. Roth: ordered"


def test_an_override_may_send_an_item_to_review() -> None:
    found = verdict(_tree(overrides=[_override("A", "unclassified")]))
    assert (found.level, found.leaning, found.decided_by) == (UNCLASSIFIED, PRODUCT, "override")


def test_the_nearest_ancestor_that_covers_children_decides() -> None:
    raw = _tree(overrides=[_override("G", "product", children=True), _override("P", children=True)])
    found = verdict(raw)
    assert (found.level, found.decided_by) == (PROGRAM, "ancestor_override")


def test_an_override_of_this_item_only_is_not_inherited() -> None:
    """It hides nothing either: a farther one that covers children still counts."""
    only_parent = verdict(_tree(overrides=[_override("P")]))
    both = verdict(_tree(overrides=[_override("P"), _override("G", children=True)]))
    assert (only_parent.level, only_parent.decided_by) == (PRODUCT, "evidence")
    assert (both.level, both.decided_by) == (PROGRAM, "ancestor_override")


def test_an_ancestors_override_beats_a_mapping_and_a_mapping_an_explicit_field() -> None:
    mapping = {"item": "A", "level": "program", "rule": "label prog:*"}
    raw = _tree(mappings=[mapping])
    raw["items"][2]["explicit"] = "product"
    found = verdict(raw)
    assert (found.level, found.decided_by) == (PROGRAM, "mapping")
    raw["overrides"] = [_override("G", "product", children=True)]
    assert verdict(raw).decided_by == "ancestor_override"


def test_the_first_of_two_mappings_wins() -> None:
    rules = [{"item": "A", "level": level, "rule": level} for level in ("program", "product")]
    assert verdict(_tree(mappings=rules)).level is PROGRAM


@pytest.mark.parametrize("fields", [{"explicit": "program"}, {"labels": ["x", " Syncer:Program "]}])
def test_an_explicit_field_or_label_beats_evidence(fields: dict[str, Any]) -> None:
    found = verdict(portfolio(item("A", "MOBILE", type="Bug", **fields)))
    assert (found.level, found.decided_by) == (PROGRAM, "explicit")


def test_evidence_beats_the_parents_level() -> None:
    raw = portfolio(
        item("P", "PMO", type="Initiative"),
        *spread("P", "payments", "search"),
        item("A", "MOBILE", "Dual SIM", type="Story", parent="P"),
    )
    assert verdict(raw, "P").level is PROGRAM
    assert (verdict(raw).level, verdict(raw).decided_by) == (PRODUCT, "evidence")


def test_without_evidence_the_parents_level_counts_at_nine_tenths() -> None:
    raw = portfolio(
        item("P", "PMO", type="Initiative"),
        *spread("P", "payments", "search"),
        item("A", "PMO", "Sync", parent="P"),
        item("B", "PMO", "Sync", parent="A"),
    )
    parent, child, grandchild = (verdict(raw, key) for key in "PAB")
    assert (child.level, child.decided_by) == (PROGRAM, "parent")
    assert child.confidence == pytest.approx(parent.confidence * 0.9)
    assert grandchild.confidence == pytest.approx(parent.confidence * 0.81)


def test_an_inherited_level_below_seventy_percent_no_longer_decides() -> None:
    chain = [item("P", "PMO", "Initiative", type="Initiative"), *spread("P", "payments", "search")]
    keys = "ABCDEF"
    chain += [
        item(key, "PMO", "Sync", parent=above) for above, key in zip("PABCDE", keys, strict=True)
    ]
    raw = portfolio(*chain)
    assert verdict(raw, "F").level is UNCLASSIFIED
    assert all(verdict(raw, key).confidence >= 0.5 for key in keys)


def test_the_projects_default_comes_last_and_then_nothing() -> None:
    raw = portfolio(item("A", "MOBILE", "Sync"))
    nothing = verdict(raw)
    raw["projects"][0] = project("mobile", default_level="program")
    found = verdict(raw)
    assert (found.level, found.decided_by, found.confidence) == (PROGRAM, "default", 0.70)
    assert (nothing.level, nothing.decided_by) == (UNCLASSIFIED, "none")
    assert nothing.confidence < 0.70
