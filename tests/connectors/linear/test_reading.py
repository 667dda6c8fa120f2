"""What becomes of Linear's issues, and how a pass goes on."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import aiohttp
import pytest

from connectors.linear.config import LinearConfig
from connectors.linear.connector import LinearConnector
from connectors.linear.simulator import LinearSimulator
from syncer.connect.testing.script import Phase, Status
from syncer.connect.testing.server import answer
from syncer.connect.testing.world import blocks, uniform_world
from syncer.domain.addresses import ADDRESS
from syncer.domain.cursor import Cursor
from syncer.domain.item import DateSource, ItemKind, ItemState, ResolutionKind, StatusCategory
from syncer.domain.link import LinkKind, LinkOrigin
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import AuthFailed, ConfigError, CursorExpired, Rejected
from tests.connectors.linear.small_linear import (
    ACME,
    BEGIN,
    CORE,
    NOW,
    RAN,
    Still,
    config_for,
    connector_for,
    made,
    read,
    records,
    running,
    small_world,
)

HOUR = timedelta(hours=1)


async def items_of(world: Any, container: ContainerKey = RAN, **config: Any) -> dict[str, Any]:
    async with running(world, **config) as (_, connector):
        pages = await read(connector, container)
    assert all(page.unreadable == () for page in pages)
    return {key: record.item for key, record in records(pages).items()}


async def test_an_issue_stands_below_its_parent_and_else_below_its_project() -> None:
    items = await items_of(small_world())
    assert set(items) == {"RAN-1", "RAN-2", "RAN-3"}
    mast, sub = items["RAN-1"], items["RAN-3"]
    assert (mast.kind, mast.hierarchy_level, mast.native_type) == (ItemKind.ITEM, 0, "Issue")
    assert (sub.kind, sub.hierarchy_level) == (ItemKind.SUBTASK, -1)
    assert (mast.parent, mast.parent_key) == (ItemRef("li", "2"), "project/2a0")
    assert (sub.parent, sub.parent_key) == (ItemRef("li", "3"), "RAN-1")
    assert mast.url.endswith("/acme/issue/RAN-1/made-up")


async def test_dates_come_from_the_issue_the_milestone_or_the_cycle() -> None:
    items = await items_of(small_world()) | await items_of(small_world(), CORE)
    told = {key: (item.due_date, item.date_source) for key, item in items.items() if item.due_date}
    assert told == {
        "RAN-1": (date(2026, 12, 18), DateSource.INHERITED),
        "RAN-2": (date(2026, 12, 6), DateSource.SPRINT_END),  # midnight in Berlin is the 7th in UTC
        "CORE-1": (date(2026, 12, 1), DateSource.EXPLICIT),
    }
    assert [version.name for version in items["RAN-1"].fix_versions] == ["Beta 2"]
    assert [sprint.name for sprint in items["RAN-2"].sprints] == ["Cycle 7"]
    assert (items["RAN-2"].estimate, items["RAN-2"].estimate_unit) == (5.0, "points")


async def test_who_blocks_whom_is_told_at_either_end_and_across_teams() -> None:
    world = small_world()
    near, far = (await items_of(world))["RAN-1"], (await items_of(world, CORE))["CORE-1"]
    ((one,), (other,)) = (near.links, far.links)
    assert (one.kind, one.to, one.inward) == (LinkKind.BLOCKS, far.ref, True)
    assert (other.kind, other.to, other.inward) == (LinkKind.BLOCKS, near.ref, False)
    assert one.created_at == BEGIN + timedelta(days=2)


async def test_attachments_lead_to_other_trackers_and_may_name_a_dependency() -> None:
    world = small_world()
    world.link(blocks("l9", "6", "4", at=BEGIN + HOUR, actor="kim"))
    items = await items_of(
        world, foreign_url=lambda id_: f"https://ado.example/items/{id_}", served=("RAN",)
    )
    (link,) = items["RAN-2"].links
    assert (link.kind, link.inward, link.to.connection) == (LinkKind.BLOCKS, True, ADDRESS)
    assert (link.to.locator, link.to_key) == ("https://ado.example/items/6", "Blocked by CORE-1")


@pytest.mark.parametrize("wanted", [True, False])
async def test_lines_of_descriptions_make_links_of_lower_trust(*, wanted: bool) -> None:
    world = small_world()
    body = "Why.\n\nBlocked by: https://github.com/acme/phone/issues/12\n"
    made(world, 40, "RAN-40", body=body)
    made(world, 41, "RAN-950", type="Epic", body=body)
    items = await items_of(world, text_links=wanted) | await items_of(
        world, ACME, text_links=wanted
    )
    told = [
        (link.kind, link.inward, link.origin, link.to.locator)
        for key in ("RAN-40", "project/41a0")
        for link in items[key].links
    ]
    link = (LinkKind.BLOCKS, True, LinkOrigin.TEXT, "https://github.com/acme/phone/issues/12")
    assert told == ([link, link] if wanted else [])


@pytest.mark.parametrize(
    ("status", "phase", "category", "backlog"),
    [
        ("Triage", Phase.TODO, StatusCategory.TODO, True),
        ("Backlog", Phase.TODO, StatusCategory.TODO, True),
        ("Todo", Phase.TODO, StatusCategory.TODO, False),
        ("Doing", Phase.PROGRESS, StatusCategory.IN_PROGRESS, False),
        ("On hold", Phase.PROGRESS, StatusCategory.WAITING, False),
        ("In Review", Phase.PROGRESS, StatusCategory.WAITING, False),
        ("Released", Phase.DONE, StatusCategory.DONE, False),
    ],
)
async def test_types_of_statuses_and_configured_names_say_how_far_work_is(
    status: str, phase: Phase, category: StatusCategory, backlog: bool
) -> None:
    world = small_world()
    world.statuses = (*world.statuses, Status(name=status, phase=phase))
    world.edit("3", NOW - HOUR, actor="kim", status=status)
    item = (await items_of(world, statuses={"in-review": "WAITING"}))["RAN-1"]
    assert (item.native_status, item.status_category, item.backlog) == (status, category, backlog)


async def test_what_is_cancelled_delivered_nothing() -> None:
    world = small_world()
    world.edit("3", NOW - HOUR, actor="kim", status="Done", resolution="Duplicate")
    item = (await items_of(world))["RAN-1"]
    assert (item.status_category, item.resolution, item.resolution_kind) == (
        StatusCategory.CANCELLED, "Canceled", ResolutionKind.NOT_DELIVERED,
    )  # fmt: skip
    assert item.done_at is None


async def test_labels_say_what_an_issue_is_and_is_worth() -> None:
    world = small_world()
    made(world, 20, "RAN-20", type="Risk", labels=("Must-have", "customer/Acme"), priority=None)
    item = (await items_of(world, customer_labels=("customer/*",)))["RAN-20"]
    assert (item.kind, item.must_have, item.priority) == (ItemKind.RISK, True, None)
    assert item.customers == ("customer/Acme",)


async def test_priorities_run_from_urgent_to_low() -> None:
    world = small_world()
    for number, name in enumerate(("Highest", "High", "Medium", "Low")):
        made(world, 30 + number, f"RAN-{30 + number}", priority=name)
    items = await items_of(world)
    assert [items[f"RAN-{30 + number}"].priority for number in range(4)] == [0, 1, 2, 3]


# --- deleted, moved, out of sight -----------------------------------------------------------------


async def test_a_pull_tells_what_was_thrown_away_and_what_was_restored() -> None:
    world, clock = small_world(), Still()
    async with running(world, clock=clock) as (_, connector):
        cursor = (await read(connector))[-1].cursor
        world.delete("4", NOW)
        clock.instant += HOUR
        told = records(pages := await read(connector, since=cursor))
        assert told["RAN-2"].item.state is ItemState.DELETED
        world.edit("4", clock.now(), actor="kim", deleted=False, title="Back again")
        clock.instant += HOUR
        again = records(await read(connector, since=pages[-1].cursor))
    assert (again["RAN-2"].item.state, again["RAN-2"].item.title) == (ItemState.LIVE, "Back again")


async def test_what_has_left_the_trash_is_out_of_sight_and_no_more_is_claimed() -> None:
    world = small_world()
    refs = [ItemRef("li", id_, key) for id_, key in (("3", "RAN-1"), ("4", "RAN-2"), ("5", ""))]
    async with running(world) as (linear, connector):
        world.delete("4", NOW)
        linear.quirks.purged.add("5")
        fetched = await connector.fetch(refs)
    assert [one.item.key for one in fetched.records] == ["RAN-1"]
    assert (fetched.gone, fetched.hidden) == ((refs[1],), (refs[2],))


async def test_an_issue_that_changes_its_team_keeps_its_id_and_is_found_in_the_other() -> None:
    world, clock = small_world(), Still()
    async with running(world, clock=clock) as (_, connector):
        cursor = (await read(connector, CORE))[-1].cursor
        clock.instant += HOUR
        world.move("4", clock.now(), container="CORE", key="CORE-9")
        (record,) = (await connector.fetch([ItemRef("li", "4", "RAN-2")])).records
        assert (record.item.key, record.item.container) == ("CORE-9", CORE)
        pulled = records(await read(connector, CORE, cursor))
        assert pulled["CORE-9"].item == record.item
        assert [ref.id async for ref in connector.inventory(RAN)] == ["5", "3"]


async def test_a_team_out_of_sight_is_refused_not_empty() -> None:
    async with running(small_world()) as (linear, connector):
        await read(connector)
        linear.hidden_containers.add("RAN")
        with pytest.raises(Rejected, match="'RAN'") as refused:
            await read(connector)
        assert refused.value.status == 404
        with pytest.raises(Rejected, match="'RAN'"):
            [ref async for ref in connector.inventory(RAN)]
        with pytest.raises(Rejected, match="'NOBODY'"):
            await read(connector, ContainerKey("li", "NOBODY"))


# --- signing in -----------------------------------------------------------------------------------


async def test_an_api_key_is_sent_bare_and_an_oauth_token_as_bearer() -> None:
    clock = Still()
    async with LinearSimulator(small_world(), clock) as linear, aiohttp.ClientSession() as session:
        linear.server.admitted.add("lin_api_made_up")
        config = config_for(linear.url, secret="lin_api_made_up")
        by_key = LinearConnector("li", config, session, clock=clock, sleep=clock.sleep)
        assert (await by_key.probe()).account == "syncer-bot"
        assert linear.server.requests[-1].headers["authorization"] == "lin_api_made_up"
        by_token = connector_for(linear, session, clock)
        assert (await by_token.probe()).account == "syncer-bot"
        sent = linear.server.requests[-1].headers["authorization"]
        assert sent == f"Bearer {linear.account.secret}"


@pytest.mark.parametrize("status", [200, 400, 401])
async def test_a_wrong_token_is_told_by_an_error_whatever_the_status(status: int) -> None:
    body = '{"errors": [{"message": "no", "extensions": {"code": "AUTHENTICATION_ERROR"}}]}'
    async with running(small_world()) as (linear, connector):
        linear.server.fail(answer(status, body=body), times=None)
        with pytest.raises(AuthFailed):
            await connector.probe()


@pytest.mark.parametrize(
    "auth", [{"email": "a@b.example", "token_env": "T"}, {"app_id": 1, "private_key_env": "T"}]
)
async def test_other_ways_of_signing_in_are_refused(auth: dict[str, Any]) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(ConfigError, match="sign in"):
            LinearConnector("li", config_for("https://linear.app", auth=auth), session)


async def test_a_probe_names_teams_and_workspace_and_what_is_missing() -> None:
    async with running(small_world(), containers=["RAN", "NOBODY", "acme"]) as (linear, connector):
        told = await connector.probe()
        assert (told.server, told.account) == (linear.url, "syncer-bot")
    assert [(one.key.key, one.id) for one in told.containers] == [
        ("RAN", "11"), ("acme", "workspace-1"),
    ]  # fmt: skip
    (finding,) = told.findings
    assert "'NOBODY'" in finding.message
    assert not finding.fatal


async def test_a_probe_that_finds_nothing_of_what_is_configured_is_fatal() -> None:
    async with running(small_world(), containers=["X*"]) as (_, connector):
        (finding,) = (await connector.probe()).findings
    assert finding.fatal


async def test_private_teams_that_nobody_named_are_told() -> None:
    for containers, told in ((["*"], ["RAN"]), (["RAN", "acme"], []), (["CORE"], [])):
        async with running(small_world(), containers=containers) as (linear, connector):
            linear.private.add("RAN")
            findings = (await connector.probe()).findings
        assert [key for key in ("RAN", "CORE") for one in findings if key in one.message] == told
        assert not any(one.fatal for one in findings)


async def test_without_projects_the_workspace_is_no_container() -> None:
    async with running(small_world(), projects=False) as (_, connector):
        told = await connector.probe()
    assert [one.key.key for one in told.containers] == ["CORE", "RAN"]


def test_containers_must_look_like_keys() -> None:
    with pytest.raises(ValueError, match="no key"):
        config_for("https://linear.app", containers=["acme/ran"])


def test_the_shipped_meanings_are_read() -> None:
    rules = config_for("https://linear.app").rules()
    assert "on hold" in rules.waiting
    assert LinearConfig.model_fields["api_url"].default == "https://api.linear.app"


# --- going on -------------------------------------------------------------------------------------


async def test_an_idle_pass_costs_one_light_query() -> None:
    world, clock = uniform_world(count=120, container="BIG"), Still()
    box = ContainerKey("li", "BIG")
    async with running(world, clock=clock) as (linear, connector):
        cursor = (await read(connector, box))[-1].cursor
        linear.server.forget_requests()
        before = linear.limits.weighed
        pages = await read(connector, box, cursor)
    assert len(linear.server.requests) == 1
    assert [page.records for page in pages] == [()]
    assert linear.limits.weighed - before < 150


async def test_a_cursor_of_another_sort_expires() -> None:
    async with running(small_world()) as (_, connector):
        with pytest.raises(CursorExpired):
            await read(connector, since=Cursor("rubbish"))


async def test_the_workspace_is_a_container_of_its_own() -> None:
    items = await items_of(small_world(), ACME)
    assert {item.native_type for item in items.values()} == {"Project", "Initiative"}
