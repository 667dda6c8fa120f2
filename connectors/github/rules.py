"""What names, labels and phrases mean on one connection: pure values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final

from syncer.connect.text_links import Phrase
from syncer.domain.item import ItemKind, StatusCategory

LONGEST_LABEL: Final = 200
_NOT_WORDS: Final = re.compile(r"[\W_]+")


class FieldRole(StrEnum):
    """What a field of a project is used for."""

    STATUS = "status"
    START = "start"
    END = "end"
    POINTS = "points"
    PRIORITY = "priority"
    ITERATION = "iteration"


class StartedWhen(StrEnum):
    """What else may say that an open issue is being worked on."""

    ASSIGNED = "assigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of one connection. All names are folded by `fold`.

    `statuses` maps the values of a Status field and labels to categories; `finished` are those
    that say "done" of an issue that is still open. `phrases` are ordered, the longest words first.
    `project` names the only project whose fields count; empty: all of them do.
    """

    statuses: Mapping[str, StatusCategory] = field(default_factory=dict)
    backlog: frozenset[str] = frozenset()
    finished: frozenset[str] = frozenset()
    prefixes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    types: Mapping[str, ItemKind] = field(default_factory=dict)
    labels: Mapping[str, ItemKind] = field(default_factory=dict)
    priorities: Mapping[str, int] = field(default_factory=dict)
    fields: Mapping[str, FieldRole] = field(default_factory=dict)
    custom_fields: Mapping[str, str] = field(default_factory=dict)
    phrases: tuple[Phrase, ...] = ()
    must_labels: frozenset[str] = frozenset()
    customer_labels: tuple[str, ...] = ()
    project: str = ""
    started_when: frozenset[StartedWhen] = frozenset()

    def plain(self, label: str, what: str) -> str:
        """The label folded, without a prefix that says of what it speaks (`prefixes`)."""
        before, mark, after = _split(label)
        known = self.prefixes.get(what, frozenset())
        return fold(after) if mark and fold(before) in known else fold(label)


def _split(label: str) -> tuple[str, str, str]:
    """The label at its first colon, slash or equals sign."""
    places = [at for at in (label.find(mark) for mark in ":/=") if at > 0]
    if not places:
        return label, "", ""
    at = min(places)
    return label[:at], label[at], label[at + 1 :].lstrip(":")


@lru_cache(maxsize=8192)  # the same few names come with every issue
def fold(name: str) -> str:
    """The name as names are compared: its letters and digits, the rest as single blanks."""
    return _NOT_WORDS.sub(" ", name[:LONGEST_LABEL].casefold()).strip()


def folded(names: Iterable[str]) -> frozenset[str]:
    """All names, folded."""
    return frozenset(map(fold, names))
