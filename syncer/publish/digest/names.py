"""Short names for sentences: `Network` for `Network upgrade`."""

from __future__ import annotations

from collections.abc import Mapping
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
    return {scope: _short(key, name, names) for scope, (key, name) in names.items()}


def _short(key: str, name: str, names: Mapping[str, tuple[str, str]]) -> str:
    words = [word.strip(_MARKS) for word in name.split()]
    keyed = next((word for word in words if word.casefold() == key.casefold()), "")
    if keyed:
        return _capital(keyed)
    others = {other for _, other in names.values() if other != name}
    taken = {word.casefold() for other in others for word in other.split()}
    free = (word for word in words if _says_something(word) and word.casefold() not in taken)
    return _capital(next(free, name) or key)


def _says_something(word: str) -> bool:
    lower = word.casefold()
    return len(word) >= _SHORTEST and word.isalnum() and lower not in _EMPTY_WORDS


def _capital(word: str) -> str:
    return cut(capital(word), _LONGEST)
