"""Fresh databases with all tables, of both kinds, each for one run."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from syncer.store import migrate
from syncer.store.engine import Store
from tests.postgres import PostgresServer, running_server

SQLITE: Final = "SQLite"
POSTGRES: Final = "PostgreSQL"
BOTH: Final = (SQLITE, POSTGRES)


@dataclass(slots=True)
class Databases:
    """Makes databases; `folder` is where SQLite's files lie."""

    folder: Path
    server: PostgresServer | None = None
    _count: int = field(default=0)

    @contextmanager
    def fresh(self, kind: str) -> Generator[str]:
        """The address of a new database with all tables, gone after the block."""
        if kind == POSTGRES:
            if self.server is None:
                raise RuntimeError("no PostgreSQL was asked for")
            with self.server.database() as url:
                yield url
            return
        self._count += 1
        place = self.folder / str(self._count)
        place.mkdir()
        shutil.copy(self.folder / "template.db", place / "syncer.db")
        try:
            yield f"sqlite:///{place}/syncer.db"
        finally:
            shutil.rmtree(place)


@contextmanager
def databases(kinds: Sequence[str] = BOTH) -> Generator[Databases]:
    """What makes databases of these kinds; a PostgreSQL is started as the tests start theirs."""
    with TemporaryDirectory(prefix="syncer-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        asyncio.run(_migrated(f"sqlite:///{folder}/template.db"))
        server = stack.enter_context(running_server()) if POSTGRES in kinds else None
        yield Databases(folder, server)


async def _migrated(url: str) -> None:
    async with Store(url) as store:
        await migrate.upgrade(store)
