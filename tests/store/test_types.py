from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import StatementError

from syncer.store.engine import Store
from syncer.store.rows import table_of
from syncer.store.tables import AuditRow
from tests.store.samples import NOON

AUDIT = table_of(AuditRow)
NAIVE = NOON.replace(tzinfo=None)


async def _written(store: Store, at: datetime) -> datetime:
    async with store.write() as session:
        await session.execute(AUDIT.insert().values(at=at, who="a", what="b", subject="c", why=""))
    async with store.read() as session:
        found: datetime = (await session.scalars(select(AUDIT.c.at))).one()
    return found


async def test_an_instant_comes_back_aware_and_in_utc(store: Store) -> None:
    east = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))

    found = await _written(store, east)

    assert found == NOON
    assert found.utcoffset() == timedelta(0)
    assert found.tzinfo is UTC


async def test_a_naive_instant_is_refused_and_nothing_is_written(store: Store) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        await _written(store, NAIVE)

    async with store.read() as session:
        assert await session.scalar(select(func.count()).select_from(AUDIT)) == 0


async def test_a_naive_instant_is_refused_in_a_condition(store: Store) -> None:
    async with store.read() as session:
        with pytest.raises(StatementError, match="without a zone"):
            await session.execute(select(AUDIT.c.id).where(AUDIT.c.at < NAIVE))
