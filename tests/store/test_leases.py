from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from syncer.errors import Busy
from syncer.store.engine import Store
from syncer.store.holder import file_holder, hold_file
from syncer.store.leases import (
    LEASE,
    Holder,
    acquire,
    current_holder,
    database_now,
    release,
    renew,
)
from syncer.store.rows import table_of
from syncer.store.tables import LeaseRow

SERVE = Holder(owner="serve (pid 123)", host="here", pid=123)
SYNC = Holder(owner="sync (pid 456)", host="here", pid=456)


def _alive(_: Holder) -> bool:
    return False


def _dead(_: Holder) -> bool:
    return True


async def _age(store: Store, by: timedelta) -> None:
    leases = table_of(LeaseRow)
    async with store.write() as session:
        expires = await database_now(session) + LEASE - by
        await session.execute(leases.update().values(expires_at=expires))


async def test_a_held_lease_is_refused_and_names_its_holder(store: Store) -> None:
    async with store.write() as session:
        await acquire(session, "jira:NET", SERVE, is_dead=_alive)
        with pytest.raises(Busy) as caught:
            await acquire(session, "jira:NET", SYNC, is_dead=_alive)
        await acquire(session, "jira:OUT", SYNC, is_dead=_alive)

        assert caught.value.holder == "serve (pid 123)"
        assert await current_holder(session, "jira:NET") == SERVE


async def test_a_dead_holder_is_replaced_at_once_and_fenced(store: Store) -> None:
    async with store.write() as session:
        first = await acquire(session, "jira:NET", SERVE, is_dead=_alive)
        second = await acquire(session, "jira:NET", SYNC, is_dead=_dead)

        assert not await renew(session, first)
        await release(session, first)
        assert await renew(session, second)
        assert await current_holder(session, "jira:NET") == SYNC


async def test_an_expired_lease_can_be_taken(store: Store) -> None:
    async with store.write() as session:
        await acquire(session, "jira:NET", SERVE, is_dead=_alive)
    await _age(store, LEASE + timedelta(seconds=1))

    async with store.write() as session:
        assert await current_holder(session, "jira:NET") is None
        assert (await acquire(session, "jira:NET", SYNC, is_dead=_alive)).attempt == 2


async def test_renewing_prolongs_and_releasing_ends(store: Store) -> None:
    async with store.write() as session:
        lease = await acquire(session, "jira:NET", SERVE, is_dead=_alive)
    await _age(store, LEASE - timedelta(seconds=1))
    async with store.write() as session:
        assert await renew(session, lease)
        row = (await session.execute(table_of(LeaseRow).select())).one()
        assert row.expires_at > await database_now(session) + LEASE / 2
        await release(session, lease)
        assert await current_holder(session, "jira:NET") is None


def test_one_daemon_a_file(tmp_path: Path) -> None:
    file = tmp_path / "syncer.db"
    with hold_file(file, "serve (pid 123)"):
        assert file_holder(file) == "serve (pid 123)"
        with pytest.raises(Busy, match=r"serve \(pid 123\)"), hold_file(file, "second"):
            pass

    assert file_holder(file) is None
    with hold_file(file, "second"):
        assert file_holder(file) == "second"
