"""The steps of the outbox one by one, where something goes wrong between two of them."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncer.failpoints import Crash, Edge, armed
from syncer.publish.channels.outcome import Finish
from syncer.publish.outbox import Outbox, Timing
from syncer.service.publishing import Publisher
from syncer.service.reading_ledger import load_ledger
from syncer.store.daemon_tables import DispatchRow
from syncer.store.dispatches import Dispatch, DispatchState, claim
from syncer.store.engine import Store
from syncer.store.rows import table_of
from tests.publish.sink import Sink, running_sink
from tests.publish.world import (
    ANCIENT,
    MONDAY,
    SUNDAY,
    HandClock,
    audience,
    dispatches,
    let_time_pass,
    run_out,
    service_at,
    smtp,
)

ONE = audience("board@example.com")
FOLDER = '[[audiences]]\nkey = "leadership"\nchannels = [{ kind = "file", path = "out" }]\n'
Step = Callable[[], Awaitable[object]]


@pytest.fixture
async def sink() -> AsyncGenerator[Sink]:
    async with running_sink() as running:
        yield running


@asynccontextmanager
async def outbox_at(
    url: str, folder: Path, text: str, *, timing: Timing | None = None
) -> AsyncGenerator[Outbox]:
    """An outbox with the edition of week 48 in it."""
    clock = HandClock(SUNDAY)
    async with service_at(url, folder, text, clock=clock) as service:
        publisher = Publisher(service, owner="serve a", timing=timing)
        await publisher.publish_due()
        clock.instant = MONDAY
        assert len(await publisher.publish_due()) == 1
        yield publisher.outbox()


async def nothing() -> None:
    """What is done where nothing goes wrong."""


def disturbed(outbox: Outbox, *, before: Step = nothing, after: Step = nothing) -> Outbox:
    """The outbox, with something done once all is prepared, or once the channel has answered."""

    @asynccontextmanager
    async def prepare(one: Dispatch) -> AsyncGenerator[Finish]:
        async with outbox.prepare(one) as finish:
            await before()

            async def finish_and() -> None:
                await finish()
                await after()

            yield finish_and

    return replace(outbox, prepare=prepare)


async def taken_over(store: Store) -> None:
    """The lease runs out, and another replica claims the dispatch.

    At one stroke: between two, another lane of the outbox could be the first to claim it.
    """
    async with store.write() as session:
        await run_out(session)
        assert await claim(session, "serve b") is not None


@pytest.mark.parametrize("channel", ["email", "file"])
async def test_every_edge_of_an_edition_is_passed_in_the_order_of_the_protocol(
    sqlite_url: str, tmp_path: Path, sink: Sink, channel: str
) -> None:
    text = (ONE if channel == "email" else FOLDER) + smtp(sink, timeout=20)
    passed: list[Edge] = []
    with armed(passed.append):
        async with outbox_at(sqlite_url, tmp_path, text) as outbox:
            await outbox.deliver()
    every = [edge for edge in Edge if edge.startswith(("publish.", "dispatch."))]
    only_mail = {Edge.DISPATCH_DOT_SENT}
    assert passed == [edge for edge in every if channel == "email" or edge not in only_mail]


@pytest.mark.parametrize(
    ("channel", "edge"),
    [
        (channel, edge)
        for edge in Edge
        for channel in ("email", "file")
        # A folder answers by itself: nothing is sent that is not answered.
        if edge.startswith("dispatch.") and (channel, edge) != ("file", Edge.DISPATCH_DOT_SENT)
    ],
)
async def test_a_death_at_any_edge_loses_nothing_and_doubles_nothing_unsaid(
    sqlite_url: str, tmp_path: Path, sink: Sink, channel: str, edge: Edge
) -> None:
    def die(reached: Edge) -> None:
        if reached is edge:
            raise Crash

    text = (ONE if channel == "email" else FOLDER) + smtp(sink, timeout=20)
    async with Store(sqlite_url) as store, outbox_at(sqlite_url, tmp_path, text) as outbox:
        with armed(die), pytest.raises(Crash):
            await outbox.deliver()
        await let_time_pass(store)
        await outbox.deliver()
        (row,) = await dispatches(store)
    assert row.state is DispatchState.SENT
    doubtful = edge in {Edge.DISPATCH_INTENDED, Edge.DISPATCH_DOT_SENT, Edge.DISPATCH_ANSWERED}
    assert row.in_doubt == (channel == "email" and doubtful)
    flags = [mail.message["X-Syncer-Redelivery"] for mail in sink.mails]
    assert flags.count(None) <= 1
    assert channel == "file" or len(flags) in {1, 1 + row.in_doubt}
    assert channel == "email" or len([*(tmp_path / "out").iterdir()]) == 4


async def test_the_completeness_ledger_counts_what_goes_out_by_state(
    sqlite_url: str, tmp_path: Path, sink: Sink
) -> None:
    text, clock = ONE + smtp(sink, timeout=20), HandClock(SUNDAY)
    async with service_at(sqlite_url, tmp_path, text, clock=clock) as service:
        publisher = Publisher(service, owner="serve a")
        await publisher.publish_due()
        clock.instant = MONDAY
        await publisher.publish_due()
        waiting = (await load_ledger(service)).dispatches
        await publisher.outbox().deliver()
        gone = (await load_ledger(service)).dispatches

    assert waiting == dict.fromkeys(DispatchState, 0) | {"pending": 1}
    assert gone == dict.fromkeys(DispatchState, 0) | {"sent": 1}


async def test_a_process_that_stood_still_after_its_intent_sends_no_dot(
    sqlite_url: str, tmp_path: Path, sink: Sink
) -> None:
    def stand_still(reached: Edge) -> None:
        if reached is Edge.DISPATCH_INTENDED:
            time.sleep(0.3)

    timing = Timing(stale=timedelta(seconds=0.2))
    text = ONE + smtp(sink, timeout=20)
    async with (
        Store(sqlite_url) as store,
        outbox_at(sqlite_url, tmp_path, text, timing=timing) as outbox,
    ):
        with armed(stand_still):
            (result,) = await outbox.deliver()
        assert (result.state, sink.mails) == (DispatchState.PENDING, [])
        await let_time_pass(store)
        await replace(outbox, timing=Timing()).deliver()
        (row,) = await dispatches(store)
    # It knows that it sent no dot, so there is no doubt.
    assert (row.state, row.in_doubt, len(sink.mails)) == (DispatchState.SENT, 0, 1)


async def test_f32_a_zombie_that_wakes_before_its_intent_is_fenced_off(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    async with outbox_at(database_url, tmp_path, ONE + smtp(sink, timeout=20)) as outbox:
        (result,) = await disturbed(outbox, before=lambda: taken_over(store)).deliver()
    assert (result.error, sink.mails) == ("Another process has taken it over.", [])
    (row,) = await dispatches(store)
    assert (row.state, row.owner, row.in_doubt) == (DispatchState.CLAIMED, "serve b", 0)


async def test_f32_a_zombie_that_wakes_after_its_dot_changes_nothing_and_does_not_say_sent(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    async with outbox_at(database_url, tmp_path, ONE + smtp(sink, timeout=20)) as outbox:
        (result,) = await disturbed(outbox, after=lambda: taken_over(store)).deliver()
    assert len(sink.mails) == 1
    assert (result.state, result.error) == (
        DispatchState.CLAIMED,
        "Another process has taken it over.",
    )
    (row,) = await dispatches(store)
    assert (row.state, row.owner, row.in_doubt) == (DispatchState.CLAIMED, "serve b", 1)


@pytest.mark.parametrize(
    ("answer", "state"),
    [("251 taken", "sent"), ("354 go on", "sending"), ("199 what", "sending"), ("5x0", "sending")],
)
async def test_only_a_refusal_in_so_many_words_means_that_the_dot_was_refused(
    sqlite_url: str, tmp_path: Path, sink: Sink, answer: str, state: str
) -> None:
    sink.data_answers = [answer]
    async with outbox_at(sqlite_url, tmp_path, ONE + smtp(sink, timeout=20)) as outbox:
        (result,) = await outbox.deliver()
    assert result.state == state


async def test_a_dispatch_whose_attempts_all_died_is_given_up_in_the_end(
    sqlite_url: str, tmp_path: Path, sink: Sink
) -> None:
    def die(reached: Edge) -> None:
        if reached is Edge.DISPATCH_PREPARED:
            raise Crash

    text = ONE + smtp(sink, timeout=20)
    async with Store(sqlite_url) as store, outbox_at(sqlite_url, tmp_path, text) as outbox:
        with armed(die):
            for _ in range(12):
                with pytest.raises(Crash):
                    await outbox.deliver()
                await let_time_pass(store)
            (result,) = await outbox.deliver()
        (row,) = await dispatches(store)
    assert (result.state, row.state) == (DispatchState.FAILED, DispatchState.FAILED)
    assert "without an end" in row.error


async def test_f19_what_its_process_died_of_waits_behind_what_nobody_has_tried(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    three = audience("board@example.com", "cto@example.com", "coo@example.com")
    async with outbox_at(database_url, tmp_path, three + smtp(sink, timeout=20)):
        oldest, claimed = (await dispatches(store))[1], list[str]()
        async with store.write() as session:
            table = table_of(DispatchRow)
            long_due = table.update().values(next_try_at=ANCIENT)
            await session.execute(long_due.where(table.c.id == oldest.id))
        for _ in range(4):
            async with store.write() as session:
                taken = await claim(session, "serve dead", lease=timedelta(seconds=-1))
            assert taken is not None
            claimed.append(taken.recipient)
    assert len(set(claimed[:3])) == 3
    assert claimed[3] == claimed[0] == oldest.recipient


async def test_the_lease_of_a_claim_is_as_long_as_it_is_told(
    sqlite_url: str, tmp_path: Path, sink: Sink
) -> None:
    short = Timing(lease=timedelta(seconds=0.1), margin=timedelta(seconds=1))
    text = ONE + smtp(sink, timeout=20)
    async with outbox_at(sqlite_url, tmp_path, text, timing=short) as outbox:
        found = await outbox.deliver()
    assert {one.error for one in found} == {"Another process has taken it over."}
    assert sink.mails == []
