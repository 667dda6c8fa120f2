"""A small Jira Cloud on loopback over a `Site`: real requests, answers that are always true.

Only what the connector asks is there; a query that it does not understand is refused.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import orjson
from aiohttp import web

from syncer.clock import SystemClock
from syncer.connect.testing.server import Account, FakeTracker
from tests.kill.issues import (
    PROJECTS,
    STATUSES,
    TYPE,
    Issue,
    Site,
    project_id,
    status_shown,
)

_API: Final = "/rest/api/{version:2|3}"
_AND: Final = re.compile(r"\s+AND\s+")
_ORDER: Final = re.compile(r"\s+ORDER BY\s+(.+)$")
_IS: Final = re.compile(r'project = "(\w+)"')
_SINCE: Final = re.compile(r"updated >= ([0-9]+)")
_BEYOND: Final = re.compile(r"id > ([0-9]+)")
_BY_TIME: Final = "updated ASC, id ASC"
_BY_ID: Final = "id ASC"
_IDS: Final = frozenset({"id", "key"})
_TABLES: Final[Mapping[str, Any]] = {
    "myself": {"accountId": "syncer-bot", "displayName": "Syncer Bot", "timeZone": "Etc/UTC"},
    "serverInfo": {"deploymentType": "Cloud", "version": "1001.0.0", "versionNumbers": [1001, 0]},
    "status": [status_shown(one) for one in STATUSES],
    "issuetype": [TYPE],
    "priority": [{"id": "3", "name": "Medium"}],
    "field": [{"id": name, "name": name} for name in ("summary", "status", "updated")],
    "issueLinkType": {"issueLinkTypes": []},
}


Place = tuple[int, int]
"""Instant and id, so that a page goes on behind the one before it whatever changes meanwhile."""


class BadQuery(ValueError):
    """A query that this Jira does not understand."""


def found_by(jql: str, site: Site) -> Sequence[tuple[Place, Issue]]:
    """The issues that a query finds, in its order, each with its place in that."""
    order = _ORDER.search(jql)
    conditions = _AND.split(_ORDER.sub("", jql))
    wanted = [one for one in site.indexed if all(_meets(one, text) for text in conditions)]
    if order is not None and order[1] not in {_BY_TIME, _BY_ID}:
        raise BadQuery(f"not understood: {order[1]}")
    by_time = order is not None and order[1] == _BY_TIME
    return sorted((_place(one, by_time=by_time), one) for one in wanted)


def _place(issue: Issue, *, by_time: bool) -> Place:
    return (issue.updated_ms if by_time else 0), int(issue.id)


def _meets(issue: Issue, condition: str) -> bool:
    if told := _IS.fullmatch(condition):
        return issue.project == told[1]
    if told := _SINCE.fullmatch(condition):
        return issue.updated_ms >= int(told[1])
    if told := _BEYOND.fullmatch(condition):
        return int(issue.id) > int(told[1])
    raise BadQuery(f"not understood: {condition}")


Asked = Mapping[str, Any]


class Tracker:
    """Answers for a site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def calls(self) -> Iterator[tuple[str, str, Callable[[Asked], Any]]]:
        """Method, path and answer of every call."""
        for name, table in _TABLES.items():
            yield "GET", name, partial(_table, table)
        yield "GET", "project/search", self._projects
        yield "POST", "search/jql", self._search
        yield "POST", "search/approximate-count", self._count
        yield "POST", "issue/bulkfetch", self._issues
        yield "POST", "changelog/bulkfetch", self._changelogs

    def _projects(self, _asked: Asked) -> Any:
        shown = [{"id": project_id(key), "key": key, "name": key} for key in PROJECTS]
        return {"startAt": 0, "total": len(shown), "isLast": True, "values": shown}

    def _search(self, asked: Asked) -> Any:
        found, size = found_by(asked["jql"], self._site), int(asked.get("maxResults") or 50)
        token = asked.get("nextPageToken")
        if token:
            at, _, id_ = token.partition(":")
            found = [one for one in found if one[0] > (int(at), int(id_))]
        bare = _IDS.issuperset(asked.get("fields") or _IDS)
        page = {"issues": [_shown(issue, bare=bare) for _, issue in found[:size]]}
        if len(found) <= size:
            return page
        at, id_ = found[size - 1][0]
        return {**page, "nextPageToken": f"{at}:{id_}"}

    def _count(self, asked: Asked) -> Any:
        return {"count": len(found_by(asked["jql"], self._site))}

    def _issues(self, asked: Asked) -> Any:
        return {"issues": [one.shown() for one in self._named(asked)], "issueErrors": []}

    def _changelogs(self, asked: Asked) -> Any:
        logs = [{"issueId": i.id, "changeHistories": i.histories} for i in self._named(asked)]
        return {"issueChangeLogs": logs}

    def _named(self, asked: Asked) -> Iterator[Issue]:
        for id_ in asked["issueIdsOrKeys"]:
            issue = self._site.issues.get(id_)
            if issue is not None and not issue.is_deleted:
                yield issue


def _table(table: Any, _asked: Asked) -> Any:
    return table


def _shown(issue: Issue, *, bare: bool) -> dict[str, Any]:
    return {"id": issue.id, "key": issue.key} if bare else issue.shown()


def _answering(make: Callable[[Asked], Any]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        raw = await request.read()
        try:
            told = make(orjson.loads(raw) if raw else request.query)
        except BadQuery as bad:
            body = orjson.dumps({"errorMessages": [str(bad)]})
            return web.Response(status=400, body=body, content_type="application/json")
        return web.Response(body=orjson.dumps(told), content_type="application/json")

    return answer


@asynccontextmanager
async def serving(site: Site, account: Account) -> AsyncGenerator[str]:
    """The Jira of a site, running; its address."""
    server = FakeTracker(account=account, clock=SystemClock())
    for method, path, make in Tracker(site).calls():
        server.route(method, f"{_API}/{path}", _answering(make))
    server.on_request.append(lambda _asked: server.forget_requests())
    async with server:
        yield server.url
