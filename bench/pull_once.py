"""One pull by the real service in a process of its own, which tells its greatest memory.

Run: `python -m bench.pull_once CONFIGURATION [HOURS]`, the secrets and the database by environment;
`HOURS` shifts its clock. Prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import os
import re
import resource
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

import orjson

from bench.configured import CONNECTION, environment, written
from bench.tracker import Tracker
from syncer.clock import ShiftedClock, SystemClock
from syncer.service.core import Service
from syncer.settings.load import load_settings

_LOOK_SECONDS: Final = 0.05


def pulled(one: Tracker, database: str, *, hours: float = 0) -> dict[str, Any]:
    """Pull the tracker into the database by such a process; what it told."""
    with TemporaryDirectory(prefix="syncer-bench-") as name:
        file = written(Path(name), one)
        done = subprocess.run(  # noqa: S603  our own module by our own interpreter
            [sys.executable, "-m", "bench.pull_once", str(file), str(hours)],
            check=True,
            stdout=subprocess.PIPE,
            env=environment(database),
        )
    told: dict[str, Any] = orjson.loads(done.stdout)
    return told


async def _pull(file: Path, variables: Mapping[str, str], *, hours: float) -> dict[str, Any]:
    clock = ShiftedClock(SystemClock().now() + timedelta(hours=hours))
    async with Service(load_settings(file, variables), clock=clock) as service:
        begun = perf_counter()
        watching = asyncio.create_task(_watched())
        result = await service.pull(CONNECTION)
        seconds = perf_counter() - begun
        watching.cancel()
        (helpers_mb,) = await asyncio.gather(watching)
    errors = [result.error, *(one.error for one in result.containers)]
    return {
        "seconds": seconds,
        "seen": sum(one.items_seen for one in result.containers),
        "stored": sum(one.stored for one in result.containers),
        "skipped": sum(one.skipped for one in result.containers),
        "errors": [error for error in errors if error],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 + helpers_mb,
    }


async def _watched() -> float:
    """The greatest memory of all processes that this one had started at one time, in MB.

    Until it is cancelled. What the system tells of children that have ended would be no use: it
    counts the memory that they shared with us before they became a program of their own.
    """
    most = 0.0
    try:
        while True:
            most = max(most, sum(map(_peak_mb, _children())))
            await asyncio.sleep(_LOOK_SECONDS)
    except asyncio.CancelledError:
        return most


def _children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()


def _peak_mb(pid: str) -> float:
    """The greatest memory of a process so far; 0 where it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def main() -> None:
    """Pull as the command line says."""
    file, hours = Path(sys.argv[1]), float(sys.argv[2]) if sys.argv[2:] else 0.0
    told = asyncio.run(_pull(file, os.environ, hours=hours))
    print(orjson.dumps(told).decode())


if __name__ == "__main__":
    main()
