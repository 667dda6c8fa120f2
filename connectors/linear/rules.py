"""What names and labels mean on one connection: pure values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from syncer.connect.text_links import Phrase
from syncer.domain.item import ItemKind, StatusCategory

LONGEST_NAME: Final = 255
"""Characters of a name that are compared."""

_NOT_WORDS: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of one connection. All names are folded by `fold`.

    `own` are the categories that this connection configures for names of statuses. `waiting` are
    names of statuses in which work stands still whatever their type is. `labels` say what sort of
    thing an issue is. `phrases` are the words before an address or key that make a link: in titles
    of attachments, and where `reads_text` in descriptions.
    """

    own: Mapping[str, StatusCategory] = field(default_factory=dict)
    waiting: frozenset[str] = frozenset()
    labels: Mapping[str, ItemKind] = field(default_factory=dict)
    must_labels: frozenset[str] = frozenset()
    customer_labels: tuple[str, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    reads_text: bool = True


@lru_cache(maxsize=8192)  # the same few names come with every item
def fold(name: str) -> str:
    """The name as names are compared: its letters and digits, the rest as single blanks."""
    return _NOT_WORDS.sub(" ", name[:LONGEST_NAME].casefold()).strip()


def folded(names: Iterable[str]) -> frozenset[str]:
    """All names, folded."""
    return frozenset(map(fold, names))
