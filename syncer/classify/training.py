"""Training the text model from labelled items: pure, and the same bytes for the same items.

Hand-made concepts start from the way that the word lists lean and move as far as examples
insist; plain words start at nothing. Calibrated by cross-validation over sources.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from syncer.classify.config import TextWeights, WordConfig
from syncer.classify.features import Extractor, build_extractor, plain_words
from syncer.classify.fitting import BIAS, Example, Prior, fit, score
from syncer.classify.labelled import Labelled, folds
from syncer.classify.portfolio import PortfolioItem
from syncer.classify.text import read_text
from syncer.classify.unread import attested

Learner = Callable[["Sequence[Lesson]"], dict[str, float]]
# Chosen by cross-validation over sources; docs/classification.md says what else was tried.
PROGRAM_MEAN, PRODUCT_MEAN, BIAS_MEAN = 1.8, -1.2, -0.3
CONCEPT_STRENGTH, WORD_STRENGTH, BIAS_STRENGTH = 1.5, 6.0, 0.05
WORD_SOURCES = 6  # a word must occur in so many sources to be learnt
LEAST_WEIGHT = 0.02
INNER_FOLDS = 8
DIGITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One item's features, and the source that it must not be judged with."""

    example: Example
    group: str


def train(items: Sequence[Labelled], words: WordConfig) -> TextWeights:
    """Fit, then stretch by Platt's line so that the sum is an honest log-odds."""
    taught = lessons(items, words)
    names = frozenset().union(*(item.names for item in items)) | words.unproven
    learn = _learner(words, names)
    platt = _platt(items, taught, learn, words=words)
    weights = learn(taught)
    stretch = platt["score"]
    return TextWeights(
        prior=round(weights.pop(BIAS) * stretch + platt[BIAS], DIGITS),
        weights={
            name: round(weight * stretch, DIGITS)
            for name, weight in weights.items()
            if abs(weight) >= LEAST_WEIGHT
        },
    )


def lessons(items: Sequence[Labelled], words: WordConfig) -> list[Lesson]:
    """Features of every item.

    An item of a source with many counts less, so that no source rules; an item that its
    annotator doubted counts less.
    """
    extractor = build_extractor(words)
    sizes = Counter(item.group for item in items)
    raw = [item.sure / sizes[item.group] ** 0.5 for item in items]
    mean = math.fsum(raw) / max(len(raw), 1)
    return [
        Lesson(
            example=Example(
                features=_row(extractor, item.item), program=item.program, weight=weight / mean
            ),
            group=item.group,
        )
        for item, weight in zip(items, raw, strict=True)
    ]


def _row(extractor: Extractor, item: PortfolioItem) -> dict[str, float]:
    text = read_text(item)
    features = extractor.concepts(text) | plain_words(text)
    return {name: feature.value for name, feature in features.items()}


def _learner(words: WordConfig, banned: frozenset[str]) -> Learner:
    """What turns lessons into weights, with the word lists' expectations built in."""

    def learn(taught: Sequence[Lesson]) -> dict[str, float]:
        expected = priors(taught, words, banned=banned)
        return fit([lesson.example for lesson in taught], expected)

    return learn


def priors(
    taught: Sequence[Lesson], words: WordConfig, *, banned: frozenset[str]
) -> dict[str, Prior]:
    """What is expected of each feature before any example is seen.

    Concepts lean as the word lists say; a plain word says nothing until examples insist. Words
    of few sources are left out, and so are the names of sources, so that none is recognised.
    """
    sources: defaultdict[str, set[str]] = defaultdict(set)
    for lesson in taught:
        for name in lesson.example.features:
            sources[name].add(lesson.group)
    learnt = [
        name
        for name, found in sources.items()
        if len(found) >= WORD_SOURCES and _may_learn(name, words.empty, banned)
    ]
    means = {f"concept:{name}": PROGRAM_MEAN for name in words.program}
    means |= {f"concept:{name}": PRODUCT_MEAN for name in words.product}
    return {
        **{name: Prior(mean=mean, strength=CONCEPT_STRENGTH) for name, mean in means.items()},
        **{name: Prior(strength=WORD_STRENGTH) for name in sorted(learnt)},
        BIAS: Prior(mean=BIAS_MEAN, strength=BIAS_STRENGTH),
    }


def _may_learn(name: str, empty: frozenset[str], banned: frozenset[str]) -> bool:
    """Whether a feature is a word or pair that means something and gives no source away."""
    kind, _, term = name.partition(":")
    parts = term.split()
    meaning = any(part not in empty and len(part) > 1 for part in parts)
    return kind == "word" and meaning and not banned.intersection(parts)


def _platt(
    items: Sequence[Labelled], taught: Sequence[Lesson], learn: Learner, *, words: WordConfig
) -> dict[str, float]:
    """The line from raw scores to honest log-odds, for sources that nobody has read.

    Each source is scored by weights that saw no item of it, and by word lists without the phrases
    that only it shows: strangers say things in words that the lists do not have.
    """
    shown = attested(items, words)
    scores = [0.0] * len(taught)
    for fold in folds([lesson.group for lesson in taught], INNER_FOLDS):
        held = set(fold)
        weights = learn([lesson for n, lesson in enumerate(taught) if n not in held])
        unread = {taught[n].group for n in fold}
        extractor = build_extractor(shown.without(words, unread))
        for number in fold:
            scores[number] = score(_row(extractor, items[number].item), weights)
    rows = [
        replace(lesson.example, features={"score": held})
        for lesson, held in zip(taught, scores, strict=True)
    ]
    return fit(rows, {"score": Prior(mean=1.0), BIAS: Prior()})


def written(model: TextWeights, items: Sequence[Labelled]) -> str:
    """The weights file, sorted by weight, so that a reader sees first what counts most."""
    sources = len({item.group for item in items})
    lines = [
        "# Weights of the text model in calibrated log-odds: above zero for program, below for",
        "# product. How much of a feature counts is said in syncer/classify/features.py.",
        f"# Made by scripts/train_classifier.py from {len(items)} items of {sources} sources.",
        f"prior = {model.prior:.{DIGITS}f}",
        "",
        "[weights]",
    ]
    ordered = sorted(model.weights.items(), key=lambda pair: (-pair[1], pair[0]))
    lines += [f'"{name}" = {weight:.{DIGITS}f}' for name, weight in ordered]
    return "\n".join(lines) + "\n"
