"""GitLab from the command line into a database, by webhook, and what a census finds."""

from __future__ import annotations

import asyncio
import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.gitlab.connector import GitLabConnector
from connectors.gitlab.simulator import GitLabSimulator
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
from tests.connectors.gitlab.small_gitlab import BOTH, NOW, Still, made, running, small_world

HOUR = timedelta(hours=1)
TOKEN = SecretStr("made-up-secret-token")
SIGNING = SecretStr("whsec_" + base64.b64encode(b"k" * 32).decode())
CONFIGURATION = """
[[connections]]
name = "gl"
kind = "gitlab"
url = "{url}"
auth = {{ type = "pat", token_env = "GITLAB_TOKEN" }}
containers = ["acme", "acme/*"]
"""


def test_connector_and_simulator_are_installed() -> None:
    assert connector_class("gitlab") is GitLabConnector
    assert simulator_class("gitlab") is GitLabSimulator


async def test_check_and_sync_from_the_command_line(tmp_path: Path) -> None:
    async with running(small_world()) as (gitlab, _):
        cli = Cli(tmp_path, {"GITLAB_TOKEN": gitlab.account.secret})
        cli.write(CONFIGURATION.format(url=gitlab.url))
        checked = await asyncio.to_thread(cli.ok, "check")
        assert f"signed in at {gitlab.url} as syncer-bot" in checked.out
        assert "sees 3 containers: acme, acme/core, acme/ran" in checked.out
        synced = await asyncio.to_thread(cli.ok, "sync")
        assert "3 of 3 containers read" in synced.out
        listed = await asyncio.to_thread(cli.ok, "items")
    for key in ("acme&1", "acme&2", "acme/core#1", "acme/ran#1", "acme/ran#2", "acme/ran#3"):
        assert key in listed.out


def received(
    gitlab: GitLabSimulator,
    connector: GitLabConnector,
    *,
    secret: SecretStr,
    item: str = "3",
    action: HookAction = "updated",
) -> tuple[ItemRef, ...]:
    """What a delivery of the simulated GitLab touches, once it was found genuine."""
    delivery = gitlab.delivery(item, action, secret=secret)
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    request = HookRequest(
        method="POST", url="", headers=headers, body=delivery.body, received_at=NOW
    )
    reply = connector.receive(request, [SIGNING, TOKEN])
    assert (reply.status, reply.unreadable, reply.ignored) == (202, "", "")
    return reply.refs


@pytest.mark.parametrize("way", BOTH)
@pytest.mark.parametrize("secret", [TOKEN, SIGNING])
async def test_a_webhook_leads_to_the_item_as_it_is_now(
    secret: SecretStr, way: dict[str, Any]
) -> None:
    world = small_world()
    async with running(world, **way) as (gitlab, connector):
        world.edit("3", NOW - HOUR, actor="kim", status="Done")
        (record,) = (await connector.fetch(received(gitlab, connector, secret=secret))).records
    assert (record.item.key, record.item.status_category) == ("acme/ran#1", StatusCategory.DONE)


@pytest.mark.parametrize("way", BOTH)
async def test_the_webhook_of_an_epic_names_no_project_and_is_understood(
    way: dict[str, Any],
) -> None:
    async with running(small_world(), **way) as (gitlab, connector):
        refs = received(gitlab, connector, secret=TOKEN, item="2")
        assert [ref.locator for ref in refs] == ["acme&2"]
        fetched = await connector.fetch(refs)
    assert [one.item.key for one in fetched.records] == ["acme&2"]


@pytest.mark.parametrize("way", BOTH)
async def test_a_census_finds_what_was_deleted_and_keeps_what_is_hidden(
    tmp_path: Path, way: dict[str, Any]
) -> None:
    world, clock = small_world(), Still()
    for number in range(10, 16):
        made(world, number, f"acme/ran#{number}")
    made(world, 20, "acme/ran#20", restricted=True)
    async with Store(f"sqlite:///{tmp_path}/syncer.db") as store:
        await migrate.upgrade(store)
        async with running(world, clock=clock, **way) as (_, connector):
            await pull_connection(store, connector, connection="gl", clock=clock)
            for _ in range(2):  # the first one makes the account known
                await census_connection(
                    store, connector, connection="gl", clock=clock, wanted=Wanted(),
                    due=lambda _state: True,
                )  # fmt: skip
                clock.instant += HOUR
                world.delete("4", NOW)
                world.hide("20", NOW)
        async with store.read() as session:
            states = {item.key: item.state for item in await load_items(session)}
    assert states.pop("acme/ran#2") is ItemState.DELETED
    assert states.pop("acme/ran#20") is ItemState.HIDDEN  # a confidential one: nobody can tell
    assert set(states.values()) == {ItemState.LIVE}


async def test_what_moves_to_another_project_stays_the_same_item(tmp_path: Path) -> None:
    world, clock = small_world(), Still()
    async with Store(f"sqlite:///{tmp_path}/syncer.db") as store:
        await migrate.upgrade(store)
        async with running(world, clock=clock) as (_, connector):
            await pull_connection(store, connector, connection="gl", clock=clock)
            world.move("4", NOW, container="acme/core", key="acme/core#9")
            clock.instant += HOUR
            await census_connection(
                store, connector, connection="gl", clock=clock, wanted=Wanted(),
                due=lambda _state: True,
            )  # fmt: skip
            await pull_connection(store, connector, connection="gl", clock=clock)
        async with store.read() as session:
            live = {i.key: i.uid for i in await load_items(session) if i.state is ItemState.LIVE}
    assert live["acme/core#9"] == "gl:4"
    assert "acme/ran#2" not in live
