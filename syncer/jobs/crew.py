"""Jobs of a daemon: each at most once at a time, none able to bring down another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from syncer.errors import Busy, SyncerError
from syncer.log import get_logger
from syncer.sync.guard import isolated

Job = Callable[[], Awaitable[object]]

_log: Final = get_logger(__name__)


class Crew:
    """Runs jobs by name in tasks of their own.

    A job that is still at work is not begun again. What fails is logged and tried with the next
    call; that another replica is at the same work is no failure.
    """

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[bool]] = {}
        self._closed = False

    def start(self, name: str, job: Job) -> bool:
        """Begin the job, unless it is at work or the crew has been stopped."""
        if self._closed or name in self._tasks:
            return False
        task = asyncio.create_task(run_isolated(name, job), name=name)
        self._tasks[name] = task
        task.add_done_callback(lambda _done: self._tasks.pop(name))
        return True

    @property
    def at_work(self) -> frozenset[str]:
        """The jobs that are at work."""
        return frozenset(self._tasks)

    async def idle(self) -> None:
        """Wait until no job is at work."""
        while self._tasks:
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def stop(self, grace: float) -> None:
        """Begin nothing more; what is not done after `grace` seconds is cancelled."""
        self._closed = True
        await end_tasks([*self._tasks.values()], grace)


class Debounced:
    """A job that runs soon after it was asked for: at once, but then not again for a `rest`.

    However often it is asked for meanwhile, it then runs once. One that failed runs again after the
    rest. `run` is its loop; times in seconds.
    """

    def __init__(self, name: str, job: Job, *, rest: float) -> None:
        self._name = name
        self._job = job
        self._rest = rest
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Let the job run soon."""
        self._asked.set()

    async def run(self) -> None:
        """Run the job whenever it was asked for, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            if not await run_isolated(self._name, self._job):
                self._asked.set()
            await asyncio.sleep(self._rest)


async def run_isolated(name: str, job: Job) -> bool:
    """Run the job; a failure is logged. Returns whether it was done."""
    try:
        with isolated(name, part="job"):
            await job()
    except Busy as busy:
        _log.info("a job is done elsewhere", job=name, reason=str(busy))
    except SyncerError as error:
        _log.warning("a job failed", job=name, error=str(error))
    else:
        return True
    return False


async def end_tasks(tasks: Sequence[asyncio.Task[Any]], grace: float) -> None:
    """Give tasks `grace` seconds to end, then cancel them and wait for that."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=grace)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
