"""What becomes of deliveries: their items are fetched and stored, and none holds up another."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import permutations

import pytest

from syncer.clock import FixedClock
from syncer.connect.protocol import Fetched, HookReply, HookRequest
from syncer.domain.item import ItemState
from syncer.domain.lane import Lane
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import AuthFailed, RateLimited, Rejected, SyncerError, Unreachable
from syncer.failpoints import Crash, Edge, armed
from syncer.store import claims, inbox
from syncer.store.daemon_tables import InboxRow
from syncer.store.engine import Store
from syncer.store.gaps import GRACE, settle
from syncer.store.inbox import Delivery, InboxState
from syncer.store.items import load_items
from syncer.store.lanes import load_lanes
from syncer.store.leases import database_now
from syncer.store.rows import table_of
from syncer.store.sources import load_sources
from syncer.sync.connection import Wanted, pull_connection
from syncer.sync.inbox import InboxWorker, Source, Worked
from syncer.sync.ingest import ingest, mark
from syncer.sync.pull import Errand
from syncer.sync.setbacks import TRIES
from tests.store.samples import NET, NOON, record
from tests.sync.hiding_tracker import HidingTracker
from tests.sync.tracker import Shelf

OUT = ContainerKey("jira", "OUT")
INBOX = table_of(InboxRow)
LATER = NOON + timedelta(hours=1)
AT_ONCE = 1e6
"""A pace at which a pause between two tries is over when it begins."""


class Office:
    """A store, a tracker with items 0 to 9, and a worker."""

    def __init__(self, store: Store, tracker: HidingTracker, wanted: Wanted) -> None:
        self.store = store
        self.tracker = tracker
        self.wanted = wanted
        self.told: list[Worked] = []
        self.failure: SyncerError | None = None
        self.worker = InboxWorker(
            store,
            self._source,
            clock=FixedClock(LATER),
            owner="worker",
            on_worked=self.told.append,
            pace=AT_ONCE,
        )

    def another_worker(self, *, pace: float = AT_ONCE, longest_rest: float = 0) -> InboxWorker:
        return InboxWorker(
            self.store,
            self._source,
            clock=FixedClock(LATER),
            owner="another worker",
            pace=pace,
            longest_rest=longest_rest,
        )

    async def _source(self, _name: str) -> Source:
        if self.failure is not None:
            raise self.failure
        return Source(connector=self.tracker, wanted=self.wanted)

    async def deliver(
        self,
        name: str,
        *refs: ItemRef,
        deleted: Sequence[ItemRef] = (),
        containers: Sequence[ContainerKey] = (),
    ) -> int:
        async with self.store.write() as session:
            [number] = await inbox.accept(
                session,
                [
                    inbox.Arrival(
                        connection="jira",
                        delivery_id=name,
                        body=hashlib.sha256(name.encode()).digest(),
                        headers={},
                        refs=refs,
                        deleted=deleted,
                        containers=containers,
                        at=LATER,
                    )
                ],
            )
        assert number is not None
        return number

    async def flood(self, *refs: ItemRef, times: int) -> None:
        """So many deliveries about each of the items, in turns."""
        async with self.store.write() as session:
            await inbox.accept(
                session,
                [
                    inbox.Arrival(
                        connection="jira",
                        delivery_id=f"{ref.id} {number}",
                        body=f"{ref.id} {number}".encode(),
                        headers={},
                        refs=[ref],
                        at=LATER,
                    )
                    for number in range(times)
                    for ref in refs
                ],
            )

    async def states_counted(self) -> dict[InboxState, int]:
        async with self.store.read() as session:
            return {state: n for state, n in (await inbox.inbox_counts(session)).items() if n}

    async def until_empty(self) -> None:
        while await self.worker.take():
            await self.worker.idle()

    async def work(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            await self.worker.take()
            await self.worker.idle()

    async def deliveries(self) -> dict[str, Delivery]:
        async with self.store.read() as session:
            return {one.delivery_id: one for one in await inbox.list_deliveries(session)}

    async def states(self) -> dict[str, InboxState]:
        return {name: one.state for name, one in (await self.deliveries()).items()}

    async def items(self) -> dict[str, ItemState]:
        async with self.store.read() as session:
            return {item.key: item.state for item in await load_items(session)}

    async def titles(self) -> dict[str, str]:
        async with self.store.read() as session:
            return {item.key: item.title for item in await load_items(session)}

    def change(self, number: int, title: str, **fields: object) -> ItemRef:
        made = record(number, title=title, updated_at=LATER, **fields)
        self.tracker.shelves[made.item.container].put(made)
        return made.item.ref

    def lose(self, number: int) -> ItemRef:
        return self.tracker.shelves[NET].records.pop(record(number).item.uid).item.ref


async def let_claims_run_out(store: Store) -> None:
    async with store.write() as session:
        past = await database_now(session) - timedelta(seconds=1)
        held = INBOX.c.claimed_until.is_not(None)
        await session.execute(INBOX.update().where(held).values(claimed_until=past))


@pytest.fixture
async def office(store: Store) -> Office:
    shelf = Shelf()
    shelf.put(*(record(n) for n in range(10)))
    tracker = HidingTracker({NET: shelf, OUT: Shelf()})
    await pull_connection(store, tracker, connection="jira", clock=FixedClock(NOON))
    return Office(store, tracker, Wanted(include=("NET",)))


async def test_a_delivery_brings_its_item_as_it_is_now(office: Office) -> None:
    await office.deliver("d1", office.change(1, "changed"))

    await office.work()

    assert (await office.titles())["NET-1"] == "changed"
    assert await office.states() == {"d1": InboxState.DONE}
    assert office.told == [Worked(finished=1, stored=1)]


async def test_the_items_of_one_claim_are_fetched_once_and_together(office: Office) -> None:
    first, second = office.change(1, "one"), office.change(2, "two")
    for number in range(6):
        await office.deliver(f"d{number}", first, second)

    await office.work()

    assert office.tracker.fetched == [[first, second]]
    assert set((await office.states()).values()) == {InboxState.DONE}


async def test_f52_thousands_of_deliveries_about_few_items_need_few_fetches(
    office: Office,
) -> None:
    refs = [office.change(number, "changed") for number in range(100)]
    await office.flood(*refs, times=50)

    await office.until_empty()

    assert await office.states_counted() == {InboxState.DONE: 5000}
    fetched = [ref for refs in office.tracker.fetched for ref in refs]
    assert {*fetched} == {*refs}
    assert len(fetched) <= 300
    assert set((await office.titles()).values()) == {"changed"}


async def test_f52_what_comes_in_during_a_fetch_makes_another_one(office: Office) -> None:
    ref = office.change(1, "first")
    await office.deliver("d1", ref)
    fetch = office.tracker.fetch

    async def fetch_and_change(refs: Sequence[ItemRef]) -> Fetched:
        """The item changes, and its delivery is committed, once the answer has been made."""
        answer = await fetch(refs)
        if len(office.tracker.fetched) == 1:
            office.change(1, "second")
            await office.deliver("d2", ref)
        return answer

    office.tracker.fetch = fetch_and_change  # type: ignore[method-assign]  # its moment is the case
    await office.work()
    assert (await office.titles())["NET-1"] == "first"
    assert await office.states() == {"d1": InboxState.DONE, "d2": InboxState.PENDING}

    await office.work()
    assert (await office.titles())["NET-1"] == "second"
    assert await office.states() == {"d1": InboxState.DONE, "d2": InboxState.DONE}


@pytest.mark.parametrize("edge", [Edge.INBOX_CLAIMED, Edge.INBOX_FETCHED, Edge.INBOX_BEFORE_COMMIT])
async def test_f28_a_worker_that_dies_on_many_deliveries_loses_none(
    office: Office, edge: Edge
) -> None:
    refs = [office.change(number, "changed") for number in range(3)]
    await office.flood(*refs, times=5)

    def die(at: Edge) -> None:
        if at is edge:
            raise Crash

    with armed(die):
        with suppress(Crash):
            await office.worker.take()
        await office.worker.idle()
    assert await office.states_counted() == {InboxState.PENDING: 15}

    await let_claims_run_out(office.store)
    await office.until_empty()
    assert await office.states_counted() == {InboxState.DONE: 15}
    assert (await office.titles())["NET-2"] == "changed"


async def test_what_a_worker_that_is_over_had_claimed_is_taken_over_at_once(
    office: Office,
) -> None:
    await office.flood(office.change(1, "changed"), times=3)

    def die(_at: Edge) -> None:
        raise Crash

    with armed(die), suppress(Crash):
        await office.worker.take()
    other = office.another_worker()

    assert await other.take_over(lambda owner: owner != "worker") == 0
    assert await other.take() == 0
    assert await other.take_over(lambda owner: owner == "worker") == 3
    assert await other.take() == 3
    await other.idle()
    assert await office.states_counted() == {InboxState.DONE: 3}


async def test_what_was_begun_more_than_once_is_not_taken_over_before_its_time(
    office: Office,
) -> None:
    await office.deliver("poison", office.change(0, "kills the process"))

    async def fetch(refs: Sequence[ItemRef]) -> Fetched:
        raise Crash(refs)

    office.tracker.fetch = fetch  # type: ignore[method-assign]  # no tracker can do that
    await office.work()
    assert await office.worker.take_over(lambda _owner: True) == 1
    await office.work()
    assert await office.worker.take_over(lambda _owner: True) == 0


async def test_f19_a_delivery_that_kills_its_process_takes_no_others_along(office: Office) -> None:
    await office.deliver("poison", office.change(0, "kills the process"))
    for number in range(1, 10):
        await office.deliver(f"innocent {number}", office.change(number, "changed"))
    whole = office.tracker.fetch

    async def fetch(refs: Sequence[ItemRef]) -> Fetched:
        if record(0).item.ref in refs:
            raise Crash
        return await whole(refs)

    office.tracker.fetch = fetch  # type: ignore[method-assign]  # no tracker can do that
    for _ in range(TRIES + 1):
        await let_claims_run_out(office.store)
        await office.work()

    states = await office.states()
    assert states.pop("poison") is InboxState.QUARANTINED
    assert set(states.values()) == {InboxState.DONE}


async def test_f32_a_worker_that_stood_still_stores_nothing_once_another_took_over(
    office: Office,
) -> None:
    ref = office.change(1, "older")
    await office.deliver("d1", ref)
    fetch, other = office.tracker.fetch, office.another_worker()

    async def fetch_late(refs: Sequence[ItemRef]) -> Fetched:
        """While the answer is on its way the claim runs out, and another brings what is newer."""
        answer = await fetch(refs)
        office.tracker.fetch = fetch  # type: ignore[method-assign]  # only once
        office.change(1, "newer in the same second")
        await let_claims_run_out(office.store)
        await other.take()
        await other.idle()
        return answer

    office.tracker.fetch = fetch_late  # type: ignore[method-assign]  # its moment is the case
    await office.work()

    assert (await office.titles())["NET-1"] == "newer in the same second"
    assert await office.states() == {"d1": InboxState.DONE}


async def test_an_item_is_fetched_by_one_worker_at_a_time(office: Office) -> None:
    one, two = office.change(1, "one"), office.change(2, "two")
    other = office.another_worker()
    await office.deliver("d1", one)
    async with office.store.write() as session:
        await claims.claim(session, "somebody else", limit=10)
    await office.deliver("d2", one)
    await office.deliver("d3", two)

    await office.work()
    assert await other.take() == 0
    assert office.tracker.fetched == [[two]]

    await let_claims_run_out(office.store)
    await office.until_empty()
    assert set((await office.states()).values()) == {InboxState.DONE}


async def test_deliveries_gather_while_the_same_item_is_named_again_and_again(
    office: Office,
) -> None:
    ref = office.change(1, "changed")
    worker = office.another_worker(pace=1.0, longest_rest=3600.0)
    taken = []
    for number in range(20):
        await office.deliver(f"d{number}", ref)
        taken.append(await worker.take())
        await worker.idle()

    assert taken[:2] == [1, 1]
    assert taken.count(0) >= 3
    assert len(office.tracker.fetched) == len(taken) - taken.count(0)


async def test_what_deliveries_brought_is_counted_on_the_live_lane(office: Office) -> None:
    refs = [office.change(number, "changed") for number in range(3)]
    elsewhere = office.change(5, "elsewhere", container=OUT)
    await office.flood(*refs, elsewhere, times=4)
    await office.work()
    await office.deliver("again", refs[0])
    await office.work()

    async with office.store.read() as session:
        lanes = await load_lanes(session)
    live = lanes[NET][Lane.LIVE]
    assert (live.passes, live.seen, live.stored) == (2, 4, 3)
    assert live.lag_seconds == 0
    assert live.last_success_at == LATER
    assert Lane.LIVE not in lanes.get(OUT, {})


async def test_a_new_item_is_stored_and_one_of_a_container_that_nobody_wants_is_not(
    office: Office,
) -> None:
    wanted, other = office.change(70, "new"), office.change(71, "elsewhere", container=OUT)

    await office.deliver("d1", wanted, other)
    await office.work()

    assert "NET-70" in await office.items()
    assert "NET-71" not in await office.items()


async def test_an_item_that_moved_to_where_nobody_wants_it_is_moved_away(office: Office) -> None:
    office.lose(3)
    moved = office.change(3, "away", container=OUT)

    await office.deliver("d1", moved)
    await office.work()

    assert (await office.items())["NET-3"] is ItemState.MOVED


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_any_order_of_updates_and_a_deletion_ends_deleted(
    office: Office, order: tuple[int, ...]
) -> None:
    ref = office.lose(3)
    for number in order:
        if number == 2:
            await office.deliver("gone", ref, deleted=[ref])
        else:
            await office.deliver(f"update {number}", ref)
        await office.work()

    assert (await office.items())["NET-3"] is ItemState.DELETED


async def test_an_item_that_is_not_shown_and_that_nobody_called_deleted_is_hidden(
    office: Office,
) -> None:
    await office.deliver("d1", office.lose(3))
    await office.work()

    assert (await office.items())["NET-3"] is ItemState.HIDDEN


async def test_what_is_called_deleted_and_comes_all_the_same_is_alive(office: Office) -> None:
    ref = office.change(3, "alive")
    await office.deliver("d1", ref, deleted=[ref])
    await office.work()

    assert (await office.items())["NET-3"] is ItemState.LIVE


async def test_a_page_read_before_the_deletion_does_not_bring_the_item_back(
    office: Office,
) -> None:
    shelf = office.tracker.shelves[NET]
    late = record(3, title="late", updated_at=LATER)
    shelf.put(late)
    clock = FixedClock(NOON)
    ref = late.item.ref

    async with office.store.write() as session:
        await mark(session, [ref], ItemState.DELETED, at=LATER)
        done = await ingest(session, [late], container=NET, at=LATER, read_at=clock.now())

    assert (done.stored, done.outdated) == (0, 1)
    assert (await office.items())["NET-3"] is ItemState.DELETED


async def test_containers_that_were_named_are_told_if_they_are_wanted(office: Office) -> None:
    foreign = ContainerKey("github", "acme/x")
    await office.deliver("d1", containers=[NET, OUT, foreign])
    await office.work()

    assert office.told == [Worked(finished=1, containers=frozenset({NET}))]


@pytest.mark.parametrize(
    "error", [KeyError("a fault"), Unreachable("500"), Rejected("422", status=422)]
)
async def test_a_delivery_that_fails_is_set_aside_after_five_tries_and_the_others_go_on(
    office: Office, error: Exception
) -> None:
    poison = office.change(1, "poison")
    office.tracker.failing[poison] = error
    await office.deliver("bad", poison)
    for number in range(2, 6):
        await office.deliver(f"good {number}", office.change(number, f"title {number}"))

    await office.work(rounds=TRIES + 1)

    states = await office.states()
    assert states.pop("bad") is InboxState.QUARANTINED
    assert set(states.values()) == {InboxState.DONE}
    assert (await office.titles())["NET-5"] == "title 5"
    bad = (await office.deliveries())["bad"]
    assert bad.tries == TRIES
    assert f"{TRIES} tries failed" in bad.note
    assert sum(poison in refs and len(refs) == 1 for refs in office.tracker.fetched) >= TRIES - 1

    office.tracker.failing.clear()
    async with office.store.write() as session:
        assert await inbox.replay(session) == 1
    await office.work()
    assert (await office.titles())["NET-1"] == "poison"


@pytest.mark.parametrize(
    "error", [RateLimited("429", retry_at=LATER + timedelta(minutes=5)), AuthFailed("401")]
)
async def test_a_pause_that_the_tracker_asks_for_is_no_try(
    office: Office, error: Exception
) -> None:
    ref = office.change(1, "at last")
    office.tracker.failing[ref] = error
    await office.deliver("d1", ref)

    await office.work(rounds=TRIES * 2)
    assert (await office.deliveries())["d1"].state is InboxState.PENDING

    office.tracker.failing.clear()
    await office.work()
    assert (await office.titles())["NET-1"] == "at last"


async def test_while_the_whole_connection_is_down_nothing_is_set_aside(office: Office) -> None:
    ref = office.change(1, "at last")
    office.tracker.failing[ref] = Unreachable("down")
    office.tracker.probes = [Unreachable("down")]
    await pull_connection(office.store, office.tracker, connection="jira", clock=FixedClock(LATER))
    await office.deliver("d1", ref)

    await office.work(rounds=TRIES * 2)

    assert (await office.states())["d1"] is InboxState.PENDING


async def test_deliveries_of_a_connection_that_cannot_be_opened_wait(office: Office) -> None:
    office.failure = Unreachable("no session")
    await office.deliver("d1", office.change(1, "later"))
    await office.work()
    assert (await office.deliveries())["d1"].tries == 1

    office.failure = None
    await office.work()
    assert (await office.titles())["NET-1"] == "later"


async def test_what_was_begun_too_often_and_never_ended_is_set_aside(office: Office) -> None:
    await office.deliver("d1", office.change(1, "kills the process"))
    async with office.store.write() as session:
        await session.execute(INBOX.update().values(tries=TRIES))

    await office.work()

    assert "never ended" in (await office.deliveries())["d1"].note


async def test_given_back_deliveries_wait_uncounted(office: Office) -> None:
    await office.deliver("d1", office.change(1, "x"))
    await office.worker.take()
    await office.worker.give_back()

    delivery = (await office.deliveries())["d1"]
    assert (delivery.state, delivery.tries) in {(InboxState.PENDING, 0), (InboxState.DONE, 1)}
    await office.work()
    assert (await office.states())["d1"] is InboxState.DONE


async def test_a_delivery_that_names_nothing_is_read_anew(office: Office) -> None:
    ref = office.change(1, "read anew")
    seen: list[HookRequest] = []

    def receive(request: HookRequest, _secrets: object) -> HookReply:
        seen.append(request)
        return HookReply(status=200, refs=(ref,))

    office.tracker.receive = receive  # type: ignore[method-assign,assignment]  # the tracker's next version
    await office.deliver("d1")
    await office.work()

    assert (await office.titles())["NET-1"] == "read anew"
    assert seen[0].body == hashlib.sha256(b"d1").digest()


async def test_a_delivery_that_still_cannot_be_read_is_set_aside_at_once(office: Office) -> None:
    await office.deliver("d1")  # the tracker in memory refuses every body
    await office.work()

    assert (await office.states())["d1"] is InboxState.QUARANTINED


async def test_what_a_pull_finds_and_no_webhook_brought_is_counted(office: Office) -> None:
    office.change(1, "by webhook")
    await office.deliver("d1", office.change(1, "by webhook"))
    await office.work()
    office.change(2, "webhook lost")
    await pull_connection(
        office.store,
        office.tracker,
        connection="jira",
        clock=FixedClock(LATER),
        errand=Errand(counts_found=True),
    )

    assert await settle(office.store, now=LATER + 2 * GRACE) == 1
    async with office.store.read() as session:
        found = {one.container: one.found_by_reconcile for one in await load_sources(session)}
    assert found["NET"] == 1
