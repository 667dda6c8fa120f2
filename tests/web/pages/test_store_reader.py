"""The reader over a real store: when it reads anew, what it says while it cannot, and on reload."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from syncer.service.core import Service
from syncer.service.reading import FRESH, StoreReader
from syncer.settings.load import load_settings
from syncer.store.codec import encode
from syncer.store.items import save_records
from syncer.web.pages.app import pages_app
from syncer.web.pages.reader import Current
from tests.store.samples import NOON, record
from tests.web.pages.test_pages import words_of

CONFIGURATION = """
[service]
database_url = "sqlite:///syncer.db"

[[connections]]
name = "jira"
kind = "jira"
url = "http://127.0.0.1:9"
auth = {{ email = "bot@example.com", token_env = "JIRA_TOKEN" }}

[[projects]]
key = "net"
name = "{name}"
owner = "M. Okafor"
items = ["jira:NET"]
"""


@dataclass
class HandClock:
    """Stands still until it is set forward."""

    instant: datetime = NOON

    def now(self) -> datetime:
        return self.instant


@dataclass
class World:
    """A store with one item, its service, a reader, and the clock of all."""

    folder: Path
    clock: HandClock
    service: Service
    reader: StoreReader

    async def save(self, *numbers: int) -> None:
        known = [encode(record(number)) for number in numbers]
        async with self.service.store.write() as session:
            await save_records(session, known, known={}, at=NOON)

    async def judged(self) -> None:
        await self.service.judge()
        await self.reader.refresh()

    def configured(self, name: str) -> Service:
        text = CONFIGURATION.format(name=name)
        (self.folder / "syncer.toml").write_text(text)
        settings = load_settings(self.folder / "syncer.toml", {"JIRA_TOKEN": "tok-1a2b-secret"})
        return Service(settings, clock=self.clock, store=self.service.store)

    def execute(self, statement: str) -> None:
        with closing(sqlite3.connect(self.folder / "syncer.db")) as database:
            database.execute(statement)
            database.commit()

    async def eventually(self, seen: Callable[[Current], bool]) -> Current:
        """The first answer of which this is true; pages never wait for it."""
        async with asyncio.timeout(60):
            while not seen(current := await self.reader.current()):  # noqa: ASYNC110  a page asks
                await asyncio.sleep(0.01)
        return current


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    path = tmp_path / "syncer.toml"
    path.write_text(CONFIGURATION.format(name="Network"))
    clock = HandClock()
    settings = load_settings(path, {"JIRA_TOKEN": "tok-1a2b-secret"})
    async with Service(settings, clock=clock) as service:
        reader = StoreReader(service)
        world = World(tmp_path, clock, service, reader)
        await world.save(1)
        yield world
        await reader.aclose()


def keys(current: Current) -> list[str]:
    return [item.key for item in current.stock.items]


async def test_a_fresh_reading_is_kept_and_an_old_one_made_anew_in_the_background(
    world: World,
) -> None:
    assert keys(await world.reader.current()) == ["NET-1"]
    await world.save(2)
    world.clock.instant += FRESH - timedelta(seconds=1)
    assert keys(await world.reader.current()) == ["NET-1"]
    world.clock.instant += timedelta(hours=1)
    last = await world.reader.current()
    assert keys(last) == ["NET-1"]
    assert last.now == world.clock.instant
    found = await world.eventually(lambda one: one.pair.current.as_of == world.clock.instant)
    assert keys(found) == ["NET-1", "NET-2"]


async def test_many_readers_at_once_cost_one_reading(world: World) -> None:
    answers = await asyncio.gather(*(world.reader.current() for _ in range(20)))
    assert len({id(one.stock) for one in answers}) == 1


async def test_after_judging_the_pages_show_the_verdicts_at_once(world: World) -> None:
    assert not (await world.reader.current()).stock.verdicts
    await world.judged()
    assert list((await world.reader.current()).stock.verdicts) == ["jira:10001"]


async def test_what_cannot_be_read_anew_is_told_on_every_page_until_it_can(world: World) -> None:
    await world.reader.refresh()
    world.execute("ALTER TABLE items RENAME TO elsewhere")
    world.clock.instant += timedelta(hours=1)
    failed = await world.eventually(lambda one: bool(one.fault))
    assert keys(failed) == ["NET-1"]
    async with TestClient(TestServer(pages_app(world.reader))) as client:
        for path in ("/", "/items", "/projects/net", "/sources"):
            answer = await client.get(path)
            told = words_of(await answer.text())
            if answer.status == 200:
                assert "These pages could not be brought up to date." in told, path
            assert "elsewhere" not in told
        world.execute("ALTER TABLE elsewhere RENAME TO items")
        await world.reader.refresh()
        told = words_of(await (await client.get("/")).text())
        assert "could not be brought up to date" not in told


async def test_a_first_reading_that_fails_is_told_and_tried_again(world: World) -> None:
    world.execute("ALTER TABLE items RENAME TO elsewhere")
    async with TestClient(TestServer(pages_app(world.reader))) as client:
        assert (await client.get("/")).status in {500, 503}
        world.execute("ALTER TABLE elsewhere RENAME TO items")
        assert (await client.get("/")).status == 200


async def test_a_reloaded_configuration_is_read_with_soon_without_waiting_for_age(
    world: World,
) -> None:
    def name(current: Current) -> str:
        return current.pair.current.projects[0].name

    assert name(await world.reader.current()) == "Network"
    world.reader.use(world.configured("Fixed lines"))
    found = await world.eventually(lambda one: name(one) == "Fixed lines")
    assert keys(found) == ["NET-1"]


async def test_the_sources_page_says_that_a_changed_configuration_was_not_taken(
    world: World,
) -> None:
    world.reader.configuration_fault = "projects[0].owner is missing"
    assert (await world.reader.ledger()).configuration_fault == "projects[0].owner is missing"


async def test_figures_lead_to_exactly_the_items_that_they_count(world: World) -> None:
    await world.save(*range(2, 8))
    part = record(20, hierarchy_level=-1, parent=record(3).item.ref)
    async with world.service.store.write() as session:
        await save_records(session, [encode(part)], known={}, at=NOON)
    await world.reader.refresh()
    (project,) = (await world.reader.current()).pair.current.projects
    async with TestClient(TestServer(pages_app(world.reader))) as client:
        address = "/items?of=proj:net&counted=1&status=open"
        words = words_of(await (await client.get(address)).text())
        every = words_of(await (await client.get("/items?of=proj:net&status=open")).text())
    assert project.remaining == 7
    assert "7 items" in words
    assert "8 items" in every
