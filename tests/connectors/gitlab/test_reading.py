"""What becomes of GitLab's work items, by GraphQL and by REST."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from connectors.gitlab import queries
from connectors.gitlab.simulator_gql import MOST_COMPLEX
from connectors.gitlab.simulator_graphql import answering
from syncer.connect.protocol import ReportsStatus
from syncer.connect.testing.server import answer
from syncer.connect.testing.world import blocks, uniform_world
from syncer.domain.change import ChangeField
from syncer.domain.cursor import Cursor
from syncer.domain.item import DateSource, ItemKind, ResolutionKind, StatusCategory
from syncer.domain.link import LinkKind
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.statement import OwnerWord
from syncer.errors import AuthFailed, ConfigError, CursorExpired, Rejected
from tests.connectors.gitlab.small_gitlab import (
    BEGIN,
    BOTH,
    CORE,
    GROUP,
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

DAY = timedelta(days=1)


async def all_of(world: Any, **config: Any) -> dict[str, Any]:
    async with running(world, **config) as (_, connector):
        pages = [page for box in (GROUP, RAN, CORE) for page in await read(connector, box)]
    assert all(page.unreadable == () for page in pages)
    return {key: record.item for key, record in records(pages).items()}


@pytest.mark.parametrize("way", BOTH)
async def test_epics_stand_over_issues_and_these_over_tasks(way: dict[str, Any]) -> None:
    items = await all_of(small_world(), **way)
    parents = {key: item.parent_key for key, item in items.items() if item.parent}
    assert parents.items() >= {
        ("acme&2", "acme&1"), ("acme/ran#1", "acme&2"), ("acme/ran#2", "acme&2"),
    }  # fmt: skip
    assert items["acme/ran#1"].parent == items["acme&2"].ref
    assert (items["acme&2"].kind, items["acme&2"].hierarchy_level) == (ItemKind.EPIC, 1)


async def test_graphql_tells_of_initiatives_and_tasks_besides() -> None:
    items = await all_of(small_world())
    assert (items["acme&1"].kind, items["acme&1"].hierarchy_level) == (ItemKind.INITIATIVE, 2)
    assert (items["acme/ran#3"].kind, items["acme/ran#3"].hierarchy_level) == (ItemKind.SUBTASK, -1)
    assert items["acme/ran#3"].parent_key == "acme/ran#1"


@pytest.mark.parametrize("way", BOTH)
async def test_dates_weights_iterations_and_who_may_see(way: dict[str, Any]) -> None:
    items = await all_of(small_world(), **way)
    by_milestone, by_iteration = items["acme/ran#1"], items["acme/ran#2"]
    assert (by_milestone.due_date, by_milestone.date_source) == (
        date(2026, 12, 18), DateSource.INHERITED,
    )  # fmt: skip
    assert [one.name for one in by_milestone.fix_versions] == ["Beta 2"]
    assert (by_iteration.due_date, by_iteration.date_source) == (
        date(2026, 12, 4), DateSource.SPRINT_END,
    )  # fmt: skip
    assert (by_iteration.estimate, by_iteration.estimate_unit) == (5.0, "points")
    assert (items["acme&2"].due_date, items["acme&2"].date_source) == (
        date(2027, 1, 29), DateSource.EXPLICIT,
    )  # fmt: skip
    assert [key for key, item in items.items() if item.restricted] == ["acme/core#1"]
    assert by_milestone.priority == 2


@pytest.mark.parametrize("way", BOTH)
async def test_both_ends_of_a_link_tell_it(way: dict[str, Any]) -> None:
    items = await all_of(small_world(), **way)
    (there,), (here,) = items["acme/core#1"].links, items["acme/ran#1"].links
    assert (there.kind, there.inward, there.to) == (
        LinkKind.BLOCKS, False, items["acme/ran#1"].ref,
    )  # fmt: skip
    assert (here.kind, here.inward, here.to_key) == (LinkKind.BLOCKS, True, "acme/core#1")


@pytest.mark.parametrize("way", BOTH)
async def test_the_history_is_told_with_values_before_and_after(way: dict[str, Any]) -> None:
    world = small_world()
    world.edit("3", NOW - 9 * DAY, actor="kim", status="In Progress", labels=("radio", "x y"))
    world.edit("3", NOW - 8 * DAY, actor="kim", due=date(2026, 12, 1), assignee="kim")
    world.edit("3", NOW - 7 * DAY, actor="project_12_bot_ab", due=date(2027, 1, 8))
    world.edit("3", NOW - 6 * DAY, actor="kim", labels=("x y",), title="Mast 2")
    world.comment("3", NOW - 5 * DAY, "It rattles", actor="kim")
    world.unlink("l1", NOW - 4 * DAY)
    world.edit("3", NOW - 3 * DAY, actor="kim", status="Done")
    world.edit("3", NOW - 2 * DAY, actor="kim", status="In Progress")
    async with running(world, **way) as (_, connector):
        record = records(await read(connector))["acme/ran#1"]
    item, changes = record.item, record.changes
    found = {(c.field, c.before, c.after) for c in changes}
    assert found >= {
        (ChangeField.STATUS, "TODO", "IN_PROGRESS"),
        (ChangeField.STATUS, "IN_PROGRESS", "DONE"),
        (ChangeField.DUE, None, "2026-12-01"),
        (ChangeField.DUE, "2026-12-01", "2027-01-08"),
        (ChangeField.ASSIGNEE, None, "kim"),
        (ChangeField.LABELS, "priority::Medium,radio,x y", "priority::Medium,x y"),
        (ChangeField.TITLE, "Mast", "Mast 2"),
        (ChangeField.COMMENT, None, None),
        (ChangeField.LINK, None, "blocks<gl:acme/core#1"),  # of whose id nothing tells any more
        (ChangeField.LINK, "blocks<gl:acme/core#1", None),
        (ChangeField.RESOLUTION, None, "delivered"),
        (ChangeField.RESOLUTION, "delivered", None),
    }
    assert [c.by_bot for c in changes if c.after == "2027-01-08"] == [True]
    assert (item.started_at, item.done_at, item.reopened_count) == (NOW - 9 * DAY, None, 1)
    assert item.status_category is StatusCategory.IN_PROGRESS
    assert item.history_complete
    assert len({(c.id, c.field) for c in changes}) == len(changes)


async def test_a_long_history_is_read_to_its_end() -> None:
    world = small_world()
    for number in range(230):
        world.edit("4", BEGIN + DAY + timedelta(hours=number), title=f"Title {number}")
    async with running(world) as (_, connector):
        record = records(await read(connector))["acme/ran#2"]
    titles = [c.after for c in record.changes if c.field is ChangeField.TITLE]
    assert titles == [f"Title {number}" for number in range(230)]
    assert record.item.history_complete


async def test_statuses_of_five_categories_and_labels_where_there_are_none() -> None:
    world = small_world()
    world.edit("3", NOW - DAY, status="Done", resolution="Won't Do")
    world.edit("4", NOW - DAY, status="Blocked")
    world.edit("5", NOW - DAY, labels=("workflow::in review",))
    items = await all_of(world)
    assert (items["acme/ran#1"].status_category, items["acme/ran#1"].resolution_kind) == (
        StatusCategory.CANCELLED, ResolutionKind.NOT_DELIVERED,
    )  # fmt: skip
    assert items["acme/ran#2"].status_category is StatusCategory.WAITING
    assert items["acme/ran#3"].status_category is StatusCategory.IN_PROGRESS
    assert items["acme/ran#3"].native_status == "workflow::in review"


async def test_a_configured_status_wins() -> None:
    world = small_world()
    world.edit("4", NOW - DAY, status="In Progress")
    items = await all_of(world, statuses={"in progress": "WAITING"})
    assert items["acme/ran#2"].status_category is StatusCategory.WAITING


@pytest.mark.parametrize("way", BOTH)
async def test_health_is_shown_as_people_see_it(way: dict[str, Any]) -> None:
    async with running(small_world(), **way) as (gitlab, connector):
        gitlab.say_health("3", "needsAttention", at=NOW - DAY, actor="kim")
        item = records(await read(connector))["acme/ran#1"].item
    assert item.custom == {"Health status": "Needs attention"}


async def test_the_health_of_an_epic_is_its_setters_word() -> None:
    async with running(small_world()) as (gitlab, connector):
        gitlab.say_health("2", "onTrack", at=NOW - 2 * DAY, actor="ann")
        gitlab.say_health("2", "atRisk", at=NOW - DAY, actor="kim")
        gitlab.say_health("3", "onTrack", at=NOW - DAY, actor="kim")  # of an issue: no report
        (status,) = [one async for one in connector.status_updates(GROUP)]
        assert [one async for one in connector.status_updates(RAN)] == []
        assert (status.subject, status.value, status.at) == (
            "Item 2", OwnerWord.OFF_TRACK, NOW - DAY,
        )  # fmt: skip
        assert (status.author and status.author.id, status.target) == ("kim", date(2027, 1, 29))
        assert status.url == gitlab.item_url("2")
        assert isinstance(connector, ReportsStatus)


async def test_health_that_this_edition_does_not_know_is_no_report() -> None:
    async with running(small_world()) as (gitlab, connector):
        gitlab.quirks.unknown = {"WorkItemWidgetHealthStatus"}
        assert [one async for one in connector.status_updates(GROUP)] == []


async def test_health_that_graphql_refuses_is_a_refusal_and_no_silence() -> None:
    async with running(small_world()) as (gitlab, connector):
        gitlab.quirks.no_graphql = True
        with pytest.raises(Rejected, match="health"):
            _ = [one async for one in connector.status_updates(GROUP)]
        asked = gitlab.server.count()
        assert [one async for one in connector.status_updates(RAN)] == []
        assert gitlab.server.count() == asked + 1  # what it is: no project holds epics


# --- older servers and other editions -------------------------------------------------------------


async def test_what_a_server_does_not_know_is_left_out_and_told() -> None:
    async with running(small_world()) as (gitlab, connector):
        gitlab.quirks.unknown = {
            "WorkItemWidgetStatus", "WorkItemWidgetHealthStatus", "WorkItemWidgetIteration",
            "WorkItem.promotedToEpicUrl", "WorkItemWidgetStartAndDueDate.isFixed",
            "WorkItemWidgetHierarchy.rolledUpCountsByType",
        }  # fmt: skip
        item = records(await read(connector))["acme/ran#1"].item
        assert (item.native_status, item.parent_key) == ("Open", "acme&2")
        asked = gitlab.server.count("/api/graphql")
        await read(connector)
        assert gitlab.server.count("/api/graphql") == asked + 2  # nothing is asked in vain again
        (finding,) = (await connector.probe()).findings
    assert "does not tell of: children, health, iteration, promoted, status" in finding.message


@pytest.mark.parametrize("unknown", [set(), {"workItems(updatedAfter)"}])
async def test_rest_takes_over_where_graphql_tells_nothing(unknown: set[str]) -> None:
    async with running(small_world()) as (gitlab, connector):
        gitlab.quirks.unknown, gitlab.quirks.no_graphql = unknown, not unknown
        assert "acme/ran#1" in records(await read(connector))
        assert [ref.id async for ref in connector.inventory(RAN)] == ["3", "4", "5"]
        asked = gitlab.server.count("/api/graphql")
        await read(connector, GROUP)
        assert gitlab.server.count("/api/graphql") == asked == 1


async def test_rest_pages_by_number_where_keys_are_refused() -> None:
    async with running(small_world(), graphql=False, page_size=1) as (gitlab, connector):
        gitlab.quirks.no_keyset = True
        assert len(records(await read(connector))) == 3


async def test_refused_details_are_named_and_cost_no_item() -> None:
    async with running(small_world(), graphql=False) as (gitlab, connector):
        gitlab.quirks.no_events = True
        (page,) = await read(connector)
    assert page.missing_detail == (
        "resource_label_events", "resource_milestone_events", "resource_state_events",
    )  # fmt: skip
    assert not any(record.item.history_complete for record in page.records)


async def test_without_a_licence_for_epics_a_group_is_refused_and_no_empty_one() -> None:
    async with running(small_world(), graphql=False) as (gitlab, connector):
        gitlab.quirks.no_epics = True
        with pytest.raises(Rejected):
            await read(connector, GROUP)
        assert records(await read(connector))["acme/ran#1"].item.parent is None


# --- the reading itself ---------------------------------------------------------------------------


@pytest.mark.parametrize("way", BOTH)
async def test_a_second_pass_brings_what_changed_and_a_little_overlap(
    way: dict[str, Any],
) -> None:
    world, clock = small_world(), Still()
    async with running(world, clock=clock, **way) as (_, connector):
        first = await read(connector)
        clock.instant += DAY
        world.edit("5", NOW + timedelta(hours=1), title="Changed")
        again = await read(connector, since=first[-1].cursor)
    assert records(again)["acme/ran#3"].item.title == "Changed"
    assert "acme/ran#2" not in records(again)


async def test_what_changes_while_pages_are_read_pushes_nothing_out_of_sight() -> None:
    world = uniform_world(count=60, container="acme/ran")
    clock = Still()
    async with running(world, clock=clock, page_size=7) as (gitlab, connector):
        changed = iter(range(20001, 20040, 3))

        def change(_: object) -> None:
            number = next(changed, None)
            if number is not None:
                clock.instant += timedelta(seconds=1)
                world.edit(str(number), clock.instant, title="Pushed about")

        gitlab.server.on_request.append(change)
        found = records(await read(connector))
    assert len(found) == 60


@pytest.mark.parametrize("way", BOTH)
async def test_a_cursor_of_the_other_api_begins_where_it_stood(way: dict[str, Any]) -> None:
    world = uniform_world(count=9, container="acme/ran")
    other = {"graphql": not way["graphql"]}
    async with running(world, page_size=2, **way) as (gitlab, connector):
        first = (await read(connector))[0]
        async with aiohttp.ClientSession() as session:
            following = connector_for(gitlab, session, Still(), page_size=2, **other)
            rest = records(await read(following, since=first.cursor))
    assert len(rest | records([first])) == 9


async def test_a_foreign_cursor_is_expired() -> None:
    async with running(small_world()) as (_, connector):
        with pytest.raises(CursorExpired):
            await read(connector, since=Cursor("{}"))


@pytest.mark.parametrize("way", BOTH)
async def test_a_container_out_of_sight_is_refused_and_no_empty_one(way: dict[str, Any]) -> None:
    async with running(small_world(), **way) as (gitlab, connector):
        await read(connector)
        gitlab.hidden_containers.add("acme/ran")
        with pytest.raises(Rejected) as refused:
            await read(connector)
        assert refused.value.status == 404
        with pytest.raises(Rejected):
            _ = [ref async for ref in connector.inventory(RAN)]
        with pytest.raises(Rejected):
            await read(connector, ContainerKey("gl", "no/such"))


async def test_a_limit_is_waited_for_as_its_headers_say() -> None:
    clock = Still()
    async with running(small_world(), clock=clock) as (gitlab, connector):
        gitlab.limits.limit = 2
        assert len(records(await read(connector))) == 3
    assert clock.instant >= NOW + timedelta(minutes=1)


async def test_a_query_too_heavy_is_asked_for_in_halves() -> None:
    heavy = '{"errors": [{"message": "Query has complexity of 400, which exceeds max ..."}]}'
    async with running(small_world(), page_size=50) as (gitlab, connector):
        gitlab.server.fail(answer(200, body=heavy), path="/api/graphql", times=3)
        assert len(records(await read(connector))) == 3


async def test_an_error_beside_no_data_is_no_empty_project() -> None:
    broken = '{"data": {"project": null}, "errors": [{"message": "Timeout on validation"}]}'
    async with running(small_world(), page_size=1) as (gitlab, connector):
        gitlab.server.fail(answer(200, body=broken), path="/api/graphql", times=None)
        with pytest.raises(Exception, match="Timeout on validation"):
            await read(connector)


# --- single items ---------------------------------------------------------------------------------


@pytest.mark.parametrize("way", BOTH)
async def test_fetch_keeps_the_outcomes_apart(way: dict[str, Any]) -> None:
    world = small_world()
    world.delete("4", NOW)
    refs = [ItemRef("gl", id_, key) for id_, key in (("3", "acme/ran#1"), ("4", "acme/ran#2"))]
    async with running(world, exclude=["acme/core"], **way) as (_, connector):
        found = await connector.fetch([*refs, ItemRef("gl", "6", "acme/core#1")])
    assert [record.item.key for record in found.records] == ["acme/ran#1"]
    assert (found.gone, found.hidden) == ((), (refs[1],))


async def test_an_item_of_a_renamed_project_is_found_by_its_id() -> None:
    async with running(small_world()) as (_, connector):
        found = await connector.fetch([ItemRef("gl", "3", "acme/former#1"), ItemRef("gl", "4")])
    assert [record.item.key for record in found.records] == ["acme/ran#1", "acme/ran#2"]


async def test_what_moved_out_of_sight_is_never_taken_for_delivered() -> None:
    world = small_world()
    world.move("4", NOW, container="acme/core", key="acme/core#9")
    async with running(world) as (gitlab, connector):
        gitlab.hidden_containers.add("acme/core")
        found = await connector.fetch([ItemRef("gl", "4", "acme/ran#2")])
    (record,) = found.records
    assert record.item.status_category is StatusCategory.CANCELLED
    assert record.item.resolution_kind is ResolutionKind.NOT_DELIVERED


# --- what it costs --------------------------------------------------------------------------------


async def test_no_query_weighs_more_than_gitlab_allows() -> None:
    config = config_for("https://gitlab.example")
    async with running(small_world()) as (gitlab, _):
        site = gitlab.site()

    def weight(query: str, **variables: Any) -> int:
        return answering(site, variables).answering.weight(query)

    heaviest = {
        "page": weight(queries.pages("project", ()), size=config.page_size),
        "details": weight(queries.details("project", config.details_a_query, (), history=True)),
        "single": weight(queries.single(["1", "2", "3"], ())),
        "numbered": weight(queries.numbered("group", 50, ())),
        "healths": weight(queries.healths("group", ())),
        "ids": weight(queries.ids("project", ())),
        "activity": weight(queries.more_activity("1")),
    }
    assert max(heaviest.values()) < 0.9 * MOST_COMPLEX, heaviest


async def test_a_hundred_items_cost_five_requests() -> None:
    world = uniform_world(count=100, container="acme/ran")
    async with running(world) as (gitlab, connector):
        await read(connector)
        assert gitlab.server.count() == 1 + 1 + 4  # what it is, one page, four of details
        gitlab.server.forget_requests()
        refs = [ref async for ref in connector.inventory(RAN)]
        assert (len(refs), gitlab.server.count()) == (100, 1)


# --- looking at a connection ----------------------------------------------------------------------


async def test_a_probe_names_projects_and_groups_and_what_is_missing() -> None:
    async with running(small_world(), containers=["acme", "acme/none", "other/*"]) as (_, gl):
        identity = await gl.probe()
    assert [one.name for one in identity.containers] == ["acme"]
    said = " ".join(f"{one.message} {one.fix}" for one in identity.findings)
    assert "no project or group 'acme/none'" in said
    assert "matches 'other/*'" in said


async def test_a_token_that_ends_soon_or_may_not_read_is_told() -> None:
    body = '{"scopes": ["read_user"], "expires_at": "2026-12-01"}'
    async with running(small_world()) as (gitlab, connector):
        gitlab.server.fail(answer(200, body=body), path="*/personal_access_tokens/self")
        findings = (await connector.probe()).findings
    assert [one.fatal for one in findings] == [True, False]
    assert "2026-12-01" in findings[1].message


@pytest.mark.parametrize(
    ("fault", "error"),
    [(answer(404, body="{}"), ConfigError), (answer(401, body="{}"), AuthFailed)],
)
async def test_nothing_to_be_read_is_an_error(fault: Any, error: type[Exception]) -> None:
    async with running(small_world()) as (gitlab, connector):
        gitlab.server.fail(fault, times=None)
        with pytest.raises(error):
            await connector.probe()


@pytest.mark.parametrize("url", ["file:///etc/passwd", "https://me:pw@gitlab.com", "gitlab.com"])
def test_other_schemes_and_credentials_in_the_address_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        config_for(url)


def test_the_address_of_the_api_is_taken_for_that_of_the_site() -> None:
    assert config_for("https://git.example/lab/api/v4/").url == "https://git.example/lab"


@pytest.mark.parametrize("pattern", ["", "https://gitlab.com/acme", "acme//ran", "acme/ran#1"])
def test_a_container_is_a_path(pattern: str) -> None:
    with pytest.raises(ValueError, match="no path"):
        config_for("https://gitlab.com", containers=[pattern])


async def test_a_link_that_nobody_may_see_is_left_out() -> None:
    world = small_world()
    made(world, 30, "acme/core#30")
    world.link(blocks("l2", "30", "4", at=datetime(2026, 11, 1, tzinfo=UTC)))
    async with running(world) as (gitlab, connector):
        gitlab.hidden_containers.add("acme/core")
        assert records(await read(connector))["acme/ran#2"].item.links == ()
