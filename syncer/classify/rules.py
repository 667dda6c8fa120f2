"""`[[classification]]` rules: which items are program or product by order of the configuration.

The selectors are those of contracts.md section 1. A portfolio of `syncer classify` knows
labels, trees and containers; selectors that need a tracker pick nothing here and are resolved
by the sync layer, which fills `Portfolio.mappings` itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from pydantic import BaseModel, ConfigDict

from syncer.classify.portfolio import Portfolio, PortfolioItem, PortfolioMapping
from syncer.domain.verdict import VerdictLevel

Selector = str | dict[str, Any]


class ClassificationRule(BaseModel):
    """One rule: an item that any selector picks has this level. The first rule wins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    select: tuple[Selector, ...]
    level: VerdictLevel


def with_rules(portfolio: Portfolio, rules: Sequence[ClassificationRule]) -> Portfolio:
    """The portfolio with the rules' mappings after those that it brought itself."""
    if not rules:
        return portfolio
    parents = {item.key: item.parent for item in portfolio.items}
    found = [
        PortfolioMapping(item=item.key, level=rule.level, rule=_text(selector))
        for item in portfolio.items
        for rule in rules
        for selector in rule.select
        if _picks(selector, item, parents)
    ]
    return portfolio.model_copy(update={"mappings": (*portfolio.mappings, *found)})


def _picks(selector: Selector, item: PortfolioItem, parents: dict[str, str | None]) -> bool:
    if isinstance(selector, str):
        return fnmatchcase(item.project, _local(selector))
    if "label" in selector:
        return any(fnmatchcase(name, str(selector["label"])) for name in item.labels)
    if "version" in selector:
        return any(fnmatchcase(name, _version(selector)) for name in item.fix_versions)
    if "under" in selector:
        return _local(str(selector["under"])) in _chain(item.key, parents)
    return False


def _local(name: str) -> str:
    """`jira:NET` without the connection, which a portfolio does not know."""
    return name.split(":", 1)[-1]


def _version(selector: dict[str, Any]) -> str:
    return str(selector["version"]).rsplit("/", 1)[-1]


def _chain(key: str, parents: dict[str, str | None]) -> set[str]:
    """The item and everything above it, once around a cycle at most."""
    seen: set[str] = set()
    at: str | None = key
    while at is not None and at not in seen:
        seen.add(at)
        at = parents.get(at)
    return seen


def _text(selector: Selector) -> str:
    if isinstance(selector, str):
        return selector
    return ", ".join(f"{name} {value}" for name, value in selector.items())
