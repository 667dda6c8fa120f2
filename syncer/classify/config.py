"""The classifier's shipped settings: weights of structure, word lists and the text model.

Their files lie under `config/classification`; `syncer.classify.shipped` reads them.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_Strict):
    """Bounds used by the structural signals; days, shares of one and counts."""

    long_span_days: int
    outside_largest: float
    customers_full: int
    text_share: float


class Types(_Strict):
    """Casefolded names of native types that speak for product work."""

    feature: frozenset[str]
    story: frozenset[str]
    bug: frozenset[str]


class Automation(_Strict):
    """Labels that bots and scanners put on what they open."""

    labels: frozenset[str]


class StructureConfig(_Strict):
    """`structure.toml`: a weight in log-odds for each structural signal, and the limits."""

    weights: dict[str, float]
    limits: Limits
    types: Types
    automation: Automation


class WordConfig(_Strict):
    """`words.toml`: classes of words, and concepts as phrases over words and classes.

    `program` and `product` are concepts by the way that they are expected to lean. In a
    phrase a word ending in `*` stands for its beginning, `@name` for a class, and `..`
    for at most two words in between. `characters` hold plain substrings for languages that
    are written without spaces. `idioms` are phrases whose words mean something else together:
    no other phrase is found where one of their words stands.
    """

    classes: dict[str, frozenset[str]]
    program: dict[str, frozenset[str]]
    product: dict[str, frozenset[str]]
    characters: dict[str, frozenset[str]] = Field(default_factory=dict)
    idioms: frozenset[str] = frozenset()
    generic: frozenset[str]
    empty: frozenset[str]
    unproven: frozenset[str]

    @property
    def concepts(self) -> dict[str, frozenset[str]]:
        """The phrases of every concept, whichever way it is expected to lean."""
        return self.program | self.product


class TextWeights(_Strict):
    """`text.toml`: calibrated log-odds of the text model; made by scripts/train_classifier.py."""

    prior: float
    weights: dict[str, float]

    @cached_property
    def words(self) -> frozenset[str]:
        """The plain words and pairs that have a weight."""
        found = (name.partition(":") for name in self.weights)
        return frozenset(term for kind, _, term in found if kind == "word")


class ClassifierConfig(_Strict):
    """All three files."""

    structure: StructureConfig
    words: WordConfig
    text: TextWeights
    decides_at: Annotated[float, Field(gt=0.5, lt=1)] = 0.70
