"""A tracker and a folder of the test's own, with a daemon to start there."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.serve.site import Site, site


@pytest.fixture
async def on_sqlite(tmp_path: Path, sqlite_url: str) -> AsyncGenerator[Site]:
    """A Jira with twenty issues and a configuration for it, on SQLite."""
    async with site(tmp_path / "site", sqlite_url) as made:
        yield made


@pytest.fixture
async def on_postgres(tmp_path: Path, postgres_url: str) -> AsyncGenerator[Site]:
    """The same on PostgreSQL."""
    async with site(tmp_path / "site", postgres_url) as made:
        yield made
