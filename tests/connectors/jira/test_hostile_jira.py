"""A Jira that sends more, longer and other things than any Jira should."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from aiohttp import web

from connectors.jira.connector import JiraConnector
from connectors.jira.mapping.item import read_issue
from connectors.jira.mapping.site import Site
from syncer.connect.protocol import Page
from syncer.domain.change import ChangeField
from syncer.domain.item import ItemRecord, Unreadable
from syncer.domain.ref import ContainerKey
from syncer.errors import TooLong
from tests.connectors.jira.small_jira import SmallJira, history, issue, running

NET = ContainerKey("jira", "NET")
SITE = Site(connection="jira", url="https://acme.example", zone=UTC)
TOO_LONG = 40 * 1024 * 1024


async def read(connector: JiraConnector) -> list[Page]:
    return [page async for page in connector.changes(NET, None)]


def mapped(raw: Any) -> ItemRecord:
    record = read_issue(raw, container=NET, site=SITE)
    assert isinstance(record, ItemRecord), record
    return record


def version(number: int) -> dict[str, Any]:
    return {
        "field": "Fix Version",
        "fieldId": "fixVersions",
        "to": str(number),
        "toString": f"v{number}",
    }


def test_a22_a_history_of_ten_thousand_versions_does_not_repeat_them_ten_thousand_times() -> None:
    raw = issue(1)
    raw["changelog"]["histories"] = [history(1, *map(version, range(10_000)))]
    changes = mapped(raw).changes
    assert len(changes) == 10_000
    assert sum(len(c.before or "") + len(c.after or "") for c in changes) < 1_000_000


def test_a_few_versions_are_told_as_they_were() -> None:
    raw = issue(1)
    raw["fields"]["fixVersions"] = [{"id": "1", "name": "v1"}, {"id": "2", "name": "v2"}]
    raw["changelog"]["histories"] = [history(1, version(1)), history(2, version(2))]
    told = [(c.before, c.after) for c in mapped(raw).changes if c.field is ChangeField.VERSIONS]
    assert told == [(None, "v1"), ("v1", "v1,v2")]


@pytest.mark.parametrize(
    "item",
    [
        {"field": "assignee", "fieldId": "assignee", "to": "x" * 1_000_000},
        {"field": "labels", "fieldId": "labels", "toString": "x " * 500_000},
        {"field": "Sprint", "fieldId": "customfield_1", "to": "1, " * 500_000},
        {"field": "status", "fieldId": "status", "to": "3", "toString": "x" * 1_000_000},
    ],
    ids=lambda item: item["field"],
)
def test_a22_no_change_keeps_a_megabyte(item: dict[str, Any]) -> None:
    raw = issue(1)
    raw["changelog"]["histories"] = [history(1, item)]
    (change,) = mapped(raw).changes
    assert sum(map(len, (change.before or "", change.after or "", change.after_text))) < 10_000


@pytest.mark.parametrize("field", ["id", "key"])
def test_a22_an_id_of_a_megabyte_is_quarantined_under_a_short_one(field: str) -> None:
    raw = {**issue(1), field: "x" * 1_000_000}
    found = read_issue(raw, container=NET, site=SITE)
    assert isinstance(found, Unreadable)
    assert len(found.ref.id) + len(found.ref.locator) + len(found.key) + len(found.reason) < 2000


def test_a32_an_account_id_is_one_short_line() -> None:
    person = {"accountId": "a\nb\x00" + "x" * 1_000_000, "displayName": '"ceo@corp" <x@evil>'}
    (account,) = mapped(issue(1, assignee=person)).item.assignees
    assert account.id.isprintable()
    assert len(account.id) <= 255


@pytest.mark.parametrize(
    "key", ["*", "../x", "=cmd|'/C calc'!A0", "a\nb\x1b[31m", "x" * 5000, "[link=https://evil]x"]
)
def test_a47_a_project_key_that_is_none_moves_no_issue(key: str) -> None:
    raw = issue(1)
    raw["fields"]["project"] = {"id": "9", "key": key, "name": "x"}
    assert mapped(raw).item.container == NET


async def test_a20_a_changelog_without_end_costs_the_history_and_not_the_page() -> None:
    def more(request: web.Request) -> web.StreamResponse:
        start = int(request.query["startAt"])
        entries = [{"id": str(start + n)} for n in range(20_000)]
        return web.json_response({"values": entries})

    raw = issue(1)
    raw["changelog"] = {"total": 50, "histories": [history(1)]}
    jira = SmallJira(
        issues=[raw, issue(2)],
        answers={
            "changelog/bulkfetch": lambda _: web.json_response({}, status=404),
            "issue/10001/changelog": more,
        },
    )
    async with running(jira) as connector:
        pages = await read(connector)
    records = [record for page in pages for record in page.records]
    assert [record.item.key for record in records] == ["NET-1", "NET-2"]
    assert [record.item.history_complete for record in records] == [False, True]
    assert jira.paths().count("issue/10001/changelog") < 10


async def test_a20_issues_too_long_to_come_together_come_one_by_one() -> None:
    jira = SmallJira(issues=[issue(n) for n in range(1, 6)])
    asked: list[int] = []

    async def search(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        asked.append(body["maxResults"])
        if body["maxResults"] > 2:
            return web.Response(body=b" " * TOO_LONG, content_type="application/json")
        return web.json_response(jira._search(body))

    jira.answers["search/jql"] = search
    async with running(jira, page_size=50) as connector:
        pages = await read(connector)
    assert sorted({r.item.key for p in pages for r in p.records}) == [
        f"NET-{n}" for n in range(1, 6)
    ]
    assert asked[:4] == [50, 12, 3, 1]


async def test_a20_one_issue_too_long_by_itself_is_an_error_and_never_nothing() -> None:
    def too_long(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b" " * TOO_LONG, content_type="application/json")

    jira = SmallJira(issues=[issue(1)], answers={"search/jql": too_long})
    async with running(jira, page_size=4) as connector:
        with pytest.raises(TooLong):
            await read(connector)
