"""Measure the classifier on the development data: `make evaluate-classifier`.

    python scripts/evaluate_classifier.py [--data FOLDER]

Real items are judged by models that were trained and calibrated without any item of their
source; nothing of a held-back fold reaches its model. The word lists, however, were written by
people who had read the development data, so that these figures are kinder than those on other
organisations' items. Synthetic portfolios test structure with the shipped weights.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from syncer.classify import classify_portfolio
from syncer.classify.config import ClassifierConfig
from syncer.classify.labelled import Labelled, folds, labelled
from syncer.classify.portfolio import Portfolio, PortfolioProject
from syncer.classify.shipped import shipped_config, shipped_words
from syncer.classify.training import train
from syncer.domain.verdict import Verdict, VerdictLevel

CHECKOUT = Path(__file__).resolve().parent.parent
ALL_SOURCES_APART = 1000
ROUNDS = 2000
BINS = 5
BATCH = 10_000
LEVELS = ("program", "product")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One item's truth and its verdict."""

    truth: str
    verdict: Verdict
    group: str
    document: bool

    @property
    def right(self) -> bool:
        """Whether the leaning is the truth."""
        return self.verdict.leaning == self.truth

    @property
    def decided(self) -> bool:
        """Whether the classifier committed itself."""
        return self.verdict.level is not VerdictLevel.UNCLASSIFIED


Measure = Callable[[Sequence[Judged]], float]


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def judge_real(items: Sequence[Labelled], count: int) -> list[Judged]:
    """Every real item by a model that never saw its source."""
    judged: list[Judged] = []
    for fold in folds([item.group for item in items], count):
        held = set(fold)
        seen = [item for n, item in enumerate(items) if n not in held]
        config = shipped_config().model_copy(update={"text": train(seen, shipped_words())})
        judged += [_judged(items[n], config) for n in fold]
    return judged


def _judged(item: Labelled, config: ClassifierConfig) -> Judged:
    portfolio = Portfolio(projects=(PortfolioProject(key="project"),), items=(item.item,))
    return Judged(
        truth="program" if item.program else "product",
        verdict=classify_portfolio(portfolio, config=config)[item.item.key],
        group=item.group,
        document=item.document,
    )


def macro_f1(judged: Sequence[Judged]) -> float:
    """Mean of the two classes' F1 of the leaning."""
    return sum(_f1(judged, level) for level in LEVELS) / len(LEVELS)


def _f1(judged: Sequence[Judged], level: str) -> float:
    precision, recall = precision_recall(judged, level)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def precision_recall(judged: Sequence[Judged], level: str) -> tuple[float, float]:
    """Precision and recall of one class of the leaning."""
    hits = sum(one.right and one.truth == level for one in judged)
    said = sum(one.verdict.leaning == level for one in judged)
    true = sum(one.truth == level for one in judged)
    return (hits / said if said else 0.0, hits / true if true else 0.0)


def calibration_error(judged: Sequence[Judged]) -> float:
    """ECE of the leaning's confidence over equal-mass bins."""
    ordered = sorted(judged, key=lambda one: one.verdict.confidence)
    edges = [round(len(ordered) * n / BINS) for n in range(BINS + 1)]
    gap = 0.0
    for start, end in pairwise(edges):
        part = ordered[start:end]
        gap += abs(sum(one.verdict.confidence for one in part) - sum(one.right for one in part))
    return gap / len(ordered)


def accuracy_decided(judged: Sequence[Judged]) -> float:
    """Share of decided items whose level is right."""
    decided = [one for one in judged if one.decided]
    return sum(one.right for one in decided) / len(decided) if decided else math.nan


def coverage(judged: Sequence[Judged]) -> float:
    """Share of items that were decided."""
    return sum(one.decided for one in judged) / len(judged)


def interval(judged: Sequence[Judged], measure: Measure, *, by_source: bool) -> tuple[float, float]:
    """95 % bootstrap interval; drawing whole sources where `by_source`, else items."""
    parts: defaultdict[object, list[Judged]] = defaultdict(list)
    for number, one in enumerate(judged):
        parts[one.group if by_source else number].append(one)
    pool = [parts[name] for name in sorted(parts, key=str)]
    draw = random.Random(7)
    found = sorted(
        measure([one for part in draw.choices(pool, k=len(pool)) for one in part])
        for _ in range(ROUNDS)
    )
    return found[int(0.025 * ROUNDS)], found[int(0.975 * ROUNDS) - 1]


def print_real(title: str, judged: Sequence[Judged]) -> None:
    """The table of one part of the real items."""
    low, high = interval(judged, macro_f1, by_source=True)
    ece_low, ece_high = interval(judged, calibration_error, by_source=False)
    ece = f"{calibration_error(judged):.3f}  [{ece_low:.3f}, {ece_high:.3f}]"
    counts = Counter(one.truth for one in judged)
    print(
        f"\n{title}: {len(judged)} items, {counts['program']} program, {counts['product']} product"
    )
    print(f"  macro-F1 of the leaning  {macro_f1(judged):.3f}  [{low:.3f}, {high:.3f}] by source")
    for level in LEVELS:
        precision, recall = precision_recall(judged, level)
        print(f"  {level:<9} precision {precision:.3f}  recall {recall:.3f}")
    print(f"  decided  accuracy {accuracy_decided(judged):.3f}  coverage {coverage(judged):.3f}")
    print(f"  ECE ({BINS} equal-mass bins)  {ece}")


def print_structural(path: Path) -> None:
    """The confusion of the synthetic portfolios, policy-dependent ones apart."""
    portfolios = read_lines(path)
    for debatable in (False, True):
        part = [one for one in portfolios if bool(one["policy_dependent"]) is debatable]
        pairs = Counter((_expected(one["label"]), _level(one)) for one in part)
        right = sum(count for (truth, level), count in pairs.items() if truth == level)
        name = "policy-dependent" if debatable else "structural"
        print(f"\n{name}: {len(part)} portfolios, {right} right ({right / len(part):.3f})")
        print("  expected      program  product  unclassified")
        for truth in VerdictLevel:
            cells = "".join(f"{pairs[truth, level]:>9}" for level in VerdictLevel)
            print(f"  {truth:<12}{cells}")


def _expected(label: str) -> VerdictLevel:
    return VerdictLevel.UNCLASSIFIED if label == "unclear" else VerdictLevel(label)


def _level(raw: dict[str, object]) -> VerdictLevel:
    return classify_portfolio(raw)[str(raw["target"])].level


def print_speed(items: Sequence[Labelled]) -> None:
    """Milliseconds an item in a batch made of the real items' texts."""
    many = tuple(
        items[n % len(items)].item.model_copy(update={"key": f"K-{n}"}) for n in range(BATCH)
    )
    portfolio = Portfolio(projects=(PortfolioProject(key="project"),), items=many)
    start = time.perf_counter()
    classify_portfolio(portfolio)
    spent = time.perf_counter() - start
    print(f"\nspeed: {1000 * spent / BATCH:.3f} ms an item in a batch of {BATCH}")


def main() -> None:
    """Print every table."""
    shared = Path(os.environ.get("SYNCER_SHARED_DATA", CHECKOUT.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description="Measure syncer's classifier.")
    parser.add_argument("--data", type=Path, default=shared / "classification")
    parser.add_argument("--folds", type=int, default=ALL_SOURCES_APART, help="fewer is faster")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        parser.error(f"no folder {arguments.data}: name it with --data, or with SYNCER_SHARED_DATA")
    items = labelled(read_lines(arguments.data / "real_dev.jsonl"))
    judged = judge_real(items, arguments.folds)
    print_real("real items", judged)
    print_real("proposal documents", [one for one in judged if one.document])
    print_real("threads", [one for one in judged if not one.document])
    print_structural(arguments.data / "structural_dev.jsonl")
    print_speed(items)


if __name__ == "__main__":
    main()
