"""Changes of the schema by Alembic, whose import and scripts cost a third of a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final
from weakref import WeakKeyDictionary

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from syncer.errors import ConfigError
from syncer.paths import shipped
from syncer.store.engine import Store
from syncer.store.migrate import revision_of

_ADVISORY_KEY: Final = 7_932_114_205_611_047

# Alembic's command interface keeps its context in globals of the process.
_ONE_AT_A_TIME: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]] = (
    WeakKeyDictionary()
)


async def upgrade(store: Store, revision: str) -> str:
    """Take the database up to `revision`; see `syncer.store.migrate`."""
    return await _run(store, lambda config: command.upgrade(config, revision))


async def downgrade(store: Store, revision: str) -> str:
    """Take the database back to `revision`; see `syncer.store.migrate`."""
    return await _run(store, lambda config: command.downgrade(config, revision))


def head() -> str:
    """The newest revision that Alembic finds."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def revisions() -> list[str]:
    """The revisions that this code knows, the oldest first."""
    return _known(_config())


async def _run(store: Store, step: Callable[[Config], None]) -> str:
    await store.check()
    lock = _ONE_AT_A_TIME.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    async with lock, store.writer.begin() as connection:
        return await connection.run_sync(_migrate, step)


def take_turn(connection: Connection) -> None:
    """Wait until no other process migrates; the turn ends with the transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_KEY})


def _migrate(connection: Connection, step: Callable[[Config], None]) -> str:
    take_turn(connection)
    config = _config()
    config.attributes["connection"] = connection
    _refuse_unknown(config, revision_of(connection))
    try:
        step(config)
    except CommandError as error:
        raise ConfigError(
            f"The database cannot be taken to that version: {error}.",
            fix=f"Known versions: base, {', '.join(_known(config))}; head is the newest.",
        ) from error
    return revision_of(connection)


def _refuse_unknown(config: Config, revision: str) -> None:
    if revision and revision not in _known(config):
        raise ConfigError(
            f"The database is at version {revision!r}, which this syncer does not know: a newer "
            "one has written it.",
            fix="Install the newer syncer, or take the database back with its `db downgrade`.",
        )


def _known(config: Config) -> list[str]:
    """The revisions that this code knows, the oldest first."""
    scripts = ScriptDirectory.from_config(config).walk_revisions()
    return [script.revision for script in scripts][::-1]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(shipped("alembic")).replace("%", "%%"))
    return config
