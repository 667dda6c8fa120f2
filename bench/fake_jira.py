"""A fast made-up Jira in a process of its own: `python -m bench.fake_jira --style dc`.

It prints its address and ends with its standard input. It answers what the connector, a bare
client and other tools ask of a site, from bytes that are ready. An unknown query is an error, so
that no measurement rests on an answer that no Jira would give. `GET /counts` tells what was asked.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import orjson

from bench.http_bytes import Asked, Told, listening, port_of
from bench.sample_drafts import HISTORIES
from bench.sample_issues import FIRST_ID, Issues, Style
from bench.sample_query import BadQuery, Selection, selection_of
from bench.sample_site import Site

DAY_MS: Final = 86_400_000
AGE_DAYS: Final = 60

_API: Final = re.compile(r"/rest/api/(?:2|3|latest)/(.*)")
_ISSUE: Final = re.compile(r"issue/([A-Za-z0-9-]+)")
_CHANGELOG: Final = re.compile(r"issue/([A-Za-z0-9-]+)/changelog")
_SHORT: Final = frozenset({"id", "key", "issuekey"})
_TIMED: Final = _SHORT | {"updated"}
_MOST_IDS: Final = 5000
_MOST_ISSUES: Final = {"dc": 1000, "cloud": 100}
"""Data Center's usual ceiling, and Cloud's with fields (vendor's reference, "search/jql")."""


@dataclass(slots=True)
class FakeJira:
    """Answers requests; counts them by call, and the issues that it sent."""

    issues: Issues
    site: Site
    asked: Counter[str] = field(default_factory=Counter)

    def __call__(self, asked: Asked) -> Told:
        """The answer to one request."""
        parts = urlsplit(asked.target)
        if parts.path == "/counts":
            return Told([orjson.dumps(self.asked)])
        found = _API.fullmatch(parts.path)
        if found is None:
            return _refused(HTTPStatus.NOT_FOUND, f"no such path: {parts.path}")
        self.asked["requests"] += 1
        wanted = _wanted(asked, parts.query)
        try:
            return self._called(found[1], wanted)
        except BadQuery as bad:
            return _refused(HTTPStatus.BAD_REQUEST, str(bad))

    def _called(self, call: str, wanted: dict[str, Any]) -> Told:
        answer = self._calls().get(call)
        if answer is not None:
            self.asked[call] += 1
            return answer(wanted)
        log = _CHANGELOG.fullmatch(call)
        if log:
            return self._one_changelog(log[1])
        one = _ISSUE.fullmatch(call)
        if one:
            return self._one(one[1], wanted)
        return self._table(call)

    def _calls(self) -> dict[str, Callable[[dict[str, Any]], Told]]:
        if self.issues.style == "dc":
            return {"search": self._search, "project": self._projects}
        return {
            "search/jql": self._search_by_token,
            "search/approximate-count": self._count,
            "issue/bulkfetch": self._bulk,
            "changelog/bulkfetch": self._bulk_changelogs,
            "project/search": self._project_pages,
            "project": self._projects,
        }

    def _table(self, name: str) -> Told:
        self.asked[name] += 1
        table = self.site.tables.get(name)
        return Told([table]) if table else _refused(HTTPStatus.NOT_FOUND, f"no {name} here")

    # --- searches ---------------------------------------------------------------------------------

    def _search(self, wanted: dict[str, Any]) -> Told:
        found = self._found(wanted)
        start, size = int(wanted.get("startAt") or 0), self._size(wanted, default=50)
        shown = [found[n] for n in range(min(start, len(found)), min(start + size, len(found)))]
        head = b'{"expand":"schema,names","startAt":%d,"maxResults":%d,"total":%d,"issues":['
        return Told([head % (start, size, len(found)), self._rendered(shown, wanted), b"]}"])

    def _search_by_token(self, wanted: dict[str, Any]) -> Told:
        found = self._found(wanted)
        start, size = int(wanted.get("nextPageToken") or 0), self._size(wanted, default=50)
        end = min(start + size, len(found))
        rendered = self._rendered([found[n] for n in range(start, end)], wanted)
        more = (
            b'"nextPageToken":"%d","isLast":false' % end if end < len(found) else b'"isLast":true'
        )
        return Told([b'{"issues":[', rendered, b"],", more, b"}"])

    def _found(self, wanted: dict[str, Any]) -> Selection:
        return selection_of(str(wanted.get("jql") or ""), self.issues)

    def _size(self, wanted: dict[str, Any], *, default: int) -> int:
        most = _MOST_ISSUES[self.issues.style]
        if self.issues.style == "cloud" and self._fields(wanted) <= _SHORT:
            most = _MOST_IDS
        asked = wanted.get("maxResults")
        return min(default if asked is None else int(asked), most)

    def _fields(self, wanted: dict[str, Any]) -> frozenset[str]:
        """The fields asked for; without any Data Center sends all and Cloud ids only."""
        told = wanted.get("fields")
        names = told.split(",") if isinstance(told, str) else list(told or ())
        nothing = ["id"] if self.issues.style == "cloud" else ["*all"]
        return frozenset(names or nothing)

    def _rendered(self, numbers: Sequence[int], wanted: dict[str, Any]) -> bytes:
        self.asked["issues"] += len(numbers)
        fields = self._fields(wanted)
        if fields <= _SHORT:
            return b",".join([self.issues.short(n) for n in numbers])
        if fields <= _TIMED and not wanted.get("expand"):
            return b",".join([self.issues.timed(n) for n in numbers])
        expand = wanted.get("expand") or ()
        log = "changelog" in expand
        every = [self.issues.whole(n, changelog=log) for n in numbers]
        if "transitions" in expand:
            every = [one[:-1] + b',"transitions":[]}' for one in every]
        return b",".join(every)

    def _count(self, wanted: dict[str, Any]) -> Told:
        return Told([b'{"count":%d}' % len(self._found(wanted))])

    # --- single issues and bulk calls -------------------------------------------------------------

    def _one(self, name: str, wanted: dict[str, Any]) -> Told:
        self.asked["issue"] += 1
        number = self.issues.number_of(name)
        if number is None:
            return _refused(HTTPStatus.NOT_FOUND, "Issue does not exist")
        return Told([self._rendered([number], wanted)])

    def _one_changelog(self, name: str) -> Told:
        self.asked["issue/changelog"] += 1
        number = self.issues.number_of(name)
        if number is None:
            return _refused(HTTPStatus.NOT_FOUND, "Issue does not exist")
        histories = orjson.loads(self.issues.changelog(number))["histories"]
        return Told([orjson.dumps({"total": len(histories), "values": histories})])

    def _bulk(self, wanted: dict[str, Any]) -> Told:
        names = list(wanted.get("issueIdsOrKeys") or ())
        if len(names) > _MOST_ISSUES["cloud"]:
            raise BadQuery("at most 100 issues at once")
        told = (self.issues.number_of(str(name)) for name in names)
        numbers = [number for number in told if number is not None]
        return Told([b'{"issues":[', self._rendered(numbers, wanted), b'],"issueErrors":[]}'])

    def _bulk_changelogs(self, wanted: dict[str, Any]) -> Told:
        names = list(wanted.get("issueIdsOrKeys") or ())
        step = max(1, int(wanted.get("maxResults") or 1000) // HISTORIES)
        start = int(wanted.get("nextPageToken") or 0)
        told = (self.issues.number_of(str(name)) for name in names[start : start + step])
        logs = [self._log(number) for number in told if number is not None]
        page: dict[str, Any] = {"issueChangeLogs": logs}
        if start + step < len(names):
            page["nextPageToken"] = str(start + step)
        return Told([orjson.dumps(page)])

    def _log(self, number: int) -> dict[str, Any]:
        histories = orjson.loads(self.issues.changelog(number))["histories"]
        return {"issueId": str(FIRST_ID + number), "changeHistories": histories}

    # --- projects ---------------------------------------------------------------------------------

    def _projects(self, _: dict[str, Any]) -> Told:
        return Told([orjson.dumps(self.site.projects())])

    def _project_pages(self, wanted: dict[str, Any]) -> Told:
        start, size = int(wanted.get("startAt") or 0), int(wanted.get("maxResults") or 50)
        every = self.site.projects(insight=True)
        page = {
            "startAt": start,
            "total": len(every),
            "isLast": start + size >= len(every),
            "values": every[start : start + size],
        }
        return Told([orjson.dumps(page)])


def _wanted(asked: Asked, query: str) -> dict[str, Any]:
    """What was asked for, by body or by address."""
    if asked.body:
        told: dict[str, Any] = orjson.loads(asked.body)
        return told
    return {name: ",".join(values) for name, values in parse_qs(query).items()}


def _refused(status: int, why: str) -> Told:
    return Told([orjson.dumps({"errorMessages": [why], "errors": {}})], status)


def made(style: Style, *, issues: int, containers: int) -> FakeJira:
    """A site whose issues were changed one second apart, sixty days ago."""
    today = int(time.time() * 1000) // DAY_MS * DAY_MS
    every = Issues(
        style=style, total=issues, containers=containers, since_ms=today - AGE_DAYS * DAY_MS
    )
    return FakeJira(every, Site(every))


async def serve(jira: FakeJira, latency: float) -> None:
    """Serve until standard input ends; `latency` in seconds."""
    server = await listening(jira, latency=latency)
    print(f"http://127.0.0.1:{port_of(server)}", flush=True)
    async with server:
        await asyncio.to_thread(sys.stdin.read)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--style", choices=("dc", "cloud"), default="dc")
    parser.add_argument("--issues", type=int, default=10_000)
    parser.add_argument("--containers", type=int, default=1)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    options = parser.parse_args(arguments)
    jira = made(options.style, issues=options.issues, containers=options.containers)
    jira.issues.prepare()
    asyncio.run(serve(jira, options.latency_ms / 1000))


if __name__ == "__main__":
    main()
