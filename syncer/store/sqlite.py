"""Engines on a SQLite file: one that writes, one that reads."""

from __future__ import annotations

import asyncio
from functools import partial
from threading import Thread
from typing import Final
from weakref import WeakSet

import orjson
from sqlalchemy import URL, Connection, event
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from syncer.store.sqlite_driver import Connection as OneErrand
from syncer.store.sqlite_driver import connect
from syncer.store.types import to_json_text

BUSY_SECONDS: Final = 5
"""How long a writer waits for another process before SQLite says that it is locked."""

_ALONE: Final = "syncer_alone"
_POOL_SECONDS: Final = 60
_LAST_SECONDS: Final = 10.0  # for what a cancelled user had begun


def engine(url: URL, *, writes: bool, threads: WeakSet[Thread]) -> AsyncEngine:
    """An engine whose transactions begin with the write lock, or can write nothing at all.

    The driver has one thread for each connection; those that it starts go into `threads`.
    """
    made = create_async_engine(
        url,
        async_creator=partial(_open, url, writes=writes, threads=threads),
        json_serializer=to_json_text,
        json_deserializer=orjson.loads,
        # One writer at a time per process waits here, in order, and not in SQLite's busy loop.
        pool_size=1 if writes else 4,
        max_overflow=0,
        pool_timeout=_POOL_SECONDS,
    )
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED"

    def on_begin(connection: Connection) -> None:
        if not connection.get_execution_options().get(_ALONE):
            connection.exec_driver_sql(begin)

    event.listen(made.sync_engine, "begin", on_begin)
    return made


def alone(writing: AsyncEngine) -> AsyncEngine:
    """The same connection for statements that are transactions of their own.

    A statement that writes takes the write lock at once, so nothing needs to begin before it.
    """
    return writing.execution_options(**{_ALONE: True})


async def ended(threads: WeakSet[Thread]) -> None:
    """Wait until the driver's threads, told to stop by now, have done so.

    A connection that could not be opened, or whose user was cancelled, is told without waiting. Its
    thread answers to the event loop, and dies with a traceback where that is closed already.
    """
    for thread in list(threads):
        await asyncio.to_thread(thread.join, _LAST_SECONDS)


async def _open(url: URL, *, writes: bool, threads: WeakSet[Thread]) -> OneErrand:
    _, options = SQLiteDialect_aiosqlite().create_connect_args(url)
    opened = connect(
        url.database or "",
        timeout=BUSY_SECONDS,
        isolation_level=None,  # the driver begins nothing by itself
        **options,
    )
    opened._thread.daemon = True  # noqa: SLF001  as SQLAlchemy does: it must not hold up an exit
    threads.add(opened._thread)  # noqa: SLF001  the driver tells nobody else
    await opened
    try:
        await opened.executescript(";".join(f"PRAGMA {one}" for one in _pragmas(writes=writes)))
    except BaseException:
        await opened.close()
        raise
    return opened


def _pragmas(*, writes: bool) -> list[str]:
    common = [
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "cache_size = -16384",
    ]
    return common if writes else [*common, "query_only = ON"]
