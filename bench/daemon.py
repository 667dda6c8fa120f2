"""`syncer serve` as a process of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.configured import environment, written
from bench.tracker import Tracker

_READY: Final = re.compile(r"READY hooks (?:http://)?(\S+), pages (\S+)")
_STOP_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Daemon:
    """A daemon that serves; `hooks` is where webhooks come in."""

    pid: int
    hooks: str


@contextmanager
def daemon(one: Tracker, database: str) -> Generator[Daemon]:
    """A daemon for one tracker, ended in order after the block."""
    with TemporaryDirectory(prefix="syncer-bench-") as name:
        command = [sys.executable, "-m", "syncer", "--config", str(written(Path(name), one))]
        with subprocess.Popen(  # noqa: S603  our own module by our own interpreter
            [*command, "serve"],
            env=environment(database),
            cwd=name,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield Daemon(process.pid, _ready(process.stderr or ()))
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(_STOP_SECONDS)


def _ready(lines: Iterable[str]) -> str:
    """The address of the door for webhooks; later lines are read and dropped."""
    said: list[str] = []
    rest = iter(lines)
    for line in rest:
        said.append(line)
        found = _READY.search(line)
        if found:
            threading.Thread(target=lambda: [None for _ in rest], daemon=True).start()
            return found[1]
    raise RuntimeError(f"syncer serve ended: {''.join(said)}")
