"""Kind and level."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from connectors.gitlab.rules import Rules, fold
from syncer.domain.item import ItemKind

_LEVELS: Final = {
    ItemKind.GOAL: 3,
    ItemKind.INITIATIVE: 2,
    ItemKind.EPIC: 1,
    ItemKind.ITEM: 0,
    ItemKind.SUBTASK: -1,
}
_EPIC: Final = "epic"


def kind_and_level(
    type_name: str,
    labels: Iterable[str],
    *,
    children: Collection[str],
    has_parent: bool,
    rules: Rules,
) -> tuple[ItemKind, int]:
    """What sort of thing the item is, and its level (3 goal … -1 subtask).

    A label such as `syncer:risk` says most, then the type. An epic with epics below it is an
    initiative; a task without a parent is no part of anything and counts as an item.
    """
    by_label = next(
        (rules.labels[fold(x)] for x in sorted(labels) if fold(x) in rules.labels), None
    )
    by_type = rules.types.get(fold(type_name), ItemKind.ITEM)
    if by_type is ItemKind.EPIC and any(fold(one) == _EPIC for one in children):
        by_type = ItemKind.INITIATIVE
    if by_type is ItemKind.SUBTASK and not has_parent:
        by_type = ItemKind.ITEM
    kind = by_label or by_type
    return kind, _LEVELS.get(kind, _LEVELS.get(by_type, 0))
