"""One connector, two sorts of Jira: what it makes of a world does not depend on the sort."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from connectors.jira.config import JiraConfig
from connectors.jira.connector import JiraConnector
from connectors.jira.mapping.sprints import sprints_of
from connectors.jira.simulator import JiraSimulator
from connectors.jira.simulator_data_center import JiraDataCenterSimulator
from syncer.clock import FixedClock
from syncer.connect.auth import with_secrets
from syncer.connect.protocol import HookRequest, SelectsByQuery
from syncer.connect.testing.script import (
    Container,
    Event,
    ItemState,
    Person,
    ScriptedItem,
    Sprint,
    Version,
)
from syncer.connect.testing.server import Account, answer
from syncer.connect.testing.world import World, blocks, uniform_world
from syncer.domain.change import Change
from syncer.domain.item import WorkItem
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import AuthFailed, ConfigError, Unreachable

NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
BEGIN = datetime(2026, 11, 2, 8, tzinfo=UTC)
NET = ContainerKey("jira", "NET")
OUT = ContainerKey("jira", "OUT")
BIG = ContainerKey("jira", "BIG")
SECRET = SecretStr("made-up-webhook-secret")


def item(number: int, *events: Event, container: str = "NET", **state: Any) -> ScriptedItem:
    key = f"{container}-{number}"
    return ScriptedItem(
        id=str(100 + number),
        created_at=BEGIN + timedelta(minutes=number),
        reporter="kim",
        initial=ItemState(container=container, key=key, title=f"Mast {number}", **state),
        events=events,
    )


@pytest.fixture
def world() -> World:
    world = World()
    world.add_container(Container(id="10001", key="NET", name="Network"))
    world.add_container(Container(id="10002", key="OUT", name="Outreach"))
    world.add_person(Person(id="kim", name="Kim Lee", email="kim@example.com"))
    world.add_version(Version(id="501", container="NET", name="2.0", due=date(2026, 12, 4)))
    begin, end = BEGIN - timedelta(days=7), BEGIN + timedelta(days=7)
    world.add_sprint(Sprint(id="7", name="Sprint 7, the first", start=begin, end=end))
    many = [
        Event(at=BEGIN + timedelta(hours=n), actor="kim", changes={"title": f"Mast, draft {n}"})
        for n in range(1, 60)
    ]
    done = Event(
        at=BEGIN + timedelta(days=3),
        actor="kim",
        changes={"status": "Done", "resolution": "Done", "assignee": "kim"},
    )
    world.create(item(1, done, body="Two lines\n- a point", parent="102", sprint="7",
                      due=date(2026, 12, 1), versions=("2.0",), estimate=5.0, flagged=True,
                      restricted=True, labels=("must-have",), priority="High"))  # fmt: skip
    world.create(item(2, type="Epic"))
    world.create(item(3, *many, type="Bug"))
    world.create(item(4, type="Sub-task", parent="101"))
    world.create(item(5, container="OUT"))
    world.link(blocks("1", "103", "101", at=BEGIN + timedelta(days=1), actor="kim"))
    world.link(blocks("2", "105", "101", at=BEGIN + timedelta(days=1), actor="kim"))
    return world


def config(url: str, **keys: Any) -> JiraConfig:
    table = {
        "name": "jira",
        "kind": "jira",
        "url": url,
        "auth": {"email": "bot@example.com", "token_env": "T"},
        "webhook_secret_env": "W",
        **keys,
    }
    return with_secrets(JiraConfig.model_validate(table), env={"T": Account().secret}, base=Path())


PAT = {"type": "pat", "token_env": "T"}
PASSWORD = {"type": "basic", "user": "syncer-bot", "password_env": "T"}


async def no_wait(_: float) -> None:
    return


@asynccontextmanager
async def connected(
    jira: JiraSimulator, clock: FixedClock | None = None, **keys: Any
) -> AsyncIterator[JiraConnector]:
    async with jira, aiohttp.ClientSession() as session:
        if not jira.is_cloud:
            keys.setdefault("auth", PAT)
        yield JiraConnector(
            "jira",
            config(jira.url, **keys),
            session,
            clock=clock or FixedClock(NOW),
            sleep=no_wait,
            gateway=jira.url,
        )


async def read(
    connector: JiraConnector, container: ContainerKey = NET
) -> list[tuple[WorkItem, tuple[Change, ...]]]:
    return [
        (record.item, record.changes)
        async for page in connector.changes(container, None)
        for record in page.records
    ]


def data_center(world: World) -> JiraDataCenterSimulator:
    return JiraDataCenterSimulator(world, FixedClock(NOW))


def comparable(items: list[tuple[WorkItem, tuple[Change, ...]]]) -> list[Any]:
    """Without the address, and without the link of the epic that Cloud tells twice."""
    return sorted(
        ((replace(one, url=""), changes) for one, changes in items), key=lambda pair: pair[0].key
    )


# --- Data Center ----------------------------------------------------------------------------------


async def test_the_same_world_is_the_same_items_on_either_sort(world: World) -> None:
    async with connected(JiraSimulator(world, FixedClock(NOW))) as connector:
        cloud = await read(connector)
    async with connected(data_center(world)) as connector:
        server = await read(connector)
    assert len(cloud) == 4
    assert comparable(server) == comparable(cloud)
    first = next(one for one, _ in server if one.key == "NET-1")
    assert (first.body, first.parent, first.sprints[0].name) == (
        "Two lines\n- a point",
        ItemRef("jira", "102"),
        "Sprint 7, the first",
    )
    assert len(next(changes for one, changes in server if one.key == "NET-3")) >= 60


@pytest.mark.parametrize("auth", [PAT, PASSWORD], ids=["pat", "password"])
async def test_data_center_is_found_out_and_entered(world: World, auth: Any) -> None:
    jira = data_center(world)
    async with connected(jira, auth=auth) as connector:
        identity = await connector.probe()
        assert [c.key for c in identity.containers] == [NET, OUT]
        assert (identity.account, identity.timezone) == ("Syncer Bot", "Europe/Berlin")
        assert identity.findings == ()
    assert not any("/rest/api/3" in request.path for request in jira.server.requests)


async def test_an_inventory_of_data_center_follows_its_offsets() -> None:
    jira = data_center(uniform_world(count=25))
    jira.page = 7
    async with connected(jira) as connector:
        refs = [ref async for ref in connector.inventory(BIG)]
    assert [int(ref.id) for ref in refs] == list(range(20001, 20026))


async def test_a_list_that_loses_an_issue_while_it_is_read_is_read_again() -> None:
    world = uniform_world(count=30)
    jira = data_center(world)
    jira.page = 10
    asked = []

    def drop(request: Any) -> None:
        if request.path.endswith("/search"):
            asked.append(request)
            if len(asked) == 2:
                world.delete("20001", NOW)

    jira.server.on_request.append(drop)
    async with connected(jira) as connector:
        refs = [ref.id async for ref in connector.inventory(BIG)]
    assert set(refs) == {str(20000 + n) for n in range(1, 31)}
    assert len(refs) == len(set(refs)), "none comes twice"


def _one_second(count: int) -> World:
    """All issues of one project changed within one second, as after a bulk change."""
    world = World()
    world.add_container(Container(id="10900", key="BIG", name="Big"))
    world.add_person(Person(id="kim", name="Kim Lee"))
    for number in range(1, count + 1):
        state = ItemState(container="BIG", key=f"BIG-{number}", title=f"Mast {number}")
        at = BEGIN + timedelta(milliseconds=(number * 37) % 1000)
        world.create(
            ScriptedItem(id=str(20000 + number), created_at=at, reporter="kim", initial=state)
        )
    return world


async def test_issues_that_change_while_a_second_of_many_is_read_push_none_out() -> None:
    world, clock = _one_second(40), FixedClock(NOW)
    jira = data_center(world)
    touched: list[str] = []

    def touch(request: Any) -> None:
        if request.path.endswith("/search") and 3 <= jira.server.count("*/search") <= 6:
            touched.append(str(20000 + len(touched) + 1))
            world.edit(touched[-1], NOW, actor="kim", title="Changed meanwhile")

    jira.server.on_request.append(touch)
    async with connected(jira, clock, page_size=6) as connector:
        items = await read(connector, BIG)
    assert {one.ref.id for one, _ in items} == {str(20000 + n) for n in range(1, 41)}
    latest = {one.ref.id: one.title for one, _ in items}
    assert {latest[id_] for id_ in touched} == {"Changed meanwhile"}


async def test_a_list_that_never_stands_still_is_left_for_the_next_time() -> None:
    world = uniform_world(count=60)
    jira = data_center(world)
    jira.page = 3
    left = [str(20000 + n) for n in range(1, 60)]

    def drop(request: Any) -> None:
        if request.path.endswith("/search") and left:
            world.delete(left.pop(0), NOW)

    jira.server.on_request.append(drop)
    async with connected(jira) as connector:
        with pytest.raises(Unreachable, match="changed"):
            _ = [ref async for ref in connector.inventory(BIG)]


async def test_a_second_pass_asks_for_what_changed_since(world: World) -> None:
    jira = data_center(world)
    async with connected(jira) as connector:
        pages = [page async for page in connector.changes(NET, None)]
        world.edit("102", NOW - timedelta(minutes=1), actor="kim", title="Renamed")
        again = [page async for page in connector.changes(NET, pages[-1].cursor)]
    titles = [record.item.title for page in again for record in page.records]
    assert "Renamed" in titles
    bodies = [r.body for r in jira.server.requests if r.path.endswith("/search")]
    assert b"updated >= " in bodies[-1], "in epoch milliseconds, without quotes"
    assert b'updated >= \\"' not in bodies[-1]


@pytest.mark.parametrize("status", [200, 401, 403])
async def test_a_riddle_is_named_with_what_to_do(world: World, status: int) -> None:
    jira = data_center(world)
    headers = {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"}
    jira.server.fail(answer(status, body="{}", headers=headers), times=None)
    async with connected(jira) as connector:
        with pytest.raises(AuthFailed, match="CAPTCHA") as refused:
            await connector.probe()
    assert "browser" in refused.value.fix
    assert len(jira.server.requests) == 1, "each further try makes it worse"


async def test_an_old_data_center_is_named(world: World) -> None:
    jira = data_center(world)
    old = '{"deploymentType": "Server", "version": "8.5.4", "versionNumbers": [8, 5, 4]}'
    jira.server.fail(answer(200, body=old), path="*/serverInfo", times=None)
    async with connected(jira) as connector:
        findings = (await connector.probe()).findings
    assert ["8.5.4" in f.message for f in findings] == [True]
    assert "access tokens" in findings[0].fix


@pytest.mark.parametrize(
    ("told", "sprint"),
    [
        (
            "id=7,state=CLOSED,name=A, b,startDate=x,endDate=2026-12-01,sequence=7,goal=x",
            ("7", "A, b", "closed", "2026-12-01"),
        ),
        ("id=8,state=ACTIVE,name=]odd[,endDate=<null>", ("8", "]odd[", "active", None)),
        ("state=FUTURE", ("", None, "future", None)),
    ],
)
def test_sprints_are_read_as_data_center_prints_them(told: str, sprint: Any) -> None:
    line = f"com.atlassian.greenhopper.service.sprint.Sprint@1a2b[{told}]"
    (one,) = sprints_of([line])
    assert (one.id, one.name, one.state, one.end_date) == sprint


@pytest.mark.parametrize("value", [None, "x", ["x", 7, None], [["x"]], ["Sprint@1[id=1]"]])
def test_what_is_no_sprint_is_left_out(value: Any) -> None:
    assert list(sprints_of(value)) == []


# --- tokens with scopes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "auth",
    [
        {"email": "bot@example.com", "token_env": "T"},
        {"type": "scoped-token", "email": "bot@example.com", "token_env": "T"},
    ],
    ids=["found out", "said"],
)
async def test_a_token_with_scopes_is_used_at_the_gateway(world: World, auth: Any) -> None:
    jira = JiraSimulator(world, FixedClock(NOW), scoped=True)
    async with connected(jira, auth=auth) as connector:
        identity = await connector.probe()
        items = await read(connector)
        jira.server.forget_requests()
        await connector.probe()
    assert {c.key for c in identity.containers} == {NET, OUT}
    assert ["scopes" in finding.message for finding in identity.findings] == [True]
    assert all(one.url.startswith(f"{identity.server}/browse/") for one, _ in items)
    assert all(r.path.startswith("/ex/jira/made-up-cloud/") for r in jira.server.requests)


async def test_the_site_is_asked_for_its_id_without_the_token(world: World) -> None:
    jira = JiraSimulator(world, FixedClock(NOW), scoped=True)
    async with connected(jira) as connector:
        await connector.probe()
    asked = [r for r in jira.server.requests if r.path == "/_edge/tenant_info"]
    assert [("authorization" in r.headers) for r in asked] == [False]


@pytest.mark.parametrize("id_", ['"../../admin"', '""', "7", "null"])
async def test_a_cloud_id_that_is_none_is_never_put_into_an_address(world: World, id_: str) -> None:
    jira = JiraSimulator(world, FixedClock(NOW), scoped=True)
    jira.server.fail(answer(200, body=f'{{"cloudId": {id_}}}'), path="/_edge/*", times=None)
    async with connected(jira) as connector:
        with pytest.raises(AuthFailed):
            await connector.probe()
    assert not any("/ex/jira" in r.path for r in jira.server.requests)


async def test_a_missing_scope_costs_one_detail_and_not_the_connection(world: World) -> None:
    jira = JiraSimulator(world, FixedClock(NOW), scoped=True)
    body = '{"code": 401, "message": "Unauthorized; scope does not match"}'
    jira.server.fail(answer(401, body=body), path="*/priority", times=None)
    async with connected(jira) as connector:
        identity = await connector.probe()
        assert len(await read(connector)) == 4
    assert any("priorities" in finding.message for finding in identity.findings)


async def test_a_password_never_goes_to_the_gateway(world: World) -> None:
    jira = JiraSimulator(world, FixedClock(NOW), scoped=True)
    async with connected(jira, auth=PASSWORD) as connector:
        with pytest.raises(AuthFailed):
            await connector.probe()
    assert not any("/ex/jira" in r.path or "_edge" in r.path for r in jira.server.requests)


async def test_a_server_without_a_cloud_id_needs_another_way(world: World) -> None:
    scoped = {"type": "scoped-token", "token_env": "T"}
    async with connected(data_center(world), auth=scoped) as connector:
        with pytest.raises(ConfigError, match="scopes"):
            await connector.probe()


# --- what a probe sees ----------------------------------------------------------------------------


def _headers(**told: str) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in told.items()}


@pytest.mark.parametrize(
    ("path", "fault", "told"),
    [
        ("*/search/jql", answer(410, body="{}"), "removed"),
        ("*/search/jql", answer(400, body='{"errorMessages": ["No."]}'), "first search"),
        ("*/changelog/bulkfetch", answer(403, body="{}"), "changelogs"),
    ],
)
async def test_calls_that_a_site_closes_are_named(
    world: World, path: str, fault: Any, told: str
) -> None:
    jira = JiraSimulator(world, FixedClock(NOW))
    jira.server.fail(fault, path=path, times=None)
    async with connected(jira) as connector:
        findings = (await connector.probe()).findings
    assert [told in finding.message for finding in findings] == [True]
    assert findings[0].fix
    assert findings[0].fatal == (told == "removed")


@pytest.mark.parametrize(("minutes", "told"), [(4, []), (7, ["7 min"]), (-90, ["90 min"])])
async def test_a_clock_that_differs_is_named(world: World, minutes: int, told: list[str]) -> None:
    ours = FixedClock(NOW + timedelta(minutes=minutes))
    async with connected(JiraSimulator(world, FixedClock(NOW)), ours) as connector:
        findings = (await connector.probe()).findings
    assert [word in finding.message for word, finding in zip(told, findings, strict=True)] == [
        True for _ in told
    ]


@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "Pacific/Kiritimati"])
async def test_an_unusual_zone_is_named_and_nothing_is_lost_in_it(world: World, zone: str) -> None:
    make: list[Callable[..., JiraSimulator]] = [JiraSimulator, JiraDataCenterSimulator]
    for sort in make:
        async with connected(sort(world, FixedClock(NOW), zone=zone)) as connector:
            findings = (await connector.probe()).findings
            assert len(await read(connector)) == 4
        assert [zone in finding.message for finding in findings] == [True]


async def test_little_left_of_the_rate_limit_is_named(world: World) -> None:
    jira = data_center(world)
    body = '{"name": "bot", "displayName": "Bot", "timeZone": "UTC"}'
    headers = _headers(X_RateLimit_Limit="50", X_RateLimit_Remaining="2", Retry_After="0")
    jira.server.fail(answer(200, body=body, headers=headers), path="*/myself", times=None)
    async with connected(jira) as connector:
        findings = (await connector.probe()).findings
    assert [finding.message for finding in findings] == [
        "2 of 50 requests are left of the account's rate limit."
    ]


async def test_an_archived_project_is_named_and_not_read(world: World) -> None:
    jira = data_center(world)
    listed = '[{"id": "1", "key": "NET", "name": "N"}, {"id": "2", "key": "OLD", "archived": true}]'
    jira.server.fail(answer(200, body=listed), path="*/api/2/project", times=None)
    async with connected(jira, containers=["NET", "OLD"]) as connector:
        identity = await connector.probe()
    assert [c.key for c in identity.containers] == [NET]
    assert any("OLD" in finding.message for finding in identity.findings)


# --- selectors ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", [JiraSimulator, JiraDataCenterSimulator])
async def test_a_query_selects_issues_of_the_connection_s_projects(
    world: World, sort: Callable[..., JiraSimulator]
) -> None:
    async with connected(sort(world, FixedClock(NOW)), containers=["NET"]) as connector:
        assert isinstance(connector, SelectsByQuery)
        found = [ref.id async for ref in connector.select("issuetype = Bug OR issuetype = Epic")]
        wide = [ref.id async for ref in connector.select("project = OUT OR labels = must-have")]
    assert found == ["102", "103"]
    assert wide == ["101"], "A53: no OR reaches beyond the configured projects"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "labels = x ORDER BY created",
        "labels = x order\n by created",
        "labels = x) OR (labels is not EMPTY",
        "labels = x) OR project is not EMPTY OR (labels = y",
        "labels = (x",
        'labels = "x',
        "labels = 'x",
        'labels = x\\" ) OR ("',
        "x" * 5001,
    ],
)
async def test_a53_a_query_that_would_leave_its_place_is_refused_unasked(
    world: World, query: str
) -> None:
    jira = JiraSimulator(world, FixedClock(NOW))
    async with connected(jira) as connector:
        await connector.probe()
        asked = jira.server.count("*/search/jql")
        with pytest.raises(ConfigError):
            _ = [ref async for ref in connector.select(query)]
    assert jira.server.count("*/search/jql") == asked


async def test_a_quoted_order_by_is_a_value_like_any_other(world: World) -> None:
    async with connected(JiraSimulator(world, FixedClock(NOW))) as connector:
        assert [r async for r in connector.select('labels = "order by"')] == []


async def test_a_query_that_jira_refuses_says_why(world: World) -> None:
    async with connected(JiraSimulator(world, FixedClock(NOW))) as connector:
        with pytest.raises(ConfigError, match="does not exist"):
            _ = [ref async for ref in connector.select("nonsense = 1")]


# --- containers elsewhere, and webhooks -----------------------------------------------------------


async def test_only_some_of_a_world_may_live_here(world: World) -> None:
    jira = JiraSimulator(world, FixedClock(NOW), containers=["NET"], foreign_url=lambda id_: id_)
    async with connected(jira) as connector:
        identity = await connector.probe()
        items = {one.key: one for one, _ in await read(connector)}
    assert [c.key for c in identity.containers] == [NET]
    assert [link.to.id for link in items["NET-3"].links] == ["101"]
    assert all(link.to.id != "105" for one in items.values() for link in one.links)


@pytest.mark.parametrize("sort", [JiraSimulator, JiraDataCenterSimulator])
@pytest.mark.parametrize("action", ["created", "updated", "deleted"])
async def test_what_a_simulator_delivers_the_connector_takes(
    world: World, sort: Callable[..., JiraSimulator], action: Any
) -> None:
    jira = sort(world, FixedClock(NOW))
    async with connected(jira) as connector:
        if action == "deleted":
            world.delete("101", NOW)
        first, second = (jira.delivery("101", action, secret=SECRET) for _ in range(2))
        headers = {name.lower(): value for name, value in first.headers.items()}
        request = HookRequest(method="POST", url="", headers=headers, body=first.body)
        reply = connector.receive(request, [SECRET])
        assert jira.item_url("101") == f"{jira.url}/browse/NET-1"
    assert (reply.status, reply.refs) == (202, (ItemRef("jira", "101"),))
    assert bool(reply.deleted) == (action == "deleted")
    assert (first.headers != second.headers) == jira.is_cloud, "a fresh identifier, on Cloud"
    assert b"accountId" not in first.body or jira.is_cloud
