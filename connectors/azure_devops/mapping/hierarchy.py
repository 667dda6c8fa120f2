"""Kind and level (rollup.md 1.2, the row of Azure DevOps)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from connectors.azure_devops.rules import Rules, fold
from syncer.domain.item import ItemKind

_LEVELS: Final = {
    ItemKind.GOAL: 3,
    ItemKind.INITIATIVE: 2,
    ItemKind.EPIC: 1,
    ItemKind.ITEM: 0,
    ItemKind.SUBTASK: -1,
}


def kind_and_level(
    type_name: str, tags: Iterable[str], *, has_parent: bool, rules: Rules
) -> tuple[ItemKind, int]:
    """What sort of thing the item is, and its level (3 goal … -1 subtask).

    A tag such as `syncer:risk` says most, then the type. A task without a parent is no part of
    anything and counts as an item.
    """
    by_tag = next((rules.labels[fold(x)] for x in sorted(tags) if fold(x) in rules.labels), None)
    by_type = rules.types.get(fold(type_name), ItemKind.ITEM)
    if by_type is ItemKind.SUBTASK and not has_parent:
        by_type = ItemKind.ITEM
    kind = by_tag or by_type
    return kind, _LEVELS.get(kind, _LEVELS.get(by_type, 0))
