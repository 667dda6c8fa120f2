"""No interleaving of two replicas breaks the promise; each planted defect does, in few steps.

Reliability spec, section 4: "Why it holds", (I1) to (I5) and (L).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Final

import pytest

from syncer.store.dispatches import AT_WORK, DispatchState, InDoubt
from syncer.store.engine import Store
from tests.publish.model import (
    ORDERS,
    Explored,
    Model,
    Phase,
    Replica,
    Row,
    Rules,
    State,
    Way,
    explore,
)
from tests.publish.sink import Sink
from tests.publish.world import (
    MONDAY,
    SUNDAY,
    HandClock,
    audience,
    dispatches,
    publisher_at,
    smtp,
)

TWICE: Final = "two copies that do not say that they may be one too many"
UNCOUNTED: Final = "more copies than were counted as doubtful"
LOST: Final = "recorded as sent, never arrived"
HIDDEN: Final = "a copy that may have arrived, and nobody is told"
REOPENED: Final = "what was sent is on its way again"
HELD: Final = "a second copy of what was to be held"

PLANTED: Final = [
    (Way(flags_before=True), LOST),
    (Way(flags_after=True), TWICE),
    (Way(locks=True), TWICE),
    (Way(fenced=False), TWICE),
    (Way(puts_off_unfenced=True), TWICE),
]
ENOUGH: Final = 1_000
"""Fewer states than these would not be every interleaving of two replicas."""


@pytest.fixture
async def store(sqlite_url: str, tmp_path: Path) -> AsyncGenerator[Store]:
    """A database with one dispatch in it."""
    clock = HandClock(SUNDAY)
    text = audience("board@example.com") + smtp(Sink(port=1))
    async with publisher_at(sqlite_url, tmp_path, text, clock=clock) as publisher:
        await publisher.publish_due()
        clock.instant = MONDAY
        await publisher.publish_due()
    async with Store(sqlite_url) as open_store:
        yield open_store


async def explored(store: Store, way: Way, *, until: str = "") -> Explored:
    (row,) = await dispatches(store)

    def wrong(at: State, then: State) -> Iterator[str]:
        return wrongs(at, then, way.in_doubt)

    rules = Rules(store, row, way)
    found = await explore(Model(rules, way), wrong, until=until)
    asked = len(rules.known)
    print(f"\n{way}: {found.states} states, {found.steps} steps, {asked} asked of the database")
    for name, steps in found.wrongs.items():
        print(f"  {name}: {'; '.join(steps)}")
    return found


def wrongs(at: State, then: State, policy: InDoubt) -> Iterator[str]:
    """What a step breaks of the promise, in words."""
    row, rests = then.row, all(one.phase is Phase.IDLE for one in then.replicas)
    if then.plain > 1:
        yield TWICE
    if then.copies > row.in_doubt + 1:
        yield UNCOUNTED
    if rests and row.state is DispatchState.SENT and not then.copies:
        yield LOST
    if row.state not in {DispatchState.SENT, DispatchState.SENDING} and then.copies > row.in_doubt:
        yield HIDDEN
    if at.row.state is DispatchState.SENT and row != at.row:
        yield REOPENED
    if policy is InDoubt.HOLD and then.copies > 1 + ORDERS - then.orders:
        yield HELD


@pytest.mark.parametrize("policy", InDoubt)
async def test_f31_f32_no_interleaving_of_two_replicas_breaks_the_promise(
    store: Store, policy: InDoubt
) -> None:
    found = await explored(store, Way(in_doubt=policy))
    assert found.wrongs == {}
    assert found.stuck == []
    assert found.states > ENOUGH


@pytest.mark.parametrize(("way", "kind"), PLANTED)
async def test_f31_f32_the_model_finds_each_planted_defect(
    store: Store, way: Way, kind: str
) -> None:
    found = await explored(store, way, until=kind)
    assert kind in found.wrongs


async def test_a_lease_that_never_ended_would_be_found_as_well(store: Store) -> None:
    class Endless(Rules):
        """A claim that nobody can take over."""

        async def after(self, step: str, row: Row, number: int, mine: Replica) -> Row:
            found = await super().after(step, row, number, mine)
            return row if step == "claim" and row.state in AT_WORK else found

    (row,) = await dispatches(store)
    way = Way()
    model = Model(Endless(store, row, way), way)
    found = await explore(model, lambda _at, _then: iter(()), orders=0)
    assert found.stuck != []
