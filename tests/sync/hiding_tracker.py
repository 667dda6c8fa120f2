"""A tracker in memory that hides, loses and moves items, and fails for single ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import ClassVar

from syncer.connect.protocol import Capabilities, Fetched
from syncer.domain.ref import ContainerKey, ItemRef
from tests.sync.tracker import MemoryConnector, Shelf


class HidingTracker(MemoryConnector):
    """Answers like Jira: what does not come may be deleted or hidden, and nobody tells which."""

    def __init__(self, shelves: dict[ContainerKey, Shelf]) -> None:
        super().__init__(shelves)
        self.gone: set[ItemRef] = set()
        self.failing: dict[ItemRef, Exception] = {}
        self.fetched: list[list[ItemRef]] = []
        self.account = "bot"
        self.inventory_error: Exception | None = None

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        self.fetched.append(list(refs))
        for ref in refs:
            if ref in self.failing:
                raise self.failing[ref]
        shown = {r.item.ref: r for s in self.shelves.values() for r in s.records.values()}
        absent = [ref for ref in refs if ref not in shown]
        return Fetched(
            records=tuple(shown[ref] for ref in refs if ref in shown),
            gone=tuple(ref for ref in absent if ref in self.gone),
            hidden=tuple(ref for ref in absent if ref not in self.gone),
        )

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        for record in [*self.shelves[container].records.values()]:
            yield record.item.ref
        if self.inventory_error is not None:
            raise self.inventory_error


class TellingTracker(HidingTracker):
    """Answers like GitHub: what is hidden is told apart from what is gone."""

    capabilities: ClassVar[Capabilities] = Capabilities(incremental=True, reports_deletions=True)
