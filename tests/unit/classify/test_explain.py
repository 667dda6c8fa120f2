"""The one line that explains a verdict."""

from __future__ import annotations

import pytest

from syncer.classify.explain import LONGEST, explain
from syncer.domain.verdict import Reason, Verdict, VerdictLevel
from tests.unit.classify.portfolios import item, portfolio, project, verdict


def _verdict(*weighted: tuple[float, str], level: str = "program", **more: object) -> Verdict:
    """A verdict by evidence whose reasons have these weights and texts."""
    fields = {
        "level": VerdictLevel(level),
        "leaning": VerdictLevel("program"),
        "confidence": 0.95,
        "decided_by": "evidence",
    } | more
    reasons = tuple(
        Reason(signal="s" if text != "text only" else "text_only", weight=weight, text=text)
        for weight, text in weighted
    )
    return Verdict(reasons=reasons, **fields)  # type: ignore[arg-type]  # a table of fields


def test_the_form_of_the_specification() -> None:
    found = _verdict((2.4, "blocks 2 other products"), (0.6, "member of 5G Infrastructure"))
    assert explain(found) == "Program (95 %): blocks 2 other products, member of 5G Infrastructure"


def test_reasons_against_the_verdict_are_not_named() -> None:
    found = _verdict((2.4, "blocks 2 other products"), (-2.0, "Story in Phone"))
    assert explain(found) == "Program (95 %): blocks 2 other products"


def test_a_feature_that_customers_asked_for() -> None:
    raw = {
        "projects": [project("phone", name="5G Smartphone")],
        "items": [item("A", "PHONE", type="Feature", customers=14)],
    }
    expected = "Product (97 %): Feature in 5G Smartphone, 14 customers asked"
    assert explain(verdict(raw)) == expected


def test_an_undecided_text() -> None:
    found = _verdict((0.3, "text only"), level="unclassified", decided_by="none", confidence=0.5814)
    assert explain(found) == "Unclassified, leaning program (58 %): text only"


def test_text_only_is_said_once_and_the_longest_phrase_stands_for_its_parts() -> None:
    found = _verdict(
        (2.0, 'text only: "teams"'), (1.5, 'text only: "all teams"'), (-0.5, "text only")
    )
    assert explain(found) == 'Program (95 %): text only: "all teams"'


def test_reasons_that_do_not_fit_are_left_out_whole() -> None:
    found = _verdict(*((2.0 - n / 10, f"reason number {n} of many") for n in range(9)))
    line = explain(found)
    assert len(line) <= LONGEST
    assert line.endswith("of many")


def test_one_reason_that_does_not_fit_is_cut() -> None:
    line = explain(_verdict((2.0, "x" * 200)))
    assert (len(line), line[-1]) == (LONGEST, "…")


@pytest.mark.parametrize(
    "hostile", ["a\nb\x00c", "abc\u202edef", "x" * 500, "\u2028next", "\x1b[31mred"]
)
def test_names_from_trackers_cannot_break_the_line(hostile: str) -> None:
    raw = portfolio(item("A", "X", type="Feature"))
    raw["projects"].append({"key": "X", "name": hostile, "product": "x"})
    line = explain(verdict(raw))
    assert line.isprintable()
    assert len(line) <= LONGEST
