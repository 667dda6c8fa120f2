"""Features of one item's text: hand-made concepts, shape, and plain words and word pairs.

Names carry their kind: `concept:…`, `shape:…`, `word:…`. A feature's value is what it counts
in title and labels (1) and in the body (½), so that a weight means the same wherever it was met.
Tracker, source, organisation and person are never features.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from syncer.classify.config import WordConfig
from syncer.classify.phrases import PhraseBook, build_phrases
from syncer.classify.text import STOP, ItemText

TITLE, LABEL, BODY = 1.0, 1.0, 0.5
_WIDE_LETTERS, _TELLING_WORDS = 3, 2


@dataclass(frozen=True, slots=True)
class Feature:
    """How much of the feature there is (0 … 1.5), and the words that showed it (in a label)."""

    value: float
    shown: str
    labelled: bool = False


@dataclass(frozen=True, slots=True)
class Extractor:
    """Word lists made ready for reading many items."""

    book: PhraseBook
    characters: Mapping[str, tuple[str, ...]]
    generic: frozenset[str]

    def concepts(self, text: ItemText) -> dict[str, Feature]:
        """The hand-made concepts that occur, by `concept:` name."""
        found: dict[str, Feature] = {}
        parts = ((text.title, TITLE), (text.labels, LABEL), (text.body, BODY))
        for tokens, share in parts:
            for name, shown in self.book.find(tokens).items():
                feature = Feature(share, shown, labelled=tokens is text.labels)
                _add(found, f"concept:{name}", feature)
        for name, shown, share in self._wide_concepts(text):
            _add(found, f"concept:{name}", Feature(share, shown))
        return found

    def _wide_concepts(self, text: ItemText) -> Iterator[tuple[str, str, float]]:
        for written, share in ((text.wide_title, TITLE), (text.wide_body, BODY)):
            if written:
                for name, phrases in self.characters.items():
                    for phrase in phrases:
                        if phrase in written:
                            yield name, phrase, share
                            break

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
        characters={name: tuple(sorted(found)) for name, found in words.characters.items()},
        generic=words.generic,
    )


def plain_words(text: ItemText) -> dict[str, Feature]:
    """Words and pairs of neighbouring words, by `word:` name; pairs never cross a sentence."""
    found: dict[str, Feature] = {}
    parts = ((text.title, TITLE), (text.labels, LABEL), (text.body, BODY))
    for tokens, share in parts:
        for name in _terms(tokens):
            if name not in found:
                found[name] = Feature(share, name[len("word:") :])
    return found


def _terms(tokens: Sequence[str]) -> Iterable[str]:
    last = STOP
    for token in tokens:
        if token != STOP and not token.isdigit():
            yield f"word:{token}"
            if last != STOP:
                yield f"word:{last} {token}"
        last = token


def _add(found: dict[str, Feature], name: str, new: Feature) -> None:
    """The title's and the body's shares add up; title and labels count once."""
    old = found.get(name)
    if old is None:
        found[name] = new
    elif new.value == BODY and old.value == TITLE:
        found[name] = Feature(TITLE + BODY, old.shown)
