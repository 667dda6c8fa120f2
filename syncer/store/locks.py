"""One writer at a time where rows are decided together, on a database with many writers."""

from __future__ import annotations

import hashlib

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession


async def one_writer(session: AsyncSession, subject: str) -> None:
    """Wait until no other transaction works on `subject`; the turn ends with this transaction.

    Ask before the first read that decides anything, and for one subject at a time, or in a fixed
    order: two who wait for each other are undone. SQLite has but one writer anyway.
    `Busy` after five seconds.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(_number(subject))))


def _number(subject: str) -> int:
    """PostgreSQL's locks of this sort are called by a number of eight bytes."""
    digest = hashlib.blake2b(subject.encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
