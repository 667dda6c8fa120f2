"""What trackers are told while deliveries cannot be kept: F21, F24, F25 of spec/reliability.md."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path

import pytest

from syncer.clock import FixedClock
from syncer.errors import Unreachable
from syncer.store.daemon_tables import InboxRow
from syncer.store.engine import Store
from syncer.store.inbox import Arrival
from syncer.store.rows import table_of
from syncer.web.keeping import INBOX, Keeper
from tests.web.door import AT, PATIENCE, Door, issue, open_door, until


@pytest.fixture
async def door(store: Store) -> AsyncGenerator[Door]:
    async with open_door(store) as opened:
        yield opened


async def test_f21_a_delivery_is_told_to_come_again_while_there_is_no_database(
    door: Door, tmp_path: Path
) -> None:
    async with Store(f"sqlite:///{tmp_path}/no-such-folder/syncer.db") as away:
        door.keeper = Keeper(away, FixedClock(AT))
        answer = await door.signed(issue())

    assert (answer.status, answer.header("retry-after")) == (503, "30")
    assert door.outcomes == {("github", "unavailable"): 1}
    assert b"no-such-folder" not in answer.body


async def test_f21_a_delivery_is_told_to_come_again_while_the_server_is_away(door: Door) -> None:
    async with Store("postgresql://syncer@127.0.0.1:1/syncer") as away:
        door.keeper = Keeper(away, FixedClock(AT))
        answer = await door.signed(issue())

    assert answer.status == 503


async def test_f21_a_delivery_is_told_to_come_again_while_tables_are_missing(
    door: Door,
) -> None:
    async with door.store.write() as session:
        await session.execute(table_of(InboxRow).delete())
        await session.run_sync(lambda s: table_of(InboxRow).drop(s.connection()))

    assert (await door.signed(issue())).status == 503


async def test_f26_a_delivery_is_told_to_come_again_while_sqlite_is_locked(sqlite_url: str) -> None:
    async with Store(sqlite_url) as store, open_door(store, answer_seconds=0.2) as door:
        assert store.file is not None
        with closing(sqlite3.connect(store.file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert (await door.signed(issue())).status == 503
            other.execute("ROLLBACK")

        async with asyncio.timeout(PATIENCE):
            while (await door.signed(issue())).status == 503:
                pass
        assert len(await door.kept()) == 1


async def test_f24_a_delivery_that_takes_too_long_is_kept_all_the_same(store: Store) -> None:
    async with open_door(store, answer_seconds=0.1) as door:
        door.open.clear()
        assert (await door.signed(issue())).status == 503
        door.open.set()
        async with asyncio.timeout(PATIENCE):
            while (await door.signed(issue())).status == 503:
                pass

        assert len(await door.kept()) == 1


async def test_f24_more_deliveries_than_can_wait_are_told_to_come_again(store: Store) -> None:
    async with open_door(store, most_waiting=2) as door:
        door.open.clear()
        asked = [asyncio.create_task(door.signed(issue(n), delivery=str(n))) for n in range(2)]
        await until(lambda: len(door.incoming) == 2)
        assert (await door.signed(issue(3), delivery="3")).status == 503
        door.open.set()
        assert {(await one).status for one in asked} == {202}


async def test_what_is_being_kept_at_the_end_is_kept_and_answered(store: Store) -> None:
    async with open_door(store) as door:
        door.open.clear()
        asked = asyncio.create_task(door.signed(issue()))
        await until(lambda: len(door.incoming) == 1)
        asyncio.get_running_loop().call_later(0.2, door.open.set)

    assert (await asked).status == 202
    assert len(await door.kept()) == 1


async def test_an_error_of_ours_is_no_4xx(door: Door) -> None:
    class Away(Keeper):
        async def accept(self, _: Arrival) -> bool:
            raise Unreachable("No server answers.")

    door.keeper = Away(door.store, FixedClock(AT))

    assert (await door.signed(issue())).status == 503


async def test_workers_are_woken_by_what_is_kept(door: Door) -> None:
    async with door.store.wakeups(INBOX) as wakeup:
        while await wakeup.wait(0.05):
            pass  # it listens now
        await door.signed(issue())
        assert await wakeup.wait(PATIENCE)
