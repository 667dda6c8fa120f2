"""Kind and level."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from connectors.github.rules import Rules, fold
from syncer.domain.item import ItemKind

_LEVELS: Final = {
    ItemKind.GOAL: 3,
    ItemKind.INITIATIVE: 2,
    ItemKind.EPIC: 1,
    ItemKind.ITEM: 0,
    ItemKind.SUBTASK: -1,
}
_BY_HEIGHT: Final = {0: ItemKind.ITEM, 1: ItemKind.EPIC, 2: ItemKind.INITIATIVE}


def kind_and_level(
    type_name: str, labels: Iterable[str], *, height: int, rules: Rules
) -> tuple[ItemKind, int]:
    """What sort of thing the issue is, and its level (3 goal … -1 subtask).

    A label such as `syncer:risk` or `epic` says most, then the issue type's name, then the height:
    an issue with sub-issues is an epic unless it is named something higher, one with a second
    generation an initiative (rollup.md 1.2). A leaf counts, so it is an item.
    """
    by_label = next(
        (rules.labels[fold(x)] for x in sorted(labels) if fold(x) in rules.labels), None
    )
    named = by_label or rules.types.get(fold(type_name))
    by_height = _BY_HEIGHT[min(height, 2)]
    if named is None:
        return by_height, _LEVELS[by_height]
    if named not in _LEVELS:
        return named, _LEVELS[by_height]
    kind = by_height if height and _LEVELS[named] < 1 else named
    return kind, _LEVELS[kind]
