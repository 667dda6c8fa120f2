"""From a webhook of the simulated GitHub to the item that the connector fetches for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from connectors.github.config import GitHubConfig
from connectors.github.connector import GitHubConnector
from connectors.github.simulator import GitHubSimulator
from connectors.github.simulator_app import App
from syncer.clock import FixedClock
from syncer.connect.auth import with_secrets
from syncer.connect.protocol import Fetched, HookReply, HookRequest
from syncer.connect.testing.delivery import HookAction
from syncer.connect.testing.script import Container, ItemState, Person, ScriptedItem
from syncer.connect.testing.world import World
from syncer.domain.item import StatusCategory
from syncer.domain.ref import ItemRef

NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
SECRET = SecretStr("made-up-hook-secret")
REF = ItemRef("gh", "101")


@pytest.fixture
def world() -> World:
    world = World()
    for number, key in enumerate(("acme/phone", "acme/masts")):
        world.add_container(Container(id=str(10001 + number), key=key, name=key))
    world.add_person(Person(id="kim", name="Kim Lee"))
    state = ItemState(container="acme/phone", key="acme/phone#1", title="Phone 1")
    begin = NOW - timedelta(days=20)
    world.create(ScriptedItem(id="101", created_at=begin, reporter="kim", initial=state))
    return world


@pytest.fixture
async def github(world: World) -> AsyncIterator[GitHubSimulator]:
    async with GitHubSimulator(world, FixedClock(NOW)) as github:
        yield github


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def connector(
    github: GitHubSimulator, session: aiohttp.ClientSession, secret: str, **auth: Any
) -> GitHubConnector:
    config = GitHubConfig.model_validate({"name": "gh", "url": github.url, "auth": auth})
    read = with_secrets(config, env={"SECRET": secret}, base=Path())
    return GitHubConnector("gh", read, session, clock=FixedClock(NOW))


@pytest.fixture
def by_token(github: GitHubSimulator, session: aiohttp.ClientSession) -> GitHubConnector:
    return connector(github, session, github.account.secret, token_env="SECRET")


def hooked(github: GitHubSimulator, by_token: GitHubConnector, action: HookAction) -> HookReply:
    delivery = github.delivery("101", action, secret=SECRET)
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    request = HookRequest(method="POST", url="", headers=headers, body=delivery.body)
    return by_token.receive(request, [SECRET])


async def after(github: GitHubSimulator, by_token: GitHubConnector, action: HookAction) -> Fetched:
    return await by_token.fetch(hooked(github, by_token, action).refs)


async def test_a_changed_issue_is_fetched_as_it_is_now(
    world: World, github: GitHubSimulator, by_token: GitHubConnector
) -> None:
    world.edit("101", NOW - timedelta(hours=1), actor="kim", status="In Progress")
    world.edit("101", NOW - timedelta(hours=1), actor="kim", due=date(2026, 12, 18))
    (record,) = (await after(github, by_token, "updated")).records
    assert (record.item.ref, record.item.key) == (REF, "acme/phone#1")
    assert record.item.url == github.item_url("101")
    assert record.item.status_category is StatusCategory.IN_PROGRESS
    assert record.item.due_date == date(2026, 12, 18)


async def test_an_app_fetches_as_a_token_does(
    github: GitHubSimulator, session: aiohttp.ClientSession, by_token: GitHubConnector
) -> None:
    key = RSAKey.generate_key(2048)
    clock = FixedClock(NOW)
    github.install(App(public_key=key.as_pem(private=False).decode(), clock=clock))
    private = key.as_pem(private=True).decode()
    by_app = connector(github, session, private, app_id=4711, private_key_env="SECRET")
    refs = hooked(github, by_token, "created").refs
    assert (await by_app.fetch(refs)).records == (await by_token.fetch(refs)).records
    assert [one.key.key for one in (await by_app.probe()).containers] == [
        "acme/masts",
        "acme/phone",
    ]
