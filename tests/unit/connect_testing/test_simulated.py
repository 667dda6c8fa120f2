from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from syncer.clock import FixedClock
from syncer.connect.testing.delivery import Delivery, HookAction
from syncer.connect.testing.script import Container, Event, ItemState, ScriptedItem
from syncer.connect.testing.server import Account
from syncer.connect.testing.simulated import SimulatedTracker, Standing
from syncer.connect.testing.world import World

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Acorn(SimulatedTracker):
    """The least that a simulator is."""

    def __init__(self, world: World, containers: Collection[str] | None = None) -> None:
        super().__init__(
            world,
            FixedClock(BEGIN),
            account=Account(schemes=("Bearer",)),
            containers=containers,
            open_paths=("/about",),
        )
        self.server.route("GET", "/about", self._about)
        self.server.route("GET", "/items", self._about)

    def item_url(self, item_id: str) -> str:
        return f"{self.url}/{item_id}"

    def delivery(self, item_id: str, action: HookAction, *, secret: SecretStr) -> Delivery:
        return Delivery(
            headers={"X-Secret": secret.get_secret_value()}, body=f"{action} {item_id}".encode()
        )

    async def _about(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(sorted(self.served()))


def two_containers() -> World:
    world = World()
    world.add_container(Container(id="10001", key="NET", name="Network"))
    world.add_container(Container(id="10002", key="OUT", name="Outreach"))
    return world


async def test_it_serves_whoever_has_the_account_while_it_is_open() -> None:
    tracker = Acorn(two_containers())
    headers = {"Authorization": f"Bearer {tracker.account.secret}"}
    async with tracker, aiohttp.ClientSession() as session:
        assert tracker.item_url("1") == f"{tracker.url}/1"
        async with session.get(f"{tracker.url}/items", headers=headers) as answer:
            assert await answer.json() == ["NET", "OUT"]
        async with session.get(f"{tracker.url}/items") as answer:
            assert answer.status == 401
        async with session.get(f"{tracker.url}/about") as answer:
            assert answer.status == 200
    with pytest.raises(RuntimeError):
        _ = tracker.url


def test_it_shows_the_containers_that_live_there_and_are_not_hidden() -> None:
    assert Acorn(two_containers(), ["OUT"]).served() == {"OUT"}
    everything = Acorn(two_containers())
    everything.hidden_containers.add("OUT")
    assert everything.served() == {"NET"}
    everything.world.add_container(Container(id="10003", key="NEW", name="New"))
    assert everything.served() == {"NET", "NEW"}


def test_what_stands_is_kept_until_something_changes() -> None:
    world = two_containers()
    initial = ItemState(container="NET", key="NET-1", title="Mast")
    event = Event(at=BEGIN + HOUR, changes={"status": "Done"})
    world.create(
        ScriptedItem(id="1", created_at=BEGIN, reporter="kim", initial=initial, events=(event,))
    )
    standing: Standing[object] = Standing(world)
    first = standing.at(BEGIN, ("a",), object)
    assert standing.at(BEGIN + HOUR / 2, ("a",), object) is first
    another = standing.at(BEGIN + HOUR / 2, ("b",), object)
    assert another is not first
    later = standing.at(BEGIN + HOUR, ("b",), object)
    assert later is not another
    world.add_container(Container(id="10003", key="NEW", name="New"))
    assert standing.at(BEGIN + HOUR, ("b",), object) is not later
