"""Kind, level and parent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from connectors.jira.mapping.site import Site
from connectors.jira.rules import fold
from connectors.jira.wire import Fields, IssueType
from syncer.domain.item import ItemKind
from syncer.domain.ref import ItemRef

_TOP: Final = 3
_BOTTOM: Final = -1
_BY_LEVEL: Final = {
    3: ItemKind.GOAL,
    2: ItemKind.INITIATIVE,
    1: ItemKind.EPIC,
    0: ItemKind.ITEM,
    -1: ItemKind.SUBTASK,
}
_LEVELS: Final = {kind: level for level, kind in _BY_LEVEL.items()}


def kind_and_level(
    issuetype: IssueType | None, labels: Iterable[str], site: Site
) -> tuple[ItemKind, int]:
    """What sort of thing the issue is, and its level (3 goal … -1 subtask).

    The level is Jira's own where it tells one (`hierarchyLevel`), else it follows from the
    sub-task flag or the type's name. A label such as `syncer:risk` makes any issue a risk,
    decision or milestone; so does its type's name.
    """
    named = _kind_by_name(issuetype, site)
    level = _level(issuetype, named, site)
    by_label = next(
        (site.rules.labels[fold(x)] for x in labels if fold(x) in site.rules.labels), None
    )
    if by_label is not None:
        return by_label, level
    if named is not None and named not in _LEVELS:
        return named, level
    return _BY_LEVEL[level], level


def _level(issuetype: IssueType | None, named: ItemKind | None, site: Site) -> int:
    known = site.types.get(issuetype.id) if issuetype is not None else None
    for told in (issuetype, known):
        if told is not None and told.hierarchy_level is not None:
            return min(max(told.hierarchy_level, _BOTTOM), _TOP)
    if any(told is not None and told.subtask for told in (issuetype, known)):
        return _BOTTOM
    return _LEVELS.get(named, 0) if named is not None else 0


def _kind_by_name(issuetype: IssueType | None, site: Site) -> ItemKind | None:
    if issuetype is None:
        return None
    known = site.types.get(issuetype.id)
    names = (
        issuetype.id,
        issuetype.name,
        issuetype.untranslated_name,
        known.untranslated_name if known else None,
    )
    kinds = site.rules.types
    return next((kinds[fold(name)] for name in names if name and fold(name) in kinds), None)


def parent_of(
    fields: Fields, epic_link: object, *, connection: str, ids: Mapping[str, str]
) -> tuple[ItemRef | None, str]:
    """The parent and its key.

    The old epic link names its epic by key only; `ids` tells the ids of keys. An epic that is
    not among them is named by key without a ref.
    """
    parent = fields.parent
    if parent is not None and parent.id:
        return ItemRef(connection, parent.id, parent.key or ""), parent.key or ""
    if not isinstance(epic_link, str) or not epic_link:
        return None, ""
    epic_id = ids.get(epic_link)
    return (ItemRef(connection, epic_id, epic_link) if epic_id else None), epic_link
