"""Make `config/classification/text.toml` from labelled items: `make train-classifier`.

    python scripts/train_classifier.py [--data FILE.jsonl ...] [--out FILE.toml]

Reads items as JSON lines with `title`, `body`, `labels`, `label` (program or product) and, where
known, `source` and `confidence`. Writes only weights of hand-made concepts: no text of an item
reaches the file, and the same data give the same bytes. Sources are used to form folds and to
weigh items, never as features.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from syncer.classify.config import TextWeights
from syncer.classify.features import build_extractor
from syncer.classify.fitting import BIAS, Example, Prior, fit, score
from syncer.classify.portfolio import PortfolioItem
from syncer.classify.shipped import shipped_words
from syncer.classify.text import read_text

CHECKOUT = Path(__file__).resolve().parent.parent
OUT = CHECKOUT / "config" / "classification" / "text.toml"
PROGRAM_MEAN, PRODUCT_MEAN, BIAS_MEAN = 0.8, -0.5, -0.3
STRENGTH, BIAS_STRENGTH = 1.0, 0.05
INNER_FOLDS = 8
DIGITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One labelled item: what the model may see (`item`), and what only the folds may."""

    item: PortfolioItem
    program: bool
    sure: float
    group: str
    document: bool


def shared_data() -> Path:
    """The folder of development data: SYNCER_SHARED_DATA, else `../shared/data`."""
    return Path(os.environ.get("SYNCER_SHARED_DATA", CHECKOUT.parent / "shared" / "data"))


def load(paths: Iterable[Path]) -> list[Labelled]:
    """Read labelled items; lines whose label is neither program nor product are left out."""
    rows = [
        json.loads(line)
        for path in paths
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    return [_labelled(row) for row in rows if row.get("label") in {"program", "product"}]


def _labelled(row: Mapping[str, object]) -> Labelled:
    source = str(row.get("source") or row.get("project") or "unknown")
    item = PortfolioItem.model_validate(
        {**row, "key": "item", "project": "project", "links": [], "parent": None}
    )
    return Labelled(
        item=item,
        program=row["label"] == "program",
        sure=float(str(row.get("confidence") or 0.95)),
        group=source.partition("/")[0],
        document=row.get("tracker") == "proposal-repo",
    )


def examples(items: Sequence[Labelled]) -> list[Example]:
    """Features of every item.

    An item of a source with many counts less, so that no source rules; an item that its
    annotator doubted counts less.
    """
    extractor = build_extractor(shipped_words())
    sizes = Counter(item.group for item in items)
    raw = [item.sure / sizes[item.group] ** 0.5 for item in items]
    mean = sum(raw) / len(raw)
    return [
        Example(
            features={
                name: feature.value
                for name, feature in extractor.concepts(read_text(item.item)).items()
            },
            program=item.program,
            weight=weight / mean,
        )
        for item, weight in zip(items, raw, strict=True)
    ]


def priors() -> dict[str, Prior]:
    """What the word lists expect of each concept before any example is seen."""
    words = shipped_words()
    return {
        **{
            f"concept:{name}": Prior(mean=PROGRAM_MEAN, strength=STRENGTH) for name in words.program
        },
        **{
            f"concept:{name}": Prior(mean=PRODUCT_MEAN, strength=STRENGTH) for name in words.product
        },
        BIAS: Prior(mean=BIAS_MEAN, strength=BIAS_STRENGTH),
    }


def folds(groups: Sequence[str], count: int) -> list[list[int]]:
    """Row numbers in about equal folds; no group is in two."""
    members: defaultdict[str, list[int]] = defaultdict(list)
    for number, group in enumerate(groups):
        members[group].append(number)
    found: list[list[int]] = [[] for _ in range(min(count, len(members)))]
    for group in sorted(members, key=lambda name: (-len(members[name]), name)):
        min(found, key=len).extend(members[group])
    return found


def out_of_fold(rows: Sequence[Example], groups: Sequence[str], count: int) -> list[float]:
    """The score of every row by a model that saw no row of its source."""
    scores = [0.0] * len(rows)
    for fold in folds(groups, count):
        held = set(fold)
        weights = fit([row for n, row in enumerate(rows) if n not in held], priors())
        for number in fold:
            scores[number] = score(rows[number].features, weights)
    return scores


def train(rows: Sequence[Example], groups: Sequence[str]) -> TextWeights:
    """Fit, then stretch by Platt's line so that the sum is an honest log-odds."""
    scores = out_of_fold(rows, groups, INNER_FOLDS)
    platt = fit(
        [replace(row, features={"score": held}) for row, held in zip(rows, scores, strict=True)],
        {"score": Prior(mean=1.0, strength=1.0), BIAS: Prior(strength=1.0)},
    )
    weights = fit(rows, priors())
    stretch = platt["score"]
    return TextWeights(
        prior=round(weights.pop(BIAS) * stretch + platt[BIAS], DIGITS),
        weights={name: round(weight * stretch, DIGITS) for name, weight in weights.items()},
    )


def written(model: TextWeights, count: int, sources: int) -> str:
    """The weights file, sorted by weight, so that a reader sees first what counts most."""
    lines = [
        "# Weights of the text model in calibrated log-odds: above zero for program, below for",
        "# product. A phrase counts 1 in the title or a label and ½ in the body.",
        f"# Made by scripts/train_classifier.py from {count} items of {sources} sources.",
        f"prior = {model.prior:.{DIGITS}f}",
        "",
        "[weights]",
    ]
    ordered = sorted(model.weights.items(), key=lambda pair: (-pair[1], pair[0]))
    lines += [f'"{name}" = {weight:.{DIGITS}f}' for name, weight in ordered]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description="Train the text model of syncer's classifier.")
    default = shared_data() / "classification" / "real_dev.jsonl"
    parser.add_argument("--data", type=Path, action="append", help="labelled items, JSON lines")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    items = load(arguments.data or [default])
    groups = [item.group for item in items]
    model = train(examples(items), groups)
    arguments.out.write_text(written(model, len(items), len(set(groups))), encoding="utf-8")
    print(f"{len(model.weights)} weights from {len(items)} items: {arguments.out}")


if __name__ == "__main__":
    main()
