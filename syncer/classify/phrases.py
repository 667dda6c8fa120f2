"""Finding the phrases of `words.toml` in tokens, in one pass over the text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from syncer.classify.config import WordConfig
from syncer.classify.text import STOP

GAP = ".."
IDIOM = ""
"""Stands where a phrase names its concept; no concept can be called so."""
_WIDEST_GAP = 2
_LONGEST_STEM = 20
_REMEMBERED = 50_000
Step = tuple[str, bool]  # what must stand here, and whether up to two words may come before it


@dataclass(slots=True)
class Found:
    """How often a concept occurs, where its last phrase ends, and the words of its first."""

    count: int
    end: int
    shown: str


Phrase = tuple[tuple[Step, ...], str]  # what must follow the first word, and the concept


@dataclass(frozen=True, slots=True)
class Token:
    """All that a token stands for, and the phrases and idioms that may begin with it."""

    symbols: frozenset[str]
    phrases: tuple[Phrase, ...]
    idioms: tuple[tuple[Step, ...], ...]


@dataclass(slots=True)
class PhraseBook:
    """Phrases indexed by their first word; word classes and beginnings are resolved per token."""

    stems: Mapping[str, frozenset[str]]
    by_first: Mapping[str, Sequence[Phrase]]
    seen: dict[str, Token] = field(default_factory=dict)

    def find(self, tokens: Sequence[str]) -> dict[str, Found]:
        """The concepts that occur, by name; occurrences of one concept do not overlap."""
        seen = self.seen
        known_tokens = [seen.get(token) or self._token(token) for token in tokens]
        taken = _places_of_idioms(known_tokens)
        found: dict[str, Found] = {}
        for start, token in enumerate(known_tokens):
            for steps, concept in token.phrases:
                known = found.get(concept)
                if known is not None and start < known.end:
                    continue
                end = _match(steps, known_tokens, start)
                if end and taken and not taken.isdisjoint(range(start, end)):
                    continue
                if end and known is None:
                    found[concept] = Found(1, end, " ".join(tokens[start:end]))
                elif end and known is not None:
                    known.count, known.end = known.count + 1, end
        return found

    def _token(self, token: str) -> Token:
        """The token itself, the beginnings that fit it, and the classes that hold either."""
        starts = (f"{token[:n]}*" for n in range(2, min(len(token), _LONGEST_STEM) + 1))
        plain = (token, *(start for start in starts if start in self.stems))
        held = {name for symbol in plain for name in self.stems.get(symbol, ())}
        symbols = (*plain, *sorted(held))
        every = [phrase for symbol in symbols for phrase in self.by_first.get(symbol, ())]
        made = Token(
            frozenset(symbols),
            tuple(phrase for phrase in every if phrase[1] != IDIOM),
            tuple(steps for steps, concept in every if concept == IDIOM),
        )
        if len(self.seen) < _REMEMBERED:
            self.seen[token] = made
        return made


def build_phrases(config: WordConfig) -> PhraseBook:
    """Index the phrases of a word configuration; an unknown class is a `KeyError`."""
    stems: defaultdict[str, set[str]] = defaultdict(set)
    for name, members in config.classes.items():
        for member in members:
            stems[member].add(f"@{name}")
    by_first: defaultdict[str, list[Phrase]] = defaultdict(list)
    for concept, phrases in sorted({**config.concepts, IDIOM: config.idioms}.items()):
        for phrase in sorted(phrases):
            first, *rest = _steps(phrase)
            for symbol, _ in (first, *rest):
                if symbol.startswith("@"):
                    config.classes[symbol[1:]]
                elif symbol.endswith("*"):
                    stems[symbol]
            by_first[first[0]].append((tuple(rest), concept))
    return PhraseBook(
        stems={stem: frozenset(held) for stem, held in stems.items()},
        by_first=dict(by_first),
    )


def _steps(phrase: str) -> list[Step]:
    """`"each .. team"` is each, then team with up to two words before it."""
    steps: list[Step] = []
    gap = False
    for word in phrase.split():
        if word == GAP:
            gap = True
            continue
        steps.append((word, gap))
        gap = False
    return steps


def _places_of_idioms(tokens: Sequence[Token]) -> set[int]:
    """Where words stand that mean something else together."""
    return {
        place
        for start, token in enumerate(tokens)
        for steps in token.idioms
        for place in range(start, _match(steps, tokens, start))
    }


def _match(steps: tuple[Step, ...], tokens: Sequence[Token], start: int) -> int:
    """The end of the phrase that begins at `start`, or 0."""
    at = start + 1
    for symbol, gap in steps:
        for place in range(at, min(at + (_WIDEST_GAP if gap else 0) + 1, len(tokens))):
            if symbol in tokens[place].symbols:
                at = place + 1
                break
            if STOP in tokens[place].symbols:
                return 0
        else:
            return 0
    return at
