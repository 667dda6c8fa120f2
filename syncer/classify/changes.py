"""Judging again only what a change can affect, with the same verdicts as judging everything.

A verdict follows from the item itself and what people and rules say of it, its project, where
everything below it and everything that its directed links reach belongs, its siblings of the same
title (one order to many products), and what stands above it. What stands above is compared as
the verdicts are made, from the top down; `_touched` names the items whose other grounds may
differ. It may name too many, never too few.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from syncer.classify.classifier import Standing, judge_again
from syncer.classify.config import ClassifierConfig
from syncer.classify.graph import is_directed
from syncer.classify.portfolio import Portfolio, PortfolioItem, PortfolioProject
from syncer.classify.signals import same_title
from syncer.domain.verdict import Verdict

_DIGEST_BYTES = 16


class Mark(NamedTuple):
    """What is remembered of an item instead of its texts, which may be long.

    `digest` stands for all its fields, `title` for its title (two titles may share a number),
    `links` are the ends of its directed links.
    """

    digest: bytes
    parent: str | None
    title: int
    links: tuple[str, ...]


Marks = Mapping[str, Mark]
"""By item key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A portfolio that was judged, as far as the next judging needs it.

    `spoken` is what a person or a rule says outright, by item.
    """

    standing: Standing
    marks: Marks
    spoken: Mapping[str, object]
    projects: tuple[PortfolioProject, ...]
    config: ClassifierConfig | None

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        """The verdicts by item key."""
        return self.standing.verdicts

    @property
    def judged(self) -> int:
        """How many of the verdicts were made anew for this."""
        return self.standing.judged


def reclassify(
    before: Known | None, after: Portfolio, *, config: ClassifierConfig | None = None
) -> Known:
    """The verdicts on `after`, of which those are made anew that may differ from `before`.

    All of them where nothing is known before, or where projects or `config` changed.
    """
    marks, spoken = _marks(after), _spoken(after)
    if before is None or before.projects != after.projects or before.config is not config:
        standing = judge_again(after, config=config)
    else:
        touched = _touched(before.marks, marks)
        touched |= {key for key, _ in before.spoken.items() ^ spoken.items()}
        standing = judge_again(after, before.standing, touched, config=config)
    return Known(
        standing=standing, marks=marks, spoken=spoken, projects=after.projects, config=config
    )


def _marks(portfolio: Portfolio) -> dict[str, Mark]:
    found: dict[str, Mark] = {}
    for item in portfolio.items:
        if item.key not in found:  # of two equal keys the first item counts
            found[item.key] = _mark(item)
    return found


def _mark(item: PortfolioItem) -> Mark:
    """The digest is a cryptographic one: nobody can write a text that passes for another."""
    whole = item.model_dump_json().encode()
    return Mark(
        digest=blake2b(whole, digest_size=_DIGEST_BYTES).digest(),
        parent=item.parent,
        title=hash(same_title(item.title)),
        links=tuple(link.to for link in item.links if is_directed(link.type)),
    )


def _spoken(portfolio: Portfolio) -> dict[str, object]:
    """Overrides and rules by item; of two rules the first counts, of two overrides the last."""
    rules = {one.item: one for one in reversed(portfolio.mappings)}
    overrides = {one.item: one for one in portfolio.overrides}
    return {key: (overrides.get(key), rules.get(key)) for key in rules.keys() | overrides.keys()}


def _touched(old: Marks, new: Marks) -> set[str]:
    """The items of which anything but what stands above them may differ."""
    changed = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    if not changed:
        return changed
    appeared = old.keys() ^ new.keys()
    on_the_way = changed | _above(old, changed) | _above(new, changed)
    found = on_the_way | _linked_to(old, changed) | _linked_to(new, changed)
    orders = {_order(at[key]) for at in (old, new) for key in on_the_way if key in at}
    for key, mark in new.items():
        if mark.parent is not None and (mark.parent in appeared or _order(mark) in orders):
            found.add(key)
    return found


def _order(mark: Mark) -> tuple[str | None, int]:
    """What siblings share that are the same work ordered in several products."""
    return mark.parent, mark.title


def _above(marks: Marks, keys: AbstractSet[str]) -> set[str]:
    """All ancestors of the items; where a way has been gone before, it ends, also in a circle.

    A circle that closes or opens is made of a changed item and its ancestors.
    """
    found: set[str] = set()
    for key in keys:
        at = _parent(marks, key)
        while at is not None and at not in found:
            found.add(at)
            at = _parent(marks, at)
    return found


def _parent(marks: Marks, key: str) -> str | None:
    mark = marks.get(key)
    return mark.parent if mark is not None and mark.parent in marks else None


def _linked_to(marks: Marks, changed: AbstractSet[str]) -> set[str]:
    """Neighbours of the changed by a directed link, whichever end tells of it."""
    named = {to for key in changed if key in marks for to in marks[key].links}
    naming = {k for k, mark in marks.items() if mark.links and not changed.isdisjoint(mark.links)}
    return named | naming
