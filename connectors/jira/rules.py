"""What names, labels and link texts mean on one connection: pure values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from syncer.connect.text_links import Phrase
from syncer.domain.item import ItemKind, StatusCategory
from syncer.domain.link import LinkKind


class FieldRole(StrEnum):
    """What a custom field is used for."""

    START = "start"
    END = "end"
    POINTS = "points"
    EPIC_LINK = "epic_link"
    SPRINT = "sprint"
    FLAGGED = "flagged"


@dataclass(frozen=True, slots=True)
class LinkRule:
    """The kind of a link type; `swapped` if it runs against the type's outward direction."""

    kind: LinkKind
    swapped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of one connection. All names are folded by `fold`.

    `statuses` maps ids or names to categories and wins over Jira's own; `links` maps ids or names
    of link types; `link_texts` what a type says inward or outward; `phrases` are the words before
    an address or key in a description that make a link. `custom_fields` maps the names
    that selectors use to field ids or names.
    """

    statuses: Mapping[str, StatusCategory] = field(default_factory=dict)
    waiting: frozenset[str] = frozenset()
    backlog: frozenset[str] = frozenset()
    not_delivered: frozenset[str] = frozenset()
    types: Mapping[str, ItemKind] = field(default_factory=dict)
    labels: Mapping[str, ItemKind] = field(default_factory=dict)
    links: Mapping[str, LinkRule] = field(default_factory=dict)
    link_texts: Mapping[str, LinkRule] = field(default_factory=dict)
    fields: Mapping[FieldRole, tuple[str, ...]] = field(default_factory=dict)
    must_labels: frozenset[str] = frozenset()
    must_field: str = ""
    customer_labels: tuple[str, ...] = ()
    customer_fields: tuple[str, ...] = ()
    custom_fields: Mapping[str, str] = field(default_factory=dict)
    phrases: tuple[Phrase, ...] = ()


@lru_cache(maxsize=8192)  # the same few names come with every issue
def fold(name: str) -> str:
    """The name as names are compared: without regard to case, outer blanks and curly quotes."""
    return name.strip().replace("’", "'").casefold()


def folded(names: Iterable[str]) -> frozenset[str]:
    """All names, folded."""
    return frozenset(map(fold, names))
