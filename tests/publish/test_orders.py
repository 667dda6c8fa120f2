"""What a person decides about dispatches: that one goes out once more, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from syncer.errors import NotFound, Rejected
from syncer.service.core import Service
from syncer.service.dispatches import Command, Order, carry_out, listed, orderable
from syncer.service.publishing import Publisher
from syncer.store.audit import load_events
from syncer.store.dispatches import (
    Dispatch,
    DispatchState,
    Wanted,
    claim,
    intend,
    mark_sent,
)
from syncer.store.engine import Store
from syncer.store.leases import LEASE
from tests.publish.sink import Sink, running_sink
from tests.publish.world import (
    MONDAY,
    SUNDAY,
    HandClock,
    audience,
    dispatches,
    let_time_pass,
    service_at,
    smtp,
    states,
)

TWO = audience("board@example.com", "cto@example.com")
HOLD = 'in_doubt = "hold"'


@pytest.fixture
async def sink() -> AsyncGenerator[Sink]:
    async with running_sink() as running:
        yield running


@asynccontextmanager
async def delivered(url: str, folder: Path, text: str) -> AsyncGenerator[Service]:
    """A service whose edition of week 48 has been tried once."""
    clock = HandClock(SUNDAY)
    async with service_at(url, folder, text, clock=clock) as service:
        publisher = Publisher(service, owner="serve a")
        await publisher.publish_due()
        clock.instant = MONDAY
        await publisher.publish_due()
        await publisher.deliver_due()
        yield service


async def give(service: Service, order: Order, *chosen: Dispatch) -> list[Dispatch]:
    command = Command(order=order, who="Bob", why="he asked", owner="dispatches")
    return await carry_out(service, [one.id for one in chosen], command)


async def in_state(store: Store, state: str) -> list[Dispatch]:
    return [one for one in await dispatches(store) if one.state == state]


async def test_one_that_was_refused_for_good_goes_out_once_it_is_told_to(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    sink.refused = {"cto@example.com": "550 who is that"}
    async with delivered(database_url, tmp_path, TWO + smtp(sink, timeout=20)) as service:
        (failed,) = await in_state(store, "failed")
        (still,) = await give(service, Order.RESEND, failed)
        assert (still.state, "550" in still.error) == (DispatchState.FAILED, True)
        sink.refused = {}
        (done,) = await give(service, Order.RESEND, still)
    assert (done.state, done.tries, done.attempt, done.error) == (DispatchState.SENT, 1, 3, "")
    assert sink.recipients() == ["board@example.com", "cto@example.com"]
    assert sink.mails[-1].message["X-Syncer-Redelivery"] is None  # nothing had arrived before


async def test_one_in_doubt_that_is_sent_once_more_says_that_it_may_be_one_too_many(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    one = audience("board@example.com") + smtp(sink, timeout=20, more=HOLD)
    sink.deaf = True
    async with delivered(database_url, tmp_path, one) as service:
        await let_time_pass(store)
        await Publisher(service, owner="serve a").deliver_due()
        (held,) = await in_state(store, "held")
        sink.deaf = False
        (done,) = await give(service, Order.RESEND, held)
        async with store.read() as session:
            (event,) = await load_events(session, what="dispatch.resend")
    assert (done.state, done.in_doubt) == (DispatchState.SENT, 1)
    first, second = (mail.message for mail in sink.mails)
    assert first["Message-ID"] == second["Message-ID"]
    assert second["X-Syncer-Redelivery"] == "possible-duplicate"
    assert (event.who, event.why, event.subject) == ("Bob", "he asked", held.id)
    assert event.before is not None
    assert (event.before["state"], event.before["recipient"]) == ("held", "board@example.com")


async def test_one_whose_process_died_in_the_midst_is_counted_as_doubtful_and_fenced_off(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    sink.deaf = True
    one = audience("board@example.com") + smtp(sink, timeout=20)
    async with delivered(database_url, tmp_path, one) as service:
        (dead,) = await in_state(store, "sending")
        with pytest.raises(Rejected, match="serve a is sending it"):
            await orderable(service, Wanted(ids=[dead.id]), Order.RESEND)
        assert await give(service, Order.CANCEL, dead) == [dead]
        await let_time_pass(store)
        sink.deaf = False
        (done,) = await give(service, Order.RESEND, dead)
        async with store.write() as session:
            assert not await mark_sent(session, dead, at=MONDAY)
    assert (done.state, done.in_doubt) == (DispatchState.SENT, 1)
    assert [m.message["X-Syncer-Redelivery"] for m in sink.mails] == [None, "possible-duplicate"]


async def test_a_dead_claim_is_free_for_a_person_without_any_doubt(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    sink.data_answers = ["451 later"] * 2
    async with delivered(database_url, tmp_path, TWO + smtp(sink, timeout=20)) as service:
        await let_time_pass(store)
        async with store.write() as session:
            dead = await claim(session, "serve dead")
        assert dead is not None
        await let_time_pass(store)
        (done,) = await give(service, Order.CANCEL, dead)
        async with store.write() as session:
            assert not await intend(session, dead, lease=LEASE)
    assert (done.state, done.in_doubt) == (DispatchState.CANCELLED, 0)
    assert done.error == "Cancelled by Bob: he asked"


async def test_one_that_is_called_off_goes_out_no_more_until_it_is_told_to(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    sink.data_answers = ["451 later"] * 2
    async with delivered(database_url, tmp_path, TWO + smtp(sink, timeout=20)) as service:
        done = await give(service, Order.CANCEL, *await in_state(store, "pending"))
        assert {one.state for one in done} == {DispatchState.CANCELLED}
        await let_time_pass(store)
        assert await Publisher(service, owner="serve a").deliver_due() == []
        with pytest.raises(Rejected, match="cancelled already"):
            await orderable(service, Wanted(ids=[done[0].id]), Order.CANCEL)
        await give(service, Order.RESEND, done[0])
    assert sorted((await states(store)).values()) == ["cancelled", "sent"]
    assert sink.recipients() == [done[0].recipient]


async def test_one_that_was_sent_is_neither_sent_again_nor_called_off(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    async with delivered(database_url, tmp_path, TWO + smtp(sink, timeout=20)) as service:
        (one, _) = sent = await in_state(store, "sent")
        for order in Order:
            with pytest.raises(Rejected, match="it was sent"):
                await orderable(service, Wanted(ids=[one.id]), order)
            # Chosen otherwise they are left out, and an order that comes too late changes nothing.
            assert await orderable(service, Wanted(channel="email"), order) == []
            assert await give(service, order, *sent) == sent
        async with store.read() as session:
            assert await load_events(session, what="dispatch.resend") == []
    assert len(sink.mails) == 2


async def test_who_was_taken_off_the_list_gets_nothing_by_hand_either(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    sink.data_answers = ["554 never"] * 2
    async with delivered(database_url, tmp_path, TWO + smtp(sink, timeout=20)):
        failed = await in_state(store, "failed")
    only = audience("board@example.com") + smtp(sink, timeout=20)
    async with service_at(database_url, tmp_path, only, clock=HandClock(MONDAY)) as service:
        await give(service, Order.RESEND, *failed)
    assert await states(store) == {"board@example.com": "sent", "cto@example.com": "cancelled"}


async def test_two_who_order_the_same_at_once_send_it_once(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    sink.data_answers = ["554 never"] * 2
    text = TWO + smtp(sink, timeout=20)
    async with delivered(database_url, tmp_path, text) as service:
        failed = await in_state(store, "failed")
        clock = HandClock(MONDAY)
        async with service_at(database_url, tmp_path, text, clock=clock) as other:
            await asyncio.gather(
                *(give(one, Order.RESEND, *failed) for one in (service, other, service, other))
            )
        await Publisher(service, owner="serve a").deliver_due()
    assert sink.recipients() == ["board@example.com", "cto@example.com"]


async def test_they_are_chosen_by_all_that_is_said(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    folder = '[[audiences]]\nkey = "desk"\nchannels = [{ kind = "file", path = "out" }]\n'
    sink.refused = {"cto@example.com": "550 no"}
    async with delivered(database_url, tmp_path, TWO + folder + smtp(sink, timeout=20)) as service:
        every = await dispatches(store)

        async def found(**chosen: object) -> set[str]:
            wanted = Wanted(**chosen)  # type: ignore[arg-type]  # each test names its own
            return {one.recipient for one in await listed(service, wanted)}

        assert await found() == {"board@example.com", "cto@example.com", "out"}
        assert await found(audience="desk") == await found(channel="file") == {"out"}
        assert await found(states=[DispatchState.FAILED]) == {"cto@example.com"}
        first = min(one.created_at for one in every)
        assert await found(since=first) == await found()
        assert await found(since=first + timedelta(days=1)) == set()
        assert await found(ids=[every[0].id[:12]]) == {every[0].recipient}
        assert await found(audience="leadership", states=[DispatchState.SENT]) == {
            "board@example.com"
        }
        with pytest.raises(NotFound, match="No dispatch has an id that begins with 'xyz'"):
            await found(ids=["xyz"])
        with pytest.raises(NotFound, match="3 dispatches have ids"):
            await found(ids=[""])
        with pytest.raises(NotFound, match="begins with '%'"):
            await found(ids=["%"])
