"""Who is let in first, and how many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from syncer.connect.limiter import Limiter
from syncer.domain.lane import Lane

BACKWARDS = (Lane.BACKFILL, Lane.CENSUS, Lane.LOOK_BACK, Lane.INCREMENTAL)


async def settle() -> None:
    """Let every task run until it waits for something."""
    for _ in range(20):
        await asyncio.sleep(0)


class Visitors:
    """Calls that stay until they are let go, and the order in which they came in."""

    def __init__(self, limiter: Limiter) -> None:
        self.limiter = limiter
        self.came: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def send(self, name: str, lane: Lane, container: str = "") -> None:
        self.gates[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._visit(name, lane, container))
        await settle()

    async def _visit(self, name: str, lane: Lane, container: str) -> None:
        async with self.limiter.place(lane, container):
            self.came.append(name)
            await self.gates[name].wait()

    async def let_go(self, *names: str) -> None:
        for name in names:
            self.gates[name].set()
            await settle()

    async def end(self, names: Sequence[str] | None = None) -> None:
        await self.let_go(*(names or list(self.gates)))
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def test_who_waits_is_let_in_by_lane_and_not_by_time() -> None:
    visitors = Visitors(Limiter(most=1))
    await visitors.send("first", Lane.BACKFILL)
    for lane in BACKWARDS:
        await visitors.send(str(lane), lane)
    await visitors.end(["first", *(str(lane) for lane in reversed(BACKWARDS))])
    assert visitors.came == ["first", *(str(lane) for lane in reversed(BACKWARDS))]


async def test_a_live_call_waits_for_no_backfill() -> None:
    visitors = Visitors(Limiter(most=2))
    for name in ("a", "b", "c"):
        await visitors.send(name, Lane.BACKFILL)
    await visitors.send("live", Lane.LIVE)
    assert visitors.came == ["a", "b", "live"]
    await visitors.send("next", Lane.LIVE)
    assert visitors.came == ["a", "b", "live"]  # one above the width, no more
    await visitors.let_go("a")
    assert visitors.came[-1] == "next"
    await visitors.end()


async def test_containers_take_turns() -> None:
    visitors = Visitors(Limiter(most=2))
    for name in ("big 1", "big 2", "big 3", "big 4"):
        await visitors.send(name, Lane.INCREMENTAL, "BIG")
    await visitors.send("small", Lane.INCREMENTAL, "SMALL")
    await visitors.let_go("big 1")
    assert visitors.came == ["big 1", "big 2", "small"]
    await visitors.end()


async def test_who_gives_up_waiting_leaves_no_gap() -> None:
    limiter = Limiter(most=1)
    visitors = Visitors(limiter)
    for name in ("a", "b", "c"):
        await visitors.send(name, Lane.INCREMENTAL)
    visitors.tasks["b"].cancel()
    await settle()
    await visitors.let_go("a")
    assert visitors.came == ["a", "c"]
    await visitors.end()
    assert (limiter.active, limiter.waiting) == (0, 0)


async def test_a_place_given_to_one_who_is_cancelled_goes_to_the_next() -> None:
    limiter = Limiter(most=1)
    visitors = Visitors(limiter)
    for name in ("a", "b", "c"):
        await visitors.send(name, Lane.INCREMENTAL)
    visitors.gates["a"].set()
    for _ in range(20):
        if limiter.waiting == 1:  # b was let in, and has not run yet
            break
        await asyncio.sleep(0)
    visitors.tasks["b"].cancel()
    await settle()
    assert visitors.came[-1] == "c"
    await visitors.end()
    assert limiter.active == 0


async def test_an_overcharged_tracker_halves_the_width_once_for_all_under_way() -> None:
    limiter = Limiter(most=8, first=8)
    async with limiter.place(Lane.BACKFILL) as first, limiter.place(Lane.BACKFILL) as second:
        limiter.choked(first)
        limiter.choked(second)
    assert limiter.width == 4
    async with limiter.place(Lane.BACKFILL) as later:
        limiter.choked(later)
    assert limiter.width == 2


@pytest.mark.parametrize("most", [1, 3, 8])
async def test_the_width_grows_up_to_the_most_and_never_falls_below_one(most: int) -> None:
    limiter = Limiter(most=most)
    for _ in range(100):
        limiter.succeeded()
    assert limiter.width == most
    for _ in range(10):
        async with limiter.place(Lane.LIVE) as age:
            limiter.choked(age)
    assert limiter.width == 1
    limiter.succeeded()
    limiter.succeeded()
    assert limiter.width <= 2  # slowly, after it was too much
