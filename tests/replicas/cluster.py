"""A PostgreSQL server of one's own that can be stopped in the midst of everything."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import asyncpg
from sqlalchemy import URL

from syncer.store import migrate
from syncer.store.engine import Store
from tests import postgres_guard
from tests.postgres import own_server, text_of

PATIENCE: Final = 60.0
_TEMPLATE: Final = "syncer_template"


class Cluster:
    """The server at `url`; its databases are gone with it."""

    def __init__(self, url: URL) -> None:
        self.url = url.set(drivername="postgresql")
        self._guards: list[subprocess.Popen[bytes]] = []
        with ThreadPoolExecutor(1) as pool:  # where no test's event loop is disturbed
            pool.submit(lambda: asyncio.run(self._make_template())).result()
        self._command = self._command_line()

    async def _ask(self, statement: str) -> str:
        connection = await asyncpg.connect(text_of(self.url))
        try:
            return str(await connection.fetchval(statement))
        finally:
            await connection.close()

    async def _make_template(self) -> None:
        self._folder = Path(await self._ask("SHOW data_directory")).parent
        await self._ask(f"CREATE DATABASE {_TEMPLATE}")
        async with Store(text_of(self.url.set(database=_TEMPLATE))) as store:
            await migrate.upgrade(store)

    async def database(self) -> str:
        """The address of a new database with all tables, in which a commit is one."""
        name = f"syncer_{secrets.token_hex(4)}"
        await self._ask(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        await self._ask(f"ALTER DATABASE {name} SET synchronous_commit = on")
        return text_of(self.url.set(database=name))

    def _postmaster(self) -> int:
        text = (self._folder / "data" / "postmaster.pid").read_text(encoding="ascii")
        return int(text.split("\n", 1)[0])

    def _command_line(self) -> list[str]:
        raw = Path(f"/proc/{self._postmaster()}/cmdline").read_bytes()
        return [part.decode() for part in raw.split(b"\0") if part]

    async def stop_at_once(self) -> None:
        """An immediate stop: every session ends as in a crash."""
        postmaster = self._postmaster()
        os.kill(postmaster, signal.SIGQUIT)
        until = time.monotonic() + PATIENCE
        while _runs(postmaster):
            assert time.monotonic() < until, "PostgreSQL does not stop"
            await asyncio.sleep(0.02)

    async def start(self) -> None:
        """Begin again, from what was committed."""
        self._guards.append(self._guarded())
        until = time.monotonic() + PATIENCE
        while True:
            with suppress(OSError, asyncpg.PostgresError):
                await self._ask("SELECT 1")
                return
            assert time.monotonic() < until, "PostgreSQL does not start again"
            await asyncio.sleep(0.05)

    def _guarded(self) -> subprocess.Popen[bytes]:
        guard = [sys.executable, "-I", "-S", postgres_guard.__file__, str(self._folder)]
        return subprocess.Popen(
            [*guard, *self._command],
            stdin=subprocess.PIPE,
            start_new_session=True,
            env={"PATH": os.defpath, "LC_ALL": "C"},
        )

    def close(self) -> None:
        for guard in self._guards:
            guard.communicate()


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@contextmanager
def running_cluster() -> Generator[Cluster]:
    """A server for a campaign."""
    with own_server() as url:
        cluster = Cluster(url)
        try:
            yield cluster
        finally:
            cluster.close()
