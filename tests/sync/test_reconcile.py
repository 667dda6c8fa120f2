"""What a census concludes from what is no longer there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncer.clock import FixedClock
from syncer.domain.item import ItemState
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import AuthFailed, Rejected, Unreachable
from syncer.store.audit import AuditEvent
from syncer.store.audit import record as record_event
from syncer.store.census import census_states
from syncer.store.engine import Store
from syncer.store.gaps import GRACE, settle
from syncer.store.items import load_items
from syncer.store.sources import load_sources
from syncer.sync.connection import ACCOUNT_CHANGED, Wanted, pull_connection
from syncer.sync.lease import container_lease, held, this_process
from syncer.sync.reconcile import CensusResult, CensusRules, census_connection, is_due
from tests.store.samples import NET, NOON, record
from tests.sync.hiding_tracker import HidingTracker, TellingTracker
from tests.sync.tracker import Shelf

OUT = ContainerKey("jira", "OUT")
LATER = NOON + timedelta(days=1)
DAY = timedelta(hours=24)


def _tracker(count: int = 20, kind: type[HidingTracker] = HidingTracker) -> HidingTracker:
    shelf, other = Shelf(), Shelf()
    shelf.put(*(record(n) for n in range(count)))
    other.put(record(500, container=OUT, key="OUT-1"))
    return kind({NET: shelf, OUT: other})


@pytest.fixture
async def tracker(store: Store) -> HidingTracker:
    made = _tracker()
    await pull_connection(store, made, connection="jira", clock=FixedClock(NOON))
    return made


async def _census(
    store: Store,
    tracker: HidingTracker,
    *,
    rules: CensusRules = CensusRules(),  # noqa: B008  frozen
    wanted: Wanted = Wanted(),  # noqa: B008  frozen
) -> CensusResult:
    done = await census_connection(
        store,
        tracker,
        connection="jira",
        clock=FixedClock(LATER),
        wanted=wanted,
        due=lambda state: state.container == NET,
        rules=rules,
    )
    return done[0]


async def _states(store: Store) -> dict[str, ItemState]:
    async with store.read() as session:
        return {item.key: item.state for item in await load_items(session)}


async def _gone(store: Store) -> dict[str, ItemState]:
    return {k: s for k, s in (await _states(store)).items() if s is not ItemState.LIVE}


def _lose(tracker: HidingTracker, *numbers: int) -> None:
    for number in numbers:
        tracker.shelves[NET].records.pop(record(number).item.uid)


async def test_a_census_without_a_difference_changes_nothing(
    store: Store, tracker: HidingTracker
) -> None:
    done = await _census(store, tracker)

    assert (done.items, done.found, done.deleted, done.note) == (20, 0, 0, "")
    assert await _gone(store) == {}
    assert tracker.fetched == []


async def test_f13_an_item_that_is_absent_while_the_others_are_shown_was_deleted(
    store: Store, tracker: HidingTracker
) -> None:
    _lose(tracker, 3)

    done = await _census(store, tracker)

    assert (done.items, done.deleted, done.hidden) == (19, 1, 0)
    assert await _gone(store) == {"NET-3": ItemState.DELETED}


async def test_a_restricted_item_that_is_absent_is_hidden(store: Store) -> None:
    tracker = _tracker()
    tracker.shelves[NET].put(record(3, restricted=True))
    await pull_connection(store, tracker, connection="jira", clock=FixedClock(NOON))
    _lose(tracker, 3)

    await _census(store, tracker)

    assert await _gone(store) == {"NET-3": ItemState.HIDDEN}


async def test_another_account_sees_less_and_buries_nothing(
    store: Store, tracker: HidingTracker
) -> None:
    await _census(store, tracker)
    event = AuditEvent(at=LATER + DAY, who="syncer", what=ACCOUNT_CHANGED, subject="jira")
    async with store.write() as session:
        await record_event(session, event)
    _lose(tracker, 3)

    await _census(store, tracker)

    assert await _gone(store) == {"NET-3": ItemState.HIDDEN}


async def test_a_tracker_that_tells_gone_from_hidden_is_believed(store: Store) -> None:
    tracker = _tracker(kind=TellingTracker)
    await pull_connection(store, tracker, connection="jira", clock=FixedClock(NOON))
    _lose(tracker, 3, 4)
    tracker.gone = {record(4).item.ref}

    await _census(store, tracker)

    assert await _gone(store) == {"NET-3": ItemState.HIDDEN, "NET-4": ItemState.DELETED}


async def test_f14_a_moved_item_lives_on_in_its_new_container(
    store: Store, tracker: HidingTracker
) -> None:
    _lose(tracker, 3)
    tracker.shelves[OUT].put(record(3, container=OUT, key="OUT-9", updated_at=LATER))

    done = await _census(store, tracker)

    assert (done.moved, done.deleted) == (1, 0)
    assert (await _states(store))["OUT-9"] is ItemState.LIVE
    assert "NET-3" not in await _states(store)


async def test_an_item_that_moved_to_where_nobody_wants_it_is_moved(
    store: Store, tracker: HidingTracker
) -> None:
    _lose(tracker, 3)
    tracker.shelves[OUT].put(record(3, container=OUT, key="OUT-9", updated_at=LATER))

    await _census(store, tracker, wanted=Wanted(include=("NET",)))

    assert (await _gone(store)) == {"NET-3": ItemState.MOVED}


async def test_what_no_webhook_brought_is_found_and_counted(
    store: Store, tracker: HidingTracker
) -> None:
    tracker.shelves[NET].put(record(77), record(78))

    done = await _census(store, tracker)

    assert done.found == 2
    assert (await _states(store))["NET-77"] is ItemState.LIVE
    assert await settle(store, now=LATER + GRACE) == 2
    async with store.read() as session:
        found = {one.container: one.found_by_reconcile for one in await load_sources(session)}
    assert found == {"NET": 2, "OUT": 0}


async def test_a_deleted_item_that_comes_again_lives_again(
    store: Store, tracker: HidingTracker
) -> None:
    _lose(tracker, 3)
    await _census(store, tracker)
    tracker.shelves[NET].put(record(3))

    await _census(store, tracker)

    assert await _gone(store) == {}


@pytest.mark.parametrize(("lost", "allowed"), [(4, True), (5, False)])
async def test_no_more_than_a_fifth_is_buried_without_a_person(
    store: Store, tracker: HidingTracker, lost: int, *, allowed: bool
) -> None:
    _lose(tracker, *range(lost))
    tracker.shelves[NET].put(record(77))

    done = await _census(store, tracker)

    if allowed:
        assert (done.deleted, done.note, len(await _gone(store))) == (lost, "", lost)
        return
    assert f"{lost} of 20 stored items of jira:NET are gone" in done.note
    assert "syncer sync --census --confirm jira:NET" in done.note
    assert (await _gone(store), "NET-77" in await _states(store)) == ({}, False)
    async with store.read() as session:
        [state] = [one for one in await census_states(session, "jira") if one.container == NET]
    assert state.note == done.note

    confirmed = await _census(store, tracker, rules=CensusRules(confirmed=True))
    assert (confirmed.deleted, confirmed.note) == (lost, "")
    assert len(await _gone(store)) == lost


@pytest.mark.parametrize("how", ["unlisted", "empty", "refused"])
async def test_f46_a_container_that_shows_nothing_is_hidden_and_comes_back(
    store: Store, tracker: HidingTracker, how: str
) -> None:
    shelf = tracker.shelves[NET]
    records = dict(shelf.records)
    if how == "unlisted":
        tracker.shelves.pop(NET)
    elif how == "empty":
        shelf.records.clear()
    else:
        tracker.inventory_error = Rejected("no such project", status=404)

    done = await _census(store, tracker)

    assert (done.hidden, done.deleted) == (20, 0)
    assert set((await _gone(store)).values()) == {ItemState.HIDDEN}
    async with store.read() as session:
        [state] = [one for one in await census_states(session, "jira") if one.container == NET]
    assert is_due(state, now=LATER, every=DAY)  # it is looked for again at once

    tracker.inventory_error = None
    tracker.shelves[NET] = Shelf(records=records)
    await _census(store, tracker)
    assert await _gone(store) == {}


@pytest.mark.parametrize(
    "error", [Unreachable("reset half-way"), AuthFailed("401"), Rejected("400", status=400)]
)
async def test_a_census_that_fails_half_way_changes_nothing(
    store: Store, tracker: HidingTracker, error: Exception
) -> None:
    _lose(tracker, 3)
    tracker.inventory_error = error

    done = await _census(store, tracker)

    assert done.failure is error
    assert await _gone(store) == {}


async def test_a_census_that_cannot_ask_for_the_absent_changes_nothing(
    store: Store, tracker: HidingTracker
) -> None:
    _lose(tracker, 3)
    tracker.failing = {record(3).item.ref: KeyError("a fault of the connector")}

    done = await _census(store, tracker)

    assert isinstance(done.failure, Unreachable)
    assert await _gone(store) == {}


async def test_a_container_that_is_being_read_is_left_alone(
    store: Store, tracker: HidingTracker
) -> None:
    _lose(tracker, 3)
    async with held(store, container_lease(NET), this_process("sync")):
        done = await _census(store, tracker)

    assert "held by sync" in str(done.failure)
    assert await _gone(store) == {}


async def test_a_census_is_due_once_a_day_and_not_before_the_first_pull(
    store: Store, tracker: HidingTracker
) -> None:
    await _census(store, tracker)
    async with store.read() as session:
        states = {one.container: one for one in await census_states(session, "jira")}

    assert not is_due(states[NET], now=LATER + DAY - timedelta(seconds=1), every=DAY)
    assert is_due(states[NET], now=LATER + DAY, every=DAY)
    assert is_due(states[OUT], now=LATER, every=DAY)


async def test_f14_an_item_that_bears_another_key_now_is_fetched_though_nothing_else_changed(
    store: Store, tracker: HidingTracker
) -> None:
    ref = ItemRef("jira", record(3).item.ref.id, "NEW-3")
    tracker.shelves[NET].put(record(3, ref=ref, key="NEW-3"))

    await _census(store, tracker)

    assert tracker.fetched == [[ref]]
    assert "NEW-3" in await _states(store)
    tracker.fetched.clear()
    await _census(store, tracker)
    assert not any(tracker.fetched)
