"""A small simulated Jira with half a year of work up to today, and the real command line."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from unittest import mock

import orjson
import structlog

from connectors.jira.simulator import JiraSimulator
from syncer.cli.main import main
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
    """Runs `syncer` in a folder of its own, as another process or, quicker, in this one."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, text: str, name: str = "syncer.toml") -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def process(self, *arguments: str, stdin: str = "") -> Result:
        """The command as a person starts it."""
        done = subprocess.run(
            [sys.executable, "-m", "syncer", *arguments],
            cwd=self.folder,
            env={**_foreign_environment(), **self.environment},
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def __call__(self, *arguments: str) -> Result:
        """The same entry point in this process, which spares the imports."""
        written, err = io.BytesIO(), io.StringIO()
        out = io.TextIOWrapper(written, "utf-8")
        with (
            mock.patch.dict(os.environ, {**_foreign_environment(), **self.environment}, clear=True),
            mock.patch.object(sys, "argv", ["syncer", *arguments]),
            mock.patch.object(sys, "excepthook", sys.excepthook),
            chdir(self.folder),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = _exit_code()
        out.flush()
        return Result(code, written.getvalue().decode(), err.getvalue())

    def ok(self, *arguments: str) -> Result:
        result = self(*arguments)
        assert result.code == 0, result
        return result


def _foreign_environment() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if not name.startswith("SYNCER_")}


def _exit_code() -> int:
    handlers, level = logging.root.handlers[:], logging.root.level
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
        structlog.reset_defaults()
    return 0


class JiraThread:
    """The simulated Jira in a thread of its own, so that commands may be run synchronously."""

    def __init__(self, world: World) -> None:
        self.jira = JiraSimulator(world, SystemClock())
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> JiraSimulator:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.jira.__aenter__(), self._loop).result()
        return self.jira

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self.jira.__aexit__(None, None, None), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


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
