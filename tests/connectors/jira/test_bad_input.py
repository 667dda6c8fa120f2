"""Bad input gets a clear error and loses nothing."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from connectors.jira.connector import JiraConnector
from connectors.jira.mapping.item import read_issue
from connectors.jira.mapping.site import Site
from syncer.connect.auth import AppAuth
from syncer.connect.protocol import Page
from syncer.domain.item import ItemRecord, StatusCategory, Unreadable, WorkItem
from syncer.domain.link import LinkKind
from syncer.domain.ref import ContainerKey
from syncer.errors import (
    AuthFailed,
    BadPayload,
    ConfigError,
    RateLimited,
    SyncerError,
    Unreachable,
)
from tests.connectors.jira.small_jira import (
    START,
    TOKEN,
    SmallJira,
    config_for,
    history,
    issue,
    running,
)

NET = ContainerKey("jira", "NET")
SITE = Site(connection="jira", url="https://acme.example", zone=UTC)


async def read(connector: JiraConnector) -> list[Page]:
    return [page async for page in connector.changes(NET, None)]


def answering(body: bytes, status: int = 200, content_type: str = "application/json") -> Any:
    return lambda _: web.Response(body=body, status=status, content_type=content_type)


async def no_wait(_: float) -> None:
    return


@pytest.mark.parametrize(
    ("path", "status", "body", "content_type", "error"),
    [
        pytest.param("myself", 200, b"<html>Log in", "text/html", AuthFailed, id="login page"),
        pytest.param("myself", 401, b"", "text/plain", AuthFailed, id="401"),
        pytest.param("myself", 403, b"{}", "application/json", AuthFailed, id="403"),
        pytest.param("myself", 404, b"no", "text/plain", ConfigError, id="404: wrong URL"),
        pytest.param("myself", 410, b"no", "text/plain", ConfigError, id="410: wrong URL"),
        pytest.param("myself", 200, b"[]", "application/json", BadPayload, id="a list"),
        pytest.param("myself", 200, b"null", "application/json", BadPayload, id="null"),
        pytest.param("myself", 503, b"", "text/plain", Unreachable, id="503"),
        pytest.param("search/jql", 200, b"<html>Hi", "text/html", AuthFailed, id="page for data"),
        pytest.param("search/jql", 401, b"", "text/plain", AuthFailed, id="401 later"),
        pytest.param("search/jql", 200, b'{"issues": [', "application/json", BadPayload, id="cut"),
        pytest.param("search/jql", 200, b"{}", "application/json", BadPayload, id="no issues key"),
        pytest.param(
            "search/jql", 200, b'{"issues": null}', "application/json", BadPayload, id="null issues"
        ),
        pytest.param(
            "search/jql", 200, b'{"issues": {}}', "application/json", BadPayload, id="odd issues"
        ),
        pytest.param(
            "search/jql",
            200,
            b'{"issues": [], "nextPageToken": {}}',
            "application/json",
            BadPayload,
            id="odd token",
        ),
        pytest.param("status", 200, b'"x"', "application/json", BadPayload, id="odd table"),
    ],
)
async def test_what_cannot_be_read_is_an_error_and_never_no_issues(
    path: str, status: int, body: bytes, content_type: str, error: type[SyncerError]
) -> None:
    jira = SmallJira(issues=[issue(1)], answers={path: answering(body, status, content_type)})
    async with running(jira, sleep=no_wait) as connector:
        with pytest.raises(error) as raised:
            await read(connector)
    assert TOKEN not in f"{raised.value!r}{raised.value}"
    assert raised.value.message
    assert type(raised.value) is error


@pytest.mark.parametrize("retry_after", ["3600", "Mon, 23 Nov 2099 12:00:45 GMT"])
async def test_a_rate_limit_says_when_to_come_back(retry_after: str) -> None:
    def limited(_: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=429, headers={"Retry-After": retry_after})

    jira = SmallJira(issues=[issue(1)], answers={"search/jql": limited})
    async with running(jira, sleep=no_wait) as connector:
        with pytest.raises(RateLimited) as raised:
            await read(connector)
    assert raised.value.retry_at > datetime.now(UTC) + timedelta(minutes=10)
    assert jira.paths().count("search/jql") == 1


async def test_a_login_refused_with_200_and_nothing_found_is_a_failed_login() -> None:
    """Jira answers a refused token as it answers strangers: 200, and no issues."""

    def stranger(_: web.Request) -> web.StreamResponse:
        headers = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
        return web.json_response({"issues": []}, headers=headers)

    jira = SmallJira(issues=[issue(1)], answers={"search/jql": stranger})
    async with running(jira) as connector:
        with pytest.raises(AuthFailed) as raised:
            await read(connector)
    assert "expired" in raised.value.fix


@pytest.mark.parametrize("kind", ["Server", "DataCenter"])
async def test_a_site_without_accounts_is_named_by_its_sort(kind: str) -> None:
    def told(_: web.Request) -> web.StreamResponse:
        return web.json_response({"deploymentType": kind})

    absent = answering(b"", 404)
    jira = SmallJira(answers={"myself": absent, "/rest/api/2/serverInfo": told})
    async with running(jira) as connector:
        with pytest.raises(ConfigError, match="Data Center"):
            await connector.probe()


async def test_ways_to_sign_in_that_jira_does_not_know_are_refused() -> None:
    auth = AppAuth(app_id=1, private_key_env="K")
    config = config_for("https://acme.example").model_copy(update={"auth": auth})
    async with aiohttp.ClientSession() as session:
        with pytest.raises(ConfigError, match="cannot sign in"):
            JiraConnector("jira", config, session)


# --- single issues -------------------------------------------------------------------------------


def with_fields(**fields: Any) -> Any:
    return issue(1, **fields)


def mapped(raw: Any, site: Site = SITE) -> WorkItem:
    record = read_issue(raw, container=NET, site=site)
    assert isinstance(record, ItemRecord), record
    return record.item


def reason(raw: Any, site: Site = SITE) -> str:
    unreadable = read_issue(raw, container=NET, site=site)
    assert isinstance(unreadable, Unreadable), unreadable
    return unreadable.reason


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"labels": "x"}, "labels"),
        ({"summary": ["x"]}, "summary"),
        ({"status": "Done"}, "status"),
        ({"issuelinks": [{"type": 7}]}, "issuelinks"),
        ({"created": "yesterday"}, "no time"),
        ({"created": None, "updated": None}, "neither created nor updated"),
        ({"duedate": "soon"}, "no time"),
        ({"timeoriginalestimate": "a lot"}, "timeoriginalestimate"),
        ({"timeoriginalestimate": -1}, "no amount"),
    ],
)
async def test_one_odd_issue_is_quarantined_and_the_page_goes_on(
    change: dict[str, Any], told: str
) -> None:
    raw = [issue(1), issue(2, **change), issue(3)]
    assert told in reason(raw[1])
    jira = SmallJira(answers={"search/jql": lambda _: web.json_response({"issues": raw})})
    async with running(jira) as connector:
        pages = await read(connector)
    assert [r.item.key for p in pages for r in p.records] == ["NET-1", "NET-3"]
    unreadable = [u for p in pages for u in p.unreadable]
    assert [(u.key, u.ref.id) for u in unreadable] == [("NET-2", "10002")]
    assert told in unreadable[0].reason
    assert '"NET-2"' in unreadable[0].raw


@pytest.mark.parametrize(
    "raw",
    [None, 7, "x", [], {}, {"id": None}, {"id": "7"}, {"id": "7", "key": "A-1", "fields": []}],
)
def test_what_is_no_issue_at_all_is_quarantined_too(raw: Any) -> None:
    unreadable = read_issue(raw, container=NET, site=SITE)
    assert isinstance(unreadable, Unreadable)
    assert unreadable.ref.id
    assert unreadable.reason


def test_nulls_where_strings_were_promised_are_taken() -> None:
    raw = with_fields(
        description=None, priority=None, assignee=None, reporter=None, resolution=None,
        resolutiondate=None, labels=[None, "a"], components=[None, {"id": "1", "name": None}],
        fixVersions=[{"id": "3", "name": None, "releaseDate": None, "released": None}],
        issuelinks=[None, {"type": None, "outwardIssue": None}], duedate=None, parent=None,
        comment={"comments": [None]}, security=None, issuerestriction=None,
        status={"id": "1", "name": None, "statusCategory": None}, issuetype=None,
        timeoriginalestimate=None,
    )  # fmt: skip
    raw["changelog"]["histories"] = [
        history(1, {"field": "status", "from": None, "fromString": None, "to": None}),
        {"id": "2", "author": None, "created": "2026-01-05T10:00:00.000+0000", "items": None},
        {"id": "3", "created": "2026-01-05T10:00:00.000+0000", "items": [None]},
    ]
    item = mapped(raw)
    assert (item.labels, item.status_category) == (("a",), StatusCategory.UNKNOWN)


@pytest.mark.parametrize("summary", [None, "", "  \n", "\u200b"])
def test_an_issue_without_a_summary_is_kept(summary: str | None) -> None:
    assert mapped(with_fields(summary=summary)).title == "(no summary)"
    raw = issue(1)
    del raw["fields"]["summary"]
    assert mapped(raw).title == "(no summary)"


@pytest.mark.parametrize(
    ("summary", "title"),
    [
        ("one\ntwo\r\nthree", "one two three"),
        ("a\u2028b\u2029c", "a b c"),
        ("nul\x00l", "nul l"),
        ("pay \u202eecneve\u202c now", "pay ecneve now"),
        ("zero\u200bwidth", "zerowidth"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("四个排序图", "四个排序图"),
        ("lone \ud800 half", "lone \ufffd half"),
    ],
)
def test_hostile_titles_are_one_harmless_line(summary: str, title: str) -> None:
    assert mapped(with_fields(summary=summary)).title == title


def test_a_title_of_a_million_characters_is_capped() -> None:
    assert len(mapped(with_fields(summary="x" * 1_000_000)).title) == 500


def test_unknown_status_type_and_link_type_are_kept_by_name() -> None:
    item = mapped(
        with_fields(
            status={"id": "77", "name": "Limbo", "statusCategory": {"key": "undefined"}},
            issuetype={"id": "88", "name": "Whim"},
            issuelinks=[
                {
                    "type": {"id": "9", "name": "Tickles", "inward": "is tickled by"},
                    "outwardIssue": {"id": "5", "key": "NET-5"},
                }
            ],
        )
    )
    assert (item.native_status, item.status_category) == ("Limbo", StatusCategory.UNKNOWN)
    assert (item.native_type, item.hierarchy_level) == ("Whim", 0)
    assert (item.links[0].kind, item.links[0].native_type) == (LinkKind.RELATES, "Tickles")


def test_a_time_without_a_zone_is_in_the_accounts_zone() -> None:
    site = Site(connection="jira", url="https://a.example", zone=ZoneInfo("Pacific/Kiritimati"))
    item = mapped(with_fields(created="2026-01-05T09:00:00.000"), site)
    assert item.created_at == datetime(2026, 1, 4, 19, tzinfo=UTC)


def test_a_time_without_a_zone_is_not_guessed_where_the_account_has_none() -> None:
    site = Site(connection="jira", url="https://a.example", zone=None)
    assert "zone" in reason(with_fields(created="2026-01-05T09:00:00.000"), site)


@pytest.mark.parametrize("far", ["9999-12-31T23:59:59.999-1200", "9999-12-31T23:59:59.999+0000"])
def test_the_year_9999_is_an_instant(far: str) -> None:
    item = mapped(with_fields(updated=far, duedate="9999-12-31", resolutiondate=far))
    assert item.updated_at.year == 9999
    assert item.due_date is not None
    assert item.due_date.year == 9999


def test_the_year_10000_is_none() -> None:
    assert "no time" in reason(with_fields(updated="10000-01-01T00:00:00.000+0000"))


def test_nesting_to_the_limit_of_the_parser_is_survived() -> None:
    deep: Any = "x"
    for _ in range(1000):
        deep = [deep]
    site = Site(
        connection="jira",
        url="https://a.example",
        zone=UTC,
        custom_ids={"Program": ("customfield_1",)},
    )
    raw = with_fields(description={"type": "doc", "content": deep}, customfield_1=deep)
    assert mapped(raw, site).custom == {}
    raw["fields"]["labels"] = "odd"
    assert "labels" in reason(raw, site)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
FULL = issue(
    1,
    description={"type": "doc", "content": []},
    resolution={"id": "1", "name": "Done"},
    resolutiondate="2026-01-06T09:00:00.000+0000",
    priority={"id": "1", "name": "High"},
    labels=["a"],
    components=[{"id": "1", "name": "c"}],
    fixVersions=[{"id": "1", "name": "v", "releaseDate": "2026-05-01"}],
    assignee={"accountId": "a", "displayName": "A"},
    parent={"id": "2", "key": "NET-2"},
    issuelinks=[{"type": {"id": "1"}, "inwardIssue": {"id": "3", "key": "NET-3"}}],
    duedate="2026-02-01",
    timeoriginalestimate=3600,
    comment={"comments": [{"id": "1", "created": "2026-01-06T09:00:00.000+0000"}]},
    customfield_10016=3.0,
    customfield_10020=[{"id": 1, "name": "S", "state": "active", "endDate": None}],
    customfield_10021=[{"value": "Impediment"}],
    customfield_10015="2026-01-01",
)
FULL["changelog"]["histories"] = [
    history(1, {"field": "status", "fieldId": "status", "from": "1", "to": "3"}, at=START)
]
PLACES = [("fields", name) for name in FULL["fields"]] + [
    ("id",), ("key",), ("fields",), ("changelog",), ("changelog", "histories"),
    ("changelog", "histories", 0), ("changelog", "histories", 0, "items"),
    ("changelog", "histories", 0, "items", 0), ("changelog", "histories", 0, "created"),
    ("changelog", "histories", 0, "items", 0, "from"),
]  # fmt: skip


@given(st.sampled_from(PLACES), JSON)
def test_whatever_stands_in_an_issue_it_is_read_or_quarantined(
    place: tuple[Any, ...], value: Any
) -> None:
    raw = copy.deepcopy(FULL)
    inner = raw
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    result = read_issue(raw, container=NET, site=SITE)
    assert isinstance(result, ItemRecord | Unreadable)
    if isinstance(result, ItemRecord):
        assert len(result.item.title.splitlines()) == 1
        assert result.item.updated_at.tzinfo is UTC
