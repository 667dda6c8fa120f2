"""The made-up Jira as a process of its own, and how fast it is by itself.

Run: `python -m bench.tracker`; it tells the ceiling, which is what a client gets that only reads
the bytes. What is measured against this tracker cannot be faster than that.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from typing import Any, Final
from urllib.request import urlopen

import aiohttp
import orjson

from bench.sample_issues import Style

IN_FLIGHT: Final = 8
PAGE: Final = 100
MOST_SMALL: Final = 2000
API: Final = {"dc": "/rest/api/2", "cloud": "/rest/api/3"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracker:
    """One running tracker: `issues` in `containers` projects, each answer `latency_ms` late."""

    url: str
    style: Style
    issues: int
    containers: int
    latency_ms: float

    def counts(self) -> dict[str, int]:
        """How often each call was made since the start, `requests` and `issues` in all."""
        with urlopen(f"{self.url}/counts") as answer:  # noqa: S310  our own process on loopback
            told: dict[str, int] = orjson.loads(answer.read())
        return told

    @property
    def projects(self) -> list[str]:
        """The keys of the projects."""
        return [f"P{number + 1}" for number in range(self.containers)]


@contextmanager
def tracker(
    style: Style, *, issues: int, containers: int = 1, latency_ms: float = 0
) -> Generator[Tracker]:
    """A tracker that ends with the block."""
    command = [sys.executable, "-m", "bench.fake_jira", f"--style={style}", f"--issues={issues}"]
    command += [f"--containers={containers}", f"--latency-ms={latency_ms}"]
    with subprocess.Popen(  # noqa: S603  our own module by our own interpreter
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("the tracker has no output")
            yield Tracker(
                url=process.stdout.readline().strip(),
                style=style,
                issues=issues,
                containers=containers,
                latency_ms=latency_ms,
            )
        finally:
            process.communicate()


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What a client gets that only reads the bytes."""

    requests_a_second: float
    issues_a_second: float


async def ceiling(one: Tracker) -> Ceiling:
    """Ask for one small answer many times, then read all issues once."""
    async with aiohttp.ClientSession() as session:
        small: list[Call] = [("GET", f"{one.url}{API[one.style]}/myself", None)]
        small *= min(one.issues, MOST_SMALL)
        large = list(whole_pages(one, await _ids(session, one)))
        await _read(session, small[:IN_FLIGHT])
        return Ceiling(
            requests_a_second=len(small) / await _read(session, small),
            issues_a_second=one.issues / await _read(session, large),
        )


Call = tuple[str, str, dict[str, Any] | None]
"""Method, address and body of a request."""


def whole_pages(
    one: Tracker, ids: Sequence[str], *, fields: Sequence[str] = ("*all",)
) -> Generator[Call]:
    """The requests that bring all issues with their changelogs, a hundred at a time."""
    for start in range(0, one.issues, PAGE):
        if one.style == "dc":
            body: dict[str, Any] = {
                "jql": "ORDER BY id ASC",
                "startAt": start,
                "maxResults": PAGE,
                "fields": list(fields),
                "expand": ["changelog"],
            }
            yield "POST", f"{one.url}{API['dc']}/search", body
        else:
            body = {
                "issueIdsOrKeys": list(ids[start : start + PAGE]),
                "fields": list(fields),
                "expand": ["changelog"],
            }
            yield "POST", f"{one.url}{API['cloud']}/issue/bulkfetch", body


async def _ids(session: aiohttp.ClientSession, one: Tracker) -> list[str]:
    """The ids of all issues, where they are needed to ask for the issues."""
    return await chained_ids(session, one) if one.style == "cloud" else []


async def chained_ids(session: aiohttp.ClientSession, one: Tracker) -> list[str]:
    """All ids of a Cloud site, page after page of five thousand."""
    found: list[str] = []
    keys = ", ".join(f'"{key}"' for key in one.projects)
    body: dict[str, Any] = {
        "jql": f"project in ({keys}) ORDER BY id ASC",
        "fields": ["id"],
        "maxResults": 5000,
    }
    while True:
        async with session.post(f"{one.url}{API['cloud']}/search/jql", json=body) as response:
            page = orjson.loads(await response.read())
        found += [issue["id"] for issue in page["issues"]]
        if "nextPageToken" not in page:
            return found
        body["nextPageToken"] = page["nextPageToken"]


async def _read(session: aiohttp.ClientSession, calls: Sequence[Call]) -> float:
    """The seconds that it takes to read every answer, a few at a time."""
    waiting = iter(calls)

    async def work() -> None:
        for method, url, body in waiting:
            async with session.request(method, url, json=body) as response:
                if response.status != HTTPStatus.OK:
                    raise RuntimeError(f"{url} answered {response.status}")
                await response.read()

    start = perf_counter()
    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return perf_counter() - start


def main() -> None:
    """Print the ceiling of both styles."""
    for style in ("dc", "cloud"):
        with tracker(style, issues=10_000) as one:
            told = asyncio.run(ceiling(one))
        print(
            f"{style}: {told.requests_a_second:,.0f} requests/s, "
            f"{told.issues_a_second:,.0f} issues/s"
        )


if __name__ == "__main__":
    main()
