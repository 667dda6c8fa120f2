"""A second process does jobs while it can; without it, or once it is over, nobody is worse off."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from syncer.connect.second_process import SecondProcess, Work, processors, second_process

pytestmark = pytest.mark.skipif(processors() < 2, reason="needs a second processor")

_LIMIT = 60.0
_PAUSE = 0.02


def doubled(job: bytes) -> bytes:
    return job + job


def fussy(job: bytes) -> bytes:
    raise ValueError(f"{job!r} is not to its taste")


def slow(job: bytes) -> bytes:
    signal.pause()
    return job


@asynccontextmanager
async def ready(work: Work) -> AsyncGenerator[SecondProcess]:
    started = await second_process(work)
    assert started is not None
    try:
        await started.ready()
        yield started
    finally:
        await started.close()
    assert started.process.returncode is not None


async def test_it_does_one_job_after_the_other_however_large_they_are() -> None:
    async with ready(doubled) as process:
        jobs = [b"", b"a", b"b" * 3_000_000, b"c" * 100]
        answers = await asyncio.gather(*map(process.do, jobs))
        assert answers == [None, *(job + job for job in jobs[1:])]


async def test_until_it_is_ready_the_caller_does_the_work() -> None:
    started = await second_process(doubled)
    assert started is not None
    try:
        assert not started.is_ready
        assert await started.do(b"a") is None
    finally:
        await started.close()


async def test_a_job_that_raises_is_the_callers_and_so_are_all_after_it() -> None:
    async with ready(fussy) as process:
        assert await process.do(b"a") is None
        assert not process.is_ready
        assert await process.do(b"b") is None


async def test_a_process_that_was_killed_is_over() -> None:
    async with ready(slow) as process:
        asked = asyncio.create_task(process.do(b"a"))
        await asyncio.sleep(_PAUSE)
        process.process.kill()
        assert await asked is None
        assert not process.is_ready


async def test_an_answer_that_nobody_waits_for_any_more_is_nobody_elses() -> None:
    async with ready(doubled) as process:
        asked = asyncio.create_task(process.do(b"a" * 3_000_000))
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        assert asked.cancelled()
        assert await process.do(b"b") is None


async def test_ctrl_c_at_the_terminal_is_the_parents_affair() -> None:
    async with ready(doubled) as process:
        process.process.send_signal(signal.SIGINT)
        assert await process.do(b"a") == b"aa"


async def test_work_that_cannot_be_found_is_never_done_aside() -> None:
    def hidden(job: bytes) -> bytes:
        return job

    started = await second_process(hidden)
    assert started is not None
    try:
        with pytest.raises(EOFError):
            await started.ready()
        assert await started.do(b"a") is None
    finally:
        await started.close()


async def test_there_are_no_more_of_them_than_processors_that_would_be_idle() -> None:
    begun = [await second_process(doubled) for _ in range(processors())]
    held = [one for one in begun if one is not None]
    assert len(held) == processors() - 1
    for one in held:
        await one.close()
    async with ready(doubled) as another:
        assert await another.do(b"a") == b"aa"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
async def test_a_machine_with_one_processor_has_none_to_spare() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert await second_process(doubled) is None
    finally:
        os.sched_setaffinity(0, before)


async def test_where_no_process_can_be_started_there_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    assert await second_process(doubled) is None


_PARENT = """
import asyncio
from syncer.connect.second_process import second_process
from tests.unit.connect.test_second_process import doubled

async def main():
    process = await second_process(doubled)
    await process.ready()
    print(process.process.pid, flush=True)
    while True:
        await process.do(b"a" * 1_000_000)

asyncio.run(main())
"""


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_f28_it_does_not_outlive_a_parent_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert not is_gone(child)
        parent.kill()
        until = time.monotonic() + _LIMIT
        while not is_gone(child) and time.monotonic() < until:
            time.sleep(_PAUSE)
    assert is_gone(child)
