"""A small simulated Jira with half a year of work up to today, and the real command line."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from connectors.jira.simulator import JiraSimulator
from syncer.clock import SystemClock
from syncer.connect.testing.script import (
    Container,
    Event,
    ItemState,
    Person,
    ScriptedItem,
    ScriptedLink,
)
from syncer.connect.testing.world import World
from syncer.domain.link import LinkKind

TOKEN = "canary-token-7e1f"
NOW = datetime.now(UTC).replace(microsecond=0)
HOSTILE = '=HYPERLINK("http://evil.example","x")\u202e\x1b[31m'


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [orjson.loads(line) for line in self.out.splitlines()]


@dataclass
class Cli:
    """Runs `syncer` as a person would: another process, in a folder of its own."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, text: str, name: str = "syncer.toml") -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    async def __call__(self, *arguments: str, stdin: str = "") -> Result:
        kept = {name: text for name, text in os.environ.items() if not name.startswith("SYNCER_")}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "syncer", *arguments),
            cwd=self.folder,
            env={**kept, **self.environment},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate(stdin.encode())
        return Result(process.returncode or 0, out.decode(), err.decode())

    async def ok(self, *arguments: str, stdin: str = "") -> Result:
        result = await self(*arguments, stdin=stdin)
        assert result.code == 0, result
        return result


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def _item(
    number: int, *, container: str = "NET", done: float | None = None, **state: Any
) -> ScriptedItem:
    """An item created half a year ago; `done` so many days ago, after a week of work."""
    events = []
    if done is not None:
        events = [
            Event(at=ago(done + 7), actor="ann", changes={"status": "In Progress"}),
            Event(at=ago(done), actor="ann", changes={"status": "Done", "resolution": "Done"}),
        ]
    initial = {
        "container": container,
        "key": f"{container}-{number}",
        "title": f"Item {number} of {container}",
        "assignee": "ann",
        **state,
    }
    identity = str((10_000 if container == "NET" else 20_000) + number)
    return ScriptedItem(
        id=identity,
        created_at=ago(180),
        reporter="bob",
        initial=ItemState(**initial),
        events=tuple(events),
    )


def small_world() -> World:
    """NET: 30 items done over 13 weeks, 10 open, a deleted one; OUT: 4 open, waiting for NET."""
    world = World()
    for number, key in enumerate(("NET", "OUT"), start=1):
        world.add_container(Container(id=str(number), key=key, name=f"Project {key}"))
    world.add_person(Person(id="ann", name="Ann Ash", email="ann@example.com"))
    world.add_person(Person(id="bob", name="Bob Birch", email="bob@example.com"))
    for number in range(1, 31):
        world.create(_item(number, done=3 + number * 2.9, labels=("site",)))
    for number in range(31, 41):
        world.create(_item(number, priority="High"))
    world.edit("10031", ago(20), actor="ann", title=HOSTILE)
    world.create(_item(41, title="Deleted"))
    for number in range(1, 5):
        world.create(_item(number, container="OUT", due=(NOW + timedelta(days=30)).date()))
    world.link(
        ScriptedLink(
            id="1",
            kind=LinkKind.BLOCKS,
            source="10032",
            target="20001",
            created_at=ago(30),
        )
    )
    return world


@asynccontextmanager
async def running_jira(world: World | None = None) -> AsyncIterator[JiraSimulator]:
    """The simulated Jira, up."""
    async with JiraSimulator(world or small_world(), SystemClock()) as jira:
        yield jira


def configuration(jira: JiraSimulator, more: str = "", settings: Mapping[str, str] = {}) -> str:
    """A configuration with one connection, and more."""
    rest = "\n".join(f"{key} = {value}" for key, value in settings.items())
    return f"""
[service]
timezone = "Europe/Berlin"

[[connections]]
name = "jira"
kind = "jira"
url = "{jira.url}"
auth = {{ email = "{jira.account.user}", token_env = "JIRA_TOKEN" }}
{rest}

{more}
"""
