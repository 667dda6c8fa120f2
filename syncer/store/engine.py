"""The database: opened from a URL, read through one engine and written through another.

On SQLite a writer begins with `BEGIN IMMEDIATE`: the default of the driver takes the write lock
only at the first write, and two processes that read first then lose updates in silence. On
PostgreSQL a writer sees what others have committed (READ COMMITTED) and locks what it decides upon:
see `syncer.store.locks` and docs/decisions/0012.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Final, Self
from weakref import WeakSet

from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from syncer.store import failures, postgres, sqlite
from syncer.store.urls import normalise_url
from syncer.store.wakeup import Wakeup, announce, listening

PATIENCE_SECONDS: Final = 60.0
"""How long a session waits for one of this process's connections."""

_OURS_ALONE: Final = 0o600


class Store:
    """The database. `async with Store(url) as store:` closes it at the end.

    Opening connects to nothing; the first session does.
    """

    def __init__(
        self,
        url: str | URL,
        *,
        folder: Path = Path(),
        silence: float = postgres.SILENCE_SECONDS,
    ) -> None:
        """`folder` is where a relative SQLite path begins.

        After `silence` seconds without an answer a server is taken for dead.
        """
        self.url = url if isinstance(url, URL) else normalise_url(url, folder=folder)
        self._threads: WeakSet[Thread] = WeakSet()
        if self.is_sqlite:
            self._write_engine = sqlite.engine(self.url, writes=True, threads=self._threads)
            self._read_engine = sqlite.engine(self.url, writes=False, threads=self._threads)
            self._alone_engine = sqlite.alone(self._write_engine)
            self._unhurried = self._write_engine
        else:
            self._write_engine = postgres.engine(self.url, silence=silence)
            self._read_engine = postgres.reading(self._write_engine)
            self._alone_engine = postgres.alone(self._write_engine)
            self._unhurried = postgres.unhurried(self.url)
        self._wakeups: set[Wakeup] = set()

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
        """The engine of migrations: its transactions may take and wait as long as they need."""
        return self._unhurried

    @asynccontextmanager
    async def read(self, *, patience: float = PATIENCE_SECONDS) -> AsyncGenerator[AsyncSession]:
        """A session that sees one state of the database throughout and cannot change it.

        Errors as for `write`.
        """
        with _in_words():
            async with AsyncSession(self._read_engine, expire_on_commit=False) as session:
                await self._connect(session, patience)
                yield session

    @asynccontextmanager
    async def write(self, *, patience: float = PATIENCE_SECONDS) -> AsyncGenerator[AsyncSession]:
        """A session in one write transaction: committed at the end, undone on an error.

        `Busy` where another process keeps what is to be written, or where none of this process's
        connections gets free within `patience` seconds; `Unreachable` where the server is gone or
        does not answer; `SyncerError` where the disk is full.
        """
        async with self._session(self._write_engine, patience) as session:
            yield session

    @asynccontextmanager
    async def write_alone(
        self, *, patience: float = PATIENCE_SECONDS
    ) -> AsyncGenerator[AsyncSession]:
        """A session in which every statement is a transaction of its own: nothing is undone.

        For a single statement for whose commit somebody waits: to begin and to commit are errands
        to the database like itself. Errors as for `write`.
        """
        async with self._session(self._alone_engine, patience) as session:
            yield session

    @asynccontextmanager
    async def _session(self, engine: AsyncEngine, patience: float) -> AsyncGenerator[AsyncSession]:
        with _in_words():
            async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
                await self._connect(session, patience)
                yield session

    async def _connect(self, session: AsyncSession, patience: float) -> None:
        """Begin now, so that an error of connecting is told from one of the caller's own."""
        waited = asyncio.timeout(patience)
        try:
            async with waited:
                await session.connection()
        except PoolTimeout as error:
            raise failures.exhausted() from error
        except (DBAPIError, OSError, ValueError) as error:
            raise failures.exhausted() if waited.expired() else self._opening(error) from error

    def _opening(self, error: Exception) -> Exception:
        return failures.in_words(error) or failures.opening(error, self.url)

    async def check(self) -> None:
        """Connect once. The error says what is wrong, and what to do about it.

        `ConfigError` where there is no such database, the password is wrong, or the file cannot be
        opened; `Unreachable` where no server answers.
        """
        try:
            if self.file is not None:
                # By the plain driver: a failed connection of the asynchronous one leaves a thread.
                await asyncio.to_thread(_try_file, self.file)
            else:
                async with self._unhurried.connect() as connection:
                    await connection.scalar(text("SELECT 1"))
        except (DBAPIError, sqlite3.Error, OSError, ValueError) as error:
            raise failures.opening(error, self.url) from error

    async def notify(self, session: AsyncSession, channel: str) -> None:
        """Wake whoever waits on `channel`, once the session's transaction is committed.

        A hint and no more: it may get lost. On SQLite it reaches waiters of this process alone.
        """
        await announce(session, channel, self._wakeups)

    @asynccontextmanager
    async def wakeups(self, channel: str) -> AsyncGenerator[Wakeup]:
        """Waits for `notify` on a channel: `async with store.wakeups("inbox") as wakeup:`."""
        wakeup = Wakeup(channel)
        self._wakeups.add(wakeup)
        try:
            if self.is_sqlite:
                yield wakeup
            else:
                async with listening(wakeup, self._unhurried):
                    yield wakeup
        finally:
            self._wakeups.discard(wakeup)

    async def close(self) -> None:
        """Close all connections."""
        for engine in (self._read_engine, self._write_engine, self._unhurried):
            await engine.dispose()
        await sqlite.ended(self._threads)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


@contextmanager
def _in_words() -> Generator[None]:
    try:
        yield
    except DBAPIError as error:
        told = failures.in_words(error)
        if told is None:
            raise
        raise told from error


def _try_file(file: Path) -> None:
    if not file.exists():
        # It holds what trackers show to our account alone. SQLite gives its side files this mode.
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT, _OURS_ALONE))
    with closing(sqlite3.connect(file, timeout=sqlite.BUSY_SECONDS)) as connection:
        connection.execute("PRAGMA schema_version").fetchone()
