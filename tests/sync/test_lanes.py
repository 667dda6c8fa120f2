"""Containers that hang, wait or are huge hold up no other, and lanes are counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from syncer.clock import FixedClock
from syncer.connect.passage import new_call
from syncer.connect.protocol import Page
from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemRecord
from syncer.domain.lane import Lane, LaneState
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import RateLimited
from syncer.store.engine import Store
from syncer.store.lanes import load_lanes
from syncer.sync.connection import ConnectionResult, pull_connection, survey
from syncer.sync.places import Rooms
from syncer.sync.pull import Errand
from tests.store.samples import record
from tests.sync.tracker import MemoryConnector, Shelf

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAMES = [f"C{number}" for number in range(8)]
LIMIT = 30.0
"""Seconds after which a test gives up; nothing here takes nearly as long."""


def key(name: str) -> ContainerKey:
    return ContainerKey("jira", name)


@dataclass
class Hanging(MemoryConnector):
    """Some containers do not answer before they are let go."""

    hangs: frozenset[str] = frozenset()
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    seen: dict[str, asyncio.Event] = field(default_factory=dict)
    asked: list[tuple[str, Lane, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__({key(name): shelf(name) for name in NAMES})

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncGenerator[Page]:
        call = new_call("GET", "/x")
        self.asked.append((container.key, call.lane, call.container))
        self.seen.setdefault(container.key, asyncio.Event()).set()
        if container.key in self.hangs:
            await self.gate.wait()
        async for page in super().changes(container, since):
            yield page


def shelf(name: str) -> Shelf:
    made = Shelf()
    made.put(an_item(name, 1))
    return made


def an_item(name: str, number: int) -> ItemRecord:
    ref = ItemRef("jira", f"{name}-{number}")
    return record(number, ref=ref, key=f"{name}-{number}", container=key(name))


async def pull(
    store: Store, connector: Hanging, *, full: bool = False, patience: float = LIMIT
) -> ConnectionResult:
    return await pull_connection(
        store,
        connector,
        connection="jira",
        clock=FixedClock(NOW),
        errand=Errand(full=full),
        rooms=Rooms(patience=patience),
    )


async def lanes(store: Store, name: str) -> dict[Lane, LaneState]:
    async with store.read() as session:
        return (await load_lanes(session)).get(key(name), {})


async def until_asked(connector: Hanging, names: Iterable[str]) -> None:
    async with asyncio.timeout(LIMIT):
        for name in names:
            await connector.seen.setdefault(name, asyncio.Event()).wait()


def forget(connector: Hanging) -> None:
    connector.asked.clear()
    connector.seen.clear()


async def test_containers_that_hang_lend_their_places_to_the_others(store: Store) -> None:
    connector = Hanging()
    await pull(store, connector)
    forget(connector)
    connector.hangs = frozenset(NAMES[:4])  # as many as begin together
    under_way = asyncio.create_task(pull(store, connector, patience=0.05))
    await until_asked(connector, NAMES)
    assert not under_way.done()
    connector.gate.set()
    assert (await under_way).ok


async def test_first_readings_that_hang_hold_up_no_news(store: Store) -> None:
    connector = Hanging()
    hidden = {name: connector.shelves.pop(key(name)) for name in NAMES[:6]}
    await pull(store, connector)
    connector.shelves = {**{key(name): one for name, one in hidden.items()}, **connector.shelves}
    forget(connector)
    connector.hangs = frozenset(hidden)
    under_way = asyncio.create_task(pull(store, connector))  # nobody lends within the test
    await until_asked(connector, NAMES[6:])
    connector.gate.set()
    await under_way
    backfills = {name for name, lane, _ in connector.asked if lane is Lane.BACKFILL}
    assert backfills == set(hidden)


async def test_each_container_is_asked_for_by_its_lane_and_under_its_name(store: Store) -> None:
    connector = Hanging()
    for lane in (Lane.BACKFILL, Lane.INCREMENTAL):
        connector.asked.clear()
        await pull(store, connector)
        assert sorted(connector.asked) == [(name, lane, f"jira:{name}") for name in NAMES]
    connector.asked.clear()
    await pull(store, connector, full=True)
    assert {lane for _, lane, _ in connector.asked} == {Lane.BACKFILL}


async def test_what_failed_before_comes_after_what_did_not_and_before_first_readings(
    store: Store,
) -> None:
    connector = Hanging()
    new = connector.shelves.pop(key("C0"))
    connector.shelves[key("C1")].fail_at_page = 0
    connector.shelves[key("C1")].error = RateLimited("Slow.", retry_at=NOW)
    await pull(store, connector)
    connector.shelves[key("C1")].error = None
    connector.shelves = {key("C0"): new, **connector.shelves}
    await pull(store, connector)
    connector.shelves[key("C2")].fail_at_page = 0
    connector.shelves[key("C2")].error = RateLimited("Slow.", retry_at=NOW)
    connector.shelves[key("C2")].put(an_item("C2", 2))
    await pull(store, connector)
    connector.shelves[key("new")] = Shelf()
    found = await survey(store, connector, connection="jira", clock=FixedClock(NOW))
    order = [one.key.key for one in found.due]
    assert order[-2:] == ["C2", "new"]
    assert set(order[:-2]) == set(NAMES) - {"C2"}


async def test_every_pass_is_counted_on_its_lane(store: Store) -> None:
    connector = Hanging()
    await pull(store, connector)
    connector.shelves[key("C1")].put(an_item("C1", 2))
    await pull(store, connector)
    counted = await lanes(store, "C1")
    assert (counted[Lane.BACKFILL].seen, counted[Lane.BACKFILL].stored) == (1, 1)
    assert counted[Lane.INCREMENTAL].passes == 1
    assert counted[Lane.INCREMENTAL].stored == 1


async def test_a_limited_container_says_when_it_goes_on_and_why(store: Store) -> None:
    connector, later = Hanging(), NOW + timedelta(minutes=7)
    connector.shelves[key("C3")].fail_at_page = 0
    connector.shelves[key("C3")].error = RateLimited("Too many requests.", retry_at=later)
    await pull(store, connector)
    state = (await lanes(store, "C3"))[Lane.BACKFILL]
    assert (state.failed, state.next_at, state.why) == (1, later, "Too many requests.")
    connector.shelves[key("C3")].error = None
    await pull(store, connector)
    state = (await lanes(store, "C3"))[Lane.BACKFILL]
    assert (state.next_at, state.why) == (None, "")
