"""`[[classification]]` rules on portfolios from a file."""

from __future__ import annotations

import pytest

from syncer.classify import classify_portfolio
from syncer.classify.portfolio import Portfolio
from syncer.classify.rules import with_rules
from syncer.domain.portfolio import ClassificationRule
from syncer.domain.selector import InContainer, InVersion, Selector, Under, WithField, WithLabel
from syncer.domain.verdict import VerdictLevel
from tests.unit.classify.portfolios import item, portfolio

SAMPLE = Portfolio.model_validate(
    portfolio(
        item("P", "PAYMENTS", type="Bug", parent="A"),
        item("A", "MOBILE", type="Bug", labels=["prog:5g"], fix_versions=["2.0"], parent="P"),
    )
)


@pytest.mark.parametrize(
    ("selector", "picked", "text"),
    [
        (WithLabel("prog:*"), {"A"}, 'rule label "prog:*"'),
        (InContainer("jira:MOB*"), {"A"}, "rule jira:MOB*"),
        (InVersion("jira:MOBILE/2.*"), {"A"}, "rule version jira:MOBILE/2.*"),
        (InVersion("jira:SEARCH/2.*"), set(), ""),
        (Under("jira:A"), {"A", "P"}, "rule under jira:A"),
        (Under("jira:Z"), set(), ""),
        (WithField("Program", "5G"), set(), ""),
    ],
)
def test_selectors_pick_what_a_file_can_know(
    selector: Selector, picked: set[str], text: str
) -> None:
    rule = ClassificationRule(select=(selector,), level=VerdictLevel.PROGRAM)
    found = classify_portfolio(with_rules(SAMPLE, [rule]))
    assert {key for key, one in found.items() if one.decided_by == "mapping"} == picked
    assert {found[key].reasons[0].text for key in picked} == ({text} if picked else set())


def test_the_first_rule_wins_and_no_rule_changes_nothing() -> None:
    rules = [
        ClassificationRule(select=(WithLabel(pattern),), level=level)
        for pattern, level in (("prog:*", VerdictLevel.PROGRAM), ("*", VerdictLevel.PRODUCT))
    ]
    assert classify_portfolio(with_rules(SAMPLE, rules))["A"].level is VerdictLevel.PROGRAM
    assert with_rules(SAMPLE, []) is SAMPLE
