"""A Jira Cloud made of recorded answers: a real HTTP server that changes nothing in them.

Issues, statuses, types and sprints are served as they were recorded; what no file holds (fields,
priorities, link types, the list of projects) is derived from the issues. Boards and sprints answer
403, remote links 404 and everything else that was not recorded 404.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import web

from syncer.connect.testing.server import Account, FakeTracker, Handler

Json = dict[str, Any]
_API: Final = "/rest/api/3"
_REFUSED: Final = {"errorMessages": ["You do not have permission to do this."], "errors": {}}


@dataclass(slots=True, kw_only=True)
class Manners:
    """How the site behaves.

    `page`: the most issues that it puts on a page. `inline`: the most changelog entries that come
    with a search. `changelog_status`: what the changelog calls answer.
    """

    page: int = 7
    inline: int = 40
    changelog_status: int = 200


@dataclass(slots=True)
class Recording:
    """What one folder of recorded answers holds."""

    folder: Path
    issues: list[Json] = field(init=False)

    def __post_init__(self) -> None:
        self.issues = self.lines("api_issues.jsonl")

    def lines(self, name: str) -> list[Json]:
        """The objects of one file."""
        text = (self.folder / name).read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def of_issues(self, name: str) -> list[Json]:
        """A field's values over all issues, each once."""
        every = (issue["fields"].get(name) for issue in self.issues)
        return _once(one for one in every if one)

    def types(self) -> list[Json]:
        """The types as recorded, and those that only issues name."""
        return _once([*self.lines("api_issue_types.jsonl"), *self.of_issues("issuetype")])

    def fields(self) -> list[Json]:
        """Every custom field that an issue bears, called as the histories call it."""
        names = {
            item["fieldId"]: item["field"]
            for issue in self.issues
            for history in issue["changelog"]["histories"]
            for item in history["items"]
            if "fieldId" in item
        }
        borne = sorted({name for issue in self.issues for name in issue["fields"]})
        return [
            {"id": name, "name": names.get(name, name), "custom": True}
            for name in borne
            if name.startswith("customfield_")
        ]

    def link_types(self) -> list[Json]:
        """The link types that any recorded issue uses."""
        issues = [*self.issues, *self.lines("api_issue_relationships.jsonl")]
        return _once(
            link["type"] for issue in issues for link in issue["fields"].get("issuelinks") or ()
        )


class RecordedJira:
    """Serves a recording while it is open as an asynchronous context manager.

    `server` is the fake tracker underneath: script faults and read requests there. `served` counts
    the issues that left with searches.
    """

    def __init__(self, folder: Path, manners: Manners | None = None) -> None:
        self.recording = Recording(folder)
        self.manners = manners or Manners()
        self.account = Account(secret="canary-recorded-5c1e")
        self.served = 0
        self.server = FakeTracker(account=self.account)
        self._add_routes()

    @property
    def url(self) -> str:
        """The base URL."""
        return self.server.url

    async def __aenter__(self) -> Self:
        await self.server.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.server.stop()

    def _add_routes(self) -> None:
        add, told = self.server.route, self.recording
        tables: dict[str, Callable[[], Any]] = {
            "myself": lambda: {
                "accountId": "bot",
                "displayName": "Recorder",
                "timeZone": "Asia/Shanghai",
            },
            "serverInfo": lambda: {"deploymentType": "Cloud"},
            "status": lambda: told.lines("api_status.jsonl"),
            "issuetype": told.types,
            "field": told.fields,
            "issueLinkType": lambda: {"issueLinkTypes": told.link_types()},
            "priority": lambda: told.of_issues("priority"),
        }
        for name, table in tables.items():
            add("GET", f"{_API}/{name}", _always(table))
        add("GET", f"{_API}/project/search", self._projects)
        add("GET POST", f"{_API}/search/jql", self._search)
        add("POST", f"{_API}/changelog/bulkfetch", self._bulk_changelog)
        add("GET", f"{_API}/issue/{{id}}/changelog", self._changelog)
        add("GET", "/rest/agile/1.0/{rest:.*}", _refused(403))

    async def _projects(self, request: web.Request) -> web.Response:
        projects = self.recording.of_issues("project")
        start, size = int(request.query["startAt"]), int(request.query["maxResults"])
        page = projects[start : start + size]
        return web.json_response({"values": page, "total": len(projects), "startAt": start})

    async def _search(self, request: web.Request) -> web.Response:
        asked = await request.json() if request.method == "POST" else dict(request.query)
        found = self._found(asked["jql"])
        start = int(asked.get("nextPageToken") or 0)
        end = start + min(int(asked.get("maxResults") or 50), self.manners.page)
        page = [self._shown(issue, asked) for issue in found[start:end]]
        self.served += len(page)
        more = {"nextPageToken": str(end)} if end < len(found) else {}
        return web.json_response({"issues": page, **more})

    def _found(self, jql: str) -> list[Json]:
        project = re.search(r'project = "([^"]+)"', jql)
        since = re.search(r"updated >= (\d+)", jql)
        found = self.recording.issues
        if project:
            found = [one for one in found if one["fields"]["project"]["key"] == project[1]]
        if since:
            found = [one for one in found if _updated_ms(one) >= int(since[1])]
        return sorted(found, key=lambda one: (_updated_ms(one), int(one["id"])))

    def _shown(self, issue: Json, asked: Json) -> Json:
        """The issue as a search shows it: only what was asked for, the newest of its history."""
        names = asked.get("fields") or ["id"]
        wanted = names.split(",") if isinstance(names, str) else names
        fields = {name: value for name, value in issue["fields"].items() if name in wanted}
        shown = {"id": issue["id"], "key": issue["key"], "fields": fields}
        if "changelog" not in str(asked.get("expand", "")):
            return shown
        entries = issue["changelog"]["histories"]
        newest = entries[: self.manners.inline]
        log = {"startAt": 0, "maxResults": len(newest), "total": len(entries), "histories": newest}
        return {**shown, "changelog": log}

    async def _bulk_changelog(self, request: web.Request) -> web.Response:
        if self.manners.changelog_status != 200:
            return web.json_response(_REFUSED, status=self.manners.changelog_status)
        wanted = (await request.json())["issueIdsOrKeys"]
        logs = [
            {"issueId": one["id"], "changeHistories": one["changelog"]["histories"]}
            for one in self.recording.issues
            if one["id"] in wanted
        ]
        return web.json_response({"issueChangeLogs": logs})

    async def _changelog(self, request: web.Request) -> web.Response:
        if self.manners.changelog_status != 200:
            return web.json_response(_REFUSED, status=self.manners.changelog_status)
        id_, start = request.match_info["id"], int(request.query.get("startAt", 0))
        entries: Sequence[Json] = next(
            one["changelog"]["histories"] for one in self.recording.issues if one["id"] == id_
        )
        return web.json_response({"values": entries[start:], "total": len(entries)})


def _once(every: Iterable[Json]) -> list[Json]:
    found: dict[str, Json] = {}
    for one in every:
        found.setdefault(one["id"], one)
    return list(found.values())


def _always(table: Callable[[], Any]) -> Handler:
    async def handler(_: web.Request) -> web.Response:
        return web.json_response(table())

    return handler


def _refused(status: int) -> Handler:
    async def handler(_: web.Request) -> web.Response:
        return web.json_response(_REFUSED, status=status)

    return handler


def _updated_ms(issue: Json) -> int:
    return round(datetime.fromisoformat(issue["fields"]["updated"]).timestamp() * 1000)
