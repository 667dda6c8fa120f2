"""What sort of thing an issue is, by its tracker and what stands above it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from connectors.redmine.rules import Rules, fold
from syncer.domain.item import ItemKind

_LEVELS: Final[Mapping[ItemKind, int]] = {
    ItemKind.GOAL: 3,
    ItemKind.INITIATIVE: 2,
    ItemKind.EPIC: 1,
    ItemKind.ITEM: 0,
    ItemKind.SUBTASK: -1,
}


def kind_and_level(
    tracker: str, labels: Iterable[str], *, parent: str | None, rules: Rules
) -> tuple[ItemKind, int]:
    """The kind and level (3 goal … -1 subtask); `parent` is the tracker above, None without one.

    Redmine knows no levels: any issue may lie below any other. A label such as `syncer:risk` says
    most, then the tracker; what lies below another plain item is a subtask.
    """
    by_label = next((rules.labels[fold(x)] for x in labels if fold(x) in rules.labels), None)
    by_type = rules.types.get(fold(tracker), ItemKind.ITEM)
    above = None if parent is None else rules.types.get(fold(parent), ItemKind.ITEM)
    if by_type is ItemKind.ITEM and above in (ItemKind.ITEM, ItemKind.SUBTASK):
        by_type = ItemKind.SUBTASK
    kind = by_label or by_type
    return kind, _LEVELS.get(kind, _LEVELS.get(by_type, 0))
