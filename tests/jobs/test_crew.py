"""Jobs run once at a time, and one that fails brings down nothing."""

from __future__ import annotations

import asyncio

from syncer.errors import Busy
from syncer.jobs.crew import Crew, Debounced


async def test_a_job_at_work_is_not_begun_again() -> None:
    crew, begun, go_on = Crew(), [], asyncio.Event()

    async def job() -> None:
        begun.append(1)
        await go_on.wait()

    assert crew.start("a", job)
    assert not crew.start("a", job)
    assert crew.at_work == {"a"}
    go_on.set()
    await crew.idle()
    assert crew.start("a", job)
    await crew.idle()
    assert len(begun) == 2


async def test_a_job_that_fails_is_begun_again_with_the_next_call() -> None:
    crew, tries = Crew(), []

    async def job() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise KeyError("a fault")
        if len(tries) == 2:
            raise Busy("elsewhere")

    for _ in range(3):
        assert crew.start("a", job)
        await crew.idle()
    assert len(tries) == 3


async def test_a_stopped_crew_breaks_off_what_does_not_end_and_begins_nothing() -> None:
    crew, ended = Crew(), []

    async def job() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(1)

    crew.start("a", job)
    await asyncio.sleep(0)
    await crew.stop(grace=0.01)

    assert ended == [1]
    assert not crew.start("a", job)


async def test_a_job_cancelled_before_it_began_leaves_its_place() -> None:
    crew = Crew()

    async def job() -> None:
        await asyncio.Event().wait()

    crew.start("a", job)
    await crew.stop(grace=0)
    await crew.idle()
    assert crew.at_work == frozenset()


async def test_many_requests_become_one_run_and_a_failure_another() -> None:
    runs: list[int] = []
    done = asyncio.Event()

    async def job() -> None:
        runs.append(1)
        if len(runs) == 1:
            raise KeyError("a fault")
        done.set()

    debounced = Debounced("a", job, rest=0.01)
    for _ in range(100):
        debounced.ask()
    loop = asyncio.create_task(debounced.run())
    await asyncio.wait_for(done.wait(), 60)
    await asyncio.sleep(0.1)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)

    assert len(runs) == 2
