"""What a look through the items found: drafts of programs, products, teams and gates. Values only.

Every draft carries on what it rests; nothing here decides anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from syncer.domain.item import Account
from syncer.domain.selector import Selector

_WORD: Final = re.compile(r"[a-z0-9]+")
_LONGEST_KEY: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramDraft:
    """What looks like a program: its selectors, and which items in which containers they pick.

    `due` is the due date of its initiative.
    """

    key: str
    name: str
    selectors: tuple[Selector, ...]
    items: frozenset[str]
    containers: tuple[str, ...]
    owner: Account | None = None
    due: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDraft:
    """Containers whose items customers asked for; `pattern` is a glob where they are several.

    `excluding` are the selectors of programs that have work in them.
    """

    key: str
    name: str
    pattern: str
    containers: tuple[str, ...]
    labels: tuple[str, ...]
    asked: int
    items: int
    excluding: tuple[Selector, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyDraft:
    """Containers of one name before a dash: one project by a glob."""

    key: str
    name: str
    pattern: str
    containers: tuple[str, ...]
    items: int
    excluding: tuple[Selector, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaDraft:
    """A root of areas among several in one container: a project of an organisation."""

    key: str
    name: str
    pattern: str
    container: str
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamDraft:
    """A team that labels name, in every spelling that people use."""

    key: str
    name: str
    labels: tuple[str, ...]
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDraft:
    """An open version with a date, perhaps of several containers; `scope` is whom it concerns."""

    name: str
    on: date
    scope: str
    patterns: tuple[str, ...]
    containers: tuple[str, ...]
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Everything that was found; `later_gates` lie beyond the weeks that a digest looks ahead.

    `alone` are the containers that no draft is about, `empty` those without a live item, `idle`
    those whose name says that nobody means them. `targets` names the only dated open release of a
    container that is alone. `audiences` tells that somebody reads a digest already.
    """

    programs: tuple[ProgramDraft, ...]
    products: tuple[ProductDraft, ...]
    families: tuple[FamilyDraft, ...]
    teams: tuple[TeamDraft, ...]
    gates: tuple[GateDraft, ...]
    later_gates: int
    alone: tuple[str, ...]
    empty: tuple[str, ...]
    idle: tuple[str, ...]
    targets: tuple[tuple[str, str], ...]
    people: tuple[tuple[str, tuple[str, ...]], ...]
    audiences: bool
    areas: tuple[AreaDraft, ...] = ()


class Keys:
    """Short keys out of names, each given once; `taken` are given already."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def of(self, name: str, *, otherwise: str) -> str:
        """`5G Infrastructure` becomes `5g-infrastructure`; `otherwise` serves other scripts."""
        words = _WORD.findall(name.casefold()) or _WORD.findall(otherwise.casefold()) or ["work"]
        plain = "-".join(words)[:_LONGEST_KEY].rstrip("-")
        key = next(k for k in _numbered(plain) if k not in self._taken)
        self._taken.add(key)
        return key


def _numbered(key: str) -> Iterator[str]:
    yield key
    number = 2
    while True:
        yield f"{key}-{number}"
        number += 1
