"""Several who sync at once: tasks with stores of their own, and real processes."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncer.domain.item import ItemRecord
from syncer.domain.verdict import VerdictLevel
from syncer.store.audit import load_events
from syncer.store.engine import Store
from syncer.store.items import find_item, keys_of, load_items, load_records
from syncer.store.verdicts import load_stored_verdicts
from syncer.sync.ingest import ingest
from syncer.sync.verdicts import judge
from tests.store.samples import NET, NOON, record, status_change
from tests.sync import ingest_much
from tests.sync.test_verdicts import FEATURE, PORTFOLIO

HOUR = timedelta(hours=1)
OLD = record(1, status_change(1), key="NET-1", title="old", updated_at=NOON)
NEW = record(1, status_change(2), key="NET-2", title="new", updated_at=NOON + HOUR)


@pytest.fixture
async def other(store: Store) -> AsyncGenerator[Store]:
    async with Store(store.url) as opened:
        yield opened


async def _ingest(store: Store, *records: ItemRecord) -> None:
    async with store.write() as session:
        await ingest(session, records, container=NET, at=NOON)


@pytest.mark.parametrize(("first", "second"), [(OLD, NEW), (NEW, OLD)])
async def test_two_writers_of_one_new_item_at_once_keep_the_newest_state(
    store: Store, other: Store, first: ItemRecord, second: ItemRecord
) -> None:
    async with store.write() as session:
        await ingest(session, [first], container=NET, at=NOON)
        late = asyncio.create_task(_ingest(other, second))
        await asyncio.wait([late], timeout=0.2)  # on both databases it waits for the first
    await late

    async with store.read() as session:
        [found] = await load_records(session)
        names = await keys_of(session, found.item.uid)
        assert (await find_item(session, "NET-2")).title == "new"
    assert (found.item.title, found.item.key) == ("new", "NET-2")
    assert [key for key, _, until in names if until is None] == ["NET-2"]


async def _judge_all(stores: list[Store], *, hours: int) -> None:
    at = NOON + hours * HOUR
    await asyncio.gather(*(judge(store, PORTFOLIO, at=at) for store in stores))


async def test_two_judges_at_once_write_each_turn_once(store: Store, other: Store) -> None:
    await _ingest(store, ItemRecord(item=FEATURE))
    await _judge_all([store, other], hours=0)
    labelled = replace(FEATURE, labels=("prog:5g",), updated_at=NOON + HOUR)
    await _ingest(store, ItemRecord(item=labelled))
    await _judge_all([store, other, store, other], hours=1)

    async with store.read() as session:
        kept = (await load_stored_verdicts(session))[FEATURE.uid]
        flips = await load_events(session, what="verdict.flip")
    assert kept.verdict.level is VerdictLevel.PROGRAM
    assert len(flips) == 1


async def _start(root: Path, *arguments: str) -> Process:
    module = [sys.executable, "-m", "tests.sync.ingest_much", *arguments]
    env = os.environ | {"PYTHONPATH": str(root)}
    return await asyncio.create_subprocess_exec(*module, cwd=root, env=env)


async def test_f26_processes_that_store_the_same_items_end_with_the_newest(
    database_url: str, root: Path
) -> None:
    running = [await _start(root, database_url, str(seed)) for seed in range(3)]
    assert [await process.wait() for process in running] == [0, 0, 0]

    async with Store(database_url) as store, store.read() as session:
        found = await load_items(session)
        changes = {len(one.changes) for one in await load_records(session)}
    assert {one.title for one in found} == {f"state {ingest_much.STATES - 1}"}
    assert len(found) == ingest_much.ITEMS
    assert changes == {1}
