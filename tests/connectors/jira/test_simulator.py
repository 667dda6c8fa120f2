"""The simulated Jira answers as the real one does, also where that is awkward."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import entry_points
from typing import Any

import aiohttp
import pytest

from connectors.jira.simulator import JiraSimulator
from syncer.clock import FixedClock
from syncer.connect.testing.script import (
    Container,
    Event,
    ItemState,
    Person,
    ScriptedItem,
    Sprint,
    Version,
)
from syncer.connect.testing.world import World, blocks, uniform_world

NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
BEGIN = datetime(2026, 11, 2, 8, tzinfo=UTC)
SEARCH = "/rest/api/3/search/jql"


def item(number: int, *events: Event, **state: Any) -> ScriptedItem:
    initial = ItemState(container="NET", key=f"NET-{number}", title=f"Mast {number}")
    return ScriptedItem(
        id=str(100 + number),
        created_at=BEGIN + timedelta(minutes=number),
        reporter="kim",
        initial=ItemState(**{**{f: getattr(initial, f) for f in initial.__slots__}, **state}),
        events=events,
    )


def day(number: int) -> datetime:
    return BEGIN + timedelta(days=number)


@pytest.fixture
def world() -> World:
    world = World()
    world.add_container(Container(id="10001", key="NET", name="Network"))
    world.add_container(Container(id="10002", key="OUT", name="Outreach"))
    world.add_person(Person(id="kim", name="Kim Lee", email="kim@example.com"))
    world.add_version(Version(id="501", container="NET", name="2.0", due=date(2026, 12, 4)))
    world.add_sprint(Sprint(id="7", name="Sprint 7", start=day(-7), end=day(7)))
    rich = {
        "type": "Story", "body": "Two lines\n- a point", "start": date(2026, 11, 9),
        "due": date(2026, 12, 1), "versions": ("2.0",), "sprint": "7", "parent": "102",
        "estimate": 5.0, "flagged": True, "restricted": True, "labels": ("must-have",),
    }  # fmt: skip
    done = {"status": "Done", "resolution": "Done"}
    world.create(
        item(
            1,
            Event(at=day(1), actor="kim", changes={"status": "In Progress", "assignee": "kim"}),
            Event(at=day(2), actor="kim", changes={"due": date(2026, 12, 8)}, comment="Rain."),
            Event(at=day(3), actor="kim", changes=done),
            **rich,
        )
    )
    world.create(item(2, type="Epic"))
    world.create(item(3, *(Event(at=day(4), changes={"title": f"t{n}"}) for n in range(45))))
    world.create(item(4, type="Sub-task", parent="101"))
    world.link(blocks("1", "101", "103", at=day(5), actor="kim"))
    return world


@pytest.fixture
async def jira(world: World) -> AsyncIterator[JiraSimulator]:
    async with JiraSimulator(world, FixedClock(NOW)) as jira:
        yield jira


@pytest.fixture
async def call(jira: JiraSimulator) -> AsyncIterator[Any]:
    account = jira.account
    headers = {"Authorization": aiohttp.encode_basic_auth(account.user, account.secret)}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def call(path: str, body: Any = None, **query: str) -> tuple[int, Any]:
            method = "GET" if body is None else "POST"
            async with session.request(method, jira.url + path, json=body, params=query) as answer:
                return answer.status, await answer.json()

        yield call


async def found(call: Any, jql: str, **more: Any) -> list[str]:
    status, page = await call(SEARCH, {"jql": jql, "maxResults": 5000, **more})
    assert status == 200, page
    return [issue["id"] for issue in page["issues"]]


async def test_a_search_gives_ids_only_and_no_total(call: Any) -> None:
    status, page = await call(SEARCH, jql="project = NET ORDER BY id ASC")
    assert status == 200
    assert page == {"issues": [{"id": f"10{n}"} for n in range(1, 5)], "isLast": True}


async def test_fields_are_given_when_asked_for(call: Any) -> None:
    body = {"jql": "id = 101", "fields": ["*all"]}
    _, page = await call(SEARCH, body)
    (issue,) = page["issues"]
    fields = issue["fields"]
    assert issue["key"] == "NET-1"
    assert fields["summary"] == "Mast 1"
    assert fields["status"]["statusCategory"]["key"] == "done"
    assert fields["resolution"]["name"] == "Done"
    assert fields["resolutiondate"] == "2026-11-05T09:00:00.000+0100"
    assert fields["issuetype"] | {"self": ""} == {
        "self": "", "id": "10102", "description": "", "name": "Story", "subtask": False,
        "hierarchyLevel": 0,
    }  # fmt: skip
    assert fields["duedate"] == "2026-12-08"
    assert fields["customfield_10015"] == "2026-11-09"
    assert fields["customfield_10016"] == 5.0
    assert fields["customfield_10020"][0]["state"] == "closed"
    assert fields["customfield_10021"] == [{"value": "Impediment", "id": "10019"}]
    assert fields["customfield_10014"] == fields["parent"]["key"] == "NET-2"
    assert fields["fixVersions"][0]["releaseDate"] == "2026-12-04"
    assert fields["security"]["name"] == "Confidential"
    assert [subtask["key"] for subtask in fields["subtasks"]] == ["NET-4"]
    assert [block["type"] for block in fields["description"]["content"]] == [
        "paragraph",
        "bulletList",
    ]
    assert fields["comment"]["total"] == 1
    assert fields["assignee"]["displayName"] == "Kim Lee"


async def test_a_link_is_seen_from_both_ends(call: Any) -> None:
    _, page = await call(SEARCH, {"jql": "key in (NET-1, NET-3) ORDER BY id", "fields": ["*all"]})
    first, third = (issue["fields"]["issuelinks"][0] for issue in page["issues"])
    assert first["outwardIssue"]["key"] == "NET-3"
    assert third["inwardIssue"]["key"] == "NET-1"
    assert (first["type"]["outward"], third["type"]["inward"]) == ("blocks", "is blocked by")


async def test_pages_hang_together_by_tokens(call: Any) -> None:
    query = {"jql": "project = NET ORDER BY updated ASC", "maxResults": "3"}
    _, first = await call(SEARCH, **query)
    _, second = await call(SEARCH, **query, nextPageToken=first["nextPageToken"])
    assert [len(page["issues"]) for page in (first, second)] == [3, 1]
    assert (first["isLast"], second["isLast"], "nextPageToken" in second) == (False, True, False)
    status, _ = await call(SEARCH, jql="project = OUT", nextPageToken=first["nextPageToken"])
    assert status == 400
    status, _ = await call(SEARCH, **query, nextPageToken="nonsense")
    assert status == 400


async def test_an_item_that_changes_while_pages_are_read_comes_again_at_the_end(
    call: Any, world: World
) -> None:
    query = {"jql": "project = NET ORDER BY updated ASC", "maxResults": "3"}
    _, first = await call(SEARCH, **query)
    changed = first["issues"][0]["id"]
    world.edit(changed, NOW, title="changed")
    _, second = await call(SEARCH, **query, nextPageToken=first["nextPageToken"])
    assert second["issues"][-1]["id"] == changed


async def test_no_more_than_100_issues_with_fields_a_page() -> None:
    async with JiraSimulator(uniform_world(count=230), FixedClock(NOW)) as jira:
        account = jira.account
        headers = {"Authorization": aiohttp.encode_basic_auth(account.user, account.secret)}
        async with aiohttp.ClientSession(headers=headers) as session:
            sizes = []
            for fields in (["summary"], ["id", "key"]):
                body = {"jql": "project = BIG", "maxResults": 1000, "fields": fields}
                async with session.post(jira.url + SEARCH, json=body) as answer:
                    sizes.append(len((await answer.json())["issues"]))
    assert sizes == [100, 230]


@pytest.mark.parametrize(
    ("jql", "ids"),
    [
        ('project = "NET" AND updated >= 1793869200000', ["101", "103"]),
        ("project in (NET, OUT) and key in (NET-1, net-4)", ["101", "104"]),
        ("id in (101, 102) AND NOT issuetype = Epic", ["101"]),
        ("updated < 1793696400000 ORDER BY key DESC", ["104", "102"]),
        ('created >= "2026-11-02 09:03"', ["103", "104"]),
        ("updated >= -19d", ["101", "103"]),
        ("parent = NET-2 OR parent = 101", ["101", "104"]),
        ("labels = must-have AND assignee is not EMPTY", ["101"]),
        ("statusCategory != Done and parent is EMPTY", ["102", "103"]),
        ("project = OUT", []),
    ],
)
async def test_queries(call: Any, jql: str, ids: list[str]) -> None:
    assert await found(call, jql) == (ids if "DESC" in jql else sorted(ids, reverse=True))


@pytest.mark.parametrize(
    ("jql", "reason"),
    [
        ("", "Unbounded"),
        ("ORDER BY updated ASC", "Unbounded"),
        ("project = NOPE", "'NOPE' does not exist"),
        ("key = NET-404", "'NET-404' does not exist"),
        ("colour = red", "Field 'colour'"),
        ("project = NET AND", "ends too early"),
        ("project = NET ORDER BY mood", "Not able to sort"),
        ("project in (NET", "expecting ')'"),
        ('updated >= "yesterday"', "Date value"),
        ('updated >= "1793869200000"', "Date value"),
        ("project > NET", "operator '>'"),
        ("project = NET project = NET", "expecting an operator"),
        ('project = "NET', "character"),
    ],
)
async def test_bad_queries_are_refused(call: Any, jql: str, reason: str) -> None:
    status, answer = await call(SEARCH, {"jql": jql})
    assert status == 400
    assert reason in answer["errorMessages"][0]


async def test_the_old_search_is_gone(call: Any) -> None:
    assert (await call("/rest/api/3/search", jql="project = NET"))[0] == 410
    assert (await call("/rest/api/2/search", jql="project = NET"))[0] == 410


async def test_the_changelog_in_a_search_ends_at_forty_entries(call: Any) -> None:
    body = {"jql": "id in (101, 103) ORDER BY id", "fields": ["summary"], "expand": "changelog"}
    _, page = await call(SEARCH, body)
    first, third = (issue["changelog"] for issue in page["issues"])
    assert (len(third["histories"]), third["total"]) == (40, 46)
    assert first["histories"][0]["created"] > first["histories"][-1]["created"]
    assert first["total"] == 4


async def test_the_whole_changelog_comes_in_pages_oldest_first(call: Any) -> None:
    path = "/rest/api/3/issue/NET-3/changelog"
    _, first = await call(path, startAt="0", maxResults="40")
    _, second = await call(path, startAt="40", maxResults="40")
    assert [len(page["values"]) for page in (first, second)] == [40, 6]
    assert (first["total"], first["isLast"], second["isLast"]) == (46, False, True)
    ids = [int(history["id"]) for page in (first, second) for history in page["values"]]
    assert ids[:45] == sorted(ids[:45])


async def test_history_rows_are_written_as_jira_writes_them(call: Any) -> None:
    _, page = await call("/rest/api/3/issue/NET-1/changelog")
    rows = {row["field"]: row for history in page["values"] for row in history["items"]}
    assert rows["duedate"] == {
        "field": "duedate", "fieldtype": "jira", "fieldId": "duedate",
        "from": "2026-12-01", "fromString": "2026-12-01 00:00:00.0",
        "to": "2026-12-08", "toString": "2026-12-08 00:00:00.0",
    }  # fmt: skip
    assert (rows["status"]["from"], rows["status"]["toString"]) == ("3", "Done")
    assert (rows["assignee"]["from"], rows["assignee"]["to"]) == (None, "kim")
    assert rows["Link"] == {
        "field": "Link", "fieldtype": "jira", "from": None, "fromString": None,
        "to": "NET-3", "toString": "This issue blocks NET-3",
    }  # fmt: skip


async def test_histories_of_many_issues_come_by_date_in_pages(
    call: Any, jira: JiraSimulator
) -> None:
    path, body = "/rest/api/3/changelog/bulkfetch", {"issueIdsOrKeys": ["NET-3", "101"]}
    _, whole = await call(path, body)
    counts = {log["issueId"]: len(log["changeHistories"]) for log in whole["issueChangeLogs"]}
    assert counts == {"101": 4, "103": 46}
    _, first = await call(path, body | {"maxResults": 30})
    _, second = await call(path, body | {"maxResults": 30, "nextPageToken": first["nextPageToken"]})
    sizes = [
        sum(len(log["changeHistories"]) for log in page["issueChangeLogs"])
        for page in (first, second)
    ]
    assert sizes == [30, 20]
    assert "nextPageToken" not in second
    _, status_only = await call(path, body | {"fieldIds": ["status"]})
    assert [log["issueId"] for log in status_only["issueChangeLogs"]] == ["101"]
    jira.quirks.epoch_histories = True
    _, whole = await call(path, body)
    assert isinstance(whole["issueChangeLogs"][0]["changeHistories"][0]["created"], int)


async def test_many_issues_are_fetched_and_absent_ones_left_out(call: Any, world: World) -> None:
    world.hide("102", NOW)
    world.delete("104", NOW)
    body = {"issueIdsOrKeys": ["101", "NET-3", "102", "104", "999"], "fields": ["summary"]}
    status, answer = await call("/rest/api/3/issue/bulkfetch", body)
    assert status == 200
    assert [issue["id"] for issue in answer["issues"]] == ["101", "103"]
    assert answer["issueErrors"] == [], "Atlassian does not list them"
    too_many = {"issueIdsOrKeys": [str(n) for n in range(101)]}
    assert (await call("/rest/api/3/issue/bulkfetch", too_many))[0] == 400


async def test_what_is_hidden_looks_like_what_does_not_exist(call: Any, world: World) -> None:
    world.hide("102", NOW)
    hidden = await call("/rest/api/3/issue/102")
    absent = await call("/rest/api/3/issue/999")
    assert hidden == absent
    assert hidden[0] == 404
    assert await found(call, "project = NET") == ["104", "103", "101"]


async def test_a_moved_issue_answers_under_its_old_key(call: Any, world: World) -> None:
    world.move("103", NOW, container="OUT", key="OUT-1")
    status, issue = await call("/rest/api/3/issue/NET-3", expand="changelog")
    assert (status, issue["id"], issue["key"]) == (200, "103", "OUT-1")
    rows = {row["field"] for row in issue["changelog"]["histories"][0]["items"]}
    assert rows == {"Key", "project"}
    assert await found(call, "project = OUT") == ["103"]


async def test_the_roster_tells_each_projects_last_update(call: Any, jira: JiraSimulator) -> None:
    _, page = await call("/rest/api/3/project/search", expand="insight")
    insight = {project["key"]: project["insight"] for project in page["values"]}
    assert insight["NET"]["totalIssueCount"] == 4
    assert insight["NET"]["lastIssueUpdateTime"] == "2026-11-07T09:00:00.000+0100"
    assert insight["OUT"] == {"totalIssueCount": 0}
    jira.hidden_containers.add("NET")
    _, page = await call("/rest/api/3/project/search")
    assert [project["key"] for project in page["values"]] == ["OUT"]
    assert (await call(SEARCH, jql="project = NET"))[0] == 400
    assert (await call("/rest/api/3/project/NET"))[0] == 404
    assert (await call("/rest/api/3/issue/NET-1"))[0] == 404


async def test_counts(call: Any) -> None:
    body = {"jql": "project = NET"}
    assert await call("/rest/api/3/search/approximate-count", body) == (200, {"count": 4})


async def test_the_site_describes_itself(call: Any) -> None:
    assert (await call("/rest/api/3/myself"))[1]["timeZone"] == "Europe/Berlin"
    assert (await call("/rest/api/2/serverInfo"))[1]["deploymentType"] == "Cloud"
    fields = {field["name"]: field for field in (await call("/rest/api/3/field"))[1]}
    for name in ("Start date", "Sprint", "Story Points", "Flagged", "Epic Link"):
        assert fields[name]["schema"]["custom"]
    statuses = {s["name"]: s for s in (await call("/rest/api/3/status"))[1]}
    assert statuses["Blocked"]["statusCategory"]["key"] == "indeterminate"
    types = {t["name"]: t["hierarchyLevel"] for t in (await call("/rest/api/3/issuetype"))[1]}
    assert (types["Initiative"], types["Epic"], types["Bug"], types["Sub-task"]) == (2, 1, 0, -1)
    links = (await call("/rest/api/3/issueLinkType"))[1]["issueLinkTypes"]
    assert links[0]["inward"] == "is blocked by"
    assert (await call("/rest/api/3/priority"))[1][0]["name"] == "Highest"
    _, project = await call("/rest/api/3/project/NET")
    assert [version["name"] for version in project["versions"]] == ["2.0"]


async def test_wrong_credentials_are_refused(jira: JiraSimulator) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{jira.url}/rest/api/3/myself") as answer:
            assert answer.status == 401
            assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
        async with session.get(f"{jira.url}/_edge/tenant_info") as answer:
            assert answer.status == 200


async def test_the_search_may_lag_behind(call: Any, world: World, jira: JiraSimulator) -> None:
    jira.quirks.search_lag = timedelta(minutes=2)
    world.create(
        ScriptedItem(
            id="105", created_at=NOW - timedelta(seconds=30), reporter="kim",
            initial=ItemState(container="NET", key="NET-5", title="New"),
        )
    )  # fmt: skip
    assert "105" not in await found(call, "project = NET")
    assert "105" in await found(call, "project = NET", reconcileIssues=[105])
    assert (await call("/rest/api/3/issue/NET-5"))[0] == 200


async def test_oddities_of_the_pager(call: Any, jira: JiraSimulator) -> None:
    query = {"jql": "project = NET", "maxResults": "1"}
    jira.quirks.empty_pages = 1
    _, empty = await call(SEARCH, **query)
    assert (empty["issues"], empty["isLast"]) == ([], False)
    _, first = await call(SEARCH, **query, nextPageToken=empty["nextPageToken"])
    assert len(first["issues"]) == 1
    jira.quirks.repeat_token = True
    jira.quirks.is_last_lies = True
    token = first["nextPageToken"]
    _, second = await call(SEARCH, **query, nextPageToken=token)
    assert (second["nextPageToken"], second["isLast"]) == (token, True)


async def test_the_script_goes_on_while_the_clock_runs(world: World) -> None:
    class Hand:
        def __init__(self) -> None:
            self.at = NOW

        def now(self) -> datetime:
            return self.at

    hand = Hand()
    world.edit("102", NOW + timedelta(hours=1), title="Later")
    async with JiraSimulator(world, hand) as jira:
        account = jira.account
        headers = {"Authorization": aiohttp.encode_basic_auth(account.user, account.secret)}
        async with aiohttp.ClientSession(headers=headers) as session:
            titles = []
            for hours in (0, 2):
                hand.at = NOW + timedelta(hours=hours)
                async with session.get(f"{jira.url}/rest/api/3/issue/102") as answer:
                    titles.append((await answer.json())["fields"]["summary"])
    assert titles == ["Mast 2", "Later"]


async def test_answers_bear_the_time_of_the_simulated_site(jira: JiraSimulator) -> None:
    async with aiohttp.ClientSession() as session:
        for path in ("/_edge/tenant_info", "/rest/api/3/myself"):
            async with session.get(jira.url + path) as answer:
                assert answer.headers["Date"] == "Mon, 23 Nov 2026 04:30:00 GMT"


async def test_it_is_found_by_its_entry_point() -> None:
    (point,) = entry_points(group="syncer.simulators", name="jira")
    assert point.load() is JiraSimulator
