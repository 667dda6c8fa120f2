"""A writer killed at any instant leaves a whole SQLite file: F27."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from syncer.store.engine import Store
from syncer.store.items import load_records
from tests.sync import ingest_much

KILLS = 6 * int(os.environ.get("SYNCER_TEST_ROUNDS", "1"))


async def _killed(root: Path, url: str, *, seed: int) -> bool:
    """Start a writer and kill it once it writes; whether it was still at it."""
    module = [sys.executable, "-m", "tests.sync.ingest_much", url, str(seed)]
    env = os.environ | {"PYTHONPATH": str(root)}
    process = await asyncio.create_subprocess_exec(*module, cwd=root, env=env)
    await asyncio.sleep(random.Random(seed).uniform(0.4, 1.6))
    if process.returncode is None:
        process.kill()
    return await process.wait() != 0


async def test_f27_a_file_whose_writers_are_killed_stays_whole(sqlite_url: str, root: Path) -> None:
    killed = [await _killed(root, sqlite_url, seed=seed) for seed in range(KILLS)]
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    assert any(killed)

    await ingest_much.main(sqlite_url, 0)
    async with Store(sqlite_url) as store, store.read() as session:
        records = await load_records(session)
    assert {one.item.title for one in records} == {f"state {ingest_much.STATES - 1}"}
    assert {len(one.changes) for one in records} == {1}
