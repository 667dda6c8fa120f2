"""A tracker and a folder of the test's own, on both databases."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.serve.site import Site, site


@pytest.fixture
async def place(tmp_path: Path, database_url: str) -> AsyncGenerator[Site]:
    """A Jira with twenty issues and a configuration for it; on both databases."""
    async with site(tmp_path / "site", database_url) as made:
        yield made


@pytest.fixture
async def on_sqlite(tmp_path: Path, sqlite_url: str) -> AsyncGenerator[Site]:
    """The same on SQLite alone."""
    async with site(tmp_path / "site", sqlite_url) as made:
        yield made


@pytest.fixture
async def on_postgres(tmp_path: Path, postgres_url: str) -> AsyncGenerator[Site]:
    """The same on PostgreSQL alone."""
    async with site(tmp_path / "site", postgres_url) as made:
        yield made
