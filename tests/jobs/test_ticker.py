"""The ticker calls at intervals of the service's clock, and forgets nothing for being late."""

from __future__ import annotations

import asyncio

from syncer.jobs.ticker import Ticker


async def test_it_ticks_by_the_pace_of_the_clock_until_it_is_stopped() -> None:
    ticker, ticks, enough = Ticker(pace=1000), [], asyncio.Event()

    def tick() -> None:
        ticks.append(1)
        if len(ticks) == 3:
            enough.set()

    ticker.every(100, tick, name="a")
    ticker.start()
    await asyncio.wait_for(enough.wait(), 60)
    ticker.stop()
    count = len(ticks)
    await asyncio.sleep(0.3)

    assert not ticker.running
    assert len(ticks) == count


async def test_a_changed_interval_counts() -> None:
    ticker, ticked = Ticker(), asyncio.Event()
    ticker.every(3600, ticked.set, name="a")
    ticker.start()

    ticker.change(0.1, name="a")

    await asyncio.wait_for(ticked.wait(), 60)
    ticker.stop()
