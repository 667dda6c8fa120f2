"""Rules that people's corrections suggest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from syncer.classify.suggestions import LEAST, Suggestion, suggestions
from syncer.domain.item import Version, WorkItem
from syncer.domain.portfolio import ClassificationRule
from syncer.domain.selector import InContainer, InVersion, Selector, Under, WithField, WithLabel
from syncer.domain.statement import Door, Provenance, VerdictOverride
from syncer.domain.verdict import Verdict, VerdictLevel
from tests.store.samples import NOON, item

PROGRAM, PRODUCT = VerdictLevel.PROGRAM, VerdictLevel.PRODUCT
ROOT = item(99)
OTHERS = [item(n) for n in range(500, 560)]


def _said(items: Sequence[WorkItem], level: VerdictLevel = PROGRAM) -> list[VerdictOverride]:
    said = Provenance(author="A. Silva", at=NOON, door=Door.COMMAND)
    return [
        VerdictOverride(
            id=f"V-{one.key}", item_uid=one.uid, level=level, children=False, provenance=said
        )
        for one in items
    ]


def _alike(count: int = LEAST, **fields: Any) -> list[WorkItem]:
    return [item(n, **fields) for n in range(1, count + 1)]


def _found(
    items: Sequence[WorkItem], overrides: Sequence[VerdictOverride], *rules: ClassificationRule
) -> list[Suggestion]:
    every = [*items, ROOT, *OTHERS]
    product = Verdict(level=PRODUCT, leaning=PRODUCT, confidence=0.9, decided_by="evidence")
    verdicts = {one.uid: product for one in every}
    return suggestions(every, overrides=overrides, verdicts=verdicts, rules=rules)


@pytest.mark.parametrize(
    ("fields", "selector"),
    [
        ({"labels": ("rollout",)}, WithLabel("rollout")),
        ({"custom": {"Board": "Steering"}}, WithField("Board", "Steering")),
        ({"fix_versions": (Version(id="1", name="3.0"),)}, InVersion("jira:NET/3.0")),
        ({"parent": ROOT.ref}, Under("jira:NET-99")),
        ({"labels": ("wave[1]*",)}, WithLabel("wave[[]1][*]")),
    ],
)
def test_ten_like_corrections_suggest_what_they_share(
    fields: dict[str, Any], selector: Selector
) -> None:
    items = _alike(**fields)

    [one] = _found(items, _said(items))

    assert (one.selector, one.level, len(one.overrides)) == (selector, PROGRAM, LEAST)
    assert one.turned == one.picked


def test_labels_of_one_family_suggest_the_family() -> None:
    items = [item(n, labels=(f"prog:{n}",)) for n in range(1, LEAST + 1)]

    [one] = _found(items, _said(items))

    assert one.selector == WithLabel("prog:*")


def test_nine_are_not_enough_and_neither_is_a_correction_that_was_undone() -> None:
    items = _alike(LEAST - 1, labels=("rollout",))

    assert _found(items, _said(items)) == []


def test_one_correction_to_the_other_level_speaks_against_the_rule() -> None:
    items = _alike(LEAST + 1, labels=("rollout",))

    assert _found(items, [*_said(items[:-1]), *_said(items[-1:], PRODUCT)]) == []


def test_a_rule_that_would_turn_much_that_nobody_corrected_is_not_suggested() -> None:
    assert _found(_alike(), _said(_alike())) == []  # the container holds sixty others


def test_a_container_is_suggested_where_nearly_all_of_it_was_corrected() -> None:
    items = [*_alike(), *OTHERS[:20], *OTHERS[20:]]

    found = _found(_alike(), _said(items[:-5]))

    assert [one.selector for one in found] == [InContainer("jira:NET")]


def test_what_a_rule_says_already_is_not_suggested_again() -> None:
    items = _alike(labels=("rollout",))
    rule = ClassificationRule(select=(WithLabel("roll*"),), level=PROGRAM)

    assert _found(items, _said(items), rule) == []


def test_two_patterns_give_two_rules() -> None:
    first = [item(n, labels=("rollout",)) for n in range(1, 11)]
    second = [item(n, labels=("widget",)) for n in range(11, 22)]

    found = _found([*first, *second], [*_said(first), *_said(second, PRODUCT)])

    assert [(one.selector, one.level) for one in found] == [
        (WithLabel("widget"), PRODUCT),
        (WithLabel("rollout"), PROGRAM),
    ]


def test_only_the_last_correction_of_an_item_counts() -> None:
    items = _alike(labels=("rollout",))

    [one] = _found(items, [*_said(items, PRODUCT), *_said(items)])

    assert (one.level, len(one.overrides)) == (PROGRAM, LEAST)
