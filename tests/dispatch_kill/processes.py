"""Processes of a test: begun, watched, waited for, ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tests.dispatch_kill.replica import Spec

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE: Final = 180.0
LOOK: Final = 0.05


@asynccontextmanager
async def helper(module: str, *arguments: str) -> AsyncGenerator[Process]:
    """A module of this folder in a process of its own; it ends as its standard input does."""
    process = await asyncio.create_subprocess_exec(
        *_command(module, *arguments), cwd=ROOT, env=_environment(), stdin=PIPE, stdout=PIPE
    )
    assert process.stdin is not None
    try:
        yield process
    finally:
        process.stdin.close()
        await process.wait()


def _command(module: str, *arguments: str) -> tuple[str, ...]:
    return sys.executable, "-m", f"tests.dispatch_kill.{module}", *arguments


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


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
    parent: int
    control: Path

    @property
    def state(self) -> str:
        """`R`, `S`, `T` (stopped) …; empty where it is no more."""
        try:
            text = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            return ""
        state, parent = text.rpartition(")")[2].split()[:2]
        # The system may have given the number to a stranger.
        return "" if state in {"Z", "X"} or int(parent) != self.parent else state

    @property
    def hits(self) -> list[str]:
        """The edges at which its script has ended or stopped it."""
        file = self.control.with_name(f"{self.control.name}.hits")
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [line.split()[0] for line in lines]

    def signal(self, number: signal.Signals) -> bool:
        """False where it is no more."""
        if not self.state:
            return False
        os.kill(self.pid, number)
        return True

    async def dead_or_still(self, *, seconds: float = PATIENCE) -> str:
        """Wait until it has ended or stands still; empty, or `T`."""

        async def seen() -> bool:
            return self.state in {"", "T"}

        await eventually(seen, seconds=seconds)
        return self.state


class Zygote:
    """The process that becomes replicas, for whoever asks it from whatever event loop."""

    def __init__(self, log: Path) -> None:
        self._lock = threading.Lock()  # its answers are told apart by their order
        self._process = subprocess.Popen(
            _command("zygote", str(log)),
            cwd=ROOT,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    async def begin(self, spec: Spec) -> Replica:
        """One more replica."""
        pid = await asyncio.to_thread(self._begin, spec)
        return Replica(pid=pid, parent=self._process.pid, control=Path(spec.control))

    def _begin(self, spec: Spec) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(asdict(spec)).encode() + b"\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def close(self) -> None:
        """End it and every replica."""
        self._process.communicate()


async def eventually(holds: Callable[[], Awaitable[bool]], *, seconds: float = PATIENCE) -> None:
    """Until it holds; `TimeoutError` after so long."""
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110  other processes change it
            await asyncio.sleep(LOOK)
