"""Word lists as they would be had some organisations never been read, for an honest estimate.

Word lists are written by people who read the development data; leaving an organisation out of the
training does not take out of the lists what was written down because of it. Here a phrase, or a
member of a class, that no other organisation shows is forgotten. What nobody shows at all makes no
difference to the measure, so what is left is what somebody who had not read them could have known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from syncer.classify.config import WordConfig
from syncer.classify.labelled import Labelled
from syncer.classify.phrases import build_phrases
from syncer.classify.text import ItemText, read_text

Seen = Mapping[
    str, AbstractSet[str]
]  # the organisations that show it, by phrase or member of a class


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """Which organisations show each phrase of the lists, and each member of their classes."""

    phrases: Seen
    members: Seen

    def without(self, words: WordConfig, unread: AbstractSet[str]) -> WordConfig:
        """The lists without what only the `unread` organisations show."""
        return words.model_copy(
            update={
                "classes": {
                    name: frozenset(_known(members, self.members, unread))
                    for name, members in words.classes.items()
                },
                "program": self._left(words.program, unread),
                "product": self._left(words.product, unread),
            }
        )

    def _left(
        self, concepts: Mapping[str, frozenset[str]], unread: AbstractSet[str]
    ) -> dict[str, frozenset[str]]:
        return {
            name: frozenset(_known(phrases, self.phrases, unread))
            for name, phrases in concepts.items()
        }


def _known(names: Iterable[str], seen: Seen, unread: AbstractSet[str]) -> Iterable[str]:
    """Names that somebody else shows, or nobody at all."""
    return (name for name in names if not seen.get(name) or seen[name] - unread)


def attested(items: Sequence[Labelled], words: WordConfig) -> Attested:
    """Read every item once for every phrase by itself."""
    every = {text: {text} for found in words.concepts.values() for text in found}
    members = {text: {text} for found in words.classes.values() for text in found}
    return Attested(phrases=_showing(items, every, words), members=_showing(items, members, words))


def _showing(
    items: Sequence[Labelled], wanted: Mapping[str, AbstractSet[str]], words: WordConfig
) -> dict[str, set[str]]:
    alone = {name: frozenset(phrases) for name, phrases in wanted.items()}
    book = build_phrases(words.model_copy(update={"program": alone, "product": {}}))
    found: defaultdict[str, set[str]] = defaultdict(set)
    for item in items:
        for tokens in _parts(read_text(item.item)):
            for name in book.find(tokens):
                found[name].add(item.group)
    return dict(found)


def _parts(text: ItemText) -> tuple[tuple[str, ...], ...]:
    return text.title, text.labels, text.body
