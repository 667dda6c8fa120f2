"""A tracker in memory behind the connector protocol, with faults on demand.

It pages like real ones do: ordered by (updated, id), from a cursor, oldest change first.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, SecretStr

from syncer.connect.protocol import (
    Capabilities,
    Container,
    Fetched,
    Finding,
    HookReply,
    HookRequest,
    Identity,
    Page,
)
from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemRecord, Unreadable
from syncer.domain.ref import ContainerKey, ItemRef


@dataclass
class Shelf:
    """What one container holds, and how it answers."""

    records: dict[str, ItemRecord] = field(default_factory=dict)
    unreadable: tuple[Unreadable, ...] = ()
    missing: tuple[str, ...] = ()
    fail_at_page: int | None = None
    error: Exception | None = None
    last_change_at: datetime | None = None
    asked: list[Cursor | None] = field(default_factory=list)
    sent: int = 0

    def put(self, *records: ItemRecord) -> None:
        self.records |= {record.item.uid: record for record in records}


class MemoryConnector:
    """A connector over shelves."""

    kind: ClassVar[str] = "memory"
    config_type: ClassVar[type[BaseModel]] = BaseModel
    capabilities: ClassVar[Capabilities] = Capabilities(incremental=True, history=True)

    def __init__(self, shelves: dict[ContainerKey, Shelf], *, page_size: int = 100) -> None:
        self.shelves = shelves
        self.page_size = page_size
        self.probes: list[Exception | None] = []
        self.findings: tuple[Finding, ...] = ()
        self.on_page: Callable[[ContainerKey, int], None] = lambda _key, _page: None

    async def probe(self) -> Identity:
        if self.probes and (error := self.probes.pop(0)) is not None:
            raise error
        containers = tuple(
            Container(key=key, name=f"Name of {key.key}", last_change_at=shelf.last_change_at)
            for key, shelf in self.shelves.items()
        )
        return Identity(
            account="bot",
            server="memory 1",
            timezone="UTC",
            containers=containers,
            findings=self.findings,
        )

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncGenerator[Page]:
        shelf = self.shelves[container]
        shelf.asked.append(since)
        rows = _after(shelf.records.values(), since)
        batches = [rows[n : n + self.page_size] for n in range(0, len(rows), self.page_size)]
        if shelf.unreadable and not batches:
            batches = [[]]
        for number, batch in enumerate(batches):
            await asyncio.sleep(0)
            if number == shelf.fail_at_page and shelf.error is not None:
                raise shelf.error
            self.on_page(container, number)
            shelf.sent += len(batch)
            yield Page(
                records=tuple(batch),
                unreadable=shelf.unreadable if number == 0 else (),
                cursor=_cursor(batch, since),
                total=len(rows),
                missing_detail=shelf.missing,
            )
        if not batches and shelf.error is not None:
            raise shelf.error

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        found = [r for s in self.shelves.values() for r in s.records.values()]
        return Fetched(records=tuple(r for r in found if r.item.ref in refs))

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        for record in self.shelves[container].records.values():
            yield record.item.ref

    def receive(self, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
        return HookReply(status=404 if request.body or secrets else 400)


def _position(record: ItemRecord) -> list[str]:
    return [record.item.updated_at.isoformat(), record.item.ref.id]


def _after(records: Iterable[ItemRecord], since: Cursor | None) -> list[ItemRecord]:
    ordered = sorted(records, key=_position)
    if since is None:
        return ordered
    reached = json.loads(since.value)
    return [record for record in ordered if _position(record) > reached]


def _cursor(batch: Sequence[ItemRecord], since: Cursor | None) -> Cursor:
    if batch:
        return Cursor(json.dumps(_position(batch[-1])))
    return since or Cursor(json.dumps(["", ""]))
