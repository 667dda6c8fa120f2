"""Pages that are asked for ahead: several at once, and what comes of it is as if it were one."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from connectors.jira.client import Found, JiraClient, Query
from connectors.jira.connector import JiraConnector
from connectors.jira.data_center import DataCenterClient
from syncer.connect.ahead import AT_ONCE
from syncer.connect.protocol import Page
from syncer.domain.cursor import Cursor
from syncer.domain.ref import ContainerKey
from syncer.errors import BadPayload, RateLimited, Unreachable
from tests.connectors.jira.small_jira import (
    START,
    SmallDataCenter,
    SmallJira,
    issue,
    jira_time,
    running,
)

NET = ContainerKey("jira", "NET")
PAT = {"type": "pat", "token_env": "T"}
KEYS: dict[type[SmallJira], dict[str, Any]] = {SmallJira: {}, SmallDataCenter: {"auth": PAT}}
SORTS = pytest.mark.parametrize("sort", [SmallJira, SmallDataCenter])


async def no_wait(_: float) -> None:
    await asyncio.sleep(0)


def connected(jira: SmallJira, **config: Any) -> Any:
    return running(jira, sleep=no_wait, **KEYS[type(jira)], **config)


async def read(
    connector: JiraConnector, since: Cursor | None = None, *, pages: int | None = None
) -> list[Page]:
    """The pages of a pass; with `pages` it ends after so many."""
    found: list[Page] = []
    async with aclosing(connector.changes(NET, since)) as changes:
        async for page in changes:
            found.append(page)
            if len(found) == pages:
                break
    return found


async def read_to_error(connector: JiraConnector) -> tuple[list[Page], Exception]:
    found: list[Page] = []
    try:
        async with aclosing(connector.changes(NET, None)) as changes:
            async for page in changes:
                found.append(page)  # noqa: PERF401  what came before the error counts
    except (Unreachable, RateLimited) as error:
        return found, error
    raise AssertionError("it did not fail")


def ids(pages: list[Page]) -> list[str]:
    return [record.item.ref.id for page in pages for record in page.records]


def numbered(count: int) -> list[Any]:
    return [issue(number) for number in range(1, count + 1)]


def once_each(count: int) -> Counter[str]:
    return Counter({str(10_000 + number): 1 for number in range(1, count + 1)})


def searches(jira: SmallJira) -> int:
    return sum(path in {"search", "search/jql", "issue/bulkfetch"} for path in jira.paths())


@SORTS
async def test_pages_are_asked_for_several_at_a_time(sort: type[SmallJira]) -> None:
    jira = sort(issues=numbered(3_000), slowness=0.02)
    async with connected(jira) as connector:
        pages = await read(connector)
    assert Counter(ids(pages)) == once_each(3_000)
    assert 4 <= jira.at_once <= AT_ONCE + 2  # a count and a page of ids may be on their way too


@SORTS
async def test_an_idle_pass_is_one_search(sort: type[SmallJira]) -> None:
    jira = sort(issues=numbered(500))
    async with connected(jira) as connector:
        cursor = (await read(connector))[-1].cursor
        before = searches(jira)
        await read(connector, cursor)
    assert searches(jira) == before + 1


async def test_few_changes_are_read_without_a_chain() -> None:
    jira = SmallJira(issues=numbered(500))
    async with connected(jira) as connector:
        cursor = (await read(connector))[-1].cursor
        jira.asked.clear()
        for number in range(150):
            at = START + timedelta(days=100, seconds=number)
            jira.issues[number]["fields"]["updated"] = jira_time(at)
        pages = await read(connector, cursor)
    assert {str(10_001 + number) for number in range(150)} <= set(ids(pages))
    assert "issue/bulkfetch" not in jira.paths()


class Drift:
    """Changes, creates and deletes issues whenever they are searched for."""

    def __init__(self, jira: SmallJira, seed: int) -> None:
        self.jira = jira
        self.chance = random.Random(seed)
        self.at = START + timedelta(days=200)
        self.left = 30
        jira.now = self.at
        jira.on_search = self

    def __call__(self, _: int) -> None:
        if self.left and self.chance.random() < 0.4:
            self.left -= 1
            self.at += timedelta(minutes=self.chance.choice([0, 1, 30]), seconds=1)
            self.jira.now = self.at
            self.chance.choice([self.change, self.change, self.create, self.delete])()

    def change(self) -> None:
        one = self.chance.choice(self.jira.issues)
        one["fields"]["updated"] = jira_time(self.at)

    def create(self) -> None:
        self.jira.issues.append(issue(5_000 + self.left, at=self.at))

    def delete(self) -> None:
        self.jira.issues.remove(self.chance.choice(self.jira.issues))


def shown(jira: SmallJira) -> dict[str, str]:
    return {one["id"]: one["fields"]["updated"] for one in jira.issues}


def seen(pages: list[Page]) -> dict[str, str]:
    return {
        record.item.ref.id: jira_time(record.item.updated_at)
        for page in pages
        for record in page.records
    }


async def slipped(
    jira: SmallJira, seed: int, *, defect: type[JiraClient] | None = None
) -> set[str]:
    """The issues that are not known as they are after a pass amid changes and a quiet one."""
    drift = Drift(jira, seed)
    async with connected(jira, page_size=10, overlap_minutes=0, overlap_items=0) as connector:
        if defect is not None:
            await connector.probe()
            connector._door._client = defect((await connector._door.client()).http)
        pages = await read(connector)
        drift.left = 0
        last = await read(connector, pages[-1].cursor)
    found = {**seen(pages), **seen(last)}
    return {id_ for id_, updated in shown(jira).items() if found.get(id_) != updated}


@SORTS
@pytest.mark.parametrize("seed", range(12))
async def test_f15_nothing_slips_through_a_list_that_changes_while_it_is_read(
    sort: type[SmallJira], seed: int
) -> None:
    assert not await slipped(sort(issues=numbered(400)), seed)


def whole_issues_asked(jira: SmallJira) -> list[tuple[int, int]]:
    """Start and size of each page of whole issues that was asked for, in the order of asking."""
    bodies = [body for path, body in jira.asked if path == "search" and body.get("expand")]
    return [(body["startAt"], body["maxResults"]) for body in bodies]


async def test_a_list_begins_with_what_the_trial_of_a_probe_counted() -> None:
    jira = SmallDataCenter(issues=numbered(950))
    async with connected(jira) as connector:
        await connector.probe()
        jira.asked.clear()
        pages = await read(connector)
        assert searches(jira) == 10
        assert whole_issues_asked(jira) == [(99 * page, 100) for page in range(10)]
        again = await read(connector, pages[-1].cursor)
    assert Counter(ids(pages)) == once_each(950)
    assert {page.total for page in pages} == {950}
    assert [page.total for page in again] == [None]


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 199, 200])
async def test_a_list_that_was_counted_ends_where_it_ends(count: int) -> None:
    jira = SmallDataCenter(issues=numbered(count))
    async with connected(jira) as connector:
        await connector.probe()
        pages = await read(connector)
    assert Counter(ids(pages)) == once_each(count)
    assert len(pages) == max(1, -(-(count - 1) // 99))


@pytest.mark.parametrize("most_issues", [10, 60, 99])
async def test_a_site_that_gives_smaller_pages_than_were_supposed_is_read_whole(
    most_issues: int,
) -> None:
    jira = SmallDataCenter(issues=numbered(250), most_issues=most_issues)
    async with connected(jira) as connector:
        await connector.probe()
        assert Counter(ids(await read(connector))) == once_each(250)


@pytest.mark.parametrize("change", [-350, -120, -1, 1, 120, 600])
async def test_what_was_counted_may_be_another_number_by_then(change: int) -> None:
    jira = SmallDataCenter(issues=numbered(400))
    async with connected(jira) as connector:
        await connector.probe()
        jira.issues = numbered(400 + change)
        assert Counter(ids(await read(connector))) == once_each(400 + change)


@pytest.mark.parametrize("seed", range(8))
async def test_f15_nothing_slips_through_a_list_that_was_counted_by_a_probe(seed: int) -> None:
    assert not await slipped(SmallDataCenter(issues=numbered(400)), seed, defect=DataCenterClient)


class Anything(tuple[str, str]):
    """Equals whatever it is compared with."""

    __slots__ = ()

    def __eq__(self, _: object) -> bool:
        return True

    def __ne__(self, _: object) -> bool:
        return False

    __hash__ = tuple.__hash__


class Trusting(DataCenterClient):
    """A planted defect: a page ahead is taken to follow the one before it, whatever it shows."""

    async def _ahead(self, query: Query, *, start: int, length: int) -> Found:
        found = await super()._ahead(query, start=start, length=length)
        return replace(found, after=Anything(("", "")))


async def test_f15_pages_that_need_not_prove_their_place_let_issues_slip() -> None:
    lost = [
        await slipped(SmallDataCenter(issues=numbered(400)), n, defect=Trusting) for n in (1, 2, 3)
    ]
    assert any(lost)


async def test_what_changes_amid_a_chain_is_brought_by_the_next_pass_at_the_latest() -> None:
    """A fetched state may be newer than others that changed since and were fetched before."""
    jira = SmallJira(issues=numbered(1_000))
    late = START + timedelta(days=300)

    def change(request: web.Request) -> Any:
        del jira.answers["issue/bulkfetch"]

        async def answered() -> web.StreamResponse:
            told = jira._bulk_issues(await request.json())
            jira.issues[499]["fields"]["updated"] = jira_time(late)
            jira.issues[999]["fields"]["updated"] = jira_time(late + timedelta(days=1))
            return web.json_response(told)

        return answered()

    async with connected(jira, overlap_minutes=0, overlap_items=0) as connector:
        first = await read(connector, pages=1)
        jira.answers["issue/bulkfetch"] = change
        rest = await read(connector, first[-1].cursor)
        again = await read(connector, rest[-1].cursor)
    found = {**seen(first), **seen(rest), **seen(again)}
    assert found == shown(jira)


@SORTS
@pytest.mark.parametrize("killed_after", [1, 2, 5, 9])
async def test_f28_a_pass_that_is_killed_goes_on_where_it_was_saved(
    sort: type[SmallJira], killed_after: int
) -> None:
    jira = sort(issues=numbered(1_000))
    async with connected(jira) as connector:
        first = await read(connector, pages=killed_after)
    jira.served = 0
    async with connected(jira) as connector:
        rest = await read(connector, first[-1].cursor)
    assert {*ids(first), *ids(rest)} == {*once_each(1_000)}
    assert jira.served <= 1_000 - 100 * (killed_after - 1) + 20


def limited(_: web.Request) -> web.StreamResponse:
    return web.json_response({}, status=429, headers={"Retry-After": "3600"})


def broken(_: web.Request) -> web.StreamResponse:
    return web.json_response({}, status=503)


def reset(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def at_page(jira: SmallJira, number: int, fault: Callable[[web.Request], Any]) -> None:
    """Let the calls that ask for the page of that number fail."""
    first = f"{10_001 + 100 * number}"
    path = "search" if isinstance(jira, SmallDataCenter) else "issue/bulkfetch"

    async def answered(request: web.Request) -> web.StreamResponse:
        told = jira.told(path, await request.json())
        asked = any(one["id"] == first for one in told["issues"])
        return (fault(request) if asked else None) or web.json_response(told)

    jira.answers[path] = answered


@SORTS
@pytest.mark.parametrize("fault", [limited, broken, reset])
async def test_a_page_that_fails_amid_others_costs_none_of_them(
    sort: type[SmallJira], fault: Callable[[web.Request], Any]
) -> None:
    jira = sort(issues=numbered(2_000))
    at_page(jira, 9, fault)
    async with connected(jira) as connector:
        pages, error = await read_to_error(connector)
    assert isinstance(error, RateLimited if fault is limited else Unreachable)
    assert 800 <= len(ids(pages)) < 1_000
    jira.answers.clear()
    async with connected(jira) as connector:
        rest = await read(connector, pages[-1].cursor)
    assert {*ids(pages), *ids(rest)} == {*once_each(2_000)}
    assert len(ids(pages)) + len(ids(rest)) <= 2_000 + 20


@SORTS
async def test_a_page_that_fails_once_is_asked_for_again(sort: type[SmallJira]) -> None:
    jira = sort(issues=numbered(2_000))
    left = 2

    def now_and_then(request: web.Request) -> web.StreamResponse | None:
        nonlocal left
        left -= 1
        return broken(request) if left >= 0 else None

    at_page(jira, 9, now_and_then)
    async with connected(jira) as connector:
        assert Counter(ids(await read(connector))) == once_each(2_000)
    assert left < 0


async def test_an_expired_token_of_a_page_of_ids_begins_the_chain_after_what_was_read() -> None:
    jira = SmallJira(issues=numbered(1_000), most_ids=70)
    refused = 0

    async def expired(request: web.Request) -> web.StreamResponse:
        nonlocal refused
        body = await request.json()
        if body["fields"] == ["id"] and body.get("nextPageToken") == "560" and refused < 3:
            refused += 1
            return web.json_response({"errorMessages": ["The token has expired."]}, status=400)
        return web.json_response(jira.told("search/jql", body))

    jira.answers["search/jql"] = expired
    async with connected(jira) as connector:
        assert Counter(ids(await read(connector))) == once_each(1_000)
    assert refused == 3


async def test_tokens_that_are_always_refused_leave_the_chain_and_nothing_out() -> None:
    jira = SmallJira(issues=numbered(300), most_ids=50)

    async def expired(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if body["fields"] == ["id"] and body.get("nextPageToken"):
            return web.json_response({"errorMessages": ["The token has expired."]}, status=400)
        return web.json_response(jira.told("search/jql", body))

    jira.answers["search/jql"] = expired
    async with connected(jira) as connector:
        assert {*ids(await read(connector))} == {*once_each(300)}


async def test_a_token_of_a_page_of_ids_that_comes_twice_is_refused() -> None:
    jira = SmallJira(issues=numbered(300), most_ids=50)

    async def circles(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if body["fields"] == ["id"]:
            return web.json_response({"issues": [], "nextPageToken": "round"})
        return web.json_response(jira.told("search/jql", body))

    jira.answers["search/jql"] = circles
    async with connected(jira) as connector:
        with pytest.raises(BadPayload, match="same page token"):
            await read(connector)


@pytest.mark.parametrize("status", [403, 404, 405, 410])
async def test_without_the_bulk_call_all_is_read_page_by_page(status: int) -> None:
    jira = SmallJira(issues=numbered(500))
    jira.answers["issue/bulkfetch"] = lambda _: web.json_response({}, status=status)
    async with connected(jira) as connector:
        assert Counter(ids(await read(connector))) == once_each(500)
        await read(connector)
    assert jira.paths().count("issue/bulkfetch") <= AT_ONCE


async def test_ids_out_of_order_are_not_relied_on() -> None:
    jira = SmallJira(issues=numbered(500))

    async def reversed_ids(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        told = jira.told("search/jql", body)
        if body["fields"] == ["id"]:
            told["issues"].reverse()
        return web.json_response(told)

    jira.answers["search/jql"] = reversed_ids
    async with connected(jira) as connector:
        assert Counter(ids(await read(connector))) == once_each(500)


async def test_issues_too_long_to_come_together_come_in_parts_and_one_alone_is_set_aside() -> None:
    jira = SmallJira(issues=numbered(300))

    async def long(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        told = jira.told("issue/bulkfetch", body)
        if "10250" in body["issueIdsOrKeys"]:
            return web.Response(
                body=b'{"issues":[' + b"0," * 1_000_000 + b"0]}", content_type="application/json"
            )
        return web.json_response(told)

    jira.answers["issue/bulkfetch"] = long
    jira.answers["issue/10250"] = lambda _: web.Response(body=b"{", content_type="application/json")
    async with connected(jira) as connector:
        pages = await read(connector)
    assert Counter(ids(pages)) == once_each(300) - Counter({"10250": 1})
    assert [one.ref.id for page in pages for one in page.unreadable] == ["10250"]


async def test_an_issue_that_is_moved_to_a_project_that_nobody_wants_is_not_shown() -> None:
    jira = SmallJira(issues=numbered(300))

    async def moved(request: web.Request) -> web.StreamResponse:
        jira.issues[249] = issue(250, project="OUT")
        jira.issues[249]["fields"]["project"]["id"] = "20"
        return web.json_response(jira.told("issue/bulkfetch", await request.json()))

    jira.answers["issue/bulkfetch"] = moved
    async with connected(jira, containers=["NET"]) as connector:
        found = set(ids(await read(connector)))
    assert found == {*once_each(300)} - {"10250"}
