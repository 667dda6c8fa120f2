"""Linear from the command line into a database, by webhook, and what a census finds."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from connectors.linear.connector import LinearConnector
from connectors.linear.simulator import LinearSimulator
from syncer.connect.protocol import HookRequest
from syncer.connect.registry import connector_class, simulator_class
from syncer.domain.item import ItemState, StatusCategory
from syncer.store import migrate
from syncer.store.engine import Store
from syncer.store.items import load_items
from syncer.sync.connection import Wanted, pull_connection
from syncer.sync.reconcile import census_connection
from tests.acceptance.cli_world import Cli
from tests.connectors.linear.small_linear import NOW, Still, made, running, small_world

HOUR = timedelta(hours=1)
SECRET = SecretStr("lin_wh_made_up")
CONFIGURATION = """
[[connections]]
name = "li"
kind = "linear"
url = "{url}"
api_url = "{url}"
auth = {{ type = "pat", token_env = "LINEAR_TOKEN" }}
"""


def test_connector_and_simulator_are_installed() -> None:
    assert connector_class("linear") is LinearConnector
    assert simulator_class("linear") is LinearSimulator


async def test_check_and_sync_from_the_command_line(tmp_path: Path) -> None:
    async with running(small_world()) as (linear, _):
        cli = Cli(tmp_path, {"LINEAR_TOKEN": linear.account.secret})
        cli.write(CONFIGURATION.format(url=linear.url))
        checked = await asyncio.to_thread(cli.ok, "check")
        assert f"signed in at {linear.url} as syncer-bot" in checked.out
        assert "sees 3 containers: CORE, RAN, acme" in checked.out
        synced = await asyncio.to_thread(cli.ok, "sync")
        assert "3 of 3 containers read" in synced.out
        listed = await asyncio.to_thread(cli.ok, "items")
    for key in ("RAN-1", "RAN-2", "RAN-3", "CORE-1", "project/2a0", "initiative/1a0"):
        assert key in listed.out


async def test_a_webhook_leads_to_the_item_as_it_is_now() -> None:
    world = small_world()
    async with running(world) as (linear, connector):
        delivery = linear.delivery("3", "updated", secret=SECRET)
        world.edit("3", NOW - HOUR, actor="kim", status="Done", resolution="Done")
        headers = {name.lower(): value for name, value in delivery.headers.items()}
        request = HookRequest(
            method="POST", url="", headers=headers, body=delivery.body, received_at=NOW
        )
        reply = connector.receive(request, [SECRET])
        assert (reply.status, reply.unreadable, reply.ignored) == (200, "", "")
        (record,) = (await connector.fetch(reply.refs)).records
    assert (record.item.key, record.item.status_category) == ("RAN-1", StatusCategory.DONE)


async def test_a_census_buries_what_lies_in_the_trash_and_nothing_else(tmp_path: Path) -> None:
    """What has left the trash unseen may as well be out of the account's sight."""
    world, clock = small_world(), Still()
    for number in range(10, 20):
        made(world, number, f"RAN-{number}")
    async with Store(f"sqlite:///{tmp_path}/syncer.db") as store:
        await migrate.upgrade(store)
        async with running(world, clock=clock) as (linear, connector):
            await pull_connection(store, connector, connection="li", clock=clock)
            for _ in range(2):  # the first one makes the account known
                await census_connection(
                    store, connector, connection="li", clock=clock, wanted=Wanted(),
                    due=lambda _state: True,
                )  # fmt: skip
                clock.instant += HOUR
                world.delete("4", NOW)
                linear.quirks.purged.add("10")
        async with store.read() as session:
            states = {item.key: item.state for item in await load_items(session)}
    assert states.pop("RAN-2") is ItemState.DELETED
    assert states.pop("RAN-10") is ItemState.HIDDEN
    assert set(states.values()) == {ItemState.LIVE}


async def test_an_issue_that_moves_to_another_team_stays_the_same_item(tmp_path: Path) -> None:
    world, clock = small_world(), Still()
    async with Store(f"sqlite:///{tmp_path}/syncer.db") as store:
        await migrate.upgrade(store)
        async with running(world, clock=clock) as (_, connector):
            await pull_connection(store, connector, connection="li", clock=clock)
            clock.instant += HOUR
            world.move("4", clock.now(), container="CORE", key="CORE-9")
            clock.instant += HOUR
            await pull_connection(store, connector, connection="li", clock=clock)
        async with store.read() as session:
            items = {item.key: item for item in await load_items(session)}
    assert items["CORE-9"].uid == "li:4"
    assert "RAN-2" not in items
