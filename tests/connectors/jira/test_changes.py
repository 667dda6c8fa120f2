from __future__ import annotations

from collections import Counter
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from connectors.jira.connector import JiraConnector
from syncer.connect.protocol import Page
from syncer.domain.cursor import Cursor
from syncer.domain.ref import ContainerKey
from syncer.errors import BadPayload, ConfigError, CursorExpired, Rejected
from tests.connectors.jira.small_jira import (
    START,
    SmallJira,
    history,
    issue,
    jira_time,
    moved,
    running,
)

NET = ContainerKey("jira", "NET")


async def read(
    connector: JiraConnector, since: Cursor | None = None, *, pages: int | None = None
) -> list[Page]:
    """The pages of a pass; with `pages` it is killed after so many."""
    found: list[Page] = []
    async with aclosing(connector.changes(NET, since)) as changes:
        async for page in changes:
            found.append(page)
            if pages is not None and len(found) == pages:
                break
    return found


def ids(pages: list[Page]) -> list[str]:
    return [record.item.ref.id for page in pages for record in page.records]


def numbered(count: int, **fields: Any) -> list[Any]:
    return [issue(number, **fields) for number in range(1, count + 1)]


async def test_all_issues_of_one_project_come_oldest_change_first() -> None:
    jira = SmallJira(issues=[*numbered(250), issue(999, project="OUT")])
    async with running(jira) as connector:
        pages = await read(connector)
    assert ids(pages) == [str(10_000 + n) for n in range(1, 251)]
    assert pages[0].total == 250
    assert jira.served <= 253


async def test_a_killed_backfill_goes_on_where_it_was() -> None:
    jira = SmallJira(issues=numbered(10_000))
    async with running(jira) as connector:
        first = await read(connector, pages=50)
    jira.served = 0
    async with running(jira) as connector:
        rest = await read(connector, first[-1].cursor)
    seen = Counter(ids(first + rest))
    assert len(seen) == 10_000
    assert jira.served <= 5_000 + 100


async def test_after_100_changes_the_next_pass_fetches_about_100() -> None:
    jira = SmallJira(issues=numbered(2_000))
    async with running(jira) as connector:
        cursor = (await read(connector))[-1].cursor
        later = START + timedelta(days=100)
        for number in range(100):
            jira.issues[number * 7] = issue(number * 7 + 1, at=later + timedelta(seconds=number))
        jira.served = 0
        pages = await read(connector, cursor)
    assert {str(10_001 + number * 7) for number in range(100)} <= set(ids(pages))
    assert jira.served <= 110
    assert not any(path == "search/approximate-count" for path in jira.paths()[-3:])


async def test_the_overlap_is_bounded_in_items_where_changes_come_thick() -> None:
    at = START
    jira = SmallJira(issues=[issue(n, at=at + timedelta(milliseconds=n)) for n in range(1, 1001)])
    async with running(jira, overlap_items=20) as connector:
        cursor = (await read(connector))[-1].cursor
        jira.served = 0
        await read(connector, cursor)
    assert 15 <= jira.served <= 20


async def test_a_change_that_becomes_visible_late_is_found_in_the_overlap() -> None:
    jira = SmallJira(issues=numbered(30))
    async with running(jira) as connector:
        cursor = (await read(connector))[-1].cursor
        last = START + timedelta(minutes=300)
        jira.issues.append(issue(500, at=last - timedelta(minutes=4)))
        assert "10500" in ids(await read(connector, cursor))


async def test_idle_passes_do_not_move_the_overlap_and_stay_small() -> None:
    jira = SmallJira(issues=numbered(500))
    async with running(jira) as connector:
        cursor = (await read(connector))[-1].cursor
        for _ in range(5):
            pages = await read(connector, cursor)
            assert ids(pages) == ["10500"]
            cursor = pages[-1].cursor


async def test_many_issues_with_one_time_of_change_are_read_by_tokens() -> None:
    jira = SmallJira(issues=numbered(250, at=START))
    async with running(jira) as connector:
        first = await read(connector, pages=2)
        rest = await read(connector, first[-1].cursor)
    assert Counter(ids(first + rest)) == Counter({str(10_000 + n): 1 for n in range(1, 251)})


async def test_a_tracker_that_ignores_the_seek_is_read_by_tokens() -> None:
    jira = SmallJira(issues=numbered(250), ignores_updated=True)
    async with running(jira) as connector:
        pages = await read(connector)
    assert Counter(ids(pages)) == Counter({str(10_000 + n): 1 for n in range(1, 251)})


async def test_an_expired_token_goes_back_no_further_than_its_query() -> None:
    jira = SmallJira(issues=numbered(250, at=START))
    async with running(jira) as connector:
        first = await read(connector, pages=1)
    asked: list[Any] = []

    def expired(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        del jira.answers["search/jql"]
        return web.json_response({"errorMessages": ["The token has expired."]}, status=400)

    jira.answers["search/jql"] = expired
    async with running(jira) as connector:
        rest = await read(connector, first[-1].cursor)
    assert len(asked) == 1
    assert len(set(ids(first + rest))) == 250


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"v":2}', '{"v":1,"updated":"x"}', "\x00"])
async def test_a_cursor_of_another_make_is_expired(text: str) -> None:
    async with running(SmallJira()) as connector:
        with pytest.raises(CursorExpired):
            await read(connector, Cursor(text))


@pytest.mark.parametrize("key", ['N" OR project = "OUT', "", "N T", "NÖT", "-N", "N\\"])
async def test_a_project_key_is_never_pasted_into_a_query(key: str) -> None:
    jira = SmallJira(issues=numbered(1))
    async with running(jira) as connector:
        with pytest.raises(ConfigError, match="project key"):
            await anext(connector.changes(ContainerKey("jira", key), None))
    assert "search/jql" not in jira.paths()


def always(answer: Any, status: int = 200) -> Any:
    return lambda _: web.json_response(answer, status=status)


async def test_a_repeated_token_is_refused() -> None:
    jira = SmallJira(answers={"search/jql": always({"issues": [], "nextPageToken": "t"})})
    async with running(jira) as connector:
        with pytest.raises(BadPayload, match="same page token"):
            await read(connector)
    assert jira.paths().count("search/jql") == 2


async def test_is_last_is_not_believed() -> None:
    jira = SmallJira(answers={"search/jql": always({"issues": [issue(1)], "isLast": False})})
    async with running(jira) as connector:
        assert ids(await read(connector)) == ["10001"]


@pytest.mark.parametrize("status", [400, 403, 404, 410])
async def test_a_refused_project_is_a_rejection_and_never_nothing(status: int) -> None:
    jira = SmallJira(
        answers={"search/jql": always({"errorMessages": ["No such project."]}, status)}
    )
    async with running(jira) as connector:
        with pytest.raises(Rejected, match="No such project") as refused:
            await read(connector)
    assert refused.value.status == status


async def test_a_time_of_change_in_the_far_future_does_not_move_the_watermark() -> None:
    far = issue(1)
    far["fields"]["updated"] = "9999-12-31T23:59:59.999-1200"
    jira = SmallJira(issues=[far, *(issue(n) for n in range(2, 30))])
    async with running(jira) as connector:
        pages = await read(connector)
        jira.issues.append(issue(40, at=START + timedelta(days=400)))
        again = await read(connector, pages[-1].cursor)
    assert len(set(ids(pages))) == 29
    assert "10040" in ids(again)


async def test_a_changelog_cut_at_the_cap_is_fetched_whole() -> None:
    entries = [history(n, moved("To Do", "In Progress")) for n in range(1, 101)]
    cut = issue(1)
    cut["changelog"] = {"startAt": 0, "maxResults": 40, "total": 100, "histories": entries[-40:]}
    short = issue(2)
    short["changelog"] = {"total": 1, "histories": entries[:1]}
    jira = SmallJira(issues=[cut, short], changelogs={"10001": entries})
    async with running(jira) as connector:
        pages = await read(connector)
    first, second = (record for page in pages for record in page.records)
    assert [change.id for change in first.changes] == [str(n) for n in range(1, 101)]
    assert first.item.history_complete
    assert len(second.changes) == 1
    asked = [body for path, body in jira.asked if path == "changelog/bulkfetch"]
    assert [body["issueIdsOrKeys"] for body in asked] == [["10001"]]


async def test_without_the_bulk_call_changelogs_come_one_by_one() -> None:
    entries = [history(n, moved("To Do", "In Progress")) for n in range(1, 251)]
    cut = issue(1)
    cut["changelog"] = {"total": 250, "histories": entries[-40:]}

    def page(request: web.Request) -> web.StreamResponse:
        start = int(request.query["startAt"])
        return web.json_response({"values": entries[start : start + 100], "total": 250})

    jira = SmallJira(
        issues=[cut],
        answers={"changelog/bulkfetch": always({}, 404), "issue/10001/changelog": page},
    )
    async with running(jira) as connector:
        pages = await read(connector)
        await read(connector)
    assert len(pages[0].records[0].changes) == 250
    assert jira.paths().count("changelog/bulkfetch") == 1


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_a_refused_changelog_is_said_and_the_sync_goes_on(status: int) -> None:
    cut = issue(1)
    cut["changelog"] = {"total": 3, "histories": [history(3, moved("To Do", "Done"))]}
    refused = always({}, status)
    jira = SmallJira(
        issues=[cut, issue(2)],
        answers={"changelog/bulkfetch": refused, "issue/10001/changelog": refused},
    )
    async with running(jira) as connector:
        pages = await read(connector)
    first, second = (record for page in pages for record in page.records)
    assert pages[0].missing_detail == ("changelog",)
    assert (first.item.history_complete, second.item.history_complete) == (False, True)
    assert len(first.changes) == 1


async def test_an_epic_link_is_resolved_by_asking_for_its_key() -> None:
    epic = issue(900, project="OLD")
    child = issue(1, customfield_10014="OLD-900")
    jira = SmallJira(issues=[child, epic])
    async with running(jira) as connector:
        item = (await read(connector))[0].records[0].item
    assert item.parent is not None
    assert (item.parent.id, item.parent_key) == ("10900", "OLD-900")


async def test_an_epic_that_is_not_visible_is_named_by_key() -> None:
    jira = SmallJira(issues=[issue(1, customfield_10014="GONE-1")])
    async with running(jira) as connector:
        item = (await read(connector))[0].records[0].item
    assert (item.parent, item.parent_key) == (None, "GONE-1")


async def test_refused_tables_are_said_and_the_sync_goes_on() -> None:
    jira = SmallJira(issues=[issue(1)], answers={"priority": always({}, 403)})
    async with running(jira) as connector:
        pages = await read(connector)
    assert pages[0].missing_detail == ("priority",)
    assert ids(pages) == ["10001"]


async def test_the_search_asks_for_what_the_mapping_reads() -> None:
    jira = SmallJira(issues=[issue(1)])
    async with running(jira, custom_fields=["Program"], page_size=7) as connector:
        await read(connector)
    body = next(body for path, body in jira.asked if path == "search/jql")
    assert body["maxResults"] == 7
    assert body["expand"] == "changelog"
    assert {"summary", "customfield_10100", "customfield_10014"} <= set(body["fields"])
    assert body["jql"] == 'project = "NET" ORDER BY updated ASC, id ASC'


async def test_a_site_that_takes_no_posts_is_searched_by_get() -> None:
    jira = SmallJira(issues=numbered(3))

    def only_get(request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            return web.Response(status=405)
        return web.json_response(jira._search({**request.query, "maxResults": "100"}))

    jira.answers["search/jql"] = only_get
    async with running(jira) as connector:
        assert len(ids(await read(connector))) == 3


def test_jira_time_is_what_jira_writes() -> None:
    assert jira_time(START) == "2026-01-05T09:00:00.000+0000"
