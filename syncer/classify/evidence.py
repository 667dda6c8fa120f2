"""Step 5 of precedence: one additive log-odds score from structure and text.

Where structure decides, text moves it by at most a share. Text decides only where structure
says too little, and says "text only" where structure says nothing. Every reason carries its
part of the sum, so that the weights of a verdict's reasons add up to the log-odds of its
confidence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from syncer.classify.config import ClassifierConfig
from syncer.classify.features import CONCEPT, Extractor, Feature, plain_words
from syncer.classify.portfolio import PortfolioItem
from syncer.classify.printable import printable
from syncer.classify.signals import INSIDE
from syncer.classify.text import ItemText, label_with, read_text
from syncer.domain.verdict import Reason

TEXT_ONLY, TEXT_REST = "text_only", "text_rest"
TOO_LITTLE, CYCLE, LIMIT = "too_little", "parent_cycle", "limit"
_NAMED_PHRASES = 5
_UNDECIDED = 0.69
_SURE = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The sum in log-odds (above zero: program) and its parts."""

    score: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class TextModel:
    """The linear model: a prior and a weight for each feature, all calibrated log-odds."""

    extractor: Extractor
    config: ClassifierConfig

    def reasons(
        self, text: ItemText, *, labels: Sequence[str], alone: bool, with_prior: bool
    ) -> tuple[Reason, ...]:
        """The strongest phrases of the word lists, and one reason for all other words.

        The prior, how rare program items are, counts only where structure does not decide. A phrase
        of a label is quoted as the whole label, one of the `labels`.
        """
        parts = self._parts(text)
        shown = [part for part in parts if part[1].startswith(CONCEPT)][:_NAMED_PHRASES]
        named = tuple(_phrase(*part, labels=labels, alone=alone) for part in shown)
        rest = math.fsum(part[0] for part in parts if part not in shown)
        rest += self.config.text.prior if with_prior else 0.0
        if alone:
            return (*named, Reason(signal=TEXT_ONLY, weight=rest, text="text only"))
        if not rest:
            return named
        return (*named, Reason(signal=TEXT_REST, weight=rest, text="its plain wording"))

    def _parts(self, text: ItemText) -> list[tuple[float, str, Feature]]:
        """Contribution, name and feature of all that has a weight, strongest first."""
        weights = self.config.text.weights
        features = self.extractor.concepts(text)
        features |= plain_words(text, self.config.text.words)
        parts = [
            (weights[name] * feature.value, name, feature)
            for name, feature in features.items()
            if weights.get(name)
        ]
        return sorted(parts, key=lambda part: (-abs(part[0]), part[1]))


def _phrase(
    weight: float, name: str, feature: Feature, *, labels: Sequence[str], alone: bool
) -> Reason:
    quoted = f'"{printable(feature.shown)}"'
    if feature.labelled:
        quoted = f'label "{printable(label_with(feature.shown, labels))}"'
    return Reason(
        signal=f"text:{name}", weight=weight, text=f"text only: {quoted}" if alone else quoted
    )


def weigh(
    item: PortfolioItem,
    structure: Sequence[Reason],
    *,
    model: TextModel,
    cyclic: bool,
    belongs_nowhere: bool,
) -> Evidence:
    """Add up structure and text for one item, within the bounds that honesty sets.

    That plain work is product work holds for what lies in some product; an item that belongs
    to none, where others do, gets no such benefit of the doubt.
    """
    text = read_text(item)
    base = _sum(structure)
    decides = abs(base) >= log_odds(model.config.decides_at)
    alone = all(reason.signal == INSIDE for reason in structure)
    spoken = model.reasons(
        text, labels=item.labels, alone=alone, with_prior=not decides and not belongs_nowhere
    )
    if decides:
        spoken = _scaled(spoken, model.config.structure.limits.text_share * abs(base))
    reasons = sorted((*structure, *spoken), key=lambda reason: -abs(reason.weight))
    if not decides and model.extractor.says_little(text):
        reasons += _bounded(reasons, _UNDECIDED, signal=TOO_LITTLE, text="too little text to judge")
    if cyclic and not (decides and base > 0):  # spread is real even where the tree is broken
        reasons += _bounded(reasons, _UNDECIDED, signal=CYCLE, text="it is its own ancestor")
    reasons += _bounded(reasons, _SURE, signal=LIMIT, text="never more than 99 % sure")
    return Evidence(score=_sum(reasons), reasons=tuple(reasons))


def _scaled(spoken: Iterable[Reason], limit: float) -> tuple[Reason, ...]:
    """The text's reasons shrunk so that their sum stays within the limit."""
    spoken = tuple(spoken)
    total = abs(_sum(spoken))
    if total <= limit:
        return spoken
    share = limit / total
    return tuple(Reason(signal=r.signal, weight=r.weight * share, text=r.text) for r in spoken)


def _bounded(reasons: Iterable[Reason], at_most: float, *, signal: str, text: str) -> list[Reason]:
    """The reason that pulls the sum back to the given probability, where it lies beyond."""
    score, bound = _sum(reasons), log_odds(at_most)
    if abs(score) <= bound:
        return []
    return [Reason(signal=signal, weight=math.copysign(bound, score) - score, text=text)]


def _sum(reasons: Iterable[Reason]) -> float:
    return math.fsum(reason.weight for reason in reasons)


def log_odds(probability: float) -> float:
    """The log-odds of a probability strictly between 0 and 1."""
    return math.log(probability / (1 - probability))


def probability(score: float) -> float:
    """The probability of program for a score in log-odds."""
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, score))))
