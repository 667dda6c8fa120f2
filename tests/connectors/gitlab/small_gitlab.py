"""A small portfolio at a simulated GitLab, and a connector that reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from connectors.gitlab.config import GitLabConfig
from connectors.gitlab.connector import GitLabConnector
from connectors.gitlab.simulator import GitLabSimulator
from syncer.connect.auth import with_secrets
from syncer.connect.protocol import Page
from syncer.connect.testing.script import (
    Container,
    ItemState,
    Person,
    ScriptedItem,
    Sprint,
    Version,
)
from syncer.connect.testing.world import World, blocks
from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemRecord
from syncer.domain.ref import ContainerKey

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BEGIN = NOW - timedelta(days=40)
RAN = ContainerKey("gl", "acme/ran")
CORE = ContainerKey("gl", "acme/core")
GROUP = ContainerKey("gl", "acme")
BOTH: list[dict[str, Any]] = [{"graphql": True}, {"graphql": False}]
"""Either way of reading."""


class Still:
    """A clock that stands, and sleeps at once."""

    def __init__(self, at: datetime = NOW) -> None:
        self.instant = at
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.instant

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.instant += timedelta(seconds=seconds)


def small_world() -> World:
    """An initiative over an epic in a group; two issues and a task in a project, one beside."""
    world = World()
    for number, key in enumerate(("acme", "acme/ran", "acme/core")):
        world.add_container(Container(id=str(11 + number), key=key, name=key))
    world.add_person(Person(id="kim", name="Kim Lee"))
    world.add_person(Person(id="project_12_bot_ab", name="Bot", bot=True))
    world.add_version(Version(id="5", container="acme/ran", name="Beta 2", due=date(2026, 12, 18)))
    world.add_sprint(
        Sprint(id="7", name="Sprint 7", start=NOW - timedelta(days=3), end=NOW + timedelta(days=11))
    )
    made(world, 1, "acme&1", type="Epic", title="The network")
    made(world, 2, "acme&2", type="Epic", parent="1", due=date(2027, 1, 29))
    made(world, 3, "acme/ran#1", parent="2", title="Mast", versions=("Beta 2",))
    made(world, 4, "acme/ran#2", parent="2", estimate=5.0, sprint="7")
    made(world, 5, "acme/ran#3", type="Sub-task", parent="3")
    made(world, 6, "acme/core#1", restricted=True)
    world.link(blocks("l1", "6", "3", at=BEGIN + timedelta(days=2), actor="kim"))
    return world


def made(world: World, number: int, key: str, **state: Any) -> None:
    """One item of the world."""
    container = key.partition("#")[0].partition("&")[0]
    initial = {"container": container, "key": key, "title": f"Item {number}", **state}
    world.create(
        ScriptedItem(
            id=str(number),
            created_at=BEGIN + timedelta(minutes=number),
            reporter="kim",
            initial=ItemState(**initial),
        )
    )


@asynccontextmanager
async def running(
    world: World, *, clock: Still | None = None, **config: Any
) -> AsyncIterator[tuple[GitLabSimulator, GitLabConnector]]:
    """The simulator, and a connector for it."""
    still = clock or Still()
    async with GitLabSimulator(world, still) as gitlab, aiohttp.ClientSession() as session:
        yield gitlab, connector_for(gitlab, session, still, **config)


def connector_for(
    gitlab: GitLabSimulator, session: aiohttp.ClientSession, clock: Still, **config: Any
) -> GitLabConnector:
    read = config_for(gitlab.url, secret=gitlab.account.secret, **config)
    return GitLabConnector("gl", read, session, clock=clock, sleep=clock.sleep)


def config_for(url: str, *, secret: str = "glpat-made-up", **config: Any) -> GitLabConfig:
    table = {"name": "gl", "kind": "gitlab", "url": url, "auth": {"token_env": "T"}, **config}
    return with_secrets(GitLabConfig.model_validate(table), env={"T": secret}, base=Path())


async def read(
    connector: GitLabConnector, container: ContainerKey = RAN, since: Cursor | None = None
) -> list[Page]:
    return [page async for page in connector.changes(container, since)]


def records(pages: list[Page]) -> dict[str, ItemRecord]:
    return {record.item.key: record for page in pages for record in page.records}
