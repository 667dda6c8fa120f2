"""The synthetic development portfolios: structure must decide nearly all of them."""

from __future__ import annotations

import json
from pathlib import Path

from syncer.classify import classify_portfolio


def test_structure_decides_the_synthetic_portfolios(shared_data: Path) -> None:
    path = shared_data / "classification" / "structural_dev.jsonl"
    portfolios = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    sure = [one for one in portfolios if not one["policy_dependent"]]
    wrong = [
        one["id"]
        for one in sure
        if classify_portfolio(one)[one["target"]].level
        != {"unclear": "unclassified"}.get(one["label"], one["label"])
    ]
    assert len(wrong) <= 0.03 * len(sure), wrong
