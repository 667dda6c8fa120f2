"""Mapping rules that people's corrections suggest.

Ten corrections to the same level that one selector picks, and none to another that it picks too,
are a rule that nobody has written down yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from glob import escape

from syncer.domain.item import WorkItem
from syncer.domain.portfolio import ClassificationRule
from syncer.domain.selector import (
    InContainer,
    InVersion,
    Under,
    WithField,
    WithLabel,
    Written,
    described,
    key_of,
    matcher,
)
from syncer.domain.statement import VerdictOverride
from syncer.domain.verdict import Verdict, VerdictLevel

LEAST = 10
"""Like corrections from which a rule is suggested (spec/classification.md section 2)."""
_MOST_TURNED = 4  # items that a rule may turn for each correction that speaks for it
_TIES: tuple[type[object], ...] = (WithLabel, WithField, Under, InVersion, InContainer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A rule, the corrections that speak for it, and what it would do.

    `picked` items in all fall under the rule; `turned` of them have another level today.
    """

    selector: Written
    level: VerdictLevel
    overrides: tuple[VerdictOverride, ...]
    picked: int
    turned: int


@dataclass(frozen=True, slots=True)
class _Stock:
    items: Sequence[WorkItem]
    by_uid: Mapping[str, WorkItem]
    verdicts: Mapping[str, Verdict]


def suggestions(
    items: Sequence[WorkItem],
    *,
    overrides: Sequence[VerdictOverride],
    verdicts: Mapping[str, Verdict],
    rules: Sequence[ClassificationRule] = (),
) -> list[Suggestion]:
    """The rules that explain most corrections; each correction speaks for one rule only.

    Corrections of items that a rule picks already are left out, and so is a rule that would turn
    many more items than people have corrected.
    """
    stock = _Stock(items, {item.uid: item for item in items}, verdicts)
    left = list(_uncovered(stock, overrides, rules))
    found: list[Suggestion] = []
    while best := _best(stock, left):
        found.append(best)
        left = [one for one in left if one not in best.overrides]
    return found


def _uncovered(
    stock: _Stock, overrides: Sequence[VerdictOverride], rules: Sequence[ClassificationRule]
) -> Iterator[VerdictOverride]:
    """The last correction of each item that no rule picks."""
    tests = [matcher(one, stock.by_uid) for rule in rules for one in rule.select]
    last = {one.item_uid: one for one in overrides if not one.undone}
    for one in last.values():
        item = stock.by_uid.get(one.item_uid)
        if item is not None and not any(test(item) for test in tests):
            yield one


def _best(stock: _Stock, overrides: Sequence[VerdictOverride]) -> Suggestion | None:
    """The rule with most corrections behind it, then the one that turns least else."""
    groups: defaultdict[Written, list[VerdictOverride]] = defaultdict(list)
    for one in overrides:
        for selector in dict.fromkeys(_candidates(stock, stock.by_uid[one.item_uid])):
            groups[selector].append(one)
    possible = [
        _suggestion(stock, selector, group)
        for selector, group in groups.items()
        if len(group) >= LEAST and _agree(group)
    ]
    return min(filter(_is_modest, possible), key=_rank, default=None)


def _agree(group: Sequence[VerdictOverride]) -> bool:
    levels = {one.level for one in group}
    return len(levels) == 1 and VerdictLevel.UNCLASSIFIED not in levels


def _is_modest(one: Suggestion) -> bool:
    return one.turned <= _MOST_TURNED * len(one.overrides)


def _rank(one: Suggestion) -> tuple[int, int, int, str]:
    tie = _TIES.index(type(one.selector))
    return (-len(one.overrides), one.turned, tie, described(one.selector))


def _candidates(stock: _Stock, item: WorkItem) -> Iterator[Written]:
    """Every selector that picks the item and could be written in the configuration."""
    for label in filter(str.isprintable, item.labels):
        yield WithLabel(escape(label))
        family, colon, _ = label.partition(":")
        if family and colon:
            yield WithLabel(f"{escape(family)}:*")
    for name, value in item.custom.items():
        if value and value.isprintable() and name.isprintable():
            yield WithField(name, value)
    for version in item.fix_versions:
        if version.name.isprintable():
            yield InVersion(f"{escape(str(item.container))}/{escape(version.name)}")
    yield from (Under(key_of(one)) for one in _ancestors(stock.by_uid, item))
    yield InContainer(escape(str(item.container)))


def _ancestors(by_uid: Mapping[str, WorkItem], item: WorkItem) -> Iterator[WorkItem]:
    seen = {item.uid}
    while item.parent is not None and item.parent.uid in by_uid and item.parent.uid not in seen:
        item = by_uid[item.parent.uid]
        seen.add(item.uid)
        yield item


def _suggestion(stock: _Stock, selector: Written, group: Sequence[VerdictOverride]) -> Suggestion:
    picks: Callable[[WorkItem], bool] = matcher(selector, stock.by_uid)
    picked = [item.uid for item in stock.items if picks(item)]
    level = group[0].level
    others = [uid for uid in picked if uid in stock.verdicts]
    return Suggestion(
        selector=selector,
        level=level,
        overrides=tuple(group),
        picked=len(picked),
        turned=sum(stock.verdicts[uid].level is not level for uid in others),
    )
