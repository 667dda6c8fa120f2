"""Engines on a SQLite file: one that writes, one that reads."""

from __future__ import annotations

from typing import Any, Final

import orjson
from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from syncer.store.types import to_json_text

BUSY_SECONDS: Final = 5
"""How long a writer waits for another process before SQLite says that it is locked."""

_POOL_SECONDS: Final = 60


def engine(url: URL, *, writes: bool) -> AsyncEngine:
    """An engine whose transactions begin with the write lock, or can write nothing at all."""
    made = create_async_engine(
        url,
        json_serializer=to_json_text,
        json_deserializer=orjson.loads,
        # One writer at a time per process waits here, in order, and not in SQLite's busy loop.
        pool_size=1 if writes else 4,
        max_overflow=0,
        pool_timeout=_POOL_SECONDS,
        connect_args={"timeout": BUSY_SECONDS},
    )
    _prepare(made, writes=writes)
    return made


def _prepare(made: AsyncEngine, *, writes: bool) -> None:
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED"

    def on_connect(connection: Any, _record: object) -> None:  # noqa: ANN401  the driver's own type
        connection.isolation_level = None  # the driver begins nothing by itself
        cursor = connection.cursor()
        for pragma in _pragmas(writes=writes):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(made.sync_engine, "connect", on_connect)
    event.listen(made.sync_engine, "begin", on_begin)


def _pragmas(*, writes: bool) -> list[str]:
    common = [
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "cache_size = -16384",
    ]
    return common if writes else [*common, "query_only = ON"]
