"""`[[classification]]` rules applied to a portfolio that came from a file.

Such a portfolio knows labels, trees, containers and versions, but neither connections nor custom
fields: a rule's connection is not compared, and a rule on a field picks nothing. For items of
the store the sync layer resolves the rules itself and fills `Portfolio.mappings`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    parents = {item.key: item.parent for item in portfolio.items}
    found = [
        PortfolioMapping(item=item.key, level=rule.level, rule=described(selector))
        for item in portfolio.items
        for rule in rules
        for selector in rule.select
        if _picks(selector, item, parents)
    ]
    return portfolio.model_copy(update={"mappings": (*portfolio.mappings, *found)})


def _picks(selector: Selector, item: PortfolioItem, parents: Mapping[str, str | None]) -> bool:
    match selector:
        case InContainer(pattern):
            return fnmatchcase(item.project, _local(pattern))
        case Under(root):
            return _is_under(item.key, _local(root), parents)
        case WithLabel(pattern):
            return any(fnmatchcase(name, pattern) for name in item.labels)
        case InVersion(pattern):
            container, _, version = _local(pattern).rpartition("/")
            return fnmatchcase(item.project, container) and any(
                fnmatchcase(name, version) for name in item.fix_versions
            )
        case _:  # what only a synced item can answer
            return False


def _local(name: str) -> str:
    """`jira:NET` without the connection."""
    return name.partition(":")[2]


def _is_under(key: str, root: str, parents: Mapping[str, str | None]) -> bool:
    """Whether the item is the root or below it; once around a cycle at most."""
    seen: set[str] = set()
    at: str | None = key
    while at is not None and at not in seen:
        if at == root:
            return True
        seen.add(at)
        at = parents.get(at)
    return False
