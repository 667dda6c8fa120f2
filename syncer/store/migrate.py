"""The schema's version: bring a database up to date, take it back, tell where it is.

Every command asks; a database that is up to date is known to be by one statement, so that Alembic
is loaded only where there is something to do.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, inspect, text

from syncer.paths import shipped
from syncer.store.engine import Store

HEAD: Final = "head"
_TABLE: Final = "alembic_version"


async def upgrade(store: Store, revision: str = HEAD) -> str:
    """Bring the database to `revision` and return it; several processes may try at once.

    `ConfigError` where the database was written by a newer syncer or there is no such version.
    """
    if revision == HEAD and await current(store) == head():
        return head()
    from syncer.store import migrations  # noqa: PLC0415  loaded only where it is needed

    return await migrations.upgrade(store, revision)


async def downgrade(store: Store, revision: str) -> str:
    """Take the database back to `revision` (`base`: to nothing) and return where it is then.

    `ConfigError` where there is no such version.
    """
    from syncer.store import migrations  # noqa: PLC0415  loaded only where it is needed

    return await migrations.downgrade(store, revision)


async def current(store: Store) -> str:
    """The revision that the database is at; empty for a database without tables."""
    await store.check()
    async with store.writer.connect() as connection:
        return await connection.run_sync(revision_of)


def head() -> str:
    """The newest revision that this code knows: each script's name begins with its own."""
    scripts = (shipped("alembic") / "versions").glob("*_*.py")
    return max(one.name.partition("_")[0] for one in scripts)


def revision_of(connection: Connection) -> str:
    """The revision that a database is at; empty for one without tables."""
    if not inspect(connection).has_table(_TABLE):
        return ""
    return connection.scalar(text(f"SELECT version_num FROM {_TABLE}")) or ""  # noqa: S608  our own name
