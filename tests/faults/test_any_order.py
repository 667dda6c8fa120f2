"""Events of one item in every order: F10, and doubled: F9."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

from syncer.domain.change import Change
from syncer.domain.item import ItemRecord, ItemState
from syncer.store.engine import Store
from syncer.store.items import load_changes, load_items
from syncer.sync.ingest import ingest, mark
from tests.faults.line import line
from tests.store.samples import NET, NOON, record, status_change

STATES = 6
ORDERS = list(permutations(range(STATES)))


def _changes(upto: int) -> tuple[Change, ...]:
    return tuple(status_change(number) for number in range(1, upto + 1))


def _state(number: int, state: int) -> ItemRecord:
    """The item as its tracker told it at one of six instants, with its history until then."""
    return record(
        number,
        *_changes(state),
        title=f"state {state}",
        key=f"NET-{number}-{state // 3}",
        updated_at=NOON + timedelta(minutes=state),
    )


async def test_f10_f9_every_order_of_six_states_ends_with_the_newest(store: Store) -> None:
    """Each of the 720 orders has an item of its own; every state comes twice."""
    for step in range(STATES):
        batch = [_state(number, order[step]) for number, order in enumerate(ORDERS)]
        for _ in range(2):
            async with store.write() as session:
                await ingest(session, batch, container=NET, at=NOON)

    async with store.read() as session:
        items = await load_items(session)
        changes = await load_changes(session, uids=[items[0].uid])
    assert len(items) == len(ORDERS)
    assert {item.title for item in items} == {f"state {STATES - 1}"}
    assert {item.key.rpartition("-")[2] for item in items} == {"1"}
    assert [len(history) for history in changes.values()] == [STATES - 1]


async def test_f10_a_deletion_in_every_order_with_pages_read_before_it(store: Store) -> None:
    """Five states and the deletion; what was read before it does not bring the item back."""
    async with store.write() as session:
        await ingest(session, [_state(n, 0) for n in range(len(ORDERS))], container=NET, at=NOON)
    gone = STATES - 1
    for step in range(STATES):
        async with store.write() as session:
            deleted = [n for n, order in enumerate(ORDERS) if order[step] == gone]
            refs = [_state(number, 0).item.ref for number in deleted]
            await mark(session, refs, ItemState.DELETED, at=NOON + timedelta(minutes=gone))
            batch = [_state(n, order[step]) for n, order in enumerate(ORDERS) if order[step] < gone]
            await ingest(session, batch, container=NET, at=NOON, read_at=NOON)

    async with store.read() as session:
        items = await load_items(session)
    assert {item.state for item in items} == {ItemState.DELETED}


async def test_f10_a_late_answer_of_the_same_instant_lasts_until_the_next_pass(
    store: Store,
) -> None:
    """Of two states with one time of change nothing tells which is newer: they are asked for anew.

    A page was asked for between two edits of one second, and is stored after the second one.
    """
    async with line() as one:
        await one.pull(store)
        one.clock.instant += timedelta(minutes=1)
        one.edit("20005", "the second edit")
        one.clock.instant += timedelta(seconds=1)
        await one.pull(store)
        newest = (await one.stored(store))["20005"]
        late = ItemRecord(item=replace(newest, title="the first edit"))
        async with store.write() as session:
            await ingest(session, [late], container=one.container, at=one.clock.now())
        assert (await one.stored(store))["20005"].title == "the first edit"

        one.clock.instant += timedelta(minutes=15)
        assert (await one.pull(store)).ok
        assert await one.is_equal(store)
