"""What becomes of an organisation's work items, and what a probe tells of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import aiohttp
import pytest
from pydantic import ValidationError

from connectors.azure_devops.connector import AzureDevOpsConnector
from connectors.azure_devops.simulator import AzureDevOpsSimulator
from syncer.connect.auth import OAuthClientAuth
from syncer.connect.testing.server import answer, login_page
from syncer.domain.change import ChangeField
from syncer.domain.item import DateSource, ItemKind, StatusCategory
from syncer.domain.link import LinkKind
from syncer.errors import AuthFailed, ConfigError
from tests.connectors.azure_devops.small_ado import (
    ACME,
    NOW,
    Still,
    config_for,
    connector_for,
    read,
    records,
    ref,
    running,
    small_world,
)

DAY = timedelta(days=1)


async def test_epics_stand_over_features_over_stories_over_tasks() -> None:
    async with running(small_world()) as (_, connector):
        items = {id_: r.item for id_, r in records(await read(connector)).items()}
    assert [items[n].native_type for n in "12345"] == [
        "Epic", "Feature", "User Story", "User Story", "Task",
    ]  # fmt: skip
    assert [items[n].hierarchy_level for n in "12345"] == [2, 1, 0, 0, -1]
    assert items["1"].kind is ItemKind.INITIATIVE
    assert [items[n].parent for n in "12345"] == [None, ref(1), ref(2), ref(2), ref(3)]
    assert items["5"].parent_key == "AB#3"


async def test_dates_points_areas_iterations_tags_people_and_flags() -> None:
    async with running(small_world()) as (_, connector):
        items = {id_: r.item for id_, r in records(await read(connector)).items()}
    assert (items["2"].due_date, items["2"].date_source) == (
        date(2027, 1, 29), DateSource.EXPLICIT,
    )  # fmt: skip
    assert (items["4"].due_date, items["4"].date_source) == (
        date(2026, 12, 4), DateSource.SPRINT_END,
    )  # fmt: skip
    assert [(s.name, s.closed) for s in items["4"].sprints] == [("Sprint 7", False)]
    assert (items["4"].estimate, items["4"].estimate_unit) == (5.0, "points")
    assert items["3"].components == ("Network/RAN",)
    assert (items["3"].labels, items["3"].must_have) == (("radio", "must"), True)
    assert [one.name for one in items["6"].assignees] == ["Kim Lee"]
    assert [id_ for id_, item in items.items() if item.flagged] == ["6"]


async def test_a_dependency_is_told_once_by_the_end_that_waits() -> None:
    async with running(small_world()) as (_, connector):
        items = {id_: r.item for id_, r in records(await read(connector)).items()}
    (link,) = items["3"].links
    assert (link.kind, link.inward, link.to, link.to_key) == (LinkKind.BLOCKS, True, ref(6), "AB#6")
    assert items["6"].links == ()


async def test_the_history_comes_with_the_item_and_a_move_is_in_it() -> None:
    world = small_world()
    world.edit("4", NOW - 9 * DAY, actor="kim@example.com", status="In Progress")
    world.comment("4", NOW - 8 * DAY, "It rattles", actor="kim@example.com")
    world.edit("4", NOW - 7 * DAY, actor="robot", due=date(2027, 1, 8))
    world.move("4", NOW - 6 * DAY, container="Smart Phone", key="Smart Phone-4")
    world.edit("4", NOW - 5 * DAY, status="Done", resolution="Completed")
    async with running(world) as (_, connector):
        record = records(await read(connector))["4"]
    item = record.item
    assert (item.container, item.key) == (ACME, "AB#4")
    assert item.url.endswith("/acme/Smart%20Phone/_workitems/edit/4")
    assert item.custom["Project"] == "Smart Phone"
    assert (item.status_category, item.done_at) == (StatusCategory.DONE, NOW - 5 * DAY)
    told = {(c.field, c.by_bot) for c in record.changes}
    assert told >= {
        (ChangeField.STATUS, False), (ChangeField.COMMENT, False), (ChangeField.DUE, True),
        (ChangeField.OTHER, False), (ChangeField.RESOLUTION, False),
    }  # fmt: skip


async def test_without_histories_the_dates_of_closing_stand() -> None:
    world = small_world()
    world.edit("4", NOW - DAY, status="Done", resolution="Completed")
    async with running(world, history=False) as (ado, connector):
        item = records(await read(connector))["4"].item
        assert ado.server.count("*/updates") == 0
    assert (item.done_at, item.history_complete) == (NOW - DAY, False)


async def test_of_what_ended_long_ago_the_dates_alone_are_read() -> None:
    world = small_world()
    world.edit("3", NOW - 35 * DAY, status="In Progress")
    world.edit("3", NOW - 30 * DAY, status="Done", resolution="Completed")
    world.edit("4", NOW - 3 * DAY, status="Done", resolution="Completed")
    async with running(world, history_days=20) as (ado, connector):
        found = records(await read(connector))
        asked = {one.path for one in ado.server.requests if one.path.endswith("/updates")}
    assert asked == {f"/acme/_apis/wit/workItems/{n}/updates" for n in (1, 2, 4, 5, 6)}
    item = found["3"].item
    assert (found["3"].changes, item.history_complete) == ((), False)
    assert (item.started_at, item.done_at) == (NOW - 35 * DAY, NOW - 30 * DAY)


async def test_links_to_items_of_another_tracker_lead_to_their_pages() -> None:
    clock = Still()
    simulator = AzureDevOpsSimulator(
        small_world(),
        clock,
        containers={"Network"},
        foreign_url=lambda id_: f"https://jira.example/browse/X-{id_}",
    )
    async with simulator as ado, aiohttp.ClientSession() as session:
        pages = await read(connector_for(ado, session, clock))
    (link,) = records(pages)["3"].item.links
    assert (link.kind, link.inward) == (LinkKind.BLOCKS, True)
    assert link.to.id == "https://jira.example/browse/X-6"
    assert "6" not in records(pages)


# --- probing --------------------------------------------------------------------------------------


async def test_a_probe_names_the_organisation_and_finds_nothing_amiss() -> None:
    async with running(small_world()) as (ado, connector):
        identity = await connector.probe()
        assert (identity.account, identity.server) == ("Syncer Bot", ado.url)
    assert [one.key for one in identity.containers] == [ACME]
    assert identity.containers[0].id
    assert identity.findings == ()


async def test_a_probe_says_what_is_missing() -> None:
    async with running(small_world(), projects=["Core*"]) as (_, connector):
        assert [
            "sees Network, Smart Phone" in f.message for f in (await connector.probe()).findings
        ] == [True]
    async with running(small_world()) as (ado, connector):
        ado.quirks.refused = ("/reporting/workitemlinks",)
        ado.quirks.no_scope = ("/_apis/projects",)
        findings = (await connector.probe()).findings
    assert [finding.fatal for finding in findings] == [False, False]
    assert "Project and Team (Read)" in findings[0].fix
    assert "feed of links" in findings[1].message


async def test_a_refused_token_and_a_login_page_are_told() -> None:
    for fault in (answer(401), login_page(203)):
        async with running(small_world()) as (ado, connector):
            ado.server.fail(fault, times=None)
            with pytest.raises(AuthFailed):
                await connector.probe()


async def test_a_wrong_address_is_told() -> None:
    async with running(small_world()) as (ado, connector):
        ado.server.fail(answer(404, body='{"message": "no such page"}'), times=None)
        with pytest.raises(ConfigError, match="There is no Azure DevOps organisation at"):
            await connector.probe()


# --- configuration --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://dev.azure.com/acme", "acme"),
        ("https://dev.azure.com/acme/", "acme"),
        ("https://acme.visualstudio.com", "acme"),
        ("https://acme.visualstudio.com/DefaultCollection", "acme"),
        ("https://tfs.example.com/tfs/Default%20Collection", "Default Collection"),
    ],
)
def test_the_organisation_is_found_in_the_address(url: str, name: str) -> None:
    assert config_for(url).organisation == name


@pytest.mark.parametrize(
    "table",
    [
        {"url": "https://dev.azure.com"},
        {"url": "https://dev.azure.com/acme/Network"},
        {"url": "https://tfs.example.com"},
        {"url": "ftp://dev.azure.com/acme"},
        {"url": "https://dev.azure.com/acme", "timezone": "Mars/Base"},
        {"url": "https://dev.azure.com/acme", "api_version": "latest"},
    ],
)
def test_what_cannot_be_is_refused(table: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        config_for(table.pop("url"), **table)


async def test_only_tokens_and_passwords_sign_in() -> None:
    other = OAuthClientAuth(client_id="x", client_secret_env="Y")
    wrong = config_for("https://dev.azure.com/acme").model_copy(update={"auth": other})
    async with aiohttp.ClientSession() as session:
        with pytest.raises(ConfigError, match="oauth-client"):
            AzureDevOpsConnector("ado", wrong, session)


async def test_a_repeated_edit_at_one_instant_is_told_with_its_milliseconds() -> None:
    world = small_world()
    at = datetime(2026, 11, 20, 8, 0, 0, 420_000, tzinfo=UTC)
    world.edit("4", at, title="One")
    world.edit("4", at, title="Two")
    async with running(world) as (_, connector):
        record = records(await read(connector))["4"]
    assert record.item.updated_at == at
    assert [c.after for c in record.changes if c.field is ChangeField.TITLE] == ["One", "Two"]
