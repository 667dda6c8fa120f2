"""Timelines, dependencies, parents and projects: by one query for many, or issue by issue."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import orjson
import pytest

from connectors.github import queries
from syncer.connect.testing.server import answer
from syncer.domain.change import ChangeField
from syncer.domain.item import (
    DateSource,
    ItemKind,
    ItemRecord,
    ResolutionKind,
    StatusCategory,
)
from syncer.domain.link import LinkKind
from syncer.errors import RateLimited
from tests.connectors.github.small_github import (
    START,
    SmallGitHub,
    event,
    issue,
    milestone,
    read,
    records,
    running,
    stamp,
)

LABELS = [{"name": "bug"}, {"name": "status: blocked"}]
OTHER = {"id": 1_000_099, "number": 99, "repository_url": "http://x/repos/acme/core"}
OTHER_NODE = {
    "number": 99, "fullDatabaseId": "1000099", "repository": {"nameWithOwner": "acme/core"},
}  # fmt: skip

REST = [
    event("labeled", 10, label={"name": "bug"}),
    event("assigned", 20, assignee={"login": "mo", "type": "User"}),
    event("milestoned", 30, milestone={"title": "Beta"}),
    event("labeled", 40, label={"name": "status: blocked"}),
    event("blocked_by_added", 45, blocking_issue=OTHER),
    event("renamed", 50, rename={"from": "Old", "to": "Issue 1"}),
    event("closed", 60, state_reason="completed"),
    event("reopened", 70, actor={"login": "helper[bot]", "type": "Bot"}),
    event("commented", 80, actor={"login": "mo", "type": "User"}),
    event("closed", 90, state_reason="not_planned"),
    event("subscribed", 91),
]


def node_event(name: str, minutes: int, **more: Any) -> Any:
    at = event("x", minutes)["created_at"]
    actor = {"__typename": "User", "login": "octo"}
    return {"__typename": name, "createdAt": at, "actor": actor, **more}


MO = {"__typename": "User", "login": "mo"}
GRAPH = [
    node_event("LabeledEvent", 10, label={"name": "bug"}),
    node_event("AssignedEvent", 20, assignee=MO),
    node_event("MilestonedEvent", 30, milestoneTitle="Beta"),
    node_event("LabeledEvent", 40, label={"name": "status: blocked"}),
    node_event("BlockedByAddedEvent", 45, blockingIssue=OTHER_NODE),
    node_event("RenamedTitleEvent", 50, previousTitle="Old", currentTitle="Issue 1"),
    node_event("ClosedEvent", 60, stateReason="COMPLETED"),
    node_event("ReopenedEvent", 70, actor={"__typename": "Bot", "login": "helper"}),
    node_event("IssueComment", 80, fullDatabaseId="80", author=MO, actor=None),
    node_event("ClosedEvent", 90, stateReason="NOT_PLANNED"),
]  # fmt: skip

BETA = milestone(7, "Beta", "2026-12-04")
CLOSED = issue(
    1,
    state="closed",
    state_reason="not_planned",
    closed_at=event("x", 90)["created_at"],
    labels=LABELS,
    assignees=[{"login": "mo", "type": "User"}],
    milestone=BETA,
    parent_issue_url="http://x/repos/acme/core/issues/99",
    issue_dependencies_summary={"total_blocked_by": 1, "total_blocking": 0},
    sub_issues_summary={"total": 1},
)


def node(**more: Any) -> Any:
    return {
        "parent": OTHER_NODE,
        "blockedBy": {"nodes": [OTHER_NODE], "pageInfo": {"hasNextPage": False}},
        "blocking": {"nodes": [], "pageInfo": {"hasNextPage": False}},
        "subIssues": {"nodes": [{"subIssuesSummary": {"total": 2}}]},
        "timelineItems": {"nodes": GRAPH, "pageInfo": {"hasNextPage": False}},
        "projectItems": {"nodes": []},
        **more,
    }


def by_rest(**more: Any) -> SmallGitHub:
    return SmallGitHub(
        {"acme/ran": [CLOSED]},
        milestones=[BETA],
        timelines={1: REST},
        blocked_by={1: [OTHER]},
        parents={1: OTHER},
        sub_issues={1: [{**OTHER, "sub_issues_summary": {"total": 2}}]},
        **more,
    )


def by_graphql(**more: Any) -> SmallGitHub:
    nodes = {1: node(**more)}
    return SmallGitHub({"acme/ran": [CLOSED]}, milestones=[BETA], nodes=nodes)


async def the_one(github: SmallGitHub, **config: Any) -> ItemRecord:
    """The record without its address, which holds the port of the server."""
    async with running(github, **config) as connector:
        record = records(await read(connector))["acme/ran#1"]
    return replace(record, item=replace(record.item, url=""))


async def test_both_apis_tell_the_same_of_an_issue() -> None:
    assert await the_one(by_rest()) == await the_one(by_graphql())


async def test_a_timeline_becomes_changes() -> None:
    changes = (await the_one(by_graphql())).changes

    def told(field: ChangeField) -> list[tuple[str | None, str | None]]:
        return [(c.before, c.after) for c in changes if c.field is field]

    assert told(ChangeField.STATUS) == [
        ("TODO", "WAITING"),
        ("WAITING", "DONE"),
        ("DONE", "WAITING"),
        ("WAITING", "CANCELLED"),
    ]
    assert told(ChangeField.RESOLUTION) == [
        (None, "delivered"), ("delivered", None), (None, "not_delivered"),
    ]  # fmt: skip
    assert told(ChangeField.LABELS) == [(None, "bug"), ("bug", "bug,status: blocked")]
    assert told(ChangeField.ASSIGNEE) == [(None, "mo")]
    assert told(ChangeField.VERSIONS) == [(None, "Beta")]
    assert told(ChangeField.DUE) == [(None, "2026-12-04")]
    assert told(ChangeField.TITLE) == [("Old", "Issue 1")]
    assert told(ChangeField.LINK) == [(None, "blocks<gh:1000099")]
    assert told(ChangeField.COMMENT) == [(None, None)]
    reopened = next(c for c in changes if c.before == "DONE")
    assert (reopened.by_bot, reopened.actor) == (True, "helper[bot]")
    assert len({(c.id, c.field) for c in changes}) == len(changes)


async def test_life_parent_links_and_level_come_from_the_details() -> None:
    item = (await the_one(by_graphql())).item
    assert item.status_category is StatusCategory.CANCELLED
    assert item.resolution_kind is ResolutionKind.NOT_DELIVERED
    assert (item.resolution, item.native_status) == ("not_planned", "Closed as not planned")
    assert item.reopened_count == 1
    assert item.done_at is None
    assert item.started_at is not None
    assert item.history_complete
    assert item.parent is not None
    assert (item.parent.uid, item.parent_key) == ("gh:1000099", "acme/core#99")
    (link,) = item.links
    assert (link.kind, link.inward, link.to.uid) == (LinkKind.BLOCKS, True, "gh:1000099")
    assert (item.kind, item.hierarchy_level) == (ItemKind.INITIATIVE, 2)


async def test_a_hundred_issues_cost_a_listing_and_two_queries() -> None:
    issues = [issue(n) for n in range(1, 101)]
    github = SmallGitHub({"acme/ran": issues}, nodes={n: node() for n in range(1, 101)})
    async with running(github) as connector:
        await read(connector)
    asked = [(r.method, r.path) for r in github.server.requests]
    assert asked == [
        ("GET", "/repos/acme/ran/milestones"),
        ("GET", "/repos/acme/ran/issues"),
        ("POST", "/graphql"),
        ("POST", "/graphql"),
    ]


async def test_without_graphql_only_what_summaries_promise_is_asked_for() -> None:
    untouched = issue(1, at=START)
    touched = issue(2)
    blocked = issue(
        3, at=START, issue_dependencies_summary={"total_blocked_by": 1, "total_blocking": 0}
    )
    github = SmallGitHub({"acme/ran": [untouched, touched, blocked]}, blocked_by={3: [OTHER]})
    async with running(github) as connector:
        pages = await read(connector)
    asked = [r.path.removeprefix("/repos/acme/ran/") for r in github.server.requests]
    assert asked == [
        "milestones", "issues", "/graphql", "issues/3/dependencies/blocked_by", "issues/2/timeline",
    ]  # fmt: skip
    assert pages[0].missing_detail == ("projects",)


@pytest.mark.parametrize("status", [403, 404, 410])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("*/timeline", "timeline"),
        ("*/dependencies/*", "dependencies"),
        ("*/parent", "sub-issues"),
        ("*/sub_issues", "sub-issues"),
    ],
)
async def test_details_kept_back_are_named_and_the_sync_goes_on(
    path: str, name: str, status: int
) -> None:
    github = by_rest()
    github.server.fail(answer(status, body='{"message":"no"}'), path=path, times=None)
    async with running(github) as connector:
        pages = await read(connector)
    assert name in pages[0].missing_detail
    item = records(pages)["acme/ran#1"].item
    assert item.history_complete is (name != "timeline")


async def test_whoever_does_not_want_projects_misses_none() -> None:
    async with running(SmallGitHub({"acme/ran": [issue(1)]}), graphql=False) as connector:
        assert (await read(connector))[0].missing_detail == ()


async def test_a_permission_that_is_missing_is_asked_for_once_a_pass() -> None:
    github = SmallGitHub({"acme/ran": [issue(n) for n in range(1, 11)]})
    github.server.fail(answer(403, body="{}"), path="*/timeline", times=None)
    async with running(github, graphql=False) as connector:
        await read(connector)
        assert github.server.count("*/timeline") == 1
        await read(connector)
    assert github.server.count("*/timeline") == 2


async def test_without_a_timeline_an_end_is_still_known_by_its_date() -> None:
    done = {**CLOSED, "state_reason": "completed"}
    github = SmallGitHub({"acme/ran": [done]})
    github.server.fail(answer(404, body="{}"), path="*/timeline", times=None)
    async with running(github) as connector:
        item = records(await read(connector))["acme/ran#1"].item
    assert item.done_at is not None
    assert stamp(item.done_at) == done["closed_at"]


async def test_a_timeline_longer_than_a_query_is_read_to_its_end() -> None:
    cut = {"nodes": GRAPH[:4], "pageInfo": {"hasNextPage": True}}
    github = by_graphql(timelineItems=cut)
    github.timelines[1] = REST
    whole = await the_one(by_graphql())
    assert (await the_one(github)).changes == whole.changes


async def test_queries_that_are_too_heavy_are_made_smaller() -> None:
    issues = [issue(n) for n in range(1, 9)]
    github = SmallGitHub({"acme/ran": issues}, nodes={n: node() for n in range(1, 9)})
    heavy = answer(502, body="{}")
    github.server.fail(
        heavy, path="/graphql", times=None, when=lambda r: r.body.count(b"issue(") > 2
    )
    async with running(github) as connector:
        found = records(await read(connector))
    assert all(one.item.history_complete for one in found.values())
    assert github.server.count("*/timeline") == 0


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(
            {"data": None, "errors": [{"extensions": {"code": "undefinedField"}}]},
            id="older server",
        ),
        pytest.param({"errors": [{"message": "Something went wrong"}]}, id="no data"),
        pytest.param({"data": [], "errors": "x"}, id="odd shape"),
        pytest.param({"data": {"repository": None}}, id="no repository"),
    ],
)
async def test_queries_that_are_refused_leave_the_rest_api(told: Any) -> None:

    github = by_rest()
    github.server.fail(answer(200, body=orjson.dumps(told)), path="/graphql", times=None)
    assert await the_one(github) == await the_one(by_graphql())


async def test_a_refused_query_is_tried_again_with_the_next_pass() -> None:
    github = by_graphql()
    github.server.fail(answer(200, body='{"errors":[{"message":"Oops"}]}'), path="/graphql")
    async with running(github) as connector:
        first = await read(connector)
        second = await read(connector)
    assert "projects" in first[0].missing_detail
    assert second[0].missing_detail == ()


async def test_without_the_right_to_projects_everything_else_is_still_asked_for() -> None:
    github = by_graphql()
    body = b'{"data":null,"errors":[{"type":"INSUFFICIENT_SCOPES","message":"read:project"}]}'
    github.server.fail(
        answer(200, body=body),
        path="/graphql",
        times=None,
        when=lambda r: b"projectItems" in r.body,
    )
    async with running(github) as connector:
        pages = await read(connector)
    assert records(pages)["acme/ran#1"].item.history_complete
    assert pages[0].missing_detail == ("projects",)
    assert github.server.count("*/timeline") == 0


async def test_a_limit_told_by_graphql_with_200_is_a_limit() -> None:
    github = by_graphql()
    body = b'{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}'
    github.server.fail(answer(200, body=body), path="/graphql", times=None)
    async with running(github) as connector:
        with pytest.raises(RateLimited):
            await read(connector)


# --- projects -------------------------------------------------------------------------------------


def value(field: str, /, **more: Any) -> Any:
    return {**more, "field": {"name": field}}


def board(*values: Any, title: str = "Roadmap") -> Any:
    return {"nodes": [{"project": {"title": title}, "fieldValues": {"nodes": [*values, {}, None]}}]}


async def on_board(*values: Any, **config: Any) -> ItemRecord:
    open_issue = issue(1, milestone=BETA, labels=[{"name": "P2"}])
    events = [
        node_event(
            "ProjectV2ItemStatusChangedEvent", 15, previousStatus="", status="Todo",
            project={"title": "Roadmap"},
        ),
        node_event(
            "ProjectV2ItemStatusChangedEvent", 25, previousStatus="Todo", status="In Progress",
            project={"title": "Roadmap"},
        ),
    ]  # fmt: skip
    told = node(
        projectItems=board(*values),
        subIssues={"nodes": []},
        timelineItems={"nodes": events, "pageInfo": {"hasNextPage": False}},
    )
    github = SmallGitHub({"acme/ran": [open_issue]}, milestones=[BETA], nodes={1: told})
    return await the_one(github, **config)


async def test_a_project_says_status_dates_estimate_and_priority() -> None:
    record = await on_board(
        value("Status", name="In Progress"),
        value("Start date", date="2026-10-01"),
        value("Target date", date="2026-11-30"),
        value("Estimate", number=5),
        value("Priority", name="🔥 P0 - critical"),
        value("Iteration", title="Sprint 9", startDate="2026-11-16", duration=14),
        value("Program", text="5G"),
        custom_fields={"Program": "program"},
    )
    item = record.item
    assert (item.status_category, item.native_status) == (StatusCategory.IN_PROGRESS, "In Progress")
    assert (item.start_date, item.due_date) == (date(2026, 10, 1), date(2026, 11, 30))
    assert item.date_source is DateSource.EXPLICIT
    assert (item.estimate, item.estimate_unit, item.priority) == (5.0, "points", 0)
    assert (item.sprints[0].name, item.sprints[0].end) == ("Sprint 9", date(2026, 11, 29))
    assert item.custom == {"Program": "5G"}
    moves = [c for c in record.changes if c.field is ChangeField.STATUS]
    assert [(c.before, c.after, c.after_text) for c in moves] == [
        ("TODO", "TODO", "Todo"),
        ("TODO", "IN_PROGRESS", "In Progress"),
    ]
    assert item.started_at == record.changes[-1].at


async def test_another_project_than_the_configured_one_says_nothing() -> None:
    record = await on_board(value("Status", name="In Progress"), project="Other")
    assert record.item.native_status == "Open"
    assert [c for c in record.changes if c.field is ChangeField.STATUS] == []


@pytest.mark.parametrize(
    ("shown", "category", "backlog"),
    [
        ("Backlog", StatusCategory.TODO, True),
        ("🚧 In review", StatusCategory.IN_PROGRESS, False),
        ("Blocked", StatusCategory.WAITING, False),
        ("Done", StatusCategory.IN_PROGRESS, False),
        ("Cooking", StatusCategory.UNKNOWN, False),
    ],
)
async def test_a_status_of_a_project_is_never_guessed(
    shown: str, category: StatusCategory, backlog: bool
) -> None:
    item = (await on_board(value("Status", name=shown))).item
    assert (item.status_category, item.native_status, item.backlog) == (category, shown, backlog)


async def test_the_end_of_an_iteration_is_the_last_resort() -> None:
    sprint = value("Sprint", title="S", startDate="2026-11-16", duration=7)
    told = node(projectItems=board(sprint), timelineItems={"nodes": []}, subIssues={"nodes": []})
    github = SmallGitHub({"acme/ran": [issue(1)]}, nodes={1: told})
    item = (await the_one(github)).item
    assert (item.due_date, item.date_source) == (date(2026, 11, 22), DateSource.SPRINT_END)


def test_the_query_balances_its_braces() -> None:
    for projects in (True, False):
        query = queries.details([1, 2], projects=projects)
        assert query.count("{") == query.count("}")
        assert ("projectItems" in query) is projects
