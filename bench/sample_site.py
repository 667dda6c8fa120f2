"""What the made-up site tells beside issues: itself, its tables, its projects."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from bench.sample_drafts import BASE, LINK_TYPE, priorities, statuses, types
from bench.sample_issues import Issues

_CUSTOM: Final = (
    ("customfield_10015", "Start date", "com.atlassian.jira.plugin.system:datepicker"),
    ("customfield_10016", "Story Points", "com.atlassian.jira.plugin.system:float"),
    ("customfield_10020", "Sprint", "com.pyxis.greenhopper.jira:gh-sprint"),
    ("customfield_10021", "Flagged", "com.atlassian.jira.plugin.system:multicheckboxes"),
)
_SYSTEM: Final = (
    "summary", "description", "issuetype", "status", "resolution", "priority", "labels", "created",
    "updated", "duedate", "assignee", "reporter", "project", "parent", "issuelinks", "comment",
)  # fmt: skip


@dataclass(slots=True)
class Site:
    """The tables of the site as bytes, by the name of their call."""

    issues: Issues
    tables: dict[str, bytes] = field(init=False)

    def __post_init__(self) -> None:
        told = {
            "serverInfo": self._server(),
            "myself": _myself(),
            "status": statuses(),
            "issuetype": types(),
            "priority": priorities(),
            "resolution": [{"id": "10000", "name": "Done", "description": ""}],
            "issueLinkType": {"issueLinkTypes": [LINK_TYPE]},
            "field": _fields(),
        }
        self.tables = {name: orjson.dumps(table) for name, table in told.items()}

    def projects(self, *, insight: bool = False) -> list[dict[str, Any]]:
        """The projects; with `insight` also how many issues each has and when one last changed."""
        every = [
            {
                "self": f"{BASE}/rest/api/2/project/{place.id}",
                "id": place.id,
                "key": place.key,
                "name": f"Project {place.key}",
                "projectTypeKey": "software",
                "archived": False,
            }
            for place in self.issues.places
        ]
        if insight:
            for one, place in zip(every, self.issues.places, strict=True):
                one["insight"] = {
                    "totalIssueCount": place.stop - place.start,
                    "lastIssueUpdateTime": self._last_change(place.stop),
                }
        return every

    def _last_change(self, stop: int) -> str:
        at = datetime.fromtimestamp(self.issues.updated_ms(stop - 1) / 1000, UTC)
        return f"{at:%Y-%m-%dT%H:%M:%S}.000+0000"

    def _server(self) -> dict[str, Any]:
        cloud = self.issues.style == "cloud"
        return {
            "baseUrl": BASE,
            "version": "1001.0.0-SNAPSHOT" if cloud else "10.3.5",
            "versionNumbers": [1001, 0, 0] if cloud else [10, 3, 5],
            "deploymentType": "Cloud" if cloud else "Server",
            "buildNumber": 100_297 if cloud else 10_030_005,
            "serverTitle": "Made up",
        }


def _myself() -> dict[str, Any]:
    return {
        "accountId": "5b10a2844c20165700ed9999",
        "name": "bot",
        "key": "JIRAUSER10099",
        "displayName": "Status bot",
        "timeZone": "Europe/Berlin",
        "active": True,
    }


def _fields() -> list[dict[str, Any]]:
    system = [{"id": name, "name": name, "schema": {"type": "any"}} for name in _SYSTEM]
    custom = [
        {"id": id_, "name": name, "schema": {"type": "any", "custom": kind}}
        for id_, name, kind in _CUSTOM
    ]
    return [*system, *custom]
