"""Azure DevOps from the command line into a database, by webhook, by feed and by census."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.azure_devops.connector import AzureDevOpsConnector
from connectors.azure_devops.simulator import AzureDevOpsSimulator
from syncer.connect.protocol import HookRequest
from syncer.connect.registry import connector_class, simulator_class
from syncer.connect.testing.delivery import HookAction
from syncer.domain.item import ItemState, StatusCategory
from syncer.domain.ref import ItemRef
from syncer.store import migrate
from syncer.store.engine import Store
from syncer.store.items import load_items
from syncer.sync.connection import Wanted, pull_connection
from syncer.sync.reconcile import census_connection
from tests.acceptance.cli_world import Cli
from tests.connectors.azure_devops.small_ado import NOW, Still, made, ref, running, small_world

HOUR = timedelta(hours=1)
PASSWORD = SecretStr("made-up-password")
CONFIGURATION = """
[[connections]]
name = "ado"
kind = "azuredevops"
url = "{url}"
auth = {{ token_env = "ADO_TOKEN" }}
"""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(f"sqlite:///{tmp_path}/syncer.db") as opened:
        await migrate.upgrade(opened)
        yield opened


async def states(store: Store) -> dict[str, ItemState]:
    async with store.read() as session:
        return {item.ref.id: item.state for item in await load_items(session)}


def test_connector_and_simulator_are_installed() -> None:
    assert connector_class("azuredevops") is AzureDevOpsConnector
    assert simulator_class("azuredevops") is AzureDevOpsSimulator


async def test_check_and_sync_from_the_command_line(tmp_path: Path) -> None:
    async with running(small_world()) as (ado, _):
        cli = Cli(tmp_path, {"ADO_TOKEN": ado.account.secret})
        cli.write(CONFIGURATION.format(url=ado.url))
        checked = await asyncio.to_thread(cli.ok, "check")
        assert f"signed in at {ado.url} as Syncer Bot" in checked.out
        assert "sees 1 container: acme" in checked.out
        synced = await asyncio.to_thread(cli.ok, "sync")
        assert "1 of 1 containers read" in synced.out
        listed = await asyncio.to_thread(cli.ok, "items")
    for number in range(1, 7):
        assert f"AB#{number}" in listed.out


def received(
    ado: AzureDevOpsSimulator, connector: AzureDevOpsConnector, action: HookAction
) -> tuple[ItemRef, ...]:
    """What a delivery of the simulated organisation touches, once it was found genuine."""
    delivery = ado.delivery("3", action, secret=PASSWORD)
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    request = HookRequest(method="POST", url="", headers=headers, body=delivery.body)
    reply = connector.receive(request, [SecretStr("another-password"), PASSWORD])
    assert (reply.status, reply.unreadable, reply.ignored) == (202, "", "")
    assert reply.deleted == (reply.refs if action == "deleted" else ())
    return reply.refs


async def test_a_service_hook_leads_to_the_item_as_it_is_now() -> None:
    world = small_world()
    async with running(world) as (ado, connector):
        world.edit("3", NOW - HOUR, actor="kim@example.com", status="Done")
        for action in ("created", "updated"):
            (record,) = (await connector.fetch(received(ado, connector, action))).records
            assert record.item.status_category is StatusCategory.DONE
        world.delete("3", NOW)
        fetched = await connector.fetch(received(ado, connector, "deleted"))
    assert fetched.gone == (ref(3),)


async def test_the_feed_tells_of_deletions_at_the_next_pull(store: Store) -> None:
    world, clock = small_world(), Still()
    async with running(world, clock=clock) as (_, connector):
        await pull_connection(store, connector, connection="ado", clock=clock)
        clock.instant += HOUR
        world.delete("4", clock.instant)
        clock.instant += HOUR
        await pull_connection(store, connector, connection="ado", clock=clock)
        told = await states(store)
        assert told.pop("4") is ItemState.DELETED
        assert set(told.values()) == {ItemState.LIVE}
        world.edit("4", clock.instant, deleted=False)
        clock.instant += HOUR
        await pull_connection(store, connector, connection="ado", clock=clock)
    assert set((await states(store)).values()) == {ItemState.LIVE}


async def test_a_census_misses_what_was_destroyed_and_keeps_what_moved(store: Store) -> None:
    world, clock = small_world(), Still()
    for number in range(10, 16):
        made(world, number)
    async with running(world, clock=clock) as (ado, connector):
        await pull_connection(store, connector, connection="ado", clock=clock)
        for _ in range(2):  # the first one makes the account known
            await census_connection(
                store, connector, connection="ado", clock=clock, wanted=Wanted(),
                due=lambda _state: True,
            )  # fmt: skip
            clock.instant += HOUR
            if "4" not in ado.destroyed:
                ado.destroyed.add("4")
                world.delete("4", NOW)
                world.delete("10", NOW)
                world.move("5", NOW, container="Smart Phone", key="Smart Phone-5")
    told = await states(store)
    assert told.pop("4") is ItemState.HIDDEN  # no recycle bin holds it: nobody can tell
    assert told.pop("10") is ItemState.DELETED  # this one it holds
    assert set(told.values()) == {ItemState.LIVE}


async def test_projects_of_an_organisation_are_drafted_from_their_areas(tmp_path: Path) -> None:
    async with running(small_world()) as (ado, _):
        cli = Cli(tmp_path, {"ADO_TOKEN": ado.account.secret})
        cli.write(CONFIGURATION.format(url=ado.url))
        drafted = await asyncio.to_thread(cli.ok, "discover", "--out", "programs/found.toml")
        text = (tmp_path / "programs/found.toml").read_text(encoding="utf-8")
        assert 'items = [{ area = "ado:Network/**" }]' in text
        assert 'items = [{ area = "ado:Smart Phone/**" }]' in text
        assert "0 containers on their own" in drafted.err
        cli.write('include = ["programs/*.toml"]\n' + CONFIGURATION.format(url=ado.url))
        await asyncio.to_thread(cli.ok, "sync")
        listed = await asyncio.to_thread(cli.ok, "items", "--format", "jsonl")
        again = await asyncio.to_thread(cli.ok, "discover")
    items = [json.loads(line) for line in listed.out.splitlines()]
    assert {one["key"]: one["project"] for one in items} == {
        **{f"AB#{number}": "network" for number in range(1, 6)},
        "AB#6": "smart-phone",
    }
    assert "[[projects]]" not in again.out
