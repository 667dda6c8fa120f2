"""Short names for sentences: `Network` for `Network upgrade`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final

from syncer.publish.digest.wording import capital, cut

_EMPTY_WORDS: Final = frozenset(
    {"the", "a", "an", "new", "old", "our", "project", "program", "programme", "product", "phase"}
)
_SHORTEST: Final = 3
_MARKS: Final = ".,:;!?()[]\"'"
"""What may stand around a word and is none of it."""
_LONGEST: Final = 32


def short_names(names: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Short name by scope, from key and full name by scope.

    The word of the name that equals the key, else the first word that no other name holds, else
    the whole name. Scopes of the same name (a product and its one project) share a short name.
    """
    holders: dict[str, set[str]] = defaultdict(set)
    for _, name in names.values():
        for word in _words(name):
            holders[word.casefold()].add(name)
    return {scope: _short(key, name, holders) for scope, (key, name) in names.items()}


def _short(key: str, name: str, holders: Mapping[str, Collection[str]]) -> str:
    """`holders` are the names that hold a word, by the word in lower case."""
    words = _words(name)
    keyed = next((word for word in words if word.casefold() == key.casefold()), "")
    if keyed:
        return _capital(keyed)
    free = (word for word in words if _says_something(word) and len(holders[word.casefold()]) == 1)
    return _capital(next(free, name) or key)


def _words(name: str) -> list[str]:
    return [word.strip(_MARKS) for word in name.split()]


def _says_something(word: str) -> bool:
    lower = word.casefold()
    return len(word) >= _SHORTEST and word.isalnum() and lower not in _EMPTY_WORDS


def _capital(word: str) -> str:
    return cut(capital(word), _LONGEST)
