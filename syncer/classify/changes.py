"""Judging again only what a change can affect, with the same verdicts as judging everything.

A verdict depends on the item itself, its project, what lies below it, the items that its directed
links reach, its siblings (one order to many products), and, by precedence, on all above it. So a
changed item affects itself, its ancestors, its siblings, what links to it, and all below those.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from syncer.classify.classifier import judge_anew
from syncer.classify.config import ClassifierConfig
from syncer.classify.portfolio import Portfolio, PortfolioItem
from syncer.domain.verdict import Verdict

Items = Mapping[str, PortfolioItem]


def reclassify(
    before: Portfolio,
    verdicts: Mapping[str, Verdict],
    after: Portfolio,
    *,
    config: ClassifierConfig | None = None,
) -> dict[str, Verdict]:
    """The verdicts on `after`, of which `verdicts` on `before` (same `config`) are known."""
    anew = affected(before, after)
    kept = {key: verdict for key, verdict in verdicts.items() if key not in anew}
    return judge_anew(after, kept, config=config)


def affected(before: Portfolio, after: Portfolio) -> frozenset[str]:
    """The keys of the items whose verdict may differ; all of them where projects changed."""
    old, new = _by_key(before), _by_key(after)
    if before.projects != after.projects:
        return frozenset(new)
    changed = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    changed |= _spoken_of(before, after)
    around = changed | _around(old, changed) | _around(new, changed)
    return frozenset(_with_all_below(new, _with_all_below(old, around)) & new.keys())


def _by_key(portfolio: Portfolio) -> dict[str, PortfolioItem]:
    found: dict[str, PortfolioItem] = {}
    for item in portfolio.items:
        found.setdefault(item.key, item)
    return found


def _spoken_of(before: Portfolio, after: Portfolio) -> set[str]:
    """Items of which a person or a rule says something else than before."""
    said: set[str] = set()
    if before.overrides != after.overrides:
        said |= {one.item for one in (*before.overrides, *after.overrides)}
    if before.mappings != after.mappings:
        said |= {one.item for one in (*before.mappings, *after.mappings)}
    return said


def _around(items: Items, changed: AbstractSet[str]) -> set[str]:
    """Ancestors, siblings and linked items of the changed ones, in one state of the portfolio."""
    below, linked = _children(items), _linked(items)
    found: set[str] = set()
    for key in changed:
        found.update(linked.get(key, ()))
        found.update(_ancestors(items, key))
        if key in items and items[key].parent is not None:
            found.update(below.get(items[key].parent or "", ()))
    return found


def _ancestors(items: Items, key: str) -> Iterator[str]:
    """The items above one, each once, also around a circle."""
    seen = {key}
    at = items[key].parent if key in items else None
    while at is not None and at in items and at not in seen:
        seen.add(at)
        yield at
        at = items[at].parent


def _children(items: Items) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for key, item in items.items():
        if item.parent is not None:
            found[item.parent].append(key)
    return found


def _linked(items: Items) -> dict[str, set[str]]:
    """Neighbours by any link, from both ends: either end may tell of it."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for key, item in items.items():
        for link in item.links:
            found[key].add(link.to)
            found[link.to].add(key)
    return found


def _with_all_below(items: Items, keys: Iterable[str]) -> set[str]:
    below = _children(items)
    found = set(keys)
    waiting = list(found)
    while waiting:
        for child in below.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found
