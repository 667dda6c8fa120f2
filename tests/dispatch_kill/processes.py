"""Processes of a test: begun, watched, waited for, ended."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tests.dispatch_kill.replica import Spec
from tests.replicas.processes import Zygote

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE: Final = 180.0
LOOK: Final = 0.05


@asynccontextmanager
async def helper(module: str, *arguments: str) -> AsyncGenerator[Process]:
    """A module of this folder in a process of its own; it ends as its standard input does."""
    command = (sys.executable, "-m", f"tests.dispatch_kill.{module}", *arguments)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stdin=PIPE, stdout=PIPE
    )
    assert process.stdin is not None
    try:
        yield process
    finally:
        process.stdin.close()
        await process.wait()


async def line_of(process: Process) -> bytes:
    """The next line that the process prints."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        line = await process.stdout.readline()
    assert line, "the process has ended"
    return line


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """A replica, while it lives and afterwards; `control` is its control file."""

    pid: int
    zygote: Zygote
    control: Path

    @property
    def state(self) -> str:
        """`R`, `S`, `T` (stopped) …; empty where it is no more."""
        return self.zygote.state(self.pid)

    @property
    def hits(self) -> list[str]:
        """The edges at which its script has ended or stopped it."""
        file = self.control.with_name(f"{self.control.name}.hits")
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [line.split()[0] for line in lines]

    def signal(self, number: signal.Signals) -> bool:
        """False where it is no more."""
        return self.zygote.send(self.pid, number)

    async def dead_or_still(self, *, seconds: float = PATIENCE) -> str:
        """Wait until it has ended or stands still; empty, or `T`."""

        async def seen() -> bool:
            return self.state in {"", "T"}

        await eventually(seen, seconds=seconds)
        return self.state


async def begin(zygote: Zygote, spec: Spec) -> Replica:
    """One more replica, which writes beside its configuration."""
    log = Path(spec.config).with_name("replicas.log")
    pid = await zygote.begin(asdict(spec), log=log)
    return Replica(pid=pid, zygote=zygote, control=Path(spec.control))


async def eventually(holds: Callable[[], Awaitable[bool]], *, seconds: float = PATIENCE) -> None:
    """Until it holds; `TimeoutError` after so long."""
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110  other processes change it
            await asyncio.sleep(LOOK)
