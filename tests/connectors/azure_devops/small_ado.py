"""A small portfolio at a simulated Azure DevOps organisation, and a connector that reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from connectors.azure_devops.config import AzureDevOpsConfig
from connectors.azure_devops.connector import AzureDevOpsConnector
from connectors.azure_devops.simulator import AzureDevOpsSimulator
from syncer.connect.auth import with_secrets
from syncer.connect.protocol import Page
from syncer.connect.testing.script import Container, ItemState, Person, ScriptedItem, Sprint
from syncer.connect.testing.world import World, blocks
from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemRecord
from syncer.domain.ref import ContainerKey, ItemRef

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BEGIN = NOW - timedelta(days=40)
ACME = ContainerKey("ado", "acme")


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
    """An epic over a feature over two stories with a task in one project; one item in another."""
    world = World()
    for number, key in enumerate(("Network", "Smart Phone")):
        world.add_container(Container(id=str(11 + number), key=key, name=key))
    world.add_person(Person(id="kim@example.com", name="Kim Lee"))
    world.add_person(Person(id="robot", name="Robot", bot=True))
    world.add_sprint(
        Sprint(id="7", name="Sprint 7", start=NOW - timedelta(days=3), end=NOW + timedelta(days=11))
    )
    made(world, 1, type="Initiative", title="The network")
    made(world, 2, type="Epic", parent="1", due=date(2027, 1, 29))
    made(world, 3, parent="2", title="Mast", components=("RAN",), labels=("radio", "must"))
    made(world, 4, parent="2", estimate=5.0, sprint="7")
    made(world, 5, type="Sub-task", parent="3")
    made(world, 6, project="Smart Phone", flagged=True, assignee="kim@example.com")
    world.link(blocks("l1", "6", "3", at=BEGIN + timedelta(days=2), actor="kim@example.com"))
    return world


def made(world: World, number: int, *, project: str = "Network", **state: Any) -> str:
    """One item of the world; gives its id."""
    initial = {"container": project, "key": f"{project}-{number}", "title": f"Item {number}"}
    world.create(
        ScriptedItem(
            id=str(number),
            created_at=BEGIN + timedelta(minutes=number),
            reporter="kim@example.com",
            initial=ItemState(**{**initial, **state}),
        )
    )
    return str(number)


@asynccontextmanager
async def running(
    world: World, *, clock: Still | None = None, **config: Any
) -> AsyncIterator[tuple[AzureDevOpsSimulator, AzureDevOpsConnector]]:
    """The simulator, and a connector for it."""
    still = clock or Still()
    async with AzureDevOpsSimulator(world, still) as ado, aiohttp.ClientSession() as session:
        yield ado, connector_for(ado, session, still, **config)


def connector_for(
    ado: AzureDevOpsSimulator, session: aiohttp.ClientSession, clock: Still, **config: Any
) -> AzureDevOpsConnector:
    read = config_for(ado.url, secret=ado.account.secret, **config)
    return AzureDevOpsConnector("ado", read, session, clock=clock, sleep=clock.sleep)


def config_for(url: str, *, secret: str = "made-up-token", **config: Any) -> AzureDevOpsConfig:
    table = {"name": "ado", "kind": "azuredevops", "url": url, "auth": {"token_env": "T"}, **config}
    return with_secrets(AzureDevOpsConfig.model_validate(table), env={"T": secret}, base=Path())


async def read(connector: AzureDevOpsConnector, since: Cursor | None = None) -> list[Page]:
    return [page async for page in connector.changes(ACME, since)]


def records(pages: list[Page]) -> dict[str, ItemRecord]:
    return {record.item.ref.id: record for page in pages for record in page.records}


def ref(number: int | str) -> ItemRef:
    return ItemRef("ado", str(number))
