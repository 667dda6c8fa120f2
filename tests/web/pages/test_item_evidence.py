"""The evidence drawn on an item's page adds up to what is said of it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from syncer.classify import classify_portfolio
from syncer.domain.verdict import Verdict
from syncer.web.pages.reader import Current
from tests.unit.classify.portfolios import item, portfolio, spread
from tests.unit.publish.portfolios import example
from tests.web.pages.still_reader import StillReader
from tests.web.pages.test_pages import text_of

FILL = re.compile(r'class="fill" x="([\d.]+)" width="([\d.]+)"')
WEIGHT = re.compile(r'data-label="(Weight|Sum)" class="number">([+-][\d.]+)<')
SURE = re.compile(r"(\d+) % sure")
MIDDLE = 50.0

EPIC = item("A", "MOBILE", "Move to the new sign-in", type="Epic")
BLOCKS = [{"type": "blocks", "to": f"A-{n}"} for n in range(2)]
CASES: Mapping[str, dict[str, Any]] = {
    "spread": portfolio(EPIC, *spread("A", "mobile", "payments", "search")),
    "blocks": portfolio(EPIC | {"links": BLOCKS}, *spread("X", "payments")),
    "product": portfolio(item("A", "MOBILE", "Dark mode", type="Story", votes=14)),
    "bug": portfolio(item("A", "MOBILE", "Crash", type="Bug", fix_versions=["2.0"])),
    "text": portfolio(item("A", "PMO", "Budget and staffing for all teams")),
    "undecided": portfolio(item("A", "PMO", "Update the guideline for reviewers")),
    "little": portfolio(item("A", "SEARCH", "Sync")),
    "circle": portfolio(item("A", "MOBILE", "All teams must migrate", parent="A")),
}


@dataclass
class Judged(StillReader):
    """The pages of items with these verdicts."""

    verdict: Verdict = field(kw_only=True)

    async def current(self) -> Current:
        found = await super().current()
        verdicts = dict.fromkeys(found.stock.verdicts, self.verdict)
        return replace(found, stock=replace(found.stock, verdicts=verdicts))


def _signed(x: str, width: str) -> float:
    return float(width) if float(x) >= MIDDLE else -float(width)


@pytest.mark.parametrize("name", CASES)
async def test_the_bars_and_the_weights_add_up_to_the_sum_and_the_sum_to_how_sure(
    name: str,
) -> None:
    verdict = classify_portfolio(CASES[name])["A"]
    assert verdict.decided_by in {"evidence", "none"}

    html = await text_of(Judged(example(), verdict=verdict), "/items/jira:1")

    *weights, total = [float(found[1]) for found in WEIGHT.findall(html)]
    *drawn, sum_drawn = [_signed(*found) for found in FILL.findall(html)]
    assert len(weights) == len(drawn) == len(verdict.reasons)
    assert sum(weights) == pytest.approx(total, abs=0.005 * (len(weights) + 1))
    assert sum(drawn) == pytest.approx(sum_drawn, abs=0.5 * len(drawn))  # thin ones can be seen
    (sure,) = SURE.findall(html)
    assert 100 / (1 + math.exp(-abs(total))) == pytest.approx(float(sure), abs=1.2)


async def test_a_sum_that_does_not_add_up_would_be_seen() -> None:
    verdict = classify_portfolio(CASES["spread"])["A"]
    html = await text_of(Judged(example(), verdict=verdict), "/items/jira:1")
    *weights, total = [float(found[1]) for found in WEIGHT.findall(html)]
    assert sum(weights[1:]) != pytest.approx(total, abs=0.005 * len(weights))
