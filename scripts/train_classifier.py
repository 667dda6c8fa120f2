"""Make `config/classification/text.toml` from labelled items: `make train-classifier`.

    python scripts/train_classifier.py [--data FILE.jsonl ...] [--out FILE.toml]

Reads items as JSON lines with `title`, `body`, `labels`, `label` (program or product) and, where
known, `source` and `confidence`. Writes weights of hand-made concepts and of words and word
pairs that six or more sources share, so that no sentence can be read back, and no name of a
source. The same data give the same bytes. Sources are used to form folds and to
weigh items, never as features.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from syncer.classify.config import TextWeights
from syncer.classify.features import Extractor, build_extractor, plain_words
from syncer.classify.fitting import BIAS, Example, Prior, fit, score
from syncer.classify.portfolio import PortfolioItem
from syncer.classify.shipped import shipped_words
from syncer.classify.text import read_text

Priors = dict[str, Prior]
CHECKOUT = Path(__file__).resolve().parent.parent
OUT = CHECKOUT / "config" / "classification" / "text.toml"
# Chosen by cross-validation over sources; docs/classification.md says what else was tried.
PROGRAM_MEAN, PRODUCT_MEAN, BIAS_MEAN = 1.2, -0.8, -0.3
CONCEPT_STRENGTH, WORD_STRENGTH, BIAS_STRENGTH = 3.0, 6.0, 0.05
WORD_SOURCES = 6  # a word must occur in so many sources to be learnt
LEAST_WEIGHT = 0.02
INNER_FOLDS = 8
DIGITS = 3
# Words that carry no meaning of their own; pairs of two of them are left out too.
EMPTY = frozenset(
    ["a", "about", "after", "also", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did", "do", "does", "e", "etc", "for", "from", "g", "had", "has", "have", "he", "how", "i", "if", "in", "into", "is", "it", "its", "may", "might", "more", "most", "must", "not", "of", "on", "or", "our", "out", "over", "per", "re", "s", "she", "should", "so", "some", "t", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "to", "up", "us", "via", "was", "we", "were", "what", "when", "where", "which", "while", "who", "will", "with", "would", "yes", "no", "you", "your"]
)
# "Boundary beats vocabulary": these prove nothing alone, however often they met a label.
PROVE_NOTHING = frozenset(
    ["program", "programs", "programme", "epic", "epics", "tracking", "roadmap", "migrate", "migration", "compliance", "initiative", "portfolio", "governance"]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One labelled item: what the model may see (`item`), and what only the folds may."""

    item: PortfolioItem
    program: bool
    sure: float
    group: str
    names: str
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
        names=f"{source} {row.get('project') or ''}".casefold(),
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
        Example(features=_row(extractor, item.item), program=item.program, weight=weight / mean)
        for item, weight in zip(items, raw, strict=True)
    ]


def _row(extractor: Extractor, item: PortfolioItem) -> dict[str, float]:
    text = read_text(item)
    features = extractor.concepts(text) | plain_words(text)
    return {name: feature.value for name, feature in features.items()}


def priors(rows: Sequence[Example], groups: Sequence[str], names: frozenset[str]) -> Priors:
    """What is expected of each feature before any example is seen.

    Concepts lean as the word lists say; a plain word says nothing until examples insist. Words
    of few sources are left out, and so are the names of sources, so that none is recognised.
    """
    words = shipped_words()
    sources: defaultdict[str, set[str]] = defaultdict(set)
    for row, group in zip(rows, groups, strict=True):
        for name in row.features:
            sources[name].add(group)
    learnt = [
        name
        for name, found in sources.items()
        if name.startswith("word:") and len(found) >= WORD_SOURCES and _means(name, names)
    ]
    means = {f"concept:{name}": PROGRAM_MEAN for name in words.program}
    means |= {f"concept:{name}": PRODUCT_MEAN for name in words.product}
    return {
        **{name: Prior(mean=mean, strength=CONCEPT_STRENGTH) for name, mean in means.items()},
        **{name: Prior(strength=WORD_STRENGTH) for name in sorted(learnt)},
        BIAS: Prior(mean=BIAS_MEAN, strength=BIAS_STRENGTH),
    }


def _means(name: str, names: frozenset[str]) -> bool:
    """Whether a word or pair means something, and is no name of a source."""
    parts = name.removeprefix("word:").split()
    return not (names | PROVE_NOTHING).intersection(parts) and any(
        part not in EMPTY and len(part) > 1 for part in parts
    )


def source_names(items: Sequence[Labelled]) -> frozenset[str]:
    """Every word in the names of organisations, repositories and projects."""
    return frozenset(part for item in items for part in re.findall(r"[^\W_]+", item.names))


def folds(groups: Sequence[str], count: int) -> list[list[int]]:
    """Row numbers in about equal folds; no group is in two."""
    members: defaultdict[str, list[int]] = defaultdict(list)
    for number, group in enumerate(groups):
        members[group].append(number)
    found: list[list[int]] = [[] for _ in range(min(count, len(members)))]
    for group in sorted(members, key=lambda name: (-len(members[name]), name)):
        min(found, key=len).extend(members[group])
    return found


def out_of_fold(
    rows: Sequence[Example], groups: Sequence[str], names: frozenset[str]
) -> list[float]:
    """The score of every row by a model that saw no row of its source."""
    scores = [0.0] * len(rows)
    for fold in folds(groups, INNER_FOLDS):
        held = set(fold)
        seen = [n for n in range(len(rows)) if n not in held]
        train_rows = [rows[n] for n in seen]
        weights = fit(train_rows, priors(train_rows, [groups[n] for n in seen], names))
        for number in fold:
            scores[number] = score(rows[number].features, weights)
    return scores


def train(rows: Sequence[Example], groups: Sequence[str], names: frozenset[str]) -> TextWeights:
    """Fit, then stretch by Platt's line so that the sum is an honest log-odds."""
    scores = out_of_fold(rows, groups, names)
    platt = fit(
        [replace(row, features={"score": held}) for row, held in zip(rows, scores, strict=True)],
        {"score": Prior(mean=1.0, strength=1.0), BIAS: Prior(strength=1.0)},
    )
    weights = fit(rows, priors(rows, groups, names))
    stretch = platt["score"]
    return TextWeights(
        prior=round(weights.pop(BIAS) * stretch + platt[BIAS], DIGITS),
        weights={
            name: round(weight * stretch, DIGITS)
            for name, weight in weights.items()
            if abs(weight) >= LEAST_WEIGHT
        },
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
    model = train(examples(items), groups, source_names(items))
    arguments.out.write_text(written(model, len(items), len(set(groups))), encoding="utf-8")
    print(f"{len(model.weights)} weights from {len(items)} items: {arguments.out}")


if __name__ == "__main__":
    main()
