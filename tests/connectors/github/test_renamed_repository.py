"""F14: a repository gets another name; what it holds stays, and the old name still picks it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.github.simulator import GitHubSimulator
from syncer.clock import SystemClock
from syncer.connect.testing.script import Container, ItemState, Person, ScriptedItem
from syncer.connect.testing.world import World
from syncer.service.census import take_censuses
from syncer.service.core import Service
from syncer.settings.load import load_settings
from syncer.store.sources import load_sources

BEGIN = datetime.now(UTC) - timedelta(days=20)


@pytest.fixture
async def github() -> AsyncGenerator[GitHubSimulator]:
    world = World()
    world.add_person(Person(id="kim", name="Kim Lee"))
    for number, key in enumerate(("acme/phone", "acme/masts"), start=1):
        world.add_container(Container(id=str(10_000 + number), key=key, name=key))
        for item in range(1, 4):
            state = ItemState(container=key, key=f"{key}#{item}", title=f"Item {item}")
            name = str(100 * number + item)
            world.create(ScriptedItem(id=name, created_at=BEGIN, reporter="kim", initial=state))
    async with GitHubSimulator(world, SystemClock()) as made:
        yield made


@pytest.fixture
async def service(
    tmp_path: Path, sqlite_url: str, github: GitHubSimulator
) -> AsyncGenerator[Service]:
    text = f"""
        [[connections]]
        name = "gh"
        kind = "github"
        url = "{github.url}"
        auth = {{ token_env = "TOKEN" }}

        [[projects]]
        key = "phone"
        name = "Phone"
        items = ["gh:acme/phone"]
    """
    file = tmp_path / "syncer.toml"
    await asyncio.to_thread(file.write_text, text)
    environment = {"TOKEN": github.account.secret, "SYNCER_SERVICE__DATABASE_URL": sqlite_url}
    settings = await asyncio.to_thread(load_settings, file, environment)
    async with Service(settings, clock=SystemClock()) as made:
        assert all(one.ok for one in await made.sync())
        yield made


async def _counted(service: Service) -> dict[str, int]:
    snapshot = (await service.snapshots()).current
    return {project.key: project.total for project in snapshot.projects}


async def test_f14_a_repository_with_another_name_is_the_same_repository(
    service: Service, github: GitHubSimulator
) -> None:
    counted = await _counted(service)
    assert counted["phone"] == 3
    github.world.rename_container("acme/phone", "acme/handset", datetime.now(UTC))

    assert all(one.ok for one in await service.sync())
    assert all(one.failure is None for one in await take_censuses(service))
    assert all(one.ok for one in await service.sync())

    assert await _counted(service) == counted
    async with service.store.read() as session:
        sources = {one.container: one for one in await load_sources(session)}
    assert sorted(sources) == ["acme/handset", "acme/masts"]
    assert sources["acme/handset"].detail.former == ("acme/phone",)
    assert (sources["acme/handset"].hidden, sources["acme/handset"].error) == (0, "")
