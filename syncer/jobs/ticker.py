"""The ticker: says in every replica that it is time to look for work. Whether there is, rows tell.

APScheduler is only that. Its job stores fire once a process, its misfire grace is one second by
default, and a shutdown cancels what runs (spec/reliability.md section 2): so it keeps its jobs
in memory, lets any of them be late, and each of them only begins work and returns at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any, Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

SHORTEST: Final = 0.1
"""Seconds of the machine between two ticks at least, however fast a test's clock runs."""

_ANY_DELAY: Final = 365 * 24 * 3600


class Ticker:
    """Calls functions at intervals from `start` to `stop`.

    Intervals are seconds of the service's clock, which runs `pace` times as fast as the machine's.
    The first call of each comes after one interval.
    """

    def __init__(self, *, pace: float = 1.0) -> None:
        self._pace = pace
        self._scheduler: Any = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "misfire_grace_time": _ANY_DELAY, "max_instances": 1},
        )

    def every(self, seconds: float, call: Callable[[], object], *, name: str) -> None:
        """Call a function, which returns at once, at this interval."""
        interval = max(SHORTEST, seconds / self._pace)
        self._scheduler.add_job(_in_loop(call), IntervalTrigger(seconds=interval), id=name)

    def change(self, seconds: float, *, name: str) -> None:
        """Give a call another interval, counted from now."""
        interval = max(SHORTEST, seconds / self._pace)
        self._scheduler.reschedule_job(name, trigger=IntervalTrigger(seconds=interval))

    @property
    def running(self) -> bool:
        """Whether it ticks."""
        return bool(self._scheduler.running)

    def start(self) -> None:
        """Begin to tick in the running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Tick no more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)


def _in_loop(call: Callable[[], object]) -> Callable[[], Any]:
    """The call as a coroutine: only those run in the event loop, others in a thread."""

    async def tick() -> None:
        call()

    return tick
