"""The configurations that have been used, so that a new one can be compared with them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.store.bulk import upsert
from syncer.store.daemon_tables import ConfigurationRow
from syncer.store.rows import table_of

_CONFIGURATIONS: Final = table_of(ConfigurationRow)


async def note_configuration(
    session: AsyncSession, config_hash: str, work: str, *, at: datetime
) -> None:
    """Record that a configuration is in use at `at`; `work` is its part about the work."""
    row = {
        "config_hash": config_hash,
        "content": {"toml": work},
        "first_used_at": at,
        "last_used_at": at,
    }
    await upsert(session, _CONFIGURATIONS, [row], keeping=("first_used_at",))


async def last_configuration(session: AsyncSession) -> tuple[str, str] | None:
    """Hash and text of the configuration that was used last; None where none ever was."""
    c = _CONFIGURATIONS.c
    query = select(c.config_hash, c.content).order_by(c.last_used_at.desc()).limit(1)
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], str(row[1]["toml"]))
