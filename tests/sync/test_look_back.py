"""What a search shows hours late is found all the same (spec/trackers.md 1.3)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.jira.simulator import JiraSimulator
from connectors.jira.simulator_data_center import JiraDataCenterSimulator
from syncer.connect.testing.script import ItemState
from syncer.connect.testing.server import answer
from syncer.domain.lane import Lane, LaneState
from syncer.errors import Rejected
from syncer.store.engine import Store
from syncer.store.gaps import GRACE, settle
from syncer.store.items import load_items
from syncer.store.lanes import load_lanes
from syncer.store.sources import load_sources
from syncer.sync.connection import Wanted
from syncer.sync.look_back import DOUBT, LookBack, LookedBack, look_back
from tests.faults.line import Line, line

LATE = "20005"
HOUR = timedelta(hours=1)
EVERY_SORT = pytest.mark.parametrize("sort", [JiraSimulator, JiraDataCenterSimulator])


async def look(one: Line, store: Store, *, hours: float = 12.0) -> list[LookedBack]:
    return await look_back(
        store,
        one.connector,
        connection=one.name,
        clock=one.clock,
        wanted=Wanted(),
        rules=LookBack(span=timedelta(hours=hours), counts_found=True),
    )


async def lane(one: Line, store: Store) -> LaneState:
    async with store.read() as session:
        return (await load_lanes(session))[one.container][Lane.LOOK_BACK]


async def pass_by(one: Line, store: Store, span: timedelta) -> None:
    """Others are edited all the while, and pulled, so that the watermark goes on."""
    for _ in range(6):
        one.clock.instant += span / 6
        for number in range(20010, 20020):
            one.edit(str(number), f"edited at {one.clock.instant}")
        one.clock.instant += timedelta(seconds=1)
        assert (await one.pull(store)).ok


async def title(one: Line, store: Store, item: str = LATE) -> str:
    return (await one.stored(store))[item].title


@EVERY_SORT
@pytest.mark.parametrize("skew", [timedelta(), timedelta(hours=24), timedelta(hours=-24)])
async def test_what_the_search_shows_hours_late_is_found(
    store: Store, sort: type[JiraSimulator], skew: timedelta
) -> None:
    async with line(sort=sort, skew=skew) as one:
        await one.pull(store)
        one.jira.quirks.late = {LATE: 3 * HOUR}
        one.edit(LATE, "shown late")
        await pass_by(one, store, 4 * HOUR)
        assert await title(one, store) != "shown late"  # or this test shows nothing
        [result] = await look(one, store)
        assert result.stored == 1
        assert await one.is_equal(store)


async def test_what_keeps_still_is_looked_back_on_no_more_until_something_is_stored(
    store: Store,
) -> None:
    async with line(sort=JiraDataCenterSimulator) as one:  # which says nothing of its last change
        await one.pull(store)
        one.clock.instant += timedelta(hours=12) + DOUBT - HOUR
        assert len(await look(one, store)) == 1  # too soon after the first reading to be sure
        one.clock.instant += 2 * HOUR
        assert len(await look(one, store)) == 1  # the last one
        one.clock.instant += 2 * HOUR
        assert await look(one, store) == []

        one.edit("20010", "edited")
        await one.pull(store)
        one.clock.instant += 2 * HOUR
        assert len(await look(one, store)) == 1


async def test_an_item_that_is_made_and_shown_late_is_found(store: Store) -> None:
    async with line() as one:
        await one.pull(store)
        new = one.jira.world.item(LATE)
        state = ItemState(container="NET", key="NET-900", title="made")
        made_at = one.their_clock.now()
        one.jira.world.create(
            type(new)(id="20900", created_at=made_at, reporter=new.reporter, initial=state)
        )
        one.jira.quirks.late = {"20900": 3 * HOUR}
        await pass_by(one, store, 4 * HOUR)
        assert "20900" not in await one.stored(store)
        await look(one, store)
        assert await one.is_equal(store)


async def test_an_item_that_is_changed_twice_within_the_lag_is_found(store: Store) -> None:
    async with line() as one:
        await one.pull(store)
        one.jira.quirks.late = {LATE: 3 * HOUR}
        one.edit(LATE, "first")
        await pass_by(one, store, HOUR)
        one.edit(LATE, "second")
        await pass_by(one, store, 2.5 * HOUR)  # the search shows the first change by now
        await look(one, store)
        assert await title(one, store) == "second"
        await pass_by(one, store, 2 * HOUR)
        assert [result.stored for result in await look(one, store)] == [0]
        assert await one.is_equal(store)


async def test_what_it_finds_counts_on_its_lane_and_as_missed_by_webhooks(store: Store) -> None:
    async with line() as one:
        await one.pull(store)
        one.jira.quirks.late = {LATE: 3 * HOUR}
        one.edit(LATE, "shown late")
        await pass_by(one, store, 4 * HOUR)
        await look(one, store)
        told = await lane(one, store)
        assert (told.passes, told.stored, told.failed) == (1, 1, 0)
        assert told.seen >= 11
        later = one.clock.now() + GRACE + timedelta(minutes=1)
        await settle(store, now=later)
        async with store.read() as session:
            [source] = await load_sources(session)
        assert source.found_by_reconcile == 1


async def test_it_is_looked_once_an_hour_and_not_just_after_a_first_reading(store: Store) -> None:
    async with line() as one:
        await one.pull(store)
        for expected in (0, 1, 0):
            one.asked_at.clear()
            assert len(await look(one, store)) == expected
            assert bool(one.asked_at) is bool(expected)
            if not expected:
                one.clock.instant += HOUR


async def test_a_container_that_kept_still_costs_no_request(store: Store) -> None:
    async with line() as one:
        await one.pull(store)
        one.clock.instant += 13 * HOUR
        await one.pull(store)
        one.asked_at.clear()
        assert await look(one, store) == []
        assert one.asked_at == []


async def test_it_may_be_switched_off(store: Store) -> None:
    async with line() as one:
        await one.pull(store)
        one.clock.instant += HOUR
        assert await look(one, store, hours=0) == []


async def test_a_refusal_is_noted_with_the_lane_and_changes_nothing(store: Store) -> None:
    async with line() as one:
        await one.pull(store)
        one.clock.instant += HOUR
        one.jira.server.fail(answer(403), path="/rest/api/3/search/jql")
        [result] = await look(one, store)
        assert isinstance(result.failure, Rejected)
        told = await lane(one, store)
        assert told.failed == 1
        assert told.why
        assert await one.is_equal(store)


async def test_an_item_deleted_meanwhile_is_left_to_the_census(store: Store) -> None:
    async with line() as one:
        await one.pull(store)
        one.clock.instant += HOUR
        one.edit(LATE, "about to go")
        one.jira.quirks.search_lag = timedelta(minutes=10)
        one.clock.instant += timedelta(minutes=15)
        one.jira.world.delete(LATE, one.their_clock.now())
        one.clock.instant += timedelta(minutes=5)
        await look(one, store)
        async with store.read() as session:
            states = {item.ref.id: item.state for item in await load_items(session)}
        assert states[LATE] == "live"
