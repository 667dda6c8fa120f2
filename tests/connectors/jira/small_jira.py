"""A small Jira for tests: answers what it is told to, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors.jira.config import JiraConfig
from connectors.jira.connector import JiraConnector
from syncer.connect.auth import with_secrets
from syncer.connect.rate import Sleep

TOKEN = "tok-3f9a-secret"
Handler = Callable[[web.Request], web.StreamResponse | Awaitable[web.StreamResponse]]
START = datetime(2026, 1, 5, 9, tzinfo=UTC)

STATUSES = [
    {"id": "1", "name": "To Do", "statusCategory": {"key": "new"}},
    {"id": "3", "name": "In Progress", "statusCategory": {"key": "indeterminate"}},
    {"id": "5", "name": "Done", "statusCategory": {"key": "done"}},
]
FIELDS = [
    {"id": "customfield_10015", "name": "Start date", "schema": {"type": "date"}},
    {
        "id": "customfield_10020",
        "name": "Iteration",
        "schema": {"type": "array", "custom": "com.pyxis.greenhopper.jira:gh-sprint"},
    },
    {
        "id": "customfield_10014",
        "name": "Epos",
        "schema": {"type": "any", "custom": "com.pyxis.greenhopper.jira:gh-epic-link"},
    },
    {"id": "customfield_10016", "name": "Story point estimate", "schema": {"type": "number"}},
    {"id": "customfield_10021", "name": "Impediment", "schema": {"type": "array"}},
    {"id": "customfield_10100", "name": "Program", "schema": {"type": "option"}},
]
LINK_TYPES = [
    {"id": "10000", "name": "Blocks", "inward": "is blocked by", "outward": "blocks"},
    {"id": "10001", "name": "Relates", "inward": "relates to", "outward": "relates to"},
]
PRIORITIES = [
    {"id": str(n), "name": name}
    for n, name in enumerate(["Highest", "High", "Medium", "Low", "Lowest"], start=1)
]
TYPES = [
    {"id": "10001", "name": "故事", "untranslatedName": "Story", "hierarchyLevel": 0},
    {"id": "10000", "name": "Epic", "hierarchyLevel": 1},
]


def jira_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"


def issue(number: int, *, project: str = "NET", at: datetime | None = None, **fields: Any) -> Any:
    changed = at if at is not None else START + timedelta(minutes=10 * number)
    return {
        "id": str(10_000 + number),
        "key": f"{project}-{number}",
        "fields": {
            "project": {"id": "10", "key": project, "name": project},
            "summary": f"Item {number}",
            "issuetype": TYPES[0],
            "status": STATUSES[0],
            "created": jira_time(START),
            "updated": jira_time(changed),
            **fields,
        },
        "changelog": {"startAt": 0, "maxResults": 0, "total": 0, "histories": []},
    }


def history(number: int, *items: dict[str, Any], at: datetime | None = None) -> dict[str, Any]:
    return {
        "id": str(number),
        "author": {"accountId": "a-1", "displayName": "R. Meyer", "accountType": "atlassian"},
        "created": jira_time(at or START + timedelta(hours=number)),
        "items": list(items),
    }


def moved(before: str, after: str) -> dict[str, Any]:
    ids = {"To Do": "1", "In Progress": "3", "Done": "5"}
    return {
        "field": "status", "fieldId": "status", "from": ids.get(before), "fromString": before,
        "to": ids.get(after), "toString": after,
    }  # fmt: skip


@dataclass
class SmallJira:
    """Issues and tables to serve; `answers` overrides single paths; `asked` is the log.

    `served` counts the issues that were served with more than their ids or times. `at_once` is how
    many requests were under way together at most; each takes `slowness` seconds.
    """

    issues: list[Any] = field(default_factory=list)
    projects: list[Any] = field(default_factory=lambda: [{"id": "10", "key": "NET", "name": "Net"}])
    myself: Any = field(
        default_factory=lambda: {
            "accountId": "bot",
            "displayName": "Sync bot",
            "timeZone": "Europe/Berlin",
        }
    )
    tables: dict[str, Any] = field(
        default_factory=lambda: {
            "status": STATUSES,
            "field": FIELDS,
            "issuetype": TYPES,
            "issueLinkType": {"issueLinkTypes": LINK_TYPES},
            "priority": PRIORITIES,
        }
    )
    answers: dict[str, Handler] = field(default_factory=dict)
    changelogs: dict[str, list[Any]] = field(default_factory=dict)
    ignores_updated: bool = False
    asked: list[tuple[str, Any]] = field(default_factory=list)
    served: int = 0
    slowness: float = 0.0
    most_ids: int = 5_000
    most_issues: int = 1_000
    now: datetime | None = None
    at_once: int = 0
    _under_way: int = 0
    on_search: Callable[[int], None] = lambda _: None

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self._under_way += 1
        self.at_once = max(self.at_once, self._under_way)
        try:
            await asyncio.sleep(self.slowness)
            answered = await self.answer(request)
            if self.now is not None:
                answered.headers["Date"] = format_datetime(self.now, usegmt=True)
            return answered
        finally:
            self._under_way -= 1

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/rest/api/3/")
        body = await request.json() if request.can_read_body else dict(request.query)
        self.asked.append((path, body))
        if path in self.answers:
            given = self.answers[path](request)
            return given if isinstance(given, web.StreamResponse) else await given
        told = self.tables.get(path) or self.told(path, body)
        if told is None:
            return web.json_response({"errorMessages": ["There is nothing."]}, status=404)
        return web.json_response(told)

    def told(self, path: str, body: dict[str, Any]) -> Any:
        known: dict[str, Callable[[dict[str, Any]], Any]] = {
            "myself": lambda _: self.myself,
            "serverInfo": lambda _: {"deploymentType": "Cloud"},
            "project/search": self._projects,
            "search/jql": self._search,
            "search/approximate-count": lambda asked: {"count": len(self._found(asked["jql"]))},
            "issue/bulkfetch": self._bulk_issues,
            "changelog/bulkfetch": self._bulk_changelogs,
        }
        return known[path](body) if path in known else None

    def _projects(self, body: dict[str, Any]) -> Any:
        start = int(body["startAt"])
        page = self.projects[start : start + int(body["maxResults"])]
        return {"values": page, "total": len(self.projects)}

    def _bulk_issues(self, body: dict[str, Any]) -> Any:
        wanted = set(body["issueIdsOrKeys"])
        found = [i for i in self.issues if i["id"] in wanted]
        self.served += len(found)
        return {"issues": found, "issueErrors": []}

    def _bulk_changelogs(self, body: dict[str, Any]) -> Any:
        ids = body["issueIdsOrKeys"]
        logs = [{"issueId": i, "changeHistories": self.changelogs.get(i, [])} for i in ids]
        return {"issueChangeLogs": logs}

    def _search(self, body: dict[str, Any]) -> Any:
        found = self._found(body["jql"])
        start = int(body.get("nextPageToken") or 0)
        self.on_search(start)
        most = self.most_ids if body["fields"] == ["id"] else self.most_issues
        page = found[start : start + min(int(body["maxResults"]), most)]
        self.served += len(page) if len(body["fields"]) > 1 else 0
        if body["fields"] == ["id"]:
            page = [{"id": one["id"], "key": one["key"]} for one in page]
        answer: dict[str, Any] = {"issues": page, "isLast": False}
        if start + len(page) < len(found):
            answer["nextPageToken"] = str(start + len(page))
        return answer

    def _found(self, jql: str) -> list[Any]:
        project = re.search(r'project = "([^"]+)"', jql)
        since = re.search(r"updated >= (\d+)", jql)
        keys = re.search(r"issuekey in \(([^)]*)\)", jql)
        found = self.issues
        if project:
            found = [i for i in found if i["fields"]["project"]["key"] == project[1]]
        if since and not self.ignores_updated:
            found = [i for i in found if updated_ms(i) >= int(since[1])]
        if keys:
            found = [i for i in found if f'"{i["key"]}"' in keys[1]]
        by_id = sorted(found, key=lambda i: int(i["id"]))
        if jql.endswith("ORDER BY id ASC"):
            return by_id
        return sorted(by_id, key=updated_ms, reverse="updated DESC" in jql)


class SmallDataCenter(SmallJira):
    """The same as REST API version 2 tells it: by offset, with a total, in whole seconds."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/rest/api/2/")
        body = await request.json() if request.can_read_body else dict(request.query)
        self.asked.append((path, body))
        if path in self.answers:
            given = self.answers[path](request)
            return given if isinstance(given, web.StreamResponse) else await given
        told = self.tables.get(path) or self.told(path, body)
        return web.json_response(told or {}, status=200 if told else 404)

    def told(self, path: str, body: dict[str, Any]) -> Any:
        if path != "search":
            server = {"deploymentType": "Server", "versionNumbers": [9, 12, 0]}
            return {"serverInfo": server, "myself": self.myself, "project": self.projects}.get(path)
        found = sorted(
            self._found(body["jql"]), key=lambda i: (updated_ms(i) // 1000, int(i["id"]))
        )
        start = int(body.get("startAt", 0))
        self.on_search(start)
        page = found[start : start + min(int(body["maxResults"]), self.most_issues)]
        self.served += len(page)
        return {"startAt": start, "total": len(found), "issues": page}


def updated_ms(raw: Any) -> int:
    return round(datetime.fromisoformat(raw["fields"]["updated"]).timestamp() * 1000)


@asynccontextmanager
async def running(
    jira: SmallJira, *, sleep: Sleep = asyncio.sleep, **config: Any
) -> AsyncIterator[JiraConnector]:
    """A connector for the small Jira."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", jira.handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        url = str(server.make_url(""))
        yield JiraConnector("jira", config_for(url, **config), session, sleep=sleep)


def config_for(url: str, **config: Any) -> JiraConfig:
    return with_secrets(
        JiraConfig.model_validate(
            {
                "name": "jira",
                "kind": "jira",
                "url": url.rstrip("/"),
                "auth": {"email": "bot@example.com", "token_env": "T"},
                "webhook_secret_env": "W",
                **config,
            }
        ),
        env={"T": TOKEN},
        base=Path(),
    )
