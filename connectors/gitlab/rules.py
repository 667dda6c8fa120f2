"""What names and labels mean on one connection: pure values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from syncer.connect.text_links import Phrase
from syncer.domain.item import ItemKind, StatusCategory

LONGEST_LABEL: Final = 255
"""Characters of a label that are compared; GitLab allows as many."""

_NOT_WORDS: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of one connection. All names are folded by `fold`.

    `statuses` maps names of statuses and of labels to categories, `own` those that this connection
    configures; `scopes` are the scopes of labels (`workflow::…`) that speak of a status, a
    priority or a type. `not_delivered` are labels of closed items that delivered nothing. `phrases`
    are the words before an address or key in a description that make a link.
    """

    own: Mapping[str, StatusCategory] = field(default_factory=dict)
    statuses: Mapping[str, StatusCategory] = field(default_factory=dict)
    backlog: frozenset[str] = frozenset()
    finished: frozenset[str] = frozenset()
    not_delivered: frozenset[str] = frozenset()
    scopes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    types: Mapping[str, ItemKind] = field(default_factory=dict)
    labels: Mapping[str, ItemKind] = field(default_factory=dict)
    priorities: Mapping[str, int] = field(default_factory=dict)
    must_labels: frozenset[str] = frozenset()
    customer_labels: tuple[str, ...] = ()
    phrases: tuple[Phrase, ...] = ()

    def plain(self, label: str, what: str) -> str:
        """The label folded, without a scope or prefix that says of what it speaks (`scopes`)."""
        scope, mark, name = _split(label)
        known = self.scopes.get(what, frozenset())
        return fold(name) if mark and fold(scope) in known else fold(label)


def _split(label: str) -> tuple[str, str, str]:
    """A scoped label at its last double colon, any other at its first single one."""
    mark = "::" if "::" in label else ":"
    scope, found, name = label.rpartition("::") if mark == "::" else label.partition(":")
    return scope, found, name


@lru_cache(maxsize=8192)  # the same few names come with every item
def fold(name: str) -> str:
    """The name as names are compared: its letters and digits, the rest as single blanks."""
    return _NOT_WORDS.sub(" ", name[:LONGEST_LABEL].casefold()).strip()


def folded(names: Iterable[str]) -> frozenset[str]:
    """All names, folded."""
    return frozenset(map(fold, names))
