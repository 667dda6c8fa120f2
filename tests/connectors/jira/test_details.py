"""What a site keeps back, cuts off or sends in an odd shape beside the issues themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web

from connectors.jira.mapping.fields import as_number
from connectors.jira.mapping.times import LAST_INSTANT, day, instant
from syncer.connect.protocol import Page
from syncer.connect.unreadable import Unmappable
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import BadPayload, Rejected
from tests.connectors.jira.small_jira import SmallJira, history, issue, moved, running

NET = ContainerKey("jira", "NET")


def always(answer: Any, status: int = 200) -> Any:
    return lambda _: web.json_response(answer, status=status)


async def no_wait(_: float) -> None:
    return


async def read(jira: SmallJira) -> list[Page]:
    async with running(jira, sleep=no_wait) as connector:
        return [page async for page in connector.changes(NET, None)]


@pytest.mark.parametrize("count", [always({}, 403), always({"count": "many"}), always({}, 500)])
async def test_without_a_count_the_size_is_unknown(count: Any) -> None:
    pages = await read(SmallJira(issues=[issue(1)], answers={"search/approximate-count": count}))
    assert pages[0].total is None
    assert len(pages[0].records) == 1


async def test_a_table_refused_for_another_reason_is_an_error() -> None:
    with pytest.raises(Rejected):
        await read(SmallJira(answers={"field": always({}, 400)}))


async def test_an_odd_row_does_not_cost_a_table() -> None:
    jira = SmallJira(issues=[issue(1, status={"id": "3", "name": "Doing"})])
    jira.tables["status"] = [7, {"id": []}, *jira.tables["status"]]
    pages = await read(jira)
    assert pages[0].records[0].item.status_category == "IN_PROGRESS"
    assert pages[0].missing_detail == ()


async def test_projects_without_end_are_left() -> None:
    def more(request: web.Request) -> web.StreamResponse:
        start = int(request.query["startAt"])
        rows = [{"id": str(n), "key": f"P{n}"} for n in range(start, start + 50)]
        return web.json_response({"values": rows, "isLast": False})

    async with running(SmallJira(answers={"project/search": more})) as connector:
        with pytest.raises(BadPayload, match="no end"):
            await connector.probe()


ENTRIES = [history(n, moved("To Do", "In Progress")) for n in range(1, 42)]


@pytest.mark.parametrize(
    "inline",
    [
        pytest.param(None, id="none"),
        pytest.param("odd", id="of another shape"),
        pytest.param({"histories": ENTRIES[-40:]}, id="without a total"),
        pytest.param({"total": 40, "histories": ENTRIES[-40:]}, id="as many as the cap"),
        pytest.param({"total": 41, "histories": None}, id="without entries"),
    ],
)
async def test_a_changelog_that_may_be_cut_is_fetched(inline: Any) -> None:
    raw = issue(1)
    raw["changelog"] = inline
    pages = await read(SmallJira(issues=[raw], changelogs={"10001": ENTRIES}))
    assert len(pages[0].records[0].changes) == 41
    assert pages[0].records[0].item.history_complete


async def test_a_changelog_that_stays_short_of_its_total_is_not_whole() -> None:
    raw = issue(1)
    raw["changelog"] = {"total": 50, "histories": ENTRIES[-40:]}
    pages = await read(SmallJira(issues=[raw], changelogs={"10001": ENTRIES}))
    assert not pages[0].records[0].item.history_complete
    assert pages[0].missing_detail == ("changelog",)


async def test_bulk_changelogs_come_page_by_page() -> None:
    raw = issue(1)
    raw["changelog"] = {"total": 41, "histories": []}

    async def page(request: web.Request) -> web.StreamResponse:
        start = int((await request.json()).get("nextPageToken") or 0)
        log = {"issueId": "10001", "changeHistories": ENTRIES[start : start + 15]}
        token = {"nextPageToken": str(start + 15)} if start + 15 < 41 else {}
        return web.json_response({"issueChangeLogs": [log], **token})

    jira = SmallJira(issues=[raw], answers={"changelog/bulkfetch": page})
    pages = await read(jira)
    assert len(pages[0].records[0].changes) == 41
    assert jira.paths().count("changelog/bulkfetch") == 3


@pytest.mark.parametrize("odd", [{}, {"issueChangeLogs": 7}, {"issueChangeLogs": None}])
async def test_an_odd_bulk_answer_leads_to_single_calls(odd: Any) -> None:
    raw = issue(1)
    raw["changelog"] = {"total": 41, "histories": []}
    jira = SmallJira(
        issues=[raw],
        answers={
            "changelog/bulkfetch": always(odd),
            "issue/10001/changelog": always({"values": ENTRIES, "total": 41}),
        },
    )
    assert len((await read(jira))[0].records[0].changes) == 41


async def test_an_odd_history_entry_costs_one_issue() -> None:
    raw = issue(1)
    raw["changelog"] = {"total": 2, "histories": [{"id": "1", "items": []}, ENTRIES[0]]}
    pages = await read(SmallJira(issues=[raw, issue(2)]))
    assert [u.reason for u in pages[0].unreadable] == ["a change without a time"]
    assert len(pages[0].records) == 1


async def test_a_refused_question_for_epics_leaves_them_named_by_key() -> None:
    jira = SmallJira(issues=[issue(1, customfield_10014="OLD-1")])

    async def refuse_keys(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if "issuekey" in body["jql"]:
            return web.json_response({"errorMessages": ["An issue does not exist"]}, status=400)
        return web.json_response(jira._search(body))

    jira.answers["search/jql"] = refuse_keys
    item = (await read(jira))[0].records[0].item
    assert (item.parent, item.parent_key) == (None, "OLD-1")


async def test_a_single_issue_refused_for_another_reason_is_an_error() -> None:
    answers = {"issue/bulkfetch": always({}, 404), "issue/10001": always({}, 400)}
    async with running(SmallJira(answers=answers)) as connector:
        with pytest.raises(Rejected):
            await connector.fetch([ItemRef("jira", "10001")])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0001-01-01T00:00:00.000+1400", datetime.min.replace(tzinfo=UTC)),
        ("9999-12-31T23:59:59.000-1200", LAST_INSTANT),
        (1_492_070_429, datetime(2017, 4, 13, 8, 0, 29, tzinfo=UTC)),
        (1_492_070_429_000, datetime(2017, 4, 13, 8, 0, 29, tzinfo=UTC)),
        ("2026-03-29T02:30:00.000", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    ],
)
def test_instants_at_the_edges(value: str | int, expected: datetime) -> None:
    assert instant(value, ZoneInfo("Europe/Berlin")) == expected


@pytest.mark.parametrize("value", ["", "2026-13-01", 10**30, "12/Jun/20", "2026-01-01T25:00"])
def test_no_instants(value: str | int) -> None:
    with pytest.raises(Unmappable):
        instant(value, UTC)


def test_days_of_instants_are_the_accounts() -> None:
    late = "2026-01-31T23:30:00.000Z"
    assert day(late, ZoneInfo("Europe/Berlin")).isoformat() == "2026-02-01"
    assert day(late, None).isoformat() == "2026-01-31"
    assert day("9999-12-31T23:59:59.000Z", ZoneInfo("Pacific/Kiritimati")).year == 9999


@pytest.mark.parametrize("value", ["a lot", float("inf"), float("nan"), -1, [], {}, "1e999"])
def test_no_amounts(value: Any) -> None:
    with pytest.raises(Unmappable):
        as_number(value)
