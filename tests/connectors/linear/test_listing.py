"""How a container's changes are listed: nothing slips through, in whatever order Linear lists."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from syncer.connect.testing.script import Container, ItemState, ScriptedItem
from syncer.connect.testing.server import RecordedRequest
from syncer.connect.testing.world import World
from syncer.domain.ref import ContainerKey
from tests.connectors.linear.small_linear import BEGIN, NOW, Still, read, running

BOX = ContainerKey("li", "BIG")
MANY = 23


def world_of(*minutes: float) -> World:
    world = World()
    world.add_container(Container(id="1", key="BIG", name="Big"))
    for number, minute in enumerate(minutes, start=1):
        world.create(
            ScriptedItem(
                id=str(1000 + number),
                created_at=BEGIN + timedelta(minutes=minute),
                reporter="kim",
                initial=ItemState(container="BIG", key=f"BIG-{number}", title=f"Item {number}"),
            )
        )
    return world


async def ids_of(connector: Any, since: Any = None) -> list[str]:
    pages = await read(connector, BOX, since)
    return [record.item.ref.id for page in pages for record in page.records]


@pytest.mark.parametrize("earliest_first", [False, True])
@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize(
    "minutes",
    [
        pytest.param(range(MANY), id="each its own instant"),
        pytest.param([7] * MANY, id="one instant"),
        pytest.param([1, 1, 1, 2, 3, 3, 3, 3, 3, 4, 5, 5], id="some of one instant"),
    ],
)
async def test_everything_is_read_once_in_the_order_of_change_from_either_end(
    minutes: Any, size: int, *, earliest_first: bool
) -> None:
    world = world_of(*minutes)
    async with running(world, page_size=size) as (linear, connector):
        linear.quirks.earliest_first = earliest_first
        ids = await ids_of(connector)
    assert sorted(set(ids)) == sorted(world.ids())
    assert len(ids) <= 2 * len(set(ids))
    times = [world.updated_at(id_, NOW) for id_ in ids]
    assert times == sorted(times, reverse=not earliest_first)


@pytest.mark.parametrize("earliest_first", [False, True])
async def test_items_that_change_between_pages_push_no_other_one_out_of_sight(
    *, earliest_first: bool
) -> None:
    world, clock = world_of(*range(MANY)), Still()
    changing = list(world.ids())[:9]
    async with running(world, clock=clock, page_size=3, details_a_query=4) as (linear, connector):
        linear.quirks.earliest_first = earliest_first

        def drift(_request: RecordedRequest) -> None:
            clock.instant += timedelta(seconds=1)
            if changing:
                world.edit(changing.pop(), clock.now(), actor="kim", title="Changed meanwhile")

        linear.server.on_request.append(drift)
        first = await read(connector, BOX)
        linear.server.on_request.clear()
        clock.instant += timedelta(minutes=1)
        second = await read(connector, BOX, first[-1].cursor)
    last = {r.item.ref.id: r.item for page in (*first, *second) for r in page.records}
    assert sorted(last) == sorted(world.ids())
    assert {id_: item.title for id_, item in last.items()} == {
        id_: state.title for id_ in world.ids() if (state := world.state(id_, clock.now()))
    }


async def test_a_pass_that_is_left_midway_goes_on_where_it_was() -> None:
    world = world_of(*range(MANY))
    async with running(world, page_size=10, details_a_query=5) as (_, connector):
        pages = await read(connector, BOX)
        rest = await ids_of(connector, pages[1].cursor)
        seen = {r.item.ref.id for page in pages[:2] for r in page.records}
    assert sorted(seen | set(rest)) == sorted(world.ids())
    assert len(rest) <= MANY - 10 + 1


@pytest.mark.parametrize("earliest_first", [False, True])
async def test_a_server_that_seeks_nothing_is_read_by_its_cursors(*, earliest_first: bool) -> None:
    world = world_of(*range(MANY))
    async with running(world, page_size=4) as (linear, connector):
        linear.quirks.earliest_first = earliest_first
        linear.quirks.ignores_times = True
        assert sorted(set(await ids_of(connector))) == sorted(world.ids())


async def test_a_cursor_that_leads_nowhere_any_more_costs_nothing() -> None:
    """The item at which a pass was left has been purged since: it goes on from the instant."""
    world = world_of(*([7] * MANY))
    async with running(world, page_size=5, details_a_query=5) as (linear, connector):
        pages = await read(connector, BOX)
        left = pages[1].records[-1].item.ref.id
        linear.quirks.purged.add(left)
        rest = await ids_of(connector, pages[1].cursor)
    seen = {r.item.ref.id for page in pages[:2] for r in page.records}
    assert sorted(seen | set(rest)) == sorted(world.ids())


async def test_a_census_names_all_but_the_trash_and_refuses_a_list_of_other_things() -> None:
    world = world_of(*range(MANY))
    world.delete("1003", NOW - timedelta(hours=1))
    async with running(world, page_size=4) as (_, connector):
        ids = [ref.id async for ref in connector.inventory(BOX)]
    assert sorted(ids) == sorted(set(world.ids()) - {"1003"})
