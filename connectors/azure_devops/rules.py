"""What names and tags mean on one connection: pure values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from syncer.connect.text_links import Phrase
from syncer.domain.item import ItemKind, StatusCategory

LONGEST_NAME: Final = 400
"""Characters of a name that are compared; Azure DevOps allows as many for a tag."""

_NOT_WORDS: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of one connection. All names but those of fields are folded by `fold`.

    `own` maps states that this connection configures, `statuses` those of the shipped file, which
    count where Azure DevOps gives no category, and those of its `waiting` always. `not_delivered`
    are reasons of completed items that delivered nothing; `skipped` types that are no work.
    `phrases` are the words before an address or key that make a link: in the comment of a hyperlink
    and, where `reads_text`, in descriptions. `custom` gives fields by the name under which
    selectors know them.
    """

    own: Mapping[str, StatusCategory] = field(default_factory=dict)
    statuses: Mapping[str, StatusCategory] = field(default_factory=dict)
    backlog: frozenset[str] = frozenset()
    not_delivered: frozenset[str] = frozenset()
    types: Mapping[str, ItemKind] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()
    labels: Mapping[str, ItemKind] = field(default_factory=dict)
    must_labels: frozenset[str] = frozenset()
    customer_labels: tuple[str, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    reads_text: bool = True
    custom: Mapping[str, str] = field(default_factory=dict)

    def skips(self, type_name: str) -> bool:
        """Whether items of this type are no work, and left out."""
        return fold(type_name) in self.skipped


@lru_cache(maxsize=8192)  # the same few names come with every item
def fold(name: str) -> str:
    """The name as names are compared: its letters and digits, the rest as single blanks."""
    return _NOT_WORDS.sub(" ", name[:LONGEST_NAME].casefold()).strip()


def folded(names: Iterable[str]) -> frozenset[str]:
    """All names, folded."""
    return frozenset(map(fold, names))
