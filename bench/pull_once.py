"""One pull by the real service in a process of its own, which tells its greatest memory.

Run: `python -m bench.pull_once CONFIGURATION [HOURS]`, the secrets and the database by environment;
`HOURS` shifts its clock. Prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import orjson

from bench.configured import CONNECTION, environment, written
from bench.tracker import Tracker
from syncer.clock import ShiftedClock, SystemClock
from syncer.service.core import Service
from syncer.settings.load import load_settings


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
        result = await service.pull(CONNECTION)
        seconds = perf_counter() - begun
    errors = [result.error, *(one.error for one in result.containers)]
    return {
        "seconds": seconds,
        "seen": sum(one.items_seen for one in result.containers),
        "stored": sum(one.stored for one in result.containers),
        "skipped": sum(one.skipped for one in result.containers),
        "errors": [error for error in errors if error],
        "peak_mb": _peak_mb(),
    }


def _peak_mb() -> float:
    """The greatest memory of this process and of its largest child together."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(one).ru_maxrss for one in who) / 1024


def main() -> None:
    """Pull as the command line says."""
    file, hours = Path(sys.argv[1]), float(sys.argv[2]) if sys.argv[2:] else 0.0
    told = asyncio.run(_pull(file, os.environ, hours=hours))
    print(orjson.dumps(told).decode())


if __name__ == "__main__":
    main()
