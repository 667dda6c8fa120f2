"""A simulated Jira behind a faulty network, and a real connector and store before it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp

from connectors.jira.config import JiraConfig
from connectors.jira.connector import JiraConnector
from connectors.jira.simulator import JiraSimulator
from syncer.connect.auth import with_secrets
from syncer.connect.testing.proxy import FaultProxy
from syncer.connect.testing.server import RecordedRequest
from syncer.connect.testing.world import World, uniform_world
from syncer.domain.item import WorkItem
from syncer.domain.ref import ContainerKey
from syncer.store.engine import Store
from syncer.store.items import load_items
from syncer.sync.connection import ConnectionResult, pull_connection
from syncer.sync.pull import Errand
from tests.unit.connect.servers import SleepingClock

NOW: Final = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
PATIENCE: Final = 60.0
"""Seconds that anything may take here: a bound for what hangs, no measure of speed."""


@dataclass
class Skewed:
    """A tracker's clock, which runs with ours but shows another time."""

    ours: SleepingClock
    skew: timedelta

    def now(self) -> datetime:
        return self.ours.now() + self.skew


@dataclass
class Line:
    """One connection `name` to a Jira whose one container is `NET`."""

    name: str
    jira: JiraSimulator
    proxy: FaultProxy
    connector: JiraConnector
    clock: SleepingClock
    their_clock: Skewed
    asked_at: list[datetime] = field(default_factory=list)

    @property
    def container(self) -> ContainerKey:
        return ContainerKey(self.name, "NET")

    def note(self, _: RecordedRequest) -> None:
        self.asked_at.append(self.clock.now())

    async def pull(self, store: Store, *, full: bool = False) -> ConnectionResult:
        return await pull_connection(
            store,
            self.connector,
            connection=self.name,
            clock=self.clock,
            errand=Errand(full=full),
        )

    async def stored(self, store: Store) -> dict[str, WorkItem]:
        """The stored items of this connection by the tracker's id."""
        async with store.read() as session:
            items = await load_items(session)
        return {one.ref.id: one for one in items if one.ref.connection == self.name}

    async def is_equal(self, store: Store) -> bool:
        """Whether the store holds what the tracker shows, title by title."""
        stored = {one: item.title for one, item in (await self.stored(store)).items()}
        return stored == self.titles()

    def titles(self) -> dict[str, str]:
        """What the tracker shows now."""
        now, world = self.their_clock.now(), self.jira.world
        shown = {one: world.visible(one, now) for one in world.ids()}
        return {one: state.title for one, state in shown.items() if state is not None}

    def edit(self, item_id: str, title: str) -> None:
        self.jira.world.edit(item_id, self.their_clock.now(), title=title)


@asynccontextmanager
async def line(
    world: World | None = None,
    *,
    name: str = "jira",
    sort: type[JiraSimulator] = JiraSimulator,
    skew: timedelta = timedelta(),
    **keys: Any,
) -> AsyncIterator[Line]:
    """A line to a tracker of twenty issues, or of the world's, whose clock may differ from ours."""
    shown, ours = world or uniform_world(count=20, container="NET"), SleepingClock(NOW)
    theirs = Skewed(ours, skew)
    async with (
        sort(shown, theirs) as jira,
        FaultProxy("127.0.0.1", int(jira.url.rpartition(":")[2])) as proxy,
        aiohttp.ClientSession() as session,
    ):
        connector = JiraConnector(
            name,
            config_of(jira, f"http://127.0.0.1:{proxy.port}", name=name, **keys),
            session,
            clock=ours,
            sleep=ours.sleep,
            gateway=jira.url,
        )
        made = Line(name, jira, proxy, connector, ours, theirs)
        jira.server.on_request.append(made.note)
        yield made


def config_of(jira: JiraSimulator, url: str, **keys: Any) -> JiraConfig:
    """The configuration of a connection to the simulator at another address."""
    auth: dict[str, Any] = (
        {"email": jira.account.user, "token_env": "T"}
        if jira.is_cloud
        else {"type": "pat", "token_env": "T"}
    )
    table = {"kind": "jira", "url": url, "auth": auth, **keys}
    return with_secrets(
        JiraConfig.model_validate(table), env={"T": jira.account.secret}, base=Path()
    )
