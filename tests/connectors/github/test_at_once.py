"""Pages, details and single issues asked for together, without losing what moves meanwhile."""

from __future__ import annotations

import asyncio
import hashlib
import random
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from syncer.connect.testing.server import RecordedRequest, answer
from syncer.domain.ref import ItemRef
from tests.connectors.github.small_github import (
    START,
    SmallGitHub,
    issue,
    milestone,
    read,
    records,
    running,
    stamp,
)

LIMIT = 20.0
"""Seconds after which a test gives up; nothing here takes nearly as long."""


def hundred() -> SmallGitHub:
    return SmallGitHub({"acme/ran": [issue(n) for n in range(1, 101)]})


class Meeting:
    """Answers once so many requests have come together."""

    def __init__(self, count: int, *, path: str) -> None:
        self.count = count
        self.path = path
        self.here = 0
        self.most = 0
        self.met = asyncio.Event()

    async def wait(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.here += 1
        self.most = max(self.most, self.here)
        if self.here >= self.count:
            self.met.set()
        async with asyncio.timeout(LIMIT):
            await self.met.wait()
        self.here -= 1
        response: web.StreamResponse = await handler(request)
        return response

    def hold(self, github: SmallGitHub, when: Any = None) -> None:
        github.server.fail(self.wait, times=self.count, path=self.path, when=when)


def of_page(*numbers: int) -> Any:
    def asked(request: RecordedRequest) -> bool:
        return int(request.query.get("page", "0")) in numbers

    return asked


async def test_the_pages_of_one_repository_are_read_at_once_and_come_in_order() -> None:
    github = hundred()
    meeting = Meeting(8, path="*/issues")
    async with running(github, page_size=10, graphql=False) as connector:
        meeting.hold(github, when=of_page(*range(1, 9)))  # page 9 is read before and after
        pages = await read(connector)
    assert meeting.most == 8
    numbers = [int(one.item.key.partition("#")[2]) for page in pages for one in page.records]
    assert sorted(set(numbers)) == list(range(1, 101))
    assert numbers == sorted(numbers)


async def test_a_pass_that_is_broken_off_goes_on_from_any_of_the_pages() -> None:
    github = hundred()
    async with running(github, page_size=10, graphql=False) as connector:
        whole = await read(connector)
        for stopped in range(len(whole)):
            rest = await read(connector, whole[stopped].cursor)
            found = {**records(whole[: stopped + 1]), **records(rest)}
            assert len(found) == 100


@pytest.mark.parametrize("seed", range(12))
async def test_f15_what_moves_while_pages_are_read_at_once_is_not_lost(seed: int) -> None:
    """At random requests an issue is changed, or deleted, before others are answered."""
    github, chance = hundred(), random.Random(seed)
    left = 15
    deleted: set[str] = set()

    def move() -> None:
        nonlocal left
        if not left or chance.random() < 0.5:
            return
        left -= 1
        if chance.random() < 0.3:
            gone = github.issues.pop(chance.randrange(len(github.issues)))
            deleted.add(f"acme/ran#{gone['number']}")
        else:
            at = START + timedelta(days=2, minutes=20 - left)
            chance.choice(github.issues).update(updated_at=stamp(at), title=f"moved {left}")

    github.on_page = move
    async with running(github, page_size=7, graphql=False) as connector:
        first = await read(connector)
        left = 0  # it is quiet now: what moved behind the reader's back comes with the next pass
        found = records(first) | records(await read(connector, first[-1].cursor))
    shown = {f"acme/ran#{one['number']}": one["title"] for one in github.issues}
    assert {key: found[key].item.title for key in shown if key in found} == shown
    assert set(found) - set(shown) <= deleted


async def test_a_refused_page_is_read_in_its_turn() -> None:
    github = hundred()
    github.server.fail(answer(422, body="{}"), path="*/issues", when=of_page(5))
    async with running(github, page_size=10, graphql=False) as connector:
        assert len(records(await read(connector))) == 100


async def test_few_pages_are_read_one_after_the_other() -> None:
    github = SmallGitHub({"acme/ran": [issue(n) for n in range(1, 31)]})
    async with running(github, page_size=10, graphql=False) as connector:
        await read(connector)
    assert github.server.count("*/issues") == 4


async def test_queries_for_the_details_of_one_page_are_made_at_once() -> None:
    github = SmallGitHub({"acme/ran": [issue(n) for n in range(1, 41)]})
    github.nodes = {}
    meeting = Meeting(4, path="/graphql")
    async with running(github, page_size=100, details_a_query=10) as connector:
        meeting.hold(github)
        await read(connector)
    assert meeting.most == 4


async def test_single_issues_are_fetched_at_once() -> None:
    github = hundred()
    meeting = Meeting(8, path="*/issues/*")
    async with running(github, graphql=False) as connector:
        meeting.hold(github)
        refs = [ItemRef("gh", str(1_000_000 + n), f"acme/ran#{n}") for n in range(1, 21)]
        fetched = await connector.fetch(refs)
    assert meeting.most == 8
    assert len(fetched.records) == 20


class Tagged:
    """Tags every answer, and answers 304 to who knows its tag already, as GitHub does."""

    def __init__(self) -> None:
        self.statuses: list[int] = []

    async def answer(self, request: web.Request, handler: Any) -> web.StreamResponse:
        response: web.Response = await handler(request)
        assert response.text is not None
        tag = f'W/"{hashlib.sha256(response.text.encode()).hexdigest()}"'
        if request.headers.get("If-None-Match") == tag:
            response = web.Response(status=304)
        response.headers["ETag"] = tag
        self.statuses.append(response.status)
        return response


async def test_what_has_not_changed_costs_no_quota() -> None:
    """A pass over an idle repository is answered by 304 alone, and finds what it found before."""
    github, tagged = hundred(), Tagged()
    github.milestones = [milestone(1, "2.0", "2026-12-04")]
    github.server.fail(tagged.answer, times=None)
    async with running(github, page_size=10, overlap_items=5, graphql=False) as connector:
        first = await read(connector)
        second = await read(connector, first[-1].cursor)
        tagged.statuses.clear()
        third = await read(connector, second[-1].cursor)
        assert len(tagged.statuses) >= 3  # milestones, issues, a timeline
        assert set(tagged.statuses) == {304}
        assert records(third) == records(second)
        github.issues[3] |= {"updated_at": stamp(START + timedelta(days=9)), "title": "new"}
        fourth = await read(connector, third[-1].cursor)
    assert records(fourth)["acme/ran#4"].item.title == "new"
