"""`[[classification]]` rules applied to a portfolio that came from a file.

Such a portfolio knows labels, trees, containers and versions, but neither connections nor custom
fields: a rule's connection is not compared, and a rule on a field picks nothing. For items of
the store the sync layer resolves the rules itself and fills `Portfolio.mappings`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from fnmatch import fnmatchcase

from syncer.classify.portfolio import Portfolio, PortfolioItem, PortfolioMapping
from syncer.domain.portfolio import ClassificationRule
from syncer.domain.selector import (
    InContainer,
    InVersion,
    Selector,
    Under,
    WithLabel,
    described,
)


def with_rules(portfolio: Portfolio, rules: Sequence[ClassificationRule]) -> Portfolio:
    """The portfolio with the rules' mappings after those that it brought itself."""
    if not rules:
        return portfolio
    children = _children(portfolio)
    tests = [
        (rule.level, described(selector), _test(selector, children))
        for rule in rules
        for selector in rule.select
    ]
    found = [
        PortfolioMapping(item=item.key, level=level, rule=rule)
        for item in portfolio.items
        for level, rule, picks in tests
        if picks(item)
    ]
    return portfolio.model_copy(update={"mappings": (*portfolio.mappings, *found)})


def _test(
    selector: Selector, children: Mapping[str, Sequence[str]]
) -> Callable[[PortfolioItem], bool]:
    """What tells whether the selector picks an item."""
    match selector:
        case InContainer(pattern):
            return lambda item: fnmatchcase(item.project, _local(pattern))
        case Under(root):
            tree = _tree(_local(root), children)
            return lambda item: item.key in tree
        case WithLabel(pattern):
            return lambda item: any(fnmatchcase(name, pattern) for name in item.labels)
        case InVersion(pattern):
            container, _, version = _local(pattern).rpartition("/")
            return lambda item: (
                fnmatchcase(item.project, container)
                and any(fnmatchcase(name, version) for name in item.fix_versions)
            )
        case _:  # what only a synced item can answer
            return lambda _item: False


def _local(name: str) -> str:
    """`jira:NET` without the connection."""
    return name.partition(":")[2]


def _children(portfolio: Portfolio) -> Mapping[str, Sequence[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for item in portfolio.items:
        if item.parent is not None:
            found[item.parent].append(item.key)
    return found


def _tree(root: str, children: Mapping[str, Sequence[str]]) -> AbstractSet[str]:
    """The root and all below it, each visited once, also in a circle."""
    found = {root}
    waiting = [root]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found
