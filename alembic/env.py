"""Runs migrations, for syncer (which passes its connection) and for the `alembic` command.

The command finds the database in `-x url=…` or in SYNCER_SERVICE__DATABASE_URL.
"""

from __future__ import annotations

import asyncio
import os
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection
from sqlmodel.sql.sqltypes import AutoString

from syncer.store.engine import Store
from syncer.store.migrations import take_turn
from syncer.store.schema import METADATA
from syncer.store.types import UtcDateTime

DEFAULT_URL = "sqlite:///syncer.db"


def database_url() -> str:
    named = context.get_x_argument(as_dictionary=True).get("url")
    return named or os.environ.get("SYNCER_SERVICE__DATABASE_URL", DEFAULT_URL)


def plain_type(sort: str, value: object, _context: AutogenContext) -> str | Literal[False]:
    """A migration must run for ever, so it names no type of ours."""
    if sort == "type" and isinstance(value, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return "sa.String()" if sort == "type" and isinstance(value, AutoString) else False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=True,
        render_item=plain_type,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_alone() -> None:
    async with Store(database_url()) as store, store.writer.begin() as connection:
        await connection.run_sync(take_turn)
        await connection.run_sync(run)


given = context.config.attributes.get("connection")
if given is None:
    asyncio.run(run_alone())
else:
    run(given)
