"""F14: a project gets another key, an item moves: what they are stays, and old names lead on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.jira.simulator import JiraSimulator
from syncer.clock import SystemClock
from syncer.connect.testing.script import Container
from syncer.connect.testing.world import uniform_world
from syncer.domain.item import ItemState, WorkItem
from syncer.service.census import take_censuses
from syncer.service.checking import selecting, selecting_lines
from syncer.service.core import Service
from syncer.settings.load import load_settings
from syncer.store.items import find_item, keys_of, load_changes, load_items
from syncer.store.sources import load_sources

PROJECTS = """
[[projects]]
key = "network"
name = "Network"
items = ["jira:NET"]
except = [{ under = "jira:NET-2" }]

[[projects]]
key = "rest"
name = "Rest"
items = ["jira:N*"]
except = ["jira:NET"]
"""


@pytest.fixture
async def jira() -> AsyncGenerator[JiraSimulator]:
    world = uniform_world(count=12, container="NET")
    world.add_container(Container(id="10901", key="OUT", name="Outreach"))
    async with JiraSimulator(world, SystemClock()) as made:
        yield made


@pytest.fixture
async def service(
    tmp_path: Path, database_url: str, jira: JiraSimulator
) -> AsyncGenerator[Service]:
    text = f"""
        [[connections]]
        name = "jira"
        kind = "jira"
        url = "{jira.url}"
        auth = {{ email = "{jira.account.user}", token_env = "JIRA_TOKEN" }}
        {PROJECTS}
    """
    file = tmp_path / "syncer.toml"
    await asyncio.to_thread(file.write_text, text)
    environment = {
        "JIRA_TOKEN": jira.account.secret,
        "SYNCER_SERVICE__DATABASE_URL": database_url,
    }
    settings = await asyncio.to_thread(load_settings, file, environment)
    async with Service(settings, clock=SystemClock()) as made:
        assert all(one.ok for one in await made.sync())
        yield made


async def _items(service: Service) -> dict[str, WorkItem]:
    async with service.store.read() as session:
        return {item.ref.id: item for item in await load_items(session)}


async def _containers(service: Service) -> list[str]:
    async with service.store.read() as session:
        return [one.container for one in await load_sources(session)]


async def _counted(service: Service) -> dict[str, int]:
    snapshot = (await service.snapshots()).current
    return {project.key: project.total for project in snapshot.projects}


async def test_f14_a_project_with_another_key_is_the_same_project(
    service: Service, jira: JiraSimulator
) -> None:
    before, counted = await _items(service), await _counted(service)
    jira.world.rename_container("NET", "CORE", datetime.now(UTC))

    assert all(one.ok for one in await service.sync())
    assert all(one.failure is None for one in await take_censuses(service))
    assert all(one.ok for one in await service.sync())

    after = await _items(service)
    assert after.keys() == before.keys()
    assert {item.state for item in after.values()} == {ItemState.LIVE}
    assert {str(item.container) for item in after.values()} == {"jira:CORE"}
    assert {item.key for item in after.values()} == {f"CORE-{n}" for n in range(1, 13)}
    assert await _containers(service) == ["CORE", "OUT"]
    async with service.store.read() as session:
        [core, _] = await load_sources(session)
        assert (await find_item(session, "jira:NET-3")).key == "CORE-3"
        assert [key for key, _, _ in await keys_of(session, "jira:20001")] == ["NET-1", "CORE-1"]
    assert core.detail.former == ("NET",)
    assert (core.hidden, core.error) == (0, "")
    assert await _counted(service) == counted


async def test_f14_selectors_by_the_old_key_pick_the_same_and_check_tells(
    service: Service, jira: JiraSimulator
) -> None:
    jira.world.rename_container("NET", "CORE", datetime.now(UTC))
    await service.sync()

    told = "\n".join(line for one in await selecting(service) for line in selecting_lines(one))
    assert "jira:NET is called jira:CORE now, and is followed there." in told
    assert "under jira:NET-2 is called under jira:CORE-2 now" in told


async def test_f14_renamed_twice_and_back_again(service: Service, jira: JiraSimulator) -> None:
    for key, new in (("NET", "CORE"), ("CORE", "BASE"), ("BASE", "NET")):
        jira.world.rename_container(key, new, datetime.now(UTC))
        await service.sync()
        assert await _containers(service) == sorted([new, "OUT"])
        assert {str(one.container) for one in (await _items(service)).values()} == {f"jira:{new}"}

    assert {item.key for item in (await _items(service)).values()} == {
        f"NET-{n}" for n in range(1, 13)
    }
    assert [one for one in await selecting(service) if one.now] == []


async def test_f14_an_item_that_moves_keeps_its_row_and_its_old_key_leads_to_it(
    service: Service, jira: JiraSimulator
) -> None:
    jira.world.move("20003", datetime.now(UTC), container="OUT", key="OUT-1")
    await service.sync()
    await take_censuses(service)

    items = await _items(service)
    assert len(items) == 12
    assert (items["20003"].key, str(items["20003"].container)) == ("OUT-1", "jira:OUT")
    assert items["20003"].state is ItemState.LIVE
    async with service.store.read() as session:
        assert (await find_item(session, "jira:NET-3")).uid == "jira:20003"


async def test_f13_a_deleted_item_is_a_tombstone_with_its_history_and_lives_again(
    service: Service, jira: JiraSimulator
) -> None:
    async def history() -> int:
        async with service.store.read() as session:
            return len((await load_changes(session, uids=["jira:20002"]))["jira:20002"])

    known = await history()
    jira.world.hide("20002", datetime.now(UTC))
    await take_censuses(service)
    assert (await _items(service))["20002"].state is ItemState.DELETED
    assert await history() == known > 0

    jira.world.reveal("20002", datetime.now(UTC))
    await take_censuses(service)
    assert (await _items(service))["20002"].state is ItemState.LIVE
    assert await history() >= known
