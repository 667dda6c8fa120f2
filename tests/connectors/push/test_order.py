"""Deliveries in any order: the newest word about an item wins, and so does the newest instant."""

from __future__ import annotations

from itertools import permutations

from syncer.domain.item import ItemState, StatusCategory
from syncer.store.engine import Store
from syncer.store.inbox import Chosen, InboxState, replay
from tests.connectors.push.plant import HOUR, NOON, Json, at, item, plant, push


def told(id_: str) -> list[Json]:
    """A state, a later one, and the end of one item, and its coming back."""
    return [
        push(item(id_, updated=NOON - 9 * HOUR), as_of=NOON - 8 * HOUR),
        push(item(id_, updated=NOON - 6 * HOUR, title="Later"), as_of=NOON - 5 * HOUR),
        push(deleted=[id_], as_of=NOON - 4 * HOUR),
        push(item(id_, updated=NOON - 3 * HOUR, title="Again"), as_of=NOON - 2 * HOUR),
    ]


async def test_f10_what_was_deleted_last_stays_so_in_any_order(store: Store) -> None:
    async with plant(store) as here:
        orders = list(permutations(range(3)))
        for number, order in enumerate(orders):
            for place in order:
                await here.drop(told(str(number))[place])
                await here.work()
        assert set((await here.states()).values()) == {ItemState.DELETED}
        assert len(await here.items()) == len(orders)
        assert (await here.source()).last_success_at == NOON - 4 * HOUR


async def test_what_came_back_is_alive_whatever_came_last(lite: Store) -> None:
    async with plant(lite) as here:
        for last in range(4):
            every = told(str(last))
            for one in [one for number, one in enumerate(every) if number != last] + [every[last]]:
                await here.drop(one)
        await here.work()
        found = (await here.items()).values()
        assert [(one.state, one.title) for one in found] == [(ItemState.LIVE, "Again")] * 4


async def test_f9_all_worked_off_anew_changes_nothing(lite: Store) -> None:
    async with plant(lite) as here:
        for one in [*told("1"), push(item("2"), item("3", prio=0))]:
            await here.send(one)
        before = await here.items(), await here.source()
        async with lite.write() as session:
            assert await replay(session, Chosen(state=InboxState.DONE)) == 5
        await here.work()
        after = await here.items(), await here.source()
        assert after[0] == before[0]
        assert after[1].last_success_at == before[1].last_success_at
        assert [one.state for one in await here.deliveries()] == [InboxState.DONE] * 5


async def test_a_heartbeat_makes_fresh_and_a_late_one_never_stale(lite: Store) -> None:
    async with plant(lite) as here:
        await here.send(push(item(), as_of=NOON - 9 * HOUR))
        assert (await here.source()).last_success_at == NOON - 9 * HOUR
        await here.send(push(as_of=NOON - HOUR))
        assert (await here.source()).last_success_at == NOON - HOUR
        await here.send(push(as_of=NOON - 5 * HOUR))
        assert (await here.source()).last_success_at == NOON - HOUR
        assert [one.event for one in await here.deliveries()] == [
            "items",
            "heartbeat",
            "heartbeat",
        ]


async def test_f14_an_item_that_moved_is_not_deleted_by_where_it_was(
    lite: Store,
) -> None:
    async with plant(lite) as here:
        await here.send(push(item("1"), item("2")))
        moved = push(item("1", updated=NOON - HOUR / 2), as_of=NOON - HOUR / 3)
        await here.send({**moved, "container": "line-3"})
        await here.send(push(deleted=["1"]))
        found = await here.items()
        assert (found["1"].state, found["1"].container.key) == (ItemState.LIVE, "line-3")
        assert found["2"].container.key == "line-2"


async def test_what_changed_between_two_states_becomes_history(store: Store) -> None:
    def told(hours: float, category: str, **more: str) -> Json:
        when = NOON - hours * HOUR
        return push(item("1", updated=when, status_category=category, **more), as_of=when)

    async with plant(store) as here:
        await here.send(told(9, "TODO", due_date="2026-12-01"))
        await here.send(told(7, "IN_PROGRESS", due_date="2026-12-08", status="Doing"))
        await here.send(told(5, "IN_PROGRESS", due_date="2026-12-08", title="Only its name"))
        await here.send(told(3, "DONE", due_date="2026-12-08"))
        await here.send(told(8, "TODO", due_date="2026-12-24"))  # too late to count
        record = await here.record("1")
        assert [(one.field.value, one.before, one.after) for one in record.changes] == [
            ("due", "2026-12-01", "2026-12-08"),
            ("status", "TODO", "IN_PROGRESS"),
            ("status", "IN_PROGRESS", "DONE"),
        ]
        found = record.item
        assert found.status_category is StatusCategory.DONE
        assert (found.started_at, found.done_at) == (NOON - 7 * HOUR, NOON - 3 * HOUR)
        assert found.title == "Order 1"
        await here.send(told(2, "DONE", due_date="2026-12-08", title="Renamed"))
        assert (await here.items())["1"].done_at == NOON - 3 * HOUR


async def test_deliveries_that_wait_together_leave_the_same_history(lite: Store) -> None:
    moves = ["TODO", "IN_PROGRESS", "DONE"]
    async with plant(lite) as here:
        for hours, category in enumerate(moves):
            when = NOON + (hours - 9) * HOUR
            for id_ in ("1", "2"):
                state = item(id_, updated=when, status_category=category)
                await here.drop(push(state, as_of=when))
        await here.work()
        for id_ in ("1", "2"):
            told_of = (await here.record(id_)).changes
            assert [one.after for one in told_of] == moves[1:]
        assert (await here.source()).last_success_at == NOON - 7 * HOUR


async def test_a_sender_that_tells_its_history_is_believed(lite: Store) -> None:
    change = {"at": at(NOON - 4 * HOUR), "field": "status", "before": "TODO", "after": "DONE"}
    async with plant(lite) as here:
        await here.send(push(item("1", updated=NOON - 9 * HOUR)))
        done = item("1", updated=NOON - HOUR, status_category="DONE", changes=[change])
        await here.send(push(done))
        record = await here.record("1")
        assert [one.at for one in record.changes] == [NOON - 4 * HOUR]
        assert record.item.done_at == NOON - 4 * HOUR
