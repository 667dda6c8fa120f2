"""What the columns and words of a sheet mean: values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final, Literal, get_args

from syncer.domain.item import ItemKind, StatusCategory

Column = Literal[
    "id", "title", "description", "status", "type", "parent", "assignee", "labels", "version",
    "priority", "estimate", "start", "due", "created", "updated", "done", "url", "must_have",
    "restricted", "flagged", "customers", "blocks", "blocked_by", "relates_to",
]  # fmt: skip
"""What a column may hold. `id` and `title` must be there."""

COLUMNS: Final[tuple[Column, ...]] = get_args(Column)
REQUIRED: Final[tuple[Column, ...]] = ("id", "title")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How one sheet is read.

    `place` is its path or address, for messages. `named` are the headers that the configuration
    names, `usual` the folded ones that are tried otherwise, best first. `zone` is the zone of days
    and of times that tell none. `yes` and `no` are the folded words of a cell that is either.
    """

    connection: str
    container: str
    place: str
    item_url: str
    zone: tzinfo
    date_formats: tuple[str, ...]
    named: Mapping[Column, str]
    usual: Mapping[Column, tuple[str, ...]]
    custom_fields: tuple[str, ...]
    statuses: Mapping[str, StatusCategory]
    types: Mapping[str, ItemKind]
    priorities: Mapping[str, int]
    yes: frozenset[str]
    no: frozenset[str]


def fold(name: str) -> str:
    """A name as it is compared: without case, with `-` and `_` as blanks, single blanks."""
    return " ".join(name.replace("-", " ").replace("_", " ").casefold().split())
