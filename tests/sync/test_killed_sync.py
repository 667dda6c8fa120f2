"""A sync over HTTP that is killed half-way, and the one after it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from connectors.jira.simulator import JiraSimulator
from syncer.clock import FixedClock
from syncer.connect.testing.script import Container, Event, ItemState, Person, ScriptedItem
from syncer.connect.testing.server import RecordedRequest, hang
from syncer.connect.testing.world import World
from syncer.domain.ref import ContainerKey
from syncer.store.engine import Store
from syncer.store.items import count_items, load_records
from syncer.store.leases import current_holder
from syncer.store.quarantine import load_quarantine
from syncer.store.sources import container_state
from syncer.sync.lease import container_lease

BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
ITEMS = {"sqlite": 10_000, "postgresql": 2_000}
NET = ContainerKey("jira", "NET")


def _world(items: int) -> World:
    world = World()
    world.add_container(Container(id="10001", key="NET", name="Network"))
    world.add_person(Person(id="kim", name="Kim Lee"))
    for number in range(items):
        at = BEGIN + timedelta(minutes=20 * number)
        started = Event(at=at + timedelta(minutes=7), actor="kim", changes={"status": "Done"})
        state = ItemState(container="NET", key=f"NET-{number + 1}", title=f"Item {number}")
        world.create(
            ScriptedItem(
                id=str(20_000 + number),
                created_at=at,
                reporter="kim",
                initial=state,
                events=(started,),
            )
        )
    return world


@dataclass
class Site:
    """A Jira of thousands of issues, and the database that is to hold them."""

    jira: JiraSimulator
    database: str
    items: int

    async def sync(self, root: Path) -> Process:
        account = self.jira.account
        env = {"JIRA_USER": account.user, "JIRA_TOKEN": account.secret, "PYTHONPATH": str(root)}
        module = [sys.executable, "-m", "tests.sync.sync_once", self.jira.url, self.database]
        return await asyncio.create_subprocess_exec(
            *module, cwd=root, env=os.environ | env, stdout=PIPE
        )

    async def synced(self, root: Path) -> dict[str, Any]:
        output, _ = await (await self.sync(root)).communicate()
        told: dict[str, Any] = json.loads(output)
        return told


@pytest.fixture
async def site(database_url: str) -> AsyncGenerator[Site]:
    items = ITEMS[make_url(database_url).drivername]
    async with JiraSimulator(_world(items), FixedClock(NOW)) as jira:
        yield Site(jira, database_url, items)


async def _killed_after(site: Site, root: Path, pages: int) -> None:
    """Start a sync and kill it with SIGKILL while it waits for pages, some of them being stored."""
    left = pages

    def count(request: RecordedRequest) -> None:
        nonlocal left
        left -= request.path.endswith(("/search/jql", "/issue/bulkfetch"))
        if left == 0:
            site.jira.server.fail(hang(), times=None)

    site.jira.server.on_request.append(count)
    process = await site.sync(root)
    async with Store(site.database) as store:
        while not await _stored(store):  # noqa: ASYNC110  another process changes it
            await asyncio.sleep(0.05)
    process.kill()
    await process.wait()
    site.jira.server.on_request.remove(count)
    site.jira.server.recover()


async def _stored(store: Store) -> int:
    async with store.read() as session:
        return await count_items(session)


async def test_f28_a_killed_sync_goes_on_and_the_next_fetches_only_what_changed(
    site: Site, root: Path
) -> None:
    await _killed_after(site, root, pages=site.items * 55 // 10_000)
    async with Store(site.database) as store, store.read() as session:
        half = await count_items(session)
        state = await container_state(session, NET)
        holder = await current_holder(session, container_lease(NET))
    assert 0 < half < site.items
    assert state is not None
    assert (state.last_success_at, state.cursor is None, holder is None) == (None, False, False)

    # The dead process still holds its lease: the next one takes it over at once.
    resumed = await site.synced(root)
    assert resumed["errors"] == []
    assert resumed["stored"] == site.items - half
    assert resumed["seen"] <= site.items - half + 300

    async with Store(site.database) as store, store.read() as session:
        assert await count_items(session) == site.items
        assert sum(bool(one.changes) for one in await load_records(session)) == site.items
        assert await load_quarantine(session) == []

    for number in range(100):
        at = NOW - timedelta(minutes=number)
        site.jira.world.edit(str(20_000 + 19 * number), at, actor="kim", title=f"New {number}")
    changed = await site.synced(root)
    assert changed["errors"] == []
    assert changed["stored"] == 100
    assert changed["seen"] <= 200
