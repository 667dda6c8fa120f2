"""The database: opened from a URL, read through one engine and written through another.

On SQLite a writer begins with `BEGIN IMMEDIATE`: the default of the driver takes the write lock
only at the first write, and two processes that read first then lose updates in silence.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import orjson
from sqlalchemy import URL, Connection, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from syncer.errors import Busy, ConfigError, SyncerError
from syncer.store.types import to_json_text

BUSY_SECONDS: Final = 5
"""How long a writer waits for another process before SQLite says that it is locked."""

_OURS_ALONE: Final = 0o600
_POOL_SECONDS: Final = 60
_POSTGRES: Final = frozenset({"postgres", "postgresql", "postgresql+asyncpg"})
_SQLITE: Final = frozenset({"sqlite", "sqlite+aiosqlite"})


def normalise_url(url: str, *, folder: Path = Path()) -> URL:
    """The database URL with the driver that syncer uses.

    A relative SQLite path is taken from `folder`. `sslmode` of a PostgreSQL URL becomes the
    driver's `ssl`. `ConfigError` for other databases and for SQLite in memory, which two engines
    cannot share.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError(
            "The database URL cannot be read.", fix="Write sqlite:///syncer.db, or postgresql://…"
        ) from None
    if parsed.drivername in _SQLITE:
        return _sqlite(parsed, folder)
    if parsed.drivername in _POSTGRES:
        return _postgres(parsed)
    raise ConfigError(
        f"Databases of the kind {parsed.drivername!r} are not supported.",
        fix="Use sqlite:///… or postgresql://…",
    )


def _sqlite(url: URL, folder: Path) -> URL:
    if not url.database or url.database == ":memory:":
        raise ConfigError(
            "A SQLite database needs a file.", fix="Write database_url = sqlite:///syncer.db"
        )
    return url.set(drivername="sqlite+aiosqlite", database=str(folder / url.database))


def _postgres(url: URL) -> URL:
    query = dict(url.query)
    mode = query.pop("sslmode", None)
    if mode is not None:
        query["ssl"] = mode
    return url.set(drivername="postgresql+asyncpg", query=query)


class Store:
    """The database. `async with Store(url) as store:` closes it at the end.

    Opening connects to nothing; the first session does.
    """

    def __init__(self, url: str | URL, *, folder: Path = Path()) -> None:
        """`folder` is where a relative SQLite path begins."""
        self.url = url if isinstance(url, URL) else normalise_url(url, folder=folder)
        self._write_engine = _engine(self.url, writes=True)
        self._read_engine = (
            _engine(self.url, writes=False) if self.is_sqlite else self._write_engine
        )

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a SQLite file."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def file(self) -> Path | None:
        """The SQLite file, None for a server."""
        return Path(self.url.database or "") if self.is_sqlite else None

    @property
    def writer(self) -> AsyncEngine:
        """The engine of write transactions, for migrations."""
        return self._write_engine

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncSession]:
        """A session that sees one state of the database throughout and cannot change it."""
        async with AsyncSession(self._read_engine, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncSession]:
        """A session in one write transaction: committed at the end, undone on an error.

        `Busy` where another process keeps SQLite's write lock, `SyncerError` where the disk is
        full.
        """
        try:
            async with (
                AsyncSession(self._write_engine, expire_on_commit=False) as session,
                session.begin(),
            ):
                yield session
        except OperationalError as error:
            raise _plainly(error) from error

    async def check(self) -> None:
        """Connect once. `ConfigError` where there is no such database or it cannot be opened."""
        try:
            if self.file is not None:
                # By the plain driver: a failed connection of the asynchronous one leaves a thread.
                await asyncio.to_thread(_try_file, self.file)
            else:
                async with self._write_engine.connect() as connection:
                    await connection.scalar(text("SELECT 1"))
        except (DBAPIError, sqlite3.Error, OSError) as error:
            place = self.url.render_as_string(hide_password=True)
            reason = error.orig if isinstance(error, DBAPIError) else error
            raise ConfigError(
                f"The database {place} cannot be opened: {reason}.",
                fix="Check database_url, the folder and who may write there.",
            ) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._read_engine.dispose()
        await self._write_engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


def _try_file(file: Path) -> None:
    if not file.exists():
        # It holds what trackers show to our account alone. SQLite gives its side files this mode.
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT, _OURS_ALONE))
    with closing(sqlite3.connect(file, timeout=BUSY_SECONDS)) as connection:
        connection.execute("PRAGMA schema_version").fetchone()


def _plainly(error: OperationalError) -> Exception:
    """The error in words for people, where it is one that they can mend."""
    reason = str(error.orig)
    if "locked" in reason:
        return Busy(
            "The database is locked by another process.",
            fix="Try again once the other process has finished writing.",
        )
    if "full" in reason:
        return SyncerError(
            "The disk is full: nothing was written.", fix="Make room; nothing is lost."
        )
    return error


def _engine(url: URL, *, writes: bool) -> AsyncEngine:
    json: dict[str, Any] = {"json_serializer": to_json_text, "json_deserializer": orjson.loads}
    if url.get_backend_name() != "sqlite":
        return _postgres_engine(url, json)
    engine = create_async_engine(
        url,
        **json,
        # One writer at a time per process waits here, in order, and not in SQLite's busy loop.
        pool_size=1 if writes else 4,
        max_overflow=0,
        pool_timeout=_POOL_SECONDS,
        connect_args={"timeout": BUSY_SECONDS},
    )
    _prepare_sqlite(engine, writes=writes)
    return engine


def _postgres_engine(url: URL, json: dict[str, Any]) -> AsyncEngine:
    try:
        return create_async_engine(
            url, **json, pool_pre_ping=True, isolation_level="REPEATABLE READ"
        )
    except ModuleNotFoundError:
        raise ConfigError(
            "The driver for PostgreSQL is not installed.",
            fix="Install program-syncer[postgres].",
        ) from None


def _prepare_sqlite(engine: AsyncEngine, *, writes: bool) -> None:
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED"

    def on_connect(connection: Any, _record: object) -> None:  # noqa: ANN401  the driver's own type
        connection.isolation_level = None  # the driver begins nothing by itself
        cursor = connection.cursor()
        for pragma in _pragmas(writes=writes):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)


def _pragmas(*, writes: bool) -> list[str]:
    common = [
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "cache_size = -16384",
    ]
    return common if writes else [*common, "query_only = ON"]
