"""A Jira of 10,000 issues, a sync that is killed half-way, and the one that goes on."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from aiohttp import web

from connectors.jira.simulator import JiraSimulator
from syncer.clock import FixedClock
from syncer.connect.testing.script import Container, Event, ItemState, Person, ScriptedItem
from syncer.connect.testing.server import Handler
from syncer.connect.testing.world import World
from tests.acceptance.process import Done, Syncer, connection

ITEMS, CHANGED, PAGE = 10_000, 100, 100
AHEAD = 14
"""Pages that may be on their way, or wait to be stored, when the process dies."""

NOW = datetime.now(UTC).replace(microsecond=0)
BEGIN = NOW - timedelta(days=300)


def _item(number: int) -> ScriptedItem:
    """All are begun, every tenth is done."""
    at = BEGIN + timedelta(minutes=37 * number)
    begun = Event(at=at + timedelta(hours=3), actor="ann", changes={"status": "In Progress"})
    done = Event(at=at + timedelta(days=2), actor="ann", changes={"status": "Done"})
    return ScriptedItem(
        id=str(100_000 + number),
        created_at=at,
        reporter="bob",
        initial=ItemState(container="BIG", key=f"BIG-{number + 1}", title=f"Issue {number + 1}"),
        events=(begun, done) if number % 10 == 0 else (begun,),
    )


def _world() -> World:
    world = World()
    world.add_container(Container(id="1", key="BIG", name="Big project"))
    world.add_person(Person(id="ann", name="Ann Ash"))
    world.add_person(Person(id="bob", name="Bob Birch"))
    for number in range(ITEMS):
        world.create(_item(number))
    return world


@dataclass
class Meter:
    """Counts the issues that leave, not mere ids; from `limit` on the answer never comes."""

    served: int = 0
    limit: int | None = None
    held: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.limit is not None and self.served >= self.limit:
            self.held.set()
            await asyncio.Event().wait()
        response = await handler(request)
        assert isinstance(response, web.Response)
        assert isinstance(response.body, bytes)
        self.served += sum(1 for one in orjson.loads(response.body)["issues"] if one.get("fields"))
        return response

    def reset(self) -> int:
        served, self.served = self.served, 0
        return served


@pytest.fixture
def meter() -> Meter:
    return Meter()


@pytest.fixture
async def jira(meter: Meter) -> AsyncIterator[JiraSimulator]:
    async with JiraSimulator(_world(), FixedClock(NOW)) as running:
        for path in ("*/search/jql", "*/issue/bulkfetch"):
            running.server.fail(meter, times=None, path=path)
        yield running


@pytest.fixture
def syncer(tmp_path: Path, jira: JiraSimulator) -> Syncer:
    made = Syncer(tmp_path, {"JIRA_TOKEN": jira.account.secret})
    made.configure(connection("jira", jira.url))
    return made


def _stored(folder: Path) -> tuple[int, int, int]:
    """Rows of the table of items, distinct issues among them, unreadable ones."""
    database = sqlite3.connect(folder / "syncer.db")
    try:
        rows, distinct = database.execute(
            "SELECT count(*), count(DISTINCT uid) FROM items"
        ).fetchone()
        (unreadable,) = database.execute("SELECT count(*) FROM quarantine").fetchone()
    finally:
        database.close()
    return rows, distinct, unreadable


async def _killed_at(syncer: Syncer, meter: Meter, limit: int) -> Done:
    """Begin a sync, and kill it with SIGKILL while it waits for the page after `limit` issues."""
    meter.limit = limit
    process = await syncer.start("sync")
    await meter.held.wait()
    process.kill()
    out, err = await process.communicate()
    meter.limit = None
    return Done(process.returncode or 0, out.decode(), err.decode())


async def test_a_killed_sync_goes_on_and_the_next_reads_only_what_changed(
    syncer: Syncer, jira: JiraSimulator, meter: Meter
) -> None:
    killed = await _killed_at(syncer, meter, ITEMS // 2)
    before_kill, (half, _, _) = meter.reset(), _stored(syncer.folder)
    assert (killed.code, killed.out) == (-9, "")
    assert 0 < half < ITEMS

    resumed = await syncer("sync")
    after_kill = meter.reset()
    assert resumed.code == 0, resumed.said
    assert _stored(syncer.folder) == (ITEMS, ITEMS, 0)
    assert before_kill + after_kill <= ITEMS + AHEAD * PAGE
    assert f"{ITEMS - half} new or changed" in resumed.out

    for number in range(CHANGED):
        at = NOW - timedelta(minutes=number)
        jira.world.edit(str(100_000 + 83 * number), at, actor="ann", title=f"Renamed {number}")
    changed = await syncer("sync")
    refreshed = meter.reset()
    assert changed.code == 0, changed.said
    assert f"{CHANGED} new or changed" in changed.out
    assert CHANGED <= refreshed <= 3 * CHANGED
    assert _stored(syncer.folder) == (ITEMS, ITEMS, 0)
    rows = (await syncer("items", "--format", "jsonl")).rows
    assert len({row["ref"]["id"] for row in rows}) == len(rows) == ITEMS
    assert sum(row["title"].startswith("Renamed ") for row in rows) == CHANGED

    _assert_progress(killed.err, resumed.err)
    print(
        f"served before SIGKILL {before_kill} (stored {half}), after {after_kill}, "
        f"for {CHANGED} changes {refreshed}"
    )


def _assert_progress(killed: str, resumed: str) -> None:
    """Both tell on standard error how far they are."""
    assert "jira:BIG: reading" in killed
    assert re.search(rf"jira:BIG: [1-4]\d\d\d of {ITEMS} items", killed)
    assert "done" not in killed
    assert re.search(r"jira:BIG: [1-4]\d\d\d items", resumed)
    assert re.search(r"jira:BIG: done, [5-7]\d\d\d items", resumed)
