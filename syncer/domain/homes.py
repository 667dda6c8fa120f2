"""To which project an item belongs, and the order in which people expect items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from syncer.domain.item import WorkItem
from syncer.domain.portfolio import Portfolio
from syncer.domain.selector import Shelves

_LONGEST_NUMBER: Final = 18
"""Digits that fit an integer of any database; a longer number orders as none."""


def homes(portfolio: Portfolio, items: Sequence[WorkItem]) -> dict[str, str]:
    """The project of each item by uid: the first that holds it."""
    by_uid, shelves = {item.uid: item for item in items}, Shelves(items)
    found: dict[str, str] = {}
    for project in portfolio.projects:
        for item in shelves.select(project.items, by_uid, excluding=project.excluding):
            found.setdefault(item.uid, project.key)
    return found


def by_key(item: WorkItem) -> tuple[str, str, int, str]:
    """Sorts by container and key: `NET-9` before `NET-10`."""
    head = item.key.rstrip("0123456789")
    number = item.key[len(head) :]
    counted = int(number) if number and len(number) <= _LONGEST_NUMBER else 0
    return str(item.container), head, counted, item.uid
