"""A small portfolio at a simulated Linear, and a connector that reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from connectors.linear.config import LinearConfig
from connectors.linear.connector import LinearConnector
from connectors.linear.simulator import LinearSimulator
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
RAN = ContainerKey("li", "RAN")
CORE = ContainerKey("li", "CORE")
ACME = ContainerKey("li", "acme")


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
    """An initiative over two projects; issues and a sub-issue of one team, one of another."""
    world = World()
    for number, key in enumerate(("RAN", "CORE")):
        world.add_container(Container(id=str(11 + number), key=key, name=f"Team {key}"))
    world.add_person(Person(id="kim", name="Kim Lee"))
    world.add_person(Person(id="robot", name="Robot", bot=True))
    world.add_version(Version(id="5", container="RAN", name="Beta 2", due=date(2026, 12, 18)))
    world.add_sprint(
        Sprint(
            id="7",
            name="Cycle 7",
            start=NOW - timedelta(days=3),
            end=datetime(2026, 12, 6, 23, tzinfo=UTC),
        )
    )
    made(world, 1, "RAN-901", type="Initiative", title="5G for everybody")
    made(world, 2, "RAN-902", type="Epic", title="The network", parent="1", due=date(2027, 1, 29))
    made(world, 7, "CORE-903", type="Epic", title="The core", parent="1", start=date(2026, 9, 1))
    made(world, 3, "RAN-1", parent="2", title="Mast", versions=("Beta 2",))
    made(world, 4, "RAN-2", parent="2", estimate=5.0, sprint="7")
    made(world, 5, "RAN-3", type="Sub-task", parent="3")
    made(world, 6, "CORE-1", parent="7", due=date(2026, 12, 1))
    world.link(blocks("l1", "6", "3", at=BEGIN + timedelta(days=2), actor="kim"))
    world.link(blocks("l2", "7", "2", at=BEGIN + timedelta(days=2), actor="kim"))
    return world


def made(world: World, number: int, key: str, **state: Any) -> None:
    """One item of the world."""
    initial = {"container": key.partition("-")[0], "key": key, "title": f"Item {number}", **state}
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
    world: World,
    *,
    clock: Still | None = None,
    foreign_url: Callable[[str], str] | None = None,
    served: tuple[str, ...] | None = None,
    **config: Any,
) -> AsyncIterator[tuple[LinearSimulator, LinearConnector]]:
    """The simulator, and a connector for it."""
    still = clock or Still()
    simulator = LinearSimulator(world, still, foreign_url=foreign_url, containers=served)
    async with simulator as linear, aiohttp.ClientSession() as session:
        yield linear, connector_for(linear, session, still, **config)


def connector_for(
    linear: LinearSimulator, session: aiohttp.ClientSession, clock: Still, **config: Any
) -> LinearConnector:
    read = config_for(linear.url, secret=linear.account.secret, **config)
    return LinearConnector("li", read, session, clock=clock, sleep=clock.sleep)


def config_for(url: str, *, secret: str = "lin_oauth_made_up", **config: Any) -> LinearConfig:
    table = {
        "name": "li",
        "kind": "linear",
        "url": url,
        "api_url": url,
        "auth": {"token_env": "T"},
        **config,
    }
    return with_secrets(LinearConfig.model_validate(table), env={"T": secret}, base=Path())


async def read(
    connector: LinearConnector, container: ContainerKey = RAN, since: Cursor | None = None
) -> list[Page]:
    return [page async for page in connector.changes(container, since)]


def records(pages: list[Page]) -> dict[str, ItemRecord]:
    return {record.item.key: record for page in pages for record in page.records}
