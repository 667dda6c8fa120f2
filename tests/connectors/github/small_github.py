"""A small GitHub for tests: answers what it is told to, and remembers what it was asked."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from connectors.github.config import GitHubConfig
from connectors.github.connector import GitHubConnector
from syncer.clock import Clock
from syncer.connect.auth import with_secrets
from syncer.connect.protocol import Page
from syncer.connect.rate import Sleep
from syncer.connect.testing.server import FakeTracker
from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemRecord
from syncer.domain.ref import ContainerKey

TOKEN = "ghp-7c1d-secret"
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
RAN = ContainerKey("gh", "acme/ran")


class Still:
    """A clock that stands, and sleeps at once."""

    def __init__(self, at: datetime = datetime(2026, 11, 23, 12, tzinfo=UTC)) -> None:
        self.instant = at
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.instant

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.instant += timedelta(seconds=seconds)


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def issue(number: int, *, repo: str = "acme/ran", at: datetime | None = None, **more: Any) -> Any:
    changed = at if at is not None else START + timedelta(minutes=10 * number)
    return {
        "id": 1_000_000 + number,
        "number": number,
        "title": f"Issue {number}",
        "body": None,
        "state": "open",
        "state_reason": None,
        "labels": [],
        "assignees": [],
        "user": {"login": "octo", "type": "User"},
        "milestone": None,
        "created_at": stamp(START),
        "updated_at": stamp(changed),
        "closed_at": None,
        "repository_url": f"http://ignored.example/repos/{repo}",
        "html_url": f"http://ignored.example/{repo}/issues/{number}",
        **more,
    }


def pull(number: int, **more: Any) -> Any:
    return issue(number, **more) | {"pull_request": {"url": "x"}}


def event(kind: str, minutes: int, **more: Any) -> Any:
    return {
        "event": kind,
        "id": minutes,
        "actor": {"login": "octo", "type": "User"},
        "created_at": stamp(START + timedelta(minutes=minutes)),
        **more,
    }


def milestone(number: int, title: str, due: str | None, **more: Any) -> Any:
    return {
        "number": number, "title": title, "state": "open",
        "due_on": None if due is None else f"{due}T08:00:00Z",
        "updated_at": stamp(START), **more,
    }  # fmt: skip


@dataclass
class SmallGitHub:
    """Issues by repository; `nodes` are GraphQL's issues by number, None: GraphQL is refused."""

    repos: dict[str, list[Any]] = field(default_factory=lambda: {"acme/ran": []})
    milestones: list[Any] = field(default_factory=list)
    timelines: dict[int, list[Any]] = field(default_factory=dict)
    blocked_by: dict[int, list[Any]] = field(default_factory=dict)
    blocking: dict[int, list[Any]] = field(default_factory=dict)
    sub_issues: dict[int, list[Any]] = field(default_factory=dict)
    parents: dict[int, Any] = field(default_factory=dict)
    nodes: dict[int, Any] | None = None
    errors: list[Any] = field(default_factory=list)
    projects: list[Any] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    about: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    on_page: Callable[[], None] = lambda: None
    # By the same clock as its reader's: by the machine's, tests would turn with the time of day.
    server: FakeTracker = field(default_factory=lambda: FakeTracker(clock=Still()))

    def __post_init__(self) -> None:
        base = "/repos/{owner}/{name}"
        one = base + r"/issues/{number:\d+}"
        get = self.server.route
        get("GET", "/user", self._user)
        get("GET", "/user/repos", self._listed)
        get("GET", base, self._repository)
        get("GET", f"{base}/issues", self._issues)
        get("GET", f"{base}/milestones", self._milestones)
        get("GET", one, self._issue)
        for path, rows in (
            ("timeline", self.timelines),
            ("dependencies/blocked_by", self.blocked_by),
            ("dependencies/blocking", self.blocking),
            ("sub_issues", self.sub_issues),
        ):
            get("GET", f"{one}/{path}", _rows_of(rows))
        get("GET", f"{one}/parent", self._parent)
        get("POST", "/graphql", self._graphql)

    @property
    def issues(self) -> list[Any]:
        return self.repos["acme/ran"]

    async def _user(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({"login": "octo-bot", "type": "User"}, headers=self.headers)

    async def _listed(self, request: web.Request) -> web.StreamResponse:
        return paged(request, [self._told(name) for name in self.repos])

    def _told(self, name: str) -> Any:
        return {"full_name": name, "has_issues": True, "archived": False, **self.about}

    async def _repository(self, request: web.Request) -> web.StreamResponse:
        name = _name(request)
        known = {one.casefold(): one for one in self.repos}
        if name in self.redirects:
            raise web.HTTPMovedPermanently(self.redirects[name])
        if name.casefold() not in known:
            return web.json_response({"message": "Not Found"}, status=404)
        return web.json_response(self._told(known[name.casefold()]))

    async def _issues(self, request: web.Request) -> web.StreamResponse:
        rows = self.repos.get(_name(request))
        if rows is None:
            return web.json_response({"message": "Not Found"}, status=404)
        query = request.query
        if "milestone" in query:
            wanted = int(query["milestone"])
            rows = [one for one in rows if (one["milestone"] or {}).get("number") == wanted]
        if "since" in query:
            rows = [one for one in rows if one["updated_at"] >= query["since"]]
        key = "updated_at" if query.get("sort") == "updated" else "created_at"
        response = paged(request, sorted(rows, key=lambda one: (one[key], one["number"])))
        self.on_page()
        return response

    async def _milestones(self, request: web.Request) -> web.StreamResponse:
        return paged(request, self.milestones)

    async def _issue(self, request: web.Request) -> web.StreamResponse:
        place = f"{_name(request)}#{request.match_info['number']}"
        if place in self.redirects:
            raise web.HTTPMovedPermanently(self.redirects[place])
        if place in self.gone:
            return web.json_response({"message": "This issue was deleted"}, status=410)
        rows = self.repos.get(_name(request), [])
        found = [one for one in rows if str(one["number"]) == request.match_info["number"]]
        if not found:
            return web.json_response({"message": "Not Found"}, status=404)
        return web.json_response(found[0])

    async def _parent(self, request: web.Request) -> web.StreamResponse:
        found = self.parents.get(int(request.match_info["number"]))
        return web.json_response(found, status=200) if found else web.json_response({}, status=404)

    async def _graphql(self, request: web.Request) -> web.StreamResponse:
        if self.nodes is None:
            return web.json_response({"message": "no"}, status=403)
        query = (await request.json())["query"]
        asked = [int(number) for number in re.findall(r"i\d+: issue\(number: (\d+)\)", query)]
        repository: Any = {f"i{number}": self.nodes.get(number) for number in asked}
        if "projectsV2" in query:
            repository = {"projectsV2": {"nodes": self.projects}}
        told: dict[str, Any] = {"data": {"repository": repository}}
        return web.json_response(told | ({"errors": self.errors} if self.errors else {}))


def _name(request: web.Request) -> str:
    return f"{request.match_info['owner']}/{request.match_info['name']}"


def _rows_of(rows: dict[int, list[Any]]) -> Callable[[web.Request], Any]:
    async def answer(request: web.Request) -> web.StreamResponse:
        return paged(request, rows.get(int(request.match_info["number"]), []))

    return answer


def paged(request: web.Request, rows: list[Any]) -> web.StreamResponse:
    page, size = int(request.query.get("page", "1")), int(request.query.get("per_page", "30"))
    shown = rows[(page - 1) * size : page * size]
    headers = {}
    if page * size < len(rows):
        following = request.url.update_query(page=str(page + 1))
        last = request.url.update_query(page=str(-(-len(rows) // size)))
        headers["Link"] = f'<{following}>; rel="next", <{last}>; rel="last"'
    return web.json_response(shown, headers=headers)


@asynccontextmanager
async def running(
    github: SmallGitHub, *, clock: Clock | None = None, sleep: Sleep | None = None, **config: Any
) -> AsyncIterator[GitHubConnector]:
    """A connector for the small GitHub."""
    still = Still()
    async with github.server as server, aiohttp.ClientSession() as session:
        yield GitHubConnector(
            "gh",
            config_for(server.url, **config),
            session,
            clock=clock or still,
            sleep=sleep or still.sleep,
        )


def config_for(url: str, **config: Any) -> GitHubConfig:
    table = {"name": "gh", "kind": "github", "url": url, "auth": {"token_env": "T"}, **config}
    return with_secrets(GitHubConfig.model_validate(table), env={"T": TOKEN}, base=Path())


async def read(
    connector: GitHubConnector, since: Cursor | None = None, container: ContainerKey = RAN
) -> list[Page]:
    return [page async for page in connector.changes(container, since)]


def records(pages: list[Page]) -> dict[str, ItemRecord]:
    return {record.item.key: record for page in pages for record in page.records}
