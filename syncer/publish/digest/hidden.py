"""Texts that an audience must not meet, and how they are taken out of a sentence.

A company has tens of thousands of them and an edition thousands of sentences, so nothing here tries
every text on every sentence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Final

TELLTALE: Final = 16
"""So many characters of a text give it away where it is cut short."""
SHORTEST_NAME: Final = 3
"""A shorter name is an everyday word; no text that is hidden is shorter."""

_Pair = tuple[str, str]
_Place = tuple[int, _Pair]


@dataclass(frozen=True)
class Hidden:
    """Texts with what stands for each; they are replaced in one order: longest first."""

    texts: Sequence[_Pair] = ()

    @cached_property
    def _by_head(self) -> tuple[Mapping[str, _Pair], Mapping[str, list[_Pair]]]:
        """A text by how it begins, and the others that begin alike; most begin as no other does.

        An edition meets few, so that they are not put in order.
        """
        first: dict[str, _Pair] = {}
        others: dict[str, list[_Pair]] = defaultdict(list)
        for pair in self.texts:
            head = pair[0][:TELLTALE]
            if first.setdefault(head, pair) is not pair:
                others[head].append(pair)
        return first, others

    @cached_property
    def _lengths(self) -> Mapping[str, set[int]]:
        """How long the heads are that begin with the same few characters."""
        found: dict[str, set[int]] = defaultdict(set)
        for begin, length in {(head[:SHORTEST_NAME], len(head)) for head in self._by_head[0]}:
            found[begin].add(length)
        return found

    def _met_in(self, text: str) -> Iterator[_Pair]:
        """The texts whose head occurs."""
        lengths, (first, others) = self._lengths, self._by_head
        for start in range(len(text) - SHORTEST_NAME + 1):
            for length in lengths.get(text[start : start + SHORTEST_NAME], ()):
                head = text[start : start + length]
                if head in first:
                    yield first[head]
                    yield from others.get(head, ())

    def _next_in(self, text: str, after: _Place | None) -> _Place | None:
        """The first text beyond a place whose head occurs."""
        places = ((-len(pair[0]), pair) for pair in self._met_in(text))
        return min((one for one in places if after is None or one > after), default=None)

    def taken_out_of(self, text: str) -> str:
        """The sentence with every hidden text replaced, one after the other.

        What stands for a text is part of the sentence for the texts after it.
        """
        place = self._next_in(text, None)
        while place is not None:
            text = _replace(text, *place[1])
            place = self._next_in(text, place)
        return text


def _replace(text: str, trace: str, instead: str) -> str:
    """Replace a name where it stands whole, or cut short with an ellipsis."""
    start = text.find(trace[:TELLTALE])
    if start < 0:
        return text
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(text[start:], trace, strict=False))
    end = start + sum(1 for _ in pairs)
    cut_short = text[end : end + 1] == "…"
    whole = end - start == len(trace) and not _inside_word(text, start, end)
    rest = _replace(text[end + cut_short :], trace, instead)
    return text[:start] + (instead if whole or cut_short else text[start:end]) + rest


def _inside_word(text: str, start: int, end: int) -> bool:
    around = text[start - 1 : start] if start else ""
    return any(c.isalnum() for c in (around, text[end : end + 1]) if c)
