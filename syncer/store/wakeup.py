"""Waking a worker early, so that it need not poll often. Who is not woken polls all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session

from syncer.log import get_logger

_PING_SECONDS: Final = 10.0
_SILENCE_SECONDS: Final = 5.0
_RETRY_SECONDS: Final = 2.0
_log: Final = get_logger(__name__)


class Wakeup:
    """Waits for a notification on a channel.

    A notification may get lost, with the listening connection for example: `wait` with a time-out
    and look for work after it whatever it returned.
    """

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self._called = asyncio.Event()

    def call(self) -> None:
        """Wake the waiter, now or when it next waits."""
        self._called.set()

    async def wait(self, timeout: float) -> bool:  # noqa: ASYNC109  it is no error when time is up
        """Whether somebody called within `timeout` seconds, or had called before."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._called.wait()
        called = self._called.is_set()
        self._called.clear()
        return called


async def announce(session: AsyncSession, channel: str, here: Iterable[Wakeup]) -> None:
    """Call the waiters on a channel once the transaction commits; `here`: those of this process."""
    if session.get_bind().dialect.name == "postgresql":
        connection = await session.connection()
        # By the plain driver: somebody may wait for the session's end, and this is done often.
        await connection.exec_driver_sql("SELECT pg_notify($1, '')", (channel,))
        return

    def call(_session: Session) -> None:
        for wakeup in here:
            if wakeup.channel == channel:
                wakeup.call()

    event.listen(session.sync_session, "after_commit", call, once=True)


@asynccontextmanager
async def listening(wakeup: Wakeup, engine: AsyncEngine) -> AsyncGenerator[None]:
    """Keep a connection that calls the waiter, and make a new one whenever it is lost."""
    task = asyncio.create_task(_listen_on(wakeup, engine))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _listen_on(wakeup: Wakeup, engine: AsyncEngine) -> None:
    driver: Any = engine.dialect.loaded_dbapi
    asyncpg = driver.asyncpg  # an extra, so it is not imported where it may be missing
    lost = (DBAPIError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
    while True:
        try:
            await _listen(wakeup, engine)
        except lost as error:
            reason = type(error).__name__
            _log.warning("nobody wakes this worker", channel=wakeup.channel, reason=reason)
        await asyncio.sleep(_RETRY_SECONDS)


async def _listen(wakeup: Wakeup, engine: AsyncEngine) -> None:
    """Listen until the connection is lost."""
    lost = asyncio.Event()

    def call(*_: object) -> None:
        wakeup.call()

    def lose(_: object) -> None:
        lost.set()

    async with engine.connect() as connection:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        raw.add_termination_listener(lose)
        await raw.add_listener(wakeup.channel, call)
        wakeup.call()  # something may have been said before we listened
        try:
            await _until_lost(raw, lost)
        finally:
            await connection.invalidate()


async def _until_lost(raw: Any, lost: asyncio.Event) -> None:  # noqa: ANN401  asyncpg has no types
    while not lost.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(_PING_SECONDS):
                await lost.wait()
        if not lost.is_set():
            await raw.execute("SELECT 1", timeout=_SILENCE_SECONDS)  # a dead line tells nothing
