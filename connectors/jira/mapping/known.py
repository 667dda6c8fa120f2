"""What many issues of a site say in the same words, worked out once.

A few people, versions, statuses and types come with every issue. What they mean depends on nothing
but what is said of them and on the site, so one value serves all issues. See docs/decisions/0022.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from connectors.jira.rules import LinkRule
from syncer.domain.change import ChangeField
from syncer.domain.item import Account, ItemKind, StatusCategory, Version
from syncer.domain.ref import ContainerKey

MOST_KNOWN: Final = 10_000

T = TypeVar("T")
Told = tuple[str | None, str | None, str, str]
"""What a change says of before and after: canonical values, then what people saw."""


class Known(dict[Hashable, T]):
    """What was worked out before; forgotten where it becomes too much."""

    def keep(self, key: Hashable, value: T) -> T:
        """Remember a value, and give it back."""
        if len(self) >= MOST_KNOWN:
            self.clear()
        self[key] = value
        return value


@dataclass(frozen=True, slots=True)
class Memory:
    """What one site has said before, each under all the words on which its meaning depends.

    `fields` and `changes` are of histories, `actors` their authors: the name to show, and whether
    it is a bot. `links` are rules of link types, with the type's name on one line.
    """

    fields: Known[ChangeField] = field(default_factory=Known)
    changes: Known[Told] = field(default_factory=Known)
    actors: Known[tuple[str, bool]] = field(default_factory=Known)
    accounts: Known[Account | None] = field(default_factory=Known)
    versions: Known[Version] = field(default_factory=Known)
    places: Known[ContainerKey | None] = field(default_factory=Known)
    kinds: Known[tuple[ItemKind, int]] = field(default_factory=Known)
    categories: Known[StatusCategory] = field(default_factory=Known)
    links: Known[tuple[LinkRule, str]] = field(default_factory=Known)
    labels: Known[tuple[bool, tuple[str, ...]]] = field(default_factory=Known)
