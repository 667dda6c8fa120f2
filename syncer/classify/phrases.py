"""Finding the phrases of `words.toml` in tokens, in one pass over the text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from syncer.classify.config import WordConfig
from syncer.classify.text import STOP

GAP = ".."
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


@dataclass(slots=True)
class PhraseBook:
    """Phrases indexed by their first word; word classes and beginnings are resolved per token."""

    stems: Mapping[str, frozenset[str]]
    by_first: Mapping[str, Sequence[tuple[tuple[Step, ...], str]]]
    seen: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def find(self, tokens: Sequence[str]) -> dict[str, Found]:
        """The concepts that occur, by name; occurrences of one concept do not overlap."""
        symbols = [self._symbols(token) for token in tokens]
        found: dict[str, Found] = {}
        for start, here in enumerate(symbols):
            for symbol in here:
                for steps, concept in self.by_first.get(symbol, ()):
                    known = found.get(concept)
                    if known is not None and start < known.end:
                        continue
                    end = _match(steps, symbols, start)
                    if end and known is None:
                        found[concept] = Found(1, end, " ".join(tokens[start:end]))
                    elif end and known is not None:
                        known.count, known.end = known.count + 1, end
        return found

    def _symbols(self, token: str) -> tuple[str, ...]:
        """The token itself, the beginnings that fit it, and the classes that hold either."""
        known = self.seen.get(token)
        if known is None:
            starts = (f"{token[:n]}*" for n in range(2, min(len(token), _LONGEST_STEM) + 1))
            plain = (token, *(start for start in starts if start in self.stems))
            held = {name for symbol in plain for name in self.stems.get(symbol, ())}
            known = (*plain, *sorted(held))
            if len(self.seen) < _REMEMBERED:
                self.seen[token] = known
        return known


def build_phrases(config: WordConfig) -> PhraseBook:
    """Index the phrases of a word configuration; an unknown class is a `KeyError`."""
    stems: defaultdict[str, set[str]] = defaultdict(set)
    for name, members in config.classes.items():
        for member in members:
            stems[member].add(f"@{name}")
    by_first: defaultdict[str, list[tuple[tuple[Step, ...], str]]] = defaultdict(list)
    for concept, phrases in sorted(config.concepts.items()):
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


def _match(steps: tuple[Step, ...], symbols: Sequence[tuple[str, ...]], start: int) -> int:
    """The end of the phrase that begins at `start`, or 0."""
    at = start + 1
    for symbol, gap in steps:
        for skipped in range(_WIDEST_GAP + 1 if gap else 1):
            place = at + skipped
            if place >= len(symbols) or (STOP,) in symbols[at:place]:
                return 0
            if symbol in symbols[place]:
                at = place + 1
                break
        else:
            return 0
    return at
