"""Keeping what trackers tell beside items: the reports on their projects."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from syncer.clock import FixedClock
from syncer.domain.ref import ContainerKey
from syncer.domain.statement import TrackerStatus
from syncer.errors import RateLimited, Rejected, Unreachable
from syncer.store import sources
from syncer.store.engine import Store
from syncer.store.tracker_statuses import load_statuses
from syncer.sync.pull import pull_container
from syncer.sync.statuses import DETAIL, keep_statuses
from tests.store.samples import NET, NOON, record
from tests.sync.tracker import MemoryConnector, Shelf


class Reporting(MemoryConnector):
    """A tracker that tells reports, and at their end perhaps a fault."""

    def __init__(
        self,
        shelves: dict[ContainerKey, Shelf] | None = None,
        *,
        told: Sequence[TrackerStatus] = (),
        fault: Exception | None = None,
    ) -> None:
        super().__init__(shelves or {})
        self.told, self.fault = told, fault
        self.asked: list[ContainerKey] = []

    async def status_updates(self, container: ContainerKey) -> AsyncIterator[TrackerStatus]:
        self.asked.append(container)
        for status in self.told:
            yield status
        if self.fault is not None:
            raise self.fault


def status(id_: str) -> TrackerStatus:
    return TrackerStatus(
        id=id_, container=NET, subject="R", url="", author=None, at=NOON, value=None, text="Late."
    )


async def keep(store: Store, connector: MemoryConnector) -> tuple[set[str], bool]:
    """The ids that are kept then, and whether the detail counts as missing."""
    async with store.write() as session:
        await sources.ensure_container(session, NET)
    await keep_statuses(store, connector, NET)
    async with store.read() as session:
        kept = {one.id for one in await load_statuses(session)}
        (source,) = await sources.load_sources(session)
    return kept, DETAIL in source.missing_detail


async def test_what_is_told_is_kept(store: Store) -> None:
    assert await keep(store, Reporting(told=[status("1"), status("2")])) == ({"1", "2"}, False)
    assert await keep(store, Reporting(told=[status("2")])) == ({"2"}, False)


@pytest.mark.parametrize(
    "fault",
    [
        Rejected("no"),
        Unreachable("no"),
        RateLimited("no", retry_at=NOON),
        ValueError("a fault of the connector"),
    ],
)
async def test_what_is_not_told_is_missing_and_what_was_told_stays(
    store: Store, fault: Exception
) -> None:
    await keep(store, Reporting(told=[status("1")]))
    assert await keep(store, Reporting(told=[status("2")], fault=fault)) == ({"1", "2"}, True)
    assert await keep(store, Reporting(told=[status("2")])) == ({"2"}, False)


async def test_a_tracker_without_reports_is_not_asked_and_misses_none(store: Store) -> None:
    assert await keep(store, MemoryConnector({})) == (set(), False)


async def test_every_pull_asks_and_one_that_fails_does_not(store: Store) -> None:
    shelf = Shelf()
    shelf.put(record(1))
    connector = Reporting({NET: shelf}, fault=Rejected("no"))
    for _ in range(2):
        assert (await pull_container(store, connector, NET, clock=FixedClock(NOON))).error == ""
        async with store.read() as session:
            (source,) = await sources.load_sources(session)
        assert source.missing_detail == (DETAIL,)
        shelf.put(record(2))
    shelf.put(record(3))
    shelf.fail_at_page, shelf.error = 0, Unreachable("no")
    await pull_container(store, connector, NET, clock=FixedClock(NOON))
    assert connector.asked == [NET, NET]
