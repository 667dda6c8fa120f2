"""The truth: what the tracker holds, whatever becomes of those who sync it.

Two sorts of project. Of the issues of a told one only webhooks tell: its search index shows what
was there at the beginning and nothing since (trackers.md 1.3), so that no pull repairs what the
inbox loses. A searched one sends no webhooks at all.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any, Final

TOLD: Final = ("TELL",)
SEARCHED: Final = ("SEEK",)
PROJECTS: Final = (*TOLD, *SEARCHED)
STATUSES: Final = (("10000", "To Do", "new"), ("3", "In Progress", "indeterminate"))
TYPE: Final = {"id": "10001", "name": "Story", "subtask": False, "hierarchyLevel": 0}
SEARCHED_ISSUES: Final = 40

_AUTHOR: Final = {"accountId": "5b10a2844c20165700ed0001", "displayName": "M. Okafor"}
_RECENT: Final = 2000
_FEW: Final = 400
_CREATE: Final = 0.4
_DELETE: Final = 0.02
_MOST_CHANGES: Final = 20


@dataclass(slots=True, kw_only=True)
class Issue:
    """An issue as it stands; `updated_ms` in epoch milliseconds, no two alike on the site."""

    id: str
    key: str
    project: str
    created_ms: int
    updated_ms: int
    version: int = 1
    is_deleted: bool = False
    histories: list[dict[str, Any]] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Another one for each version."""
        return f"{self.key} as of version {self.version}"

    @property
    def status(self) -> tuple[str, str, str]:
        """Id, name and the key of its category."""
        return STATUSES[self.version % len(STATUSES)]

    def shown(self) -> dict[str, Any]:
        """As the REST API sends it, changelog and all."""
        return {
            "id": self.id,
            "key": self.key,
            "fields": self.fields(),
            "changelog": {
                "startAt": 0,
                "maxResults": len(self.histories),
                "total": len(self.histories),
                "histories": self.histories,
            },
        }

    def fields(self) -> dict[str, Any]:
        """As the REST API and webhooks send them."""
        return {
            "project": {"id": project_id(self.project), "key": self.project, "name": self.project},
            "summary": self.title,
            "issuetype": TYPE,
            "status": status_shown(self.status),
            "labels": [],
            "reporter": _AUTHOR,
            "created": instant(self.created_ms),
            "updated": instant(self.updated_ms),
        }


class Site:
    """All issues; `step` lets something happen of which a webhook tells.

    `indexed` are those that the search knows.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._numbers = count(1)
        self._last_ms = 0
        self.issues: dict[str, Issue] = {}
        self._recent: list[Issue] = []
        self._searched = [self._made(key) for key in SEARCHED for _ in range(SEARCHED_ISSUES)]
        self.indexed: Sequence[Issue] = [*self._searched, *(self._made(key) for key in TOLD)]

    def _made(self, project: str) -> Issue:
        number, now = next(self._numbers), self._now_ms()
        made = Issue(
            id=str(100_000 + number),
            key=f"{project}-{number}",
            project=project,
            created_ms=now,
            updated_ms=now,
        )
        self.issues[made.id] = made
        return made

    def _now_ms(self) -> int:
        self._last_ms = max(self._last_ms + 1, time.time_ns() // 1_000_000)
        return self._last_ms

    def step(self) -> tuple[str, Issue]:
        """Create, change or delete an issue of a told project; the word for it, and the issue."""
        drawn = self._random.random()
        if drawn < _CREATE or len(self._recent) < _FEW:
            made = self._made(self._random.choice(TOLD))
            self._recent = [*self._recent[-_RECENT:], made]
            return "created", made
        place = self._random.randrange(len(self._recent))
        issue = self._recent[place]
        if drawn > 1 - _DELETE:
            issue.is_deleted = True
            del self._recent[place]
            return "deleted", issue
        self._change(issue)
        if len(issue.histories) == _MOST_CHANGES:
            del self._recent[place]
        return "updated", issue

    def change_searched(self) -> None:
        """Change an issue of which nobody tells."""
        self._change(self._random.choice(self._searched))

    def _change(self, issue: Issue) -> None:
        before = issue.status
        issue.updated_ms, issue.version = self._now_ms(), issue.version + 1
        entry = {
            "id": str(next(self._numbers)),
            "author": _AUTHOR,
            "created": instant(issue.updated_ms),
            "items": [_moved(before, issue.status)],
        }
        issue.histories.append(entry)


def _moved(before: tuple[str, str, str], after: tuple[str, str, str]) -> dict[str, str]:
    """An entry of a changelog."""
    return {
        "field": "status",
        "fieldId": "status",
        "fieldtype": "jira",
        "from": before[0],
        "fromString": before[1],
        "to": after[0],
        "toString": after[1],
    }


def status_shown(status: tuple[str, str, str]) -> dict[str, Any]:
    """As issues and the table of statuses show it."""
    id_, name, category = status
    return {"id": id_, "name": name, "statusCategory": {"id": 2, "key": category}}


def project_id(key: str) -> str:
    """The immutable id of a project."""
    return str(10_000 + PROJECTS.index(key))


def instant(epoch_ms: int) -> str:
    """As Jira writes it."""
    at = datetime.fromtimestamp(epoch_ms / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{epoch_ms % 1000:03d}+0000"
