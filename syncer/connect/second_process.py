"""A second process for work that would keep the event loop, and so everybody else, waiting.

Python gives one process one processor. What a connector makes of an answer is pure, and for a long
reading it is the largest part of the work: a second process does it where the machine has a second
processor. It is told nothing but the bytes of a job, keeps nothing, and ends with its parent: it
reads from a pipe whose other end dies with us. Nobody depends on it: without it, or once it has
ended, callers do the work themselves. See docs/decisions/0050.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Final

from syncer.connect.second_process_main import SIZE_BYTES
from syncer.log import get_logger

_LOG: Final = get_logger(__name__)
_MAIN: Final = "syncer.connect.second_process_main"
_PATIENCE: Final = 60.0
"""Seconds that one answer may take; jobs take a fraction of one."""

_END: Final = 2.0
"""Seconds until a process that does not end by itself is killed."""

_PIPE_BYTES: Final = 1 << 20
"""So much fits between the two: a page and its answer, in one piece each."""

Work = Callable[[bytes], bytes]
"""A pure function at the top of a module, which the other process imports by name."""


def processors() -> int:
    """How many processors this process may use, at least one."""
    allowed = getattr(os, "sched_getaffinity", None)  # Linux alone tells it
    return len(allowed(0)) if allowed else os.cpu_count() or 1


_SPARE: Final = BoundedSemaphore(processors() - 1)
"""One process for each processor that we do not use ourselves; together, whoever asks for them."""


@dataclass(slots=True, kw_only=True)
class SecondProcess:
    """A process that does jobs of one sort, one after the other; `told` counts its answers."""

    process: Process
    told: int = 0
    _begun: asyncio.Task[bytes] = field(init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _is_over: bool = False

    def __post_init__(self) -> None:
        self._begun = asyncio.create_task(self._answer())

    @property
    def is_ready(self) -> bool:
        """Whether it takes jobs by now, and still."""
        return self._begun.done() and not self._is_over

    async def ready(self) -> None:
        """Wait until it takes jobs; `EOFError` where it ended first."""
        await asyncio.shield(self._begun)

    async def do(self, job: bytes) -> bytes | None:
        """The answer to a job; None where the caller has to do it: not ready, over, or impossible.

        Whoever is cancelled while waiting ends the process: an answer that nobody has read would
        be taken for the next one's.
        """
        async with self._turn:
            if not self.is_ready:
                return None
            self._is_over = True
            try:
                async with asyncio.timeout(_PATIENCE):
                    self._begun.result()
                    answer = await self._asked(job)
            except (OSError, EOFError, TimeoutError) as error:
                _LOG.warning("second_process.over", error=str(error) or type(error).__name__)
                return None
            self._is_over = False
            self.told += 1
            return answer or None

    async def _asked(self, job: bytes) -> bytes:
        pipe = self.process.stdin
        if pipe is None:
            raise EOFError("nobody reads")
        pipe.write(len(job).to_bytes(SIZE_BYTES, "big"))
        pipe.write(job)
        await pipe.drain()
        return await self._answer()

    async def _answer(self) -> bytes:
        pipe = self.process.stdout
        if pipe is None:
            raise EOFError("nobody answers")
        size = int.from_bytes(await pipe.readexactly(SIZE_BYTES), "big")
        return await pipe.readexactly(size)

    async def close(self) -> None:
        """End the process, once: it ends by itself when nobody can ask any more, or is killed.

        One that has ended must not be killed: asyncio would no longer know how it ended.
        """
        self._is_over = True
        self._begun.cancel()
        try:
            await asyncio.gather(self._begun, return_exceptions=True)
            await self._ended()
        finally:
            _SPARE.release()

    async def _ended(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            async with asyncio.timeout(_END):
                await self.process.communicate()  # it may be in the middle of an answer
        except TimeoutError:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.communicate()


async def second_process(work: Work) -> SecondProcess | None:
    """A process for such jobs, to be closed by the caller.

    None where no processor is left for one, or no process can be started.
    """
    if processors() == 1 or not _SPARE.acquire(blocking=False):
        return None
    name = f"{work.__module__}:{work.__qualname__}"
    process = None
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            _MAIN,
            name,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            limit=_PIPE_BYTES,
            pipesize=_PIPE_BYTES,
        )
    except OSError as error:
        _LOG.warning("second_process.not_started", error=str(error))
    finally:
        if process is None:
            _SPARE.release()
    return SecondProcess(process=process) if process else None
