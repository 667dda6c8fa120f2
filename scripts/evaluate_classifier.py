"""Measure the classifier on the development data: `make evaluate-classifier`.

    python scripts/evaluate_classifier.py [--data FOLDER]

Real items are judged by models that were trained and calibrated without any item of their
organisation; nothing of a held-back fold reaches its model. The word lists, however, were written
by people who had read the development data. A second table therefore forgets, for each
organisation, the phrases that no other one shows: the estimate for organisations never seen.
Synthetic portfolios test structure with the shipped weights.
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
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from syncer.classify import classify_portfolio
from syncer.classify.config import ClassifierConfig, WordConfig
from syncer.classify.labelled import Labelled, folds, labelled
from syncer.classify.portfolio import Portfolio, PortfolioProject
from syncer.classify.shipped import shipped_config, shipped_words
from syncer.classify.training import train
from syncer.classify.unread import attested
from syncer.domain.verdict import Verdict, VerdictLevel

CHECKOUT = Path(__file__).resolve().parent.parent
ALL_SOURCES_APART = 1000
ROUNDS = 2000
BINS = 5
BATCH = 10_000
WIDE = 1.96  # standard deviations either side that hold 95 %


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What one fold needs: what it may learn from, its word lists, and what it must judge."""

    seen: Sequence[Labelled]
    held: Sequence[Labelled]
    words: WordConfig


Measure = Callable[[Sequence[Judged]], float]


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def judge_real(items: Sequence[Labelled], count: int, *, forgetting: bool) -> list[Judged]:
    """Every real item by a model that never saw its organisation.

    With `forgetting`, nor by word lists with a phrase that only its organisation shows.
    """
    words = shipped_words()
    shown = attested(items, words)
    lessons = []
    for fold in folds([item.group for item in items], count):
        held = [items[n] for n in fold]
        unread = {item.group for item in held}
        kept = shown.without(words, unread) if forgetting else words
        seen = [item for item in items if item.group not in unread]
        lessons.append(Lesson(seen=seen, held=held, words=kept))
    with ProcessPoolExecutor() as workers:
        return [one for part in workers.map(judge_fold, lessons) for one in part]


def judge_fold(lesson: Lesson) -> list[Judged]:
    """Learn, then judge what was held back."""
    learnt = {"words": lesson.words, "text": train(lesson.seen, lesson.words)}
    config = shipped_config().model_copy(update=learnt)
    return [_judged(item, config) for item in lesson.held]


def _judged(item: Labelled, config: ClassifierConfig) -> Judged:
    portfolio = Portfolio(projects=(PortfolioProject(key="project"),), items=(item.item,))
    return Judged(
        truth="program" if item.program else "product",
        verdict=classify_portfolio(portfolio, config=config)[item.item.key],
        group=item.group,
        document=item.document,
    )


# --- measures ---------------------------------------------------------------------------------


def macro_f1(judged: Sequence[Judged]) -> float:
    """Mean of the two classes' F1 of the leaning."""
    return (_f1(judged, "program") + _f1(judged, "product")) / 2


def _f1(judged: Sequence[Judged], level: str) -> float:
    found, known = precision(level)(judged), recall(level)(judged)
    return 2 * found * known / (found + known) if found + known else 0.0


def precision(level: str) -> Measure:
    """How much of what is said to lean so is so."""

    def measure(judged: Sequence[Judged]) -> float:
        said = [one for one in judged if one.verdict.leaning == level]
        return sum(one.right for one in said) / len(said) if said else 0.0

    return measure


def recall(level: str) -> Measure:
    """How much of what is so is said to lean so."""

    def measure(judged: Sequence[Judged]) -> float:
        true = [one for one in judged if one.truth == level]
        return sum(one.right for one in true) / len(true) if true else 0.0

    return measure


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


def interval(judged: Sequence[Judged], measure: Measure) -> tuple[float, float]:
    """95 % bootstrap interval over organisations, each drawn with all its items."""
    parts: defaultdict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        parts[one.group].append(one)
    pool = [parts[name] for name in sorted(parts)]
    draw = random.Random(7)
    found = sorted(
        measure([one for part in draw.choices(pool, k=len(pool)) for one in part])
        for _ in range(ROUNDS)
    )
    return found[int(0.025 * ROUNDS)], found[int(0.975 * ROUNDS) - 1]


def share_interval(right: int, count: int) -> tuple[float, float]:
    """95 % interval of Wilson for a share."""
    if not count:
        return 0.0, 1.0
    share, weight = right / count, WIDE**2 / count
    middle = (share + weight / 2) / (1 + weight)
    half = WIDE / (1 + weight) * math.sqrt(share * (1 - share) / count + weight / (4 * count))
    return middle - half, middle + half


# --- tables -----------------------------------------------------------------------------------

ROWS: Sequence[tuple[str, Measure, str]] = (
    ("macro-F1 of the leaning", macro_f1, "at least .80"),
    ("program: precision", precision("program"), ""),
    ("program: recall", recall("program"), ""),
    ("product: precision", precision("product"), ""),
    ("product: recall", recall("product"), ""),
    ("decided: accuracy", accuracy_decided, "at least .88"),
    ("decided: coverage", coverage, "at least .70"),
    (f"ECE, {BINS} equal-mass bins", calibration_error, "at most .06"),
)


def print_real(title: str, judged: Sequence[Judged]) -> None:
    """One table: all items, proposal documents and threads, each figure with its interval."""
    documents = [one for one in judged if one.document]
    parts = [judged, documents, [one for one in judged if not one.document]]
    print(f"\n{title}")
    _print_row("", ["all", "proposal documents", "threads"], "goal")
    _print_row("items (program, product)", [_counted(part) for part in parts], "")
    for name, measure, goal in ROWS:
        _print_row(name, [_cell(part, measure) for part in parts], goal)


def _print_row(name: str, cells: Sequence[str], goal: str) -> None:
    print(f"  {name:<26}{''.join(f'{cell:<22}' for cell in cells)}{goal}".rstrip())


def _counted(judged: Sequence[Judged]) -> str:
    counts = Counter(one.truth for one in judged)
    return f"{len(judged)} ({counts['program']}, {counts['product']})"


def _cell(judged: Sequence[Judged], measure: Measure) -> str:
    if not judged:
        return "-"
    low, high = interval(judged, measure)
    return f"{measure(judged):.3f} [{low:.3f}, {high:.3f}]"


def print_structural(path: Path) -> None:
    """The confusion of the synthetic portfolios, policy-dependent ones apart."""
    portfolios = read_lines(path)
    for debatable in (False, True):
        part = [one for one in portfolios if bool(one["policy_dependent"]) is debatable]
        pairs = Counter((_expected(one["label"]), _level(one)) for one in part)
        right = sum(count for (truth, level), count in pairs.items() if truth == level)
        low, high = share_interval(right, len(part))
        name = "policy-dependent" if debatable else "structural (goal: at least .97)"
        share = f"{right / max(len(part), 1):.3f} [{low:.3f}, {high:.3f}]"
        print(f"\n{name}: {right} of {len(part)} portfolios right, {share}")
        print("  expected      program  product  unclassified")
        for truth in VerdictLevel:
            cells = "".join(f"{pairs[truth, level]:>9}" for level in VerdictLevel)
            print(f"  {truth:<12}{cells}")


def _expected(label: str) -> VerdictLevel:
    return VerdictLevel.UNCLASSIFIED if label == "unclear" else VerdictLevel(label)


def _level(raw: dict[str, object]) -> VerdictLevel:
    return classify_portfolio(raw)[str(raw["target"])].level


def print_speed(items: Sequence[Labelled]) -> None:
    """The processor's milliseconds an item in a batch made of the real items' texts."""
    many = tuple(
        items[n % len(items)].item.model_copy(update={"key": f"K-{n}"}) for n in range(BATCH)
    )
    portfolio = Portfolio(projects=(PortfolioProject(key="project"),), items=many)
    start = time.process_time()
    classify_portfolio(portfolio)
    spent = time.process_time() - start
    print(f"\nspeed: {1000 * spent / BATCH:.3f} ms an item in a batch of {BATCH} (goal: at most 1)")


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
    print("In brackets: 95 % intervals by source.")
    judged = judge_real(items, arguments.folds, forgetting=False)
    print_real(
        "Pooled out-of-fold by source (the word lists' authors had read these items)", judged
    )
    unread = judge_real(items, arguments.folds, forgetting=True)
    print_real("The same without phrases that only the judged source shows: for the unseen", unread)
    print_structural(arguments.data / "structural_dev.jsonl")
    print_speed(items)


if __name__ == "__main__":
    main()
