"""A store for what does not depend on the kind of database."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from syncer.store.engine import Store


@pytest.fixture
async def lite(sqlite_url: str) -> AsyncGenerator[Store]:
    """A SQLite database of the test's own with all tables, opened."""
    async with Store(sqlite_url) as opened:
        yield opened
