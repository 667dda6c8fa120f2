"""An inventory lets absence be known, and never buries many items without a person."""

from __future__ import annotations

from typing import Any

from syncer.domain.item import ItemState
from syncer.store.census import census_states
from syncer.store.engine import Store
from syncer.store.retention import forget_deliveries
from syncer.sync.carried import settle_inventory
from syncer.sync.reconcile import CensusResult, CensusRules
from tests.connectors.push.plant import HOUR, NOON, Json, Plant, item, plant, push

TEN = [item(str(number)) for number in range(10)]


def inventory(*present: str, **more: Any) -> Json:
    return push(complete=True, present=list(present), **more)


def ids(*numbers: int) -> list[str]:
    return [str(number) for number in numbers]


async def deleted(here: Plant) -> set[str]:
    return {id_ for id_, state in (await here.states()).items() if state is ItemState.DELETED}


async def settle(here: Plant, *, confirmed: bool) -> CensusResult:
    async with here.store.read() as session:
        [state] = await census_states(session, "plant")
    rules = CensusRules(confirmed=confirmed)
    return await settle_inventory(here.store, here.connector, state, rules=rules, at=NOON)


async def test_f13_what_an_inventory_lacks_was_deleted(store: Store) -> None:
    async with plant(store) as here:
        await here.send(push(*TEN, as_of=NOON - HOUR / 2))
        broken = item("9", prio=1)
        told = [item("0", title="Told anew", updated=NOON - HOUR / 3), broken]
        answer = await here.send(push(*told, complete=True, present=ids(1, 2, 3, 4, 5, 6, 7)))
        assert answer["accepted"] == 1
        assert await deleted(here) == {"8"}, "an item that cannot be read is there all the same"
        source = await here.source()
        assert (source.detail.census_at, source.detail.census_items) == (NOON, 9)
        assert source.detail.census_note == ""
        assert source.detail.is_covered()


async def test_more_than_a_fifth_waits_for_a_person(store: Store) -> None:
    async with plant(store) as here:
        await here.send(push(*TEN, as_of=NOON - HOUR / 2))
        await here.send(inventory(*ids(0, 1, 2, 3, 4, 5, 6)))
        assert await deleted(here) == set()
        note = (await here.source()).detail.census_note
        assert note.startswith("3 of 10 stored items of plant:line-2 are missing")
        assert note.endswith("syncer sync --census --confirm plant:line-2")
        waiting = await settle(here, confirmed=False)
        assert (waiting.note, waiting.deleted) == (note, 0)

        done = await settle(here, confirmed=True)
        assert (done.note, done.deleted, done.failure) == ("", 3, None)
        assert await deleted(here) == {"7", "8", "9"}
        assert (await here.source()).detail.census_note == ""


async def test_a_person_cannot_confirm_what_is_no_longer_kept(lite: Store) -> None:
    async with plant(lite) as here:
        await here.send(push(*TEN, as_of=NOON - HOUR / 2))
        await here.send(inventory(*ids(0, 1)))
        async with lite.write() as session:
            await forget_deliveries(session, before=NOON + HOUR)
        done = await settle(here, confirmed=True)
        assert "no longer kept" in str(done.failure)
        assert await deleted(here) == set()


async def test_the_senders_own_word_needs_no_person(lite: Store) -> None:
    async with plant(lite) as here:
        await here.send(push(*TEN, as_of=NOON - HOUR / 2))
        await here.send(inventory(*ids(0, 1, 2, 3, 4, 5, 6), deleted=ids(7, 8, 9)))
        assert await deleted(here) == {"7", "8", "9"}
        assert (await here.source()).detail.census_note == ""


async def test_an_inventory_says_nothing_of_what_came_after_it(lite: Store) -> None:
    async with plant(lite) as here:
        early = [item(str(number), updated=NOON - 9 * HOUR) for number in range(10)]
        await here.send(push(*early, item("late"), as_of=NOON - HOUR / 2))
        await here.send(inventory(*ids(*range(10)), as_of=NOON - 5 * HOUR))
        assert await deleted(here) == set()


async def test_an_inventory_that_comes_after_a_newer_one_concludes_nothing(lite: Store) -> None:
    async with plant(lite) as here:
        early = [item(str(number), updated=NOON - 9 * HOUR) for number in range(10)]
        await here.send(push(*early, as_of=NOON - 8 * HOUR))
        await here.send(inventory(*ids(*range(10))))
        await here.send(inventory(*ids(*range(9)), as_of=NOON - HOUR))
        assert await deleted(here) == set()
        assert (await here.source()).detail.census_at == NOON


async def test_f46_an_empty_inventory_of_many_items_is_no_empty_container(lite: Store) -> None:
    async with plant(lite) as here:
        await here.send(push(*TEN, as_of=NOON - HOUR / 2))
        await here.send(inventory())
        assert await deleted(here) == set()
        assert (await here.source()).detail.census_note


async def test_what_was_deleted_by_an_inventory_is_not_revived_by_its_past(lite: Store) -> None:
    async with plant(lite) as here:
        await here.send(push(*TEN[:2], as_of=NOON - HOUR / 2))
        await here.send(inventory("0"))
        await here.send(push(item("1", title="An older state"), as_of=NOON - HOUR / 3))
        assert await deleted(here) == {"1"}
        here.clock.at = NOON + HOUR
        again = item("1", updated=NOON + HOUR / 2)
        await here.send(push(again, as_of=NOON + HOUR / 2))
        assert await deleted(here) == set()
