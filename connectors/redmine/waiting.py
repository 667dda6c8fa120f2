"""Dependencies that changed although their issues did not.

A relation that is made or taken away writes a journal at either end and leaves `updated_on` as it
was (seen on a Redmine 5.0): by time of change it would never be found. So each pass also lists
which issues wait for which, a page for each hundred of them, and those whose list is another one
than last time are read again. What was last told is remembered as long as we run; the first pass
after that reads every issue that waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.redmine.client import RedmineClient, each
from connectors.redmine.mapping.links import WAITS, waits_of
from connectors.redmine.wire import Issue

Waits = frozenset[tuple[object, ...]]


class Waiting:
    """What is known of who waits for whom, by project."""

    def __init__(self, client: RedmineClient, *, size: int) -> None:
        self._client = client
        self._size = size
        self._known: dict[int, Mapping[int, Waits]] = {}

    async def listed(self, project: int) -> dict[int, Waits]:
        """What each issue of a project waits for, as Redmine tells it now."""
        found: dict[int, Waits] = {}
        for word in WAITS.values():
            params = {
                "project_id": str(project),
                "subproject_id": "!*",
                "include": "relations",
                word: "*",
            }
            rows: list[Any] = [row async for row in self._client.by_id(params, size=self._size)]
            for one in each(Issue, rows):
                found[one.id] = frozenset(waits_of(one.relations, one.id))
        return found

    def changed(self, project: int, now: Mapping[int, Waits]) -> list[int]:
        """The issues that wait for others than they did, by number."""
        before = self._known.get(project, {})
        numbers = sorted({*before, *now})
        return [n for n in numbers if before.get(n, frozenset()) != now.get(n, frozenset())]

    def remember(self, project: int, now: Mapping[int, Waits]) -> None:
        """Note what has been read."""
        self._known[project] = now
