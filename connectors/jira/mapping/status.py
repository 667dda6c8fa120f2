"""Statuses and resolutions as our categories (rollup.md 1.2, the row of Jira)."""

from __future__ import annotations

from typing import Final

from connectors.jira.rules import Rules, fold
from connectors.jira.wire import Named, StatusCategoryWire
from syncer.domain.item import ResolutionKind, StatusCategory

_BY_KEY: Final = {
    "new": StatusCategory.TODO,
    "indeterminate": StatusCategory.IN_PROGRESS,
    "done": StatusCategory.DONE,
}
_MAY_WAIT: Final = frozenset({StatusCategory.TODO, StatusCategory.IN_PROGRESS})


def category_of_key(category: StatusCategoryWire | None) -> StatusCategory:
    """The category that Jira gives a status; what it does not tell is UNKNOWN, never guessed."""
    key = category.key if category is not None else None
    return _BY_KEY.get(key or "", StatusCategory.UNKNOWN)


def category_of(
    base: StatusCategory,
    *,
    rules: Rules,
    status_id: str,
    status_name: str,
    resolution: ResolutionKind | None,
    flagged: bool = False,
) -> StatusCategory:
    """Our category of an item.

    `base` is Jira's own; a configured category of the status wins over it. DONE with a
    resolution that delivered nothing is CANCELLED; a resolution without a status of category
    done changes nothing, so that a resolved item in an open status stays open: a contradiction
    to report, not to hide. Flagged and blocked items WAIT.
    """
    name = fold(status_name)
    configured = rules.statuses.get(fold(status_id)) or rules.statuses.get(name)
    category = configured or base
    if category is StatusCategory.DONE and resolution is ResolutionKind.NOT_DELIVERED:
        return StatusCategory.CANCELLED
    waits = flagged or (configured is None and name in rules.waiting)
    return StatusCategory.WAITING if waits and category in _MAY_WAIT else category


def resolution_kind(resolution: Named | None, rules: Rules) -> ResolutionKind | None:
    """Whether the resolution says that something was delivered; None where there is none."""
    if resolution is None or not (resolution.id or resolution.name):
        return None
    names = (resolution.id, resolution.name, resolution.untranslated_name)
    ended = any(name and fold(name) in rules.not_delivered for name in names)
    return ResolutionKind.NOT_DELIVERED if ended else ResolutionKind.DELIVERED
