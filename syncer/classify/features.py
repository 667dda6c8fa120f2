"""Features of one item's text: hand-made concepts, and plain words and word pairs.

Names carry their kind: `concept:…` and `word:…`. A phrase counts 1 in the title or a label. In
the body a program concept counts a third for once and two thirds for three times or more: actors
that must act are named again and again. A product concept counts there by its density, up to two
thirds, for any long document names an error or an option somewhere. A plain word counts half in
the body. Tracker, source, organisation and person are never features.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from syncer.classify.config import WordConfig
from syncer.classify.phrases import Found, PhraseBook, build_phrases
from syncer.classify.text import STOP, ItemText

CONCEPT, WORD = "concept:", "word:"
HEADLINE = 1.0  # in the title or a label
BODY_ONCE, BODY_MOST = 1 / 3, 2 / 3
BODY_WORD = 0.5
_DENSE = 40  # words of body from which one product phrase no longer counts as a whole
_WIDE_LETTERS, _TELLING_WORDS = 3, 2


@dataclass(frozen=True, slots=True)
class Feature:
    """How much of the feature there is (0 … 2), and the words that showed it (in a label)."""

    value: float
    shown: str
    labelled: bool = False


@dataclass(frozen=True, slots=True)
class Extractor:
    """Word lists made ready for reading many items."""

    book: PhraseBook
    program: frozenset[str]
    characters: Mapping[str, tuple[str, ...]]
    generic: frozenset[str]

    def concepts(self, text: ItemText) -> dict[str, Feature]:
        """The hand-made concepts that occur, by `concept:` name."""
        title, labels = self.book.find(text.title), self.book.find(text.labels)
        body = self.book.find(text.body)
        self._add_wide(text.wide_title, title)
        self._add_wide(text.wide_body, body)
        length = len(text.body)
        found: dict[str, Feature] = {}
        for name in {**title, **labels, **body}:
            first = title.get(name) or labels.get(name) or body[name]
            value = HEADLINE if name in title or name in labels else 0.0
            if name in body:
                value += self._in_body(name, body[name].count, length)
            found[CONCEPT + name] = Feature(value, first.shown, first is labels.get(name))
        return found

    def _in_body(self, name: str, count: int, length: int) -> float:
        if name in self.program:
            return min(BODY_MOST, BODY_ONCE * math.log2(1 + count))
        return BODY_MOST * min(1.0, count * _DENSE / max(length, _DENSE))

    def _add_wide(self, written: str, found: dict[str, Found]) -> None:
        if not written:
            return
        for name, phrases in self.characters.items():
            for phrase in phrases:
                if name not in found and phrase in written:
                    found[name] = Found(1, 0, phrase)

    def says_little(self, text: ItemText) -> bool:
        """Whether a careful reader would find too little: no body and hardly a telling word."""
        if any(token != STOP for token in text.body) or len(text.wide_title) > _WIDE_LETTERS:
            return False
        telling = [
            token
            for token in text.title
            if token != STOP and token not in self.generic and not token.isdigit()
        ]
        return len(telling) < _TELLING_WORDS


def build_extractor(words: WordConfig) -> Extractor:
    """Prepare the configured word lists."""
    return Extractor(
        book=build_phrases(words),
        program=frozenset(words.program),
        characters={name: tuple(sorted(found)) for name, found in words.characters.items()},
        generic=words.generic,
    )


def plain_words(text: ItemText, known: frozenset[str] | None = None) -> dict[str, Feature]:
    """Words and pairs of neighbouring words, by `word:` name; pairs never cross a sentence.

    With `known`, only those words and pairs.
    """
    found: dict[str, Feature] = {}
    parts = ((text.title, HEADLINE), (text.labels, HEADLINE), (text.body, BODY_WORD))
    for tokens, share in parts:
        terms = set(_terms(tokens))
        for term in terms if known is None else terms & known:
            found.setdefault(WORD + term, Feature(share, term))
    return found


def _terms(tokens: tuple[str, ...]) -> Iterator[str]:
    last = STOP
    for token in tokens:
        if token != STOP and not token.isdigit():
            yield token
            if last != STOP:
                yield f"{last} {token}"
        last = token
