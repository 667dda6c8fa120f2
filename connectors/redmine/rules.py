"""What names mean on one connection: pure values."""

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

    `own` are statuses that this connection configures, `statuses` those of the shipped file;
    `backlog` are open ones that nobody has planned yet, `not_delivered` closed ones that delivered
    nothing. `types` maps trackers to kinds, `priorities` names to ranks. `custom` gives custom
    fields by the name under which selectors know them; `label_fields` and `customer_fields` are
    custom fields whose values are labels and customers. `derives_dates` says that the dates of an
    issue with others below it are computed from theirs. `phrases` are the words before an address
    or key in a description that make a link.
    """

    own: Mapping[str, StatusCategory] = field(default_factory=dict)
    statuses: Mapping[str, StatusCategory] = field(default_factory=dict)
    backlog: frozenset[str] = frozenset()
    not_delivered: frozenset[str] = frozenset()
    types: Mapping[str, ItemKind] = field(default_factory=dict)
    labels: Mapping[str, ItemKind] = field(default_factory=dict)
    priorities: Mapping[str, int] = field(default_factory=dict)
    must_labels: frozenset[str] = frozenset()
    label_fields: frozenset[str] = frozenset()
    customer_fields: frozenset[str] = frozenset()
    custom: Mapping[str, str] = field(default_factory=dict)
    derives_dates: bool = True
    phrases: tuple[Phrase, ...] = ()


@lru_cache(maxsize=8192)  # the same few names come with every issue
def fold(name: str) -> str:
    """The name as names are compared: its letters and digits, the rest as single blanks."""
    return _NOT_WORDS.sub(" ", name[:LONGEST_NAME].casefold()).strip()


def folded(names: Iterable[str]) -> frozenset[str]:
    """All names, folded."""
    return frozenset(map(fold, names))
