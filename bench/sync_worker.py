"""One way to sync, in a process of its own that is asked again and again: no run pays for imports.

Reads a job a line (JSON) and answers each with what it took, without what it takes to start.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import orjson
from sqlalchemy import func, select

from bench import floor, jira_objects
from bench.configured import CONNECTION, secrets_of, written
from bench.processes import Worker
from bench.timing import Stopwatch
from bench.tracker import Tracker
from syncer.clock import SystemClock
from syncer.service.core import Service
from syncer.settings.load import load_settings
from syncer.store.engine import Store


async def ours(one: Tracker, database: str) -> None:
    """The real service pulls the connection."""
    with TemporaryDirectory() as name:
        settings = load_settings(written(Path(name), one), secrets_of(database))
        async with (
            Store(database) as store,
            Service(settings, clock=SystemClock(), store=store) as service,
        ):
            result = await service.pull(CONNECTION)
    errors = [result.error, *(one.error for one in result.containers)]
    if any(errors):
        raise RuntimeError("; ".join(filter(None, errors)))


async def objects(one: Tracker, database: str) -> None:
    """The `jira` package makes its objects of all issues, in a thread; the floor's way stores."""
    async with Store(database) as store:
        pages = await asyncio.to_thread(jira_objects.pages, one)
        while page := await asyncio.to_thread(next, pages, None):
            rows = floor.rows_of([issue.raw for issue in page], at=datetime.now(UTC))
            await floor.keep(store, rows)


async def objects_alone(one: Tracker, _database: str) -> None:
    """The same without storing anything."""
    made = await asyncio.to_thread(lambda: sum(map(len, jira_objects.pages(one))))
    if made != one.issues:
        raise RuntimeError(f"{made} issues were read")


VARIANTS: Final[dict[str, Callable[[Tracker, str], Awaitable[None]]]] = {
    "ours": ours,
    "floor": floor.sync,
    "jira objects": objects,
    "jira objects alone": objects_alone,
}


def worker(variant: str) -> Worker:
    """A process that syncs in one way."""
    return Worker("bench.sync_worker", variant)


def job(one: Tracker, database: str) -> dict[str, Any]:
    """What to ask such a process."""
    return {"tracker": asdict(one), "database": database}


async def _timed(variant: str, asked: dict[str, Any]) -> dict[str, Any]:
    one = Tracker(**asked["tracker"])
    gc.collect()
    watch = Stopwatch()
    await VARIANTS[variant](one, asked["database"])
    spent = watch.spent()
    return {**asdict(spent), "rows": await _rows(asked["database"])}


async def _rows(database: str) -> list[int]:
    """How many items, changes and names are stored."""
    items, names = floor.TABLES
    counts = [select(func.count()).select_from(table) for table in (items, names)]
    async with Store(database) as store, store.read() as session:
        of_items, of_names = [await session.scalar(count) or 0 for count in counts]
        histories = await session.scalars(select(items.c.history))
        changes = sum(len(orjson.loads(told)) for told in histories if told)
    return [of_items, changes, of_names]


def main() -> None:
    """Answer jobs until there are no more."""
    for line in sys.stdin:
        answer = asyncio.run(_timed(sys.argv[1], orjson.loads(line)))
        print(orjson.dumps(answer).decode(), flush=True)


if __name__ == "__main__":
    main()
