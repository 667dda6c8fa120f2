"""The real command line in a process of its own, as a person or a script starts it."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

_ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.out)

    @property
    def rows(self) -> list[Any]:
        """One JSON object a line."""
        return [orjson.loads(line) for line in self.out.splitlines()]

    @property
    def said(self) -> str:
        """Everything that it printed."""
        return self.out + self.err


@dataclass
class Syncer:
    """Starts `syncer` in a folder with a configuration; `told` keeps every output."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    told: list[Done] = field(default_factory=list)

    def configure(self, text: str, name: str = "syncer.toml") -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    async def start(self, *arguments: str) -> Process:
        """Begin a command and do not wait for it."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("SYNCER_")}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "syncer", *arguments),
            cwd=self.folder,
            env={**kept, **self.environment, "PYTHONPATH": str(_ROOT)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
        )

    async def __call__(self, *arguments: str) -> Done:
        process = await self.start(*arguments)
        out, err = await process.communicate()
        done = Done(process.returncode or 0, out.decode(), err.decode())
        self.told.append(done)
        return done

    def database(self) -> bytes:
        """The raw bytes of the database and of what lies beside it."""
        return b"".join(path.read_bytes() for path in sorted(self.folder.glob("syncer.db*")))


def connection(name: str, url: str, settings: Mapping[str, str] = {}) -> str:
    """A `[[connections]]` table of kind `jira` whose token is in JIRA_TOKEN."""
    keys = {
        "name": f'"{name}"',
        "kind": '"jira"',
        "url": f'"{url}"',
        "auth": '{ email = "bot@example.com", token_env = "JIRA_TOKEN" }',
        **settings,
    }
    return "\n[[connections]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
