"""Permission removed for one project: its items are hidden, and since when is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from syncer.clock import FixedClock
from syncer.domain.item import ItemState
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.report import SourceState
from syncer.errors import Rejected
from syncer.store.engine import Store
from syncer.store.items import load_items
from syncer.store.sources import ensure_container, load_sources
from syncer.sync.connection import Wanted, pull_connection
from syncer.sync.ingest import ingest
from syncer.sync.reconcile import census_connection, is_due
from tests.store.samples import NET, NOON, record
from tests.sync.hiding_tracker import HidingTracker
from tests.sync.tracker import Shelf

OUT = ContainerKey("jira", "OUT")
LATER = NOON + timedelta(hours=1)
MUCH_LATER = NOON + timedelta(days=1)


class Refusing(HidingTracker):
    """Refuses to list one container."""

    refused: ContainerKey | None = None

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        if container == self.refused:
            raise Rejected("no such project", status=404)
        async for ref in super().inventory(container):
            yield ref


@pytest.fixture
async def tracker(store: Store) -> Refusing:
    net, out = Shelf(), Shelf()
    net.put(*(record(n) for n in range(5)))
    out.put(record(500, container=OUT, key="OUT-1"))
    made = Refusing({NET: net, OUT: out})
    await _pull(store, made, at=NOON)
    return made


async def _pull(store: Store, tracker: HidingTracker, *, at: datetime) -> None:
    await pull_connection(store, tracker, connection="jira", clock=FixedClock(at))


async def _census(
    store: Store, tracker: HidingTracker, *, at: datetime, when_due: bool = False
) -> None:
    await census_connection(
        store,
        tracker,
        connection="jira",
        clock=FixedClock(at),
        wanted=Wanted(),
        due=lambda state: not when_due or is_due(state, now=at, every=timedelta(days=1)),
    )


async def _sources(store: Store) -> dict[str, SourceState]:
    async with store.read() as session:
        return {one.container: one for one in await load_sources(session)}


async def _states(store: Store, container: ContainerKey) -> set[ItemState]:
    async with store.read() as session:
        return {item.state for item in await load_items(session, container=container)}


@pytest.mark.parametrize("how", ["silently missing", "refused", "empty"])
async def test_f46_a_project_that_is_shown_no_more_is_hidden_and_not_deleted(
    store: Store, tracker: Refusing, how: str
) -> None:
    shelf = tracker.shelves[NET]
    records = dict(shelf.records)
    if how == "silently missing":
        del tracker.shelves[NET]
    elif how == "refused":
        shelf.error, shelf.fail_at_page = Rejected("no such project", status=404), 0
        shelf.records[record(9).item.uid] = record(9, updated_at=LATER)
        tracker.refused = NET
    else:
        shelf.records.clear()
    await _pull(store, tracker, at=LATER)
    await _census(store, tracker, at=LATER)
    await _pull(store, tracker, at=MUCH_LATER)
    await _census(store, tracker, at=MUCH_LATER)

    lost, kept = (await _sources(store))["NET"], (await _sources(store))["OUT"]
    assert (lost.detail.lost_since, lost.hidden) == (LATER, 5)
    assert (kept.detail.lost_since, kept.hidden) == (None, 0)
    assert await _states(store, NET) == {ItemState.HIDDEN}
    assert await _states(store, OUT) == {ItemState.LIVE}

    tracker.refused = None
    tracker.shelves[NET] = Shelf(records=records)
    await _pull(store, tracker, at=MUCH_LATER)
    await _census(store, tracker, at=MUCH_LATER)
    back = (await _sources(store))["NET"]
    assert (back.detail.lost_since, back.detail.failing_since, back.hidden) == (None, None, 0)
    assert await _states(store, NET) == {ItemState.LIVE}


async def test_f46_a_project_that_was_never_read_is_not_called_lost(
    store: Store, tracker: HidingTracker
) -> None:
    shelf = Shelf(error=Rejected("forbidden", status=403), fail_at_page=0)
    shelf.put(record(800))
    tracker.shelves[ContainerKey("jira", "NEW")] = shelf
    await _pull(store, tracker, at=LATER)

    found = (await _sources(store))["NEW"]
    assert (found.detail.lost_since, found.detail.failing_since) == (None, LATER)


async def test_since_when_a_container_fails_is_kept_until_it_is_well(
    store: Store, tracker: HidingTracker
) -> None:
    shelf = tracker.shelves[NET]
    shelf.put(record(7, updated_at=LATER))
    shelf.error, shelf.fail_at_page = Rejected("a query of ours", status=400), 0
    await _pull(store, tracker, at=LATER)
    await _pull(store, tracker, at=MUCH_LATER)
    failing = (await _sources(store))["NET"].detail.failing_since
    shelf.error = None
    await _pull(store, tracker, at=MUCH_LATER)

    assert failing == LATER
    assert (await _sources(store))["NET"].detail.failing_since is None


async def test_f46_what_webhooks_brought_of_a_project_that_was_never_read_is_hidden_too(
    store: Store, tracker: Refusing
) -> None:
    """A webhook came before the first reading, and the project was renamed or closed after it."""
    new = ContainerKey("jira", "NEW")
    async with store.write() as session:
        await ensure_container(session, new)
        await ingest(session, [record(7, container=new, key="NEW-1")], container=new, at=NOON)

    await _pull(store, tracker, at=LATER)
    await _census(store, tracker, at=LATER, when_due=True)

    assert await _states(store, new) == {ItemState.HIDDEN}
    assert (await _sources(store))["NEW"].detail.lost_since == LATER


async def test_a_census_leaves_a_project_to_its_first_reading(
    store: Store, tracker: Refusing
) -> None:
    new, shelf = ContainerKey("jira", "NEW"), Shelf()
    shelf.put(record(7, container=new, key="NEW-1"))
    async with store.write() as session:
        await ensure_container(session, new)
        await ingest(session, shelf.records.values(), container=new, at=NOON)
    await _pull(store, tracker, at=LATER)  # it is not shown
    tracker.shelves[new] = shelf

    await _census(store, tracker, at=LATER, when_due=True)

    assert await _states(store, new) == {ItemState.LIVE}
    assert (await _sources(store))["NEW"].detail.lost_since is None


async def test_what_a_lagging_search_shows_in_a_project_that_nobody_wants_is_not_stored(
    store: Store, tracker: Refusing
) -> None:
    """It moved there, and the search still finds it where it was."""
    box = ContainerKey("jira", "BOX")
    tracker.shelves[NET].put(record(9, container=box, key="BOX-1", updated_at=LATER))
    tracker.shelves[NET].put(record(8, container=OUT, key="OUT-2", updated_at=LATER))

    await _pull(store, tracker, at=LATER)

    async with store.read() as session:
        keys = {item.key for item in await load_items(session)}
    assert "BOX-1" not in keys
    assert "OUT-2" in keys
