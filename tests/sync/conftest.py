"""A migrated database of its own for every test."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from syncer.store import migrate
from syncer.store.engine import Store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[Store]:
    async with Store(f"sqlite:///{tmp_path}/syncer.db") as opened:
        await migrate.upgrade(opened)
        yield opened
