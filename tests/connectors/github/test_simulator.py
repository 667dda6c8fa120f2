"""The simulated GitHub answers as the real one does, also where that is awkward."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from connectors.github import queries
from connectors.github.simulator import GitHubSimulator
from connectors.github.simulator_app import App
from connectors.github.webhook import receive
from syncer.clock import FixedClock
from syncer.connect.protocol import HookReply, HookRequest
from syncer.connect.registry import simulator_class
from syncer.connect.testing.delivery import Delivery, HookAction, post_delivery
from syncer.connect.testing.script import (
    Container,
    Event,
    ItemState,
    Person,
    ScriptedItem,
    ScriptedLink,
    Version,
)
from syncer.connect.testing.server import FakeTracker, Simulator
from syncer.connect.testing.world import World, blocks, uniform_world
from syncer.domain.link import LinkKind
from syncer.domain.ref import ItemRef

NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
BEGIN = datetime(2026, 11, 2, 8, tzinfo=UTC)
PHONE = "/repos/acme/phone"
SECRET = SecretStr("made-up-hook-secret")
WHO = "query { viewer { login } }"
DONE = {"status": "Done", "resolution": "Done"}


def day(number: int) -> datetime:
    return BEGIN + timedelta(days=number)


def item(number: int, *events: Event, container: str = "acme/phone", **state: Any) -> ScriptedItem:
    title = f"Phone {number}"
    return ScriptedItem(
        id=str(100 + number),
        created_at=BEGIN + timedelta(minutes=number),
        reporter="kim",
        initial=ItemState(container=container, key=f"{container}#{number}", title=title, **state),
        events=events,
    )


@pytest.fixture
def world() -> World:
    world = World()
    for number, key in enumerate(("acme/phone", "acme/masts", "NET")):
        world.add_container(Container(id=str(10001 + number), key=key, name=f"The {key}"))
    world.add_person(Person(id="kim", name="Kim Lee", email="kim@example.com"))
    world.add_person(Person(id="rota[bot]", name="Rota", bot=True))
    world.add_version(Version(id="501", container="acme/phone", name="Beta", due=date(2026, 12, 4)))
    world.add_version(
        Version(id="502", container="acme/phone", name="Alpha", released_at=day(1), due=None)
    )
    rich: dict[str, Any] = {
        "type": "Feature", "body": "Two lines", "start": date(2026, 11, 9), "parent": "102",
        "due": date(2026, 12, 1), "versions": ("Beta",), "estimate": 5.0, "labels": ("must",),
    }  # fmt: skip
    world.create(
        item(
            1,
            Event(at=day(1), actor="kim", changes={"status": "In Progress", "assignee": "kim"}),
            Event(at=day(2), actor="rota[bot]", changes={"title": "Phone one"}, comment="Rain."),
            **rich,
        )
    )
    world.create(item(2, type="Epic"))
    world.create(item(3, Event(at=day(4), actor="kim", changes=DONE)))
    closed = Event(at=day(3), changes={"status": "Done", "resolution": "Won't Do"})
    world.create(item(4, closed, Event(at=day(5), changes={"status": "To Do"})))
    world.create(item(5, closed))
    world.create(_net_item())
    world.link(blocks("1", "103", "101", at=day(2), actor="kim"))
    world.link(blocks("2", "900", "101", at=day(2), actor="kim"))
    world.link(
        ScriptedLink(id="3", kind=LinkKind.REQUIRES, source="102", target="105", created_at=day(2))
    )
    return world


def _net_item() -> ScriptedItem:
    state = ItemState(container="NET", key="NET-7", title="Mast 7")
    return ScriptedItem(id="900", created_at=BEGIN, reporter="kim", initial=state)


@pytest.fixture
async def github(world: World) -> AsyncIterator[GitHubSimulator]:
    simulator = GitHubSimulator(
        world,
        FixedClock(NOW),
        containers=("acme/phone", "acme/masts"),
        foreign_url=lambda item_id: f"https://jira.example.com/browse/{item_id}",
    )
    async with simulator:
        yield simulator


@dataclass(frozen=True)
class Got:
    status: int
    data: Any
    headers: Any


Call = Callable[..., Awaitable[Got]]


@pytest.fixture
async def call(github: GitHubSimulator) -> AsyncIterator[Call]:
    async with aiohttp.ClientSession() as session:

        async def call(
            path: str, body: Any = None, headers: dict[str, str] | None = None, **query: str
        ) -> Got:
            method = "GET" if body is None else "POST"
            signed = {"Authorization": f"Bearer {github.account.secret}", **(headers or {})}
            url = path if path.startswith("http") else github.url + path
            async with session.request(
                method, url, json=body, params=query, headers=signed, allow_redirects=False
            ) as answer:
                text = await answer.text()
                return Got(answer.status, json.loads(text) if text else None, answer.headers)

        yield call


def numbers(got: Got) -> list[int]:
    assert got.status == 200, got.data
    return [issue["number"] for issue in got.data]


def test_it_is_a_simulator(world: World) -> None:
    simulator: Simulator = GitHubSimulator(world, FixedClock(NOW))
    assert simulator.account.user == "syncer-bot"
    assert simulator_class("github") is GitHubSimulator


async def test_the_listing_mixes_pull_requests_in(call: Call) -> None:
    got = await call(f"{PHONE}/issues", state="all", sort="created", direction="asc")
    assert numbers(got) == [1, 2, 3, 4, 5, 100005, 100003]
    assert ["pull_request" in issue for issue in got.data] == [False] * 5 + [True] * 2
    assert got.data[6]["html_url"].endswith("/acme/phone/pull/100003")


async def test_only_open_issues_without_being_asked_newest_first(call: Call) -> None:
    assert numbers(await call(f"{PHONE}/issues")) == [4, 2, 1]
    assert numbers(await call(f"{PHONE}/issues", state="closed")) == [100003, 100005, 5, 3]


async def test_since_is_inclusive_and_by_the_second(call: Call) -> None:
    asked = {"state": "all", "sort": "updated", "direction": "asc"}
    touched = numbers(await call(f"{PHONE}/issues", since="2026-11-05T08:00:00Z", **asked))
    assert touched == [5, 100005, 3, 100003, 4]
    assert numbers(await call(f"{PHONE}/issues", since="2026-11-05T08:00:01Z", **asked)) == [
        3,
        100003,
        4,
    ]
    assert (await call(f"{PHONE}/issues", since="yesterday")).status == 422


async def test_pages_are_linked(call: Call, github: GitHubSimulator) -> None:
    first = await call(f"{PHONE}/issues", state="all", per_page="4")
    assert len(first.data) == 4
    base = f"{github.url}{PHONE}/issues?state=all&per_page=4&page=2"
    assert first.headers["Link"] == f'<{base}>; rel="next", <{base}>; rel="last"'
    last = await call(base)
    assert len(last.data) == 3
    assert 'rel="next"' not in last.headers["Link"]
    assert 'rel="prev"' in last.headers["Link"]
    assert "Link" not in (await call(f"{PHONE}/issues")).headers


async def test_a_page_holds_a_hundred_at_most() -> None:
    world = uniform_world(count=230, container="acme/big")
    async with (
        GitHubSimulator(world, FixedClock(NOW)) as github,
        aiohttp.ClientSession(headers={"Authorization": "token made-up-secret"}) as session,
    ):
        sizes = []
        for page in ("1", "2", "3", "4"):
            query = {"state": "all", "per_page": "500", "page": page}
            async with session.get(f"{github.url}/repos/acme/big/issues", params=query) as got:
                sizes.append(len(await got.json()))
    assert sizes == [100, 100, 68, 0]  # 38 issues were closed by a pull request


async def test_an_issue_is_told_as_github_tells_it(call: Call, github: GitHubSimulator) -> None:
    issue = (await call(f"{PHONE}/issues/1")).data
    assert (issue["id"], issue["number"], issue["title"]) == (101, 1, "Phone one")
    assert issue["html_url"] == github.item_url("101") == f"{github.url}/acme/phone/issues/1"
    assert (issue["state"], issue["state_reason"], issue["closed_at"]) == ("open", None, None)
    assert (issue["created_at"], issue["updated_at"]) == (
        "2026-11-02T08:01:00Z",
        "2026-11-04T08:00:00Z",
    )
    assert issue["type"]["name"] == "Feature"
    assert issue["milestone"]["title"] == "Beta"
    assert issue["milestone"]["due_on"] == "2026-12-04T08:00:00Z"
    assert [label["name"] for label in issue["labels"]] == ["must"]
    assert issue["assignees"][0]["login"] == "kim"
    assert issue["parent_issue_url"] == f"{github.url}{PHONE}/issues/2"
    assert issue["issue_dependencies_summary"]["total_blocked_by"] == 1
    assert issue["issue_dependencies_summary"]["blocked_by"] == 0
    assert issue["comments"] == 1


async def test_what_waits_for_another_tracker_says_so_in_its_body(call: Call) -> None:
    body = (await call(f"{PHONE}/issues/1")).data["body"]
    assert body == "Two lines\n\nBlocked by https://jira.example.com/browse/900"
    assert (await call(f"{PHONE}/issues/2")).data["body"] is None


async def test_a_parent_on_another_tracker_is_named_in_the_body(call: Call, world: World) -> None:
    world.edit("103", day(6), parent="900")
    issue = (await call(f"{PHONE}/issues/3")).data
    assert issue["body"] == "Contributes to https://jira.example.com/browse/900"
    assert issue["parent_issue_url"] is None


@pytest.mark.parametrize(
    ("number", "state", "reason"),
    [(3, "closed", "completed"), (4, "open", "reopened"), (5, "closed", "not_planned")],
)
async def test_why_an_issue_is_closed(call: Call, number: int, state: str, reason: str) -> None:
    issue = (await call(f"{PHONE}/issues/{number}")).data
    assert (issue["state"], issue["state_reason"]) == (state, reason)


async def test_family_and_dependencies(call: Call) -> None:
    assert (await call(f"{PHONE}/issues/1/parent")).data["number"] == 2
    assert (await call(f"{PHONE}/issues/2/parent")).status == 404
    assert numbers(await call(f"{PHONE}/issues/2/sub_issues")) == [1]
    assert numbers(await call(f"{PHONE}/issues/1/dependencies/blocked_by")) == [3]
    assert numbers(await call(f"{PHONE}/issues/3/dependencies/blocking")) == [1]
    assert numbers(await call(f"{PHONE}/issues/2/dependencies/blocked_by")) == [5]
    assert (await call(f"{PHONE}/issues/1/dependencies/beside")).status == 404


async def test_the_timeline_tells_what_happened(call: Call) -> None:
    events = (await call(f"{PHONE}/issues/1/timeline", per_page="100")).data
    assert [event["event"] for event in events] == [
        "labeled", "milestoned", "parent_issue_added", "project_v2_item_status_changed",
        "assigned", "project_v2_item_status_changed", "renamed", "commented", "blocked_by_added",
    ]  # fmt: skip
    assert events[6]["rename"] == {"from": "Phone 1", "to": "Phone one"}
    assert (events[7]["body"], events[7]["user"]["type"]) == ("Rain.", "Bot")
    assert events[8]["blocking_issue"]["number"] == 3
    assert "previous" not in json.dumps(events[5])
    assert len({event["id"] for event in events}) == len(events)
    turns = (await call(f"{PHONE}/issues/4/timeline")).data
    assert [(e["event"], e["state_reason"]) for e in turns if "state_reason" in e] == [
        ("closed", "not_planned"),
        ("reopened", "reopened"),
    ]


async def test_comments_of_an_issue(call: Call) -> None:
    assert [one["body"] for one in (await call(f"{PHONE}/issues/1/comments")).data] == ["Rain."]


async def test_milestones_and_labels(call: Call) -> None:
    titles = {}
    for state in ("open", "closed", "all"):
        got = await call(f"{PHONE}/milestones", state=state)
        titles[state] = [one["title"] for one in got.data]
    assert titles == {"open": ["Beta"], "closed": ["Alpha"], "all": ["Beta", "Alpha"]}
    assert [label["name"] for label in (await call(f"{PHONE}/labels")).data] == ["must"]


async def test_issues_of_a_milestone(call: Call) -> None:
    assert numbers(await call(f"{PHONE}/issues", milestone="1")) == [1]
    assert numbers(await call(f"{PHONE}/issues", milestone="2")) == []
    assert (await call(f"{PHONE}/issues", milestone="3")).status == 422


async def test_who_and_which_repositories(call: Call, github: GitHubSimulator) -> None:
    assert (await call("/user")).data["login"] == "syncer-bot"
    assert (await call("/users/kim")).data["name"] == "Kim Lee"
    shown = [repository["full_name"] for repository in (await call("/user/repos")).data]
    assert shown == ["acme/masts", "acme/phone"]
    github.hidden_containers.add("acme/masts")
    assert [one["full_name"] for one in (await call("/orgs/acme/repos")).data] == ["acme/phone"]
    assert (await call("/repos/acme/masts")).status == 404
    assert (await call("/repos/acme/masts/issues")).status == 404
    assert (await call("/repos/ACME/Phone")).data["full_name"] == "acme/phone"
    assert (await call("/api/v3/user")).status == 200


async def test_deleted_hidden_and_unknown_are_told_apart_as_far_as_github_does(
    call: Call, world: World
) -> None:
    world.delete("103", day(6))
    world.hide("105", day(6))
    statuses = [(await call(f"{PHONE}/issues/{number}")).status for number in (3, 5, 77, 0)]
    assert statuses == [410, 404, 404, 404]
    assert numbers(await call(f"{PHONE}/issues", state="all", direction="asc")) == [1, 2, 4]


async def test_a_transferred_issue_is_redirected_and_its_details_are_gone(
    call: Call, world: World
) -> None:
    world.move("101", day(6), container="acme/masts", key="acme/masts#9")
    got = await call(f"{PHONE}/issues/1")
    assert got.status == 301
    assert got.headers["Location"].endswith("/repositories/10002/issues/9")
    moved = (await call(got.headers["Location"])).data
    assert (moved["number"], moved["repository_url"].rpartition("/")[2]) == (9, "masts")
    assert moved["id"] != 101
    assert (await call(f"{PHONE}/issues/1/comments")).status == 404
    assert (await call(f"{PHONE}/issues/1/timeline")).status == 404
    timeline = (await call("/repos/acme/masts/issues/9/timeline")).data
    assert "transferred" in [event["event"] for event in timeline]


async def test_wrong_credentials_are_refused(call: Call) -> None:
    for sent in ("Bearer wrong", "Basic x", ""):
        assert (await call("/user", headers={"Authorization": sent})).status == 401


# --- limits ---------------------------------------------------------------------------------------


async def test_every_answer_tells_the_allowance(call: Call, github: GitHubSimulator) -> None:
    github.limits.allowance("core").limit = 2
    first, second = await call("/user"), await call(f"{PHONE}/issues/77")
    assert first.headers["X-RateLimit-Remaining"] == "1"
    assert first.headers["X-RateLimit-Resource"] == "core"
    assert int(first.headers["X-RateLimit-Reset"]) == NOW.timestamp() + 3600
    assert second.status == 404
    await call("/user")
    spent = await call("/user")
    assert (spent.status, spent.headers["X-RateLimit-Remaining"]) == (403, "0")


async def test_the_secondary_limit_comes_without_a_header(
    call: Call, github: GitHubSimulator
) -> None:
    github.limits.secondary_limits = 1
    got = await call("/user")
    assert (got.status, "Retry-After" in got.headers) == (403, False)
    assert "secondary rate limit" in got.data["message"]
    assert (await call("/user")).status == 200


async def test_what_has_not_changed_is_not_sent_again(call: Call, world: World) -> None:
    tag = (await call(f"{PHONE}/issues")).headers["ETag"]
    again = await call(f"{PHONE}/issues", headers={"If-None-Match": tag})
    assert (again.status, again.data) == (304, None)
    world.comment("101", day(7), "Sun.")
    assert (await call(f"{PHONE}/issues", headers={"If-None-Match": tag})).status == 200


# --- quirks ---------------------------------------------------------------------------------------


async def test_statuses_may_be_labels(call: Call, github: GitHubSimulator) -> None:
    github.quirks.status_labels = True
    labels = (await call(f"{PHONE}/issues/1")).data["labels"]
    assert [label["name"] for label in labels] == ["must", "status: In Progress"]
    events = (await call(f"{PHONE}/issues/1/timeline")).data
    told = [(e["event"], e["label"]["name"]) for e in events if "label" in e]
    assert ("unlabeled", "status: To Do") in told


async def test_changes_of_a_project_may_leave_the_issue_untouched(
    call: Call, world: World, github: GitHubSimulator
) -> None:
    world.edit("102", day(8), status="In Progress", due=date(2026, 12, 9))
    assert (await call(f"{PHONE}/issues/2")).data["updated_at"] == "2026-11-10T08:00:00Z"
    github.quirks.silent_projects = True
    assert (await call(f"{PHONE}/issues/2")).data["updated_at"] == "2026-11-04T08:00:00Z"
    world.edit("102", day(9), **DONE)
    assert (await call(f"{PHONE}/issues/2")).data["updated_at"] == "2026-11-11T08:00:00Z"


async def test_details_may_be_unknown_to_the_server(call: Call, github: GitHubSimulator) -> None:
    github.quirks.no_details = True
    for detail in ("timeline", "parent", "sub_issues", "dependencies/blocked_by"):
        assert (await call(f"{PHONE}/issues/1/{detail}")).status == 404
    assert (await call(f"{PHONE}/issues/1")).status == 200


# --- GraphQL --------------------------------------------------------------------------------------


async def asked(call: Call, *issues: int, projects: bool = True) -> Any:
    query = queries.details(issues, projects=projects)
    variables = {"owner": "acme", "name": "phone"}
    return (await call("/graphql", {"query": query, "variables": variables})).data


async def test_graphql_tells_who_we_are(call: Call) -> None:
    got = await call("/graphql", {"query": WHO})
    assert got.data == {"data": {"viewer": {"login": "syncer-bot"}}}
    assert got.headers["X-RateLimit-Resource"] == "graphql"


async def test_graphql_tells_the_details_of_issues(call: Call) -> None:
    data = await asked(call, 1, 2)
    one, two = (data["data"]["repository"][alias] for alias in ("i1", "i2"))
    assert "errors" not in data
    assert one["parent"] == {
        "number": 2,
        "fullDatabaseId": "102",
        "repository": {"nameWithOwner": "acme/phone"},
    }
    assert [other["number"] for other in one["blockedBy"]["nodes"]] == [3]
    assert [child["subIssuesSummary"] for child in two["subIssues"]["nodes"]] == [{"total": 0}]
    (place,) = one["projectItems"]["nodes"]
    values = {value.pop("field")["name"]: value for value in place["fieldValues"]["nodes"]}
    assert values == {
        "Status": {"name": "In Progress"},
        "Priority": {"name": "Medium"},
        "Start date": {"date": "2026-11-09"},
        "Target date": {"date": "2026-12-01"},
        "Estimate": {"number": 5.0},
    }
    events = {node["__typename"]: node for node in one["timelineItems"]["nodes"]}
    changed = events["ProjectV2ItemStatusChangedEvent"]
    assert (changed["previousStatus"], changed["status"]) == ("To Do", "In Progress")
    assert events["IssueComment"]["author"] == {"__typename": "Bot", "login": "rota"}
    assert one["timelineItems"]["pageInfo"] == {"hasNextPage": False}


async def test_graphql_leaves_projects_out_where_they_were_not_asked_for(call: Call) -> None:
    issue = (await asked(call, 1, projects=False))["data"]["repository"]["i1"]
    assert "projectItems" not in issue
    kinds = {node["__typename"] for node in issue["timelineItems"]["nodes"]}
    assert "ProjectV2ItemStatusChangedEvent" not in kinds


async def test_graphql_names_what_it_cannot_find(call: Call) -> None:
    data = await asked(call, 1, 77)
    assert data["data"]["repository"]["i77"] is None
    assert [error["path"] for error in data["errors"]] == [["repository", "i77"]]
    query = queries.details([1], projects=False)
    variables = {"owner": "acme", "name": "nothing"}
    data = (await call("/graphql", {"query": query, "variables": variables})).data
    assert (data["data"]["repository"], data["errors"][0]["type"]) == (None, "NOT_FOUND")


async def test_a_long_timeline_is_cut(call: Call, world: World) -> None:
    for number in range(120):
        world.comment("102", day(6) + timedelta(minutes=number), f"Comment {number}")
    items = (await asked(call, 2))["data"]["repository"]["i2"]["timelineItems"]
    assert (len(items["nodes"]), items["pageInfo"]) == (100, {"hasNextPage": True})


async def test_a_token_may_lack_the_scope_for_projects(call: Call, github: GitHubSimulator) -> None:
    asked_for = {"query": queries.PROJECTS, "variables": {"owner": "acme", "name": "phone"}}
    (project,) = (await call("/graphql", asked_for)).data["data"]["repository"]["projectsV2"][
        "nodes"
    ]
    assert project["title"] == "Roadmap"
    github.quirks.no_projects = True
    refused = await asked(call, 1)
    assert (refused["data"], refused["errors"][0]["type"]) == (None, "INSUFFICIENT_SCOPES")
    assert "errors" not in await asked(call, 1, projects=False)


async def test_graphql_may_be_refused(call: Call, github: GitHubSimulator) -> None:
    github.quirks.no_graphql = True
    assert (await call("/graphql", {"query": WHO})).status == 403


# --- an app ---------------------------------------------------------------------------------------


class HandClock:
    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


async def test_an_app_gets_a_token_that_lives_an_hour(world: World) -> None:
    key, clock = RSAKey.generate_key(2048), HandClock()
    begin = int(NOW.timestamp())
    claims = {"iss": "4711", "iat": begin - 60, "exp": begin + 540}

    async def status_of(value: str) -> tuple[int, Any]:
        url = f"{github.url}/app/installations/815/access_tokens"
        headers = {"Authorization": f"Bearer {value}"}
        async with session.post(url, headers=headers) as got:
            return got.status, await got.json()

    async def seen(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        async with session.get(f"{github.url}/user/repos", headers=headers) as got:
            return got.status

    async with GitHubSimulator(world, clock) as github, aiohttp.ClientSession() as session:
        assert (await status_of("nonsense"))[0] == 401
        github.install(App(public_key=key.as_pem(private=False).decode(), clock=clock))
        wrong = [
            jwt.encode({"alg": "RS256"}, claims, RSAKey.generate_key(2048)),
            jwt.encode({"alg": "RS256"}, claims | {"iss": "1"}, key),
            jwt.encode({"alg": "RS256"}, claims | {"exp": begin - 1}, key),
            jwt.encode({"alg": "RS256"}, claims | {"exp": begin + 3600}, key),
            jwt.encode({"alg": "RS256"}, {"iss": "4711"}, key),
        ]
        assert [(await status_of(value))[0] for value in wrong] == [401] * 5
        status, given = await status_of(jwt.encode({"alg": "RS256"}, claims, key))
        assert (status, given["expires_at"]) == (201, "2026-11-23T05:30:00Z")
        assert await seen(given["token"]) == 200
        clock.at += timedelta(hours=1)
        assert await seen(given["token"]) == 401


# --- webhooks -------------------------------------------------------------------------------------


def received(delivery: Delivery) -> HookReply:
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    request = HookRequest(method="POST", url="", headers=headers, body=delivery.body)
    return receive("gh", request, [SECRET])


@pytest.mark.parametrize(
    ("action", "changes", "event"),
    [
        ("created", {}, "issues.opened"),
        ("updated", {"due": date(2026, 12, 24)}, "issues.edited"),
        ("updated", {"assignee": None}, "issues.assigned"),
        ("updated", DONE, "issues.closed"),
    ],
)
async def test_a_delivery_is_what_the_connector_understands(
    github: GitHubSimulator, world: World, action: HookAction, changes: Any, event: str
) -> None:
    world.edit("101", day(8), **changes)
    reply = received(github.delivery("101", action, secret=SECRET))
    assert (reply.status, reply.event, reply.refs) == (202, event, (ItemRef("gh", "101"),))
    assert reply.refs[0].locator == "acme/phone#1"


async def test_a_deletion_is_delivered_though_the_issue_is_gone(
    github: GitHubSimulator, world: World
) -> None:
    world.delete("103", day(8))
    reply = received(github.delivery("103", "deleted", secret=SECRET))
    assert reply.deleted == (ItemRef("gh", "103"),)


async def _accept(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=202)


async def test_deliveries_have_ids_of_their_own_and_are_posted(github: GitHubSimulator) -> None:
    deliveries = [github.delivery("101", "updated", secret=SECRET) for _ in range(2)]
    assert len({one.headers["X-GitHub-Delivery"] for one in deliveries}) == 2
    hooks = FakeTracker()
    hooks.route("POST", "/hooks/{id}", _accept)
    async with hooks, aiohttp.ClientSession() as session:
        assert await post_delivery(session, f"{hooks.url}/hooks/e", deliveries[0]) == 202
    assert hooks.requests[0].body == deliveries[0].body


async def test_a_world_moves_on_with_its_clock(world: World) -> None:
    clock = HandClock()
    clock.at = day(0)
    seen = []
    async with (
        GitHubSimulator(world, clock, containers=["acme/phone"]) as github,
        aiohttp.ClientSession(headers={"Authorization": "Bearer made-up-secret"}) as session,
    ):
        for instant in (day(0), day(0) + timedelta(minutes=3), day(3), day(5)):
            clock.at = instant
            async with session.get(f"{github.url}{PHONE}/issues?direction=asc") as got:
                seen.append([issue["number"] for issue in await got.json()])
    assert seen == [[], [1, 2, 3], [1, 2, 3], [1, 2, 4]]
