"""Small sheets in real files, and a connector that reads them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from connectors.csv_file.config import CsvConfig
from connectors.csv_file.connector import CsvConnector
from syncer.connect.auth import with_secrets
from syncer.connect.protocol import Page
from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemRecord
from syncer.domain.ref import ContainerKey

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SHEET = ContainerKey("plan", "sheet")
PLAN = """\
ID;Title;Status;Due;Owner;Blocked by;Done
P-1;Rent the hall;Done;2026-11-10;S. Weber;;2026-11-09
P-2;Invite the mayors;In progress;2026-12-11;S. Weber, K. Lang;P-1;
P-3;Print the leaflets;Open;2027-01-15;;https://acme.example/browse/REG-112;
"""


@dataclass
class Hands:
    """A clock that stands where it is put."""

    at: datetime = field(default=NOON)

    def now(self) -> datetime:
        """The instant that it shows (UTC)."""
        return self.at


@asynccontextmanager
async def connected(
    path: Path | None = None,
    *,
    clock: Hands | None = None,
    env: Mapping[str, str] | None = None,
    **keys: Any,
) -> AsyncGenerator[CsvConnector]:
    """A connector over a real session, for a file unless the keys name an address."""
    place = {"path": str(path)} if path else {}
    config = CsvConfig.model_validate({"name": "plan", "kind": "csv", **place, **keys})
    async with aiohttp.ClientSession() as session:
        read = with_secrets(config, env=env or {}, base=Path())
        yield CsvConnector("plan", read, session, clock=clock or Hands())


def save(path: Path, content: str | bytes) -> None:
    """Write a sheet as somebody's spreadsheet does."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


async def pages(connector: CsvConnector, since: Cursor | None = None) -> list[Page]:
    """All pages of one pass."""
    return [page async for page in connector.changes(SHEET, since)]


def by_key(read: list[Page]) -> dict[str, ItemRecord]:
    """The records of some pages, the last of each key."""
    return {one.item.key: one for page in read for one in page.records}
