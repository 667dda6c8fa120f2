"""Replicas as their test sees them: begun, watched, ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
LOOK_SECONDS: Final = 0.03


class Zygote:
    """The process that becomes replicas of a module; whoever made it closes it."""

    def __init__(self, module: str) -> None:
        self._lock = threading.Lock()  # its answers are told apart by their order
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.replicas.zygote", module],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    async def begin(self, spec: Mapping[str, Any], *, log: Path) -> int:
        """One more replica; its process id."""
        return await asyncio.to_thread(self._begin, {"spec": spec, "log": str(log)})

    def _begin(self, told: Mapping[str, Any]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(told).encode() + b"\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def state(self, pid: int) -> str:
        """`R`, `S`, `T` (stopped) …; empty for a replica that is no more."""
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            return ""
        state, parent = text.rpartition(")")[2].split()[:2]
        # The system may have given the number to a stranger.
        return "" if state in {"Z", "X"} or int(parent) != self._process.pid else state

    def send(self, pid: int, number: signal.Signals) -> bool:
        """Send a signal; False where the replica is no more."""
        if not self.state(pid):
            return False
        os.kill(pid, number)
        return True

    def close(self) -> None:
        """End it and every replica."""
        self._process.communicate()


async def until(holds: Callable[[], bool], *, seconds: float) -> bool:
    """Wait until it holds; False if it does not after so long."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not holds():
        if loop.time() > deadline:
            return False
        await asyncio.sleep(LOOK_SECONDS)
    return True
