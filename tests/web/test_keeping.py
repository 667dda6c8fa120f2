"""Deliveries that come in at once are committed together, and none at another's cost."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syncer.clock import FixedClock
from syncer.failpoints import Crash, Edge, armed
from syncer.store.engine import Store
from syncer.store.inbox import Arrival, Delivery, list_deliveries
from syncer.web import keeping
from syncer.web.hooks import Unavailable
from syncer.web.keeping import Keeper

AT = datetime(2026, 11, 23, 6, tzinfo=UTC)
UNSTORABLE = datetime(2026, 11, 23, 6)  # noqa: DTZ001  the naive value is the case


def arrival(name: str, *, body: bytes = b"", at: datetime = AT) -> Arrival:
    return Arrival(
        connection="jira",
        delivery_id=name,
        body=body or name.encode(),
        headers={},
        at=at,
    )


async def kept(store: Store) -> list[Delivery]:
    async with store.read() as session:
        return await list_deliveries(session, limit=10_000)


@pytest.fixture
def keeper(store: Store) -> Keeper:
    return Keeper(store, FixedClock(AT))


async def test_those_that_come_in_during_a_commit_are_committed_together(
    store: Store, keeper: Keeper
) -> None:
    passed: Counter[Edge] = Counter()
    with armed(lambda edge: passed.update([edge])):
        first = keeper.accept(arrival("first"))
        await asyncio.sleep(0)  # its commit begins
        answers = await asyncio.gather(
            first, *(keeper.accept(arrival(f"later {n}")) for n in range(100))
        )

    assert answers == [True] * 101
    assert passed == {Edge.HOOK_BEFORE_COMMIT: 2, Edge.HOOK_COMMITTED: 2}
    assert len(await kept(store)) == 101


async def test_a_commit_holds_no_more_than_so_many_and_so_much(
    store: Store, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: Counter[Edge] = Counter()
    with armed(lambda edge: passed.update([edge])):
        many = keeping.AT_ONCE * 2 + 1
        await asyncio.gather(*(keeper.accept(arrival(f"{n}")) for n in range(many)))
        assert passed[Edge.HOOK_COMMITTED] == 3

        passed.clear()
        half = bytes(keeping.BYTES_AT_ONCE // 2)
        bodies = [half + bytes([n]) for n in range(3)]
        await asyncio.gather(*(keeper.accept(arrival(str(b[-1:]), body=b)) for b in bodies))
        assert passed[Edge.HOOK_COMMITTED] == 3

    assert len(await kept(store)) == many + 3


async def test_a9_a10_of_one_batch_the_same_id_and_the_same_body_are_kept_once(
    store: Store, keeper: Keeper
) -> None:
    told = [
        arrival("a", body=b"1"),
        arrival("a", body=b"2"),
        arrival("b", body=b"1"),
        arrival("a", body=b"1"),
        arrival("c", body=b"3"),
    ]

    answers = await asyncio.gather(*(keeper.accept(one) for one in told))

    assert answers[-1] is True
    assert len(await kept(store)) == sum(answers)
    assert {one.delivery_id for one in await kept(store)} >= {"a", "c"}
    assert await asyncio.gather(*(keeper.accept(one) for one in told)) == [False] * 5


async def test_a_row_that_no_database_takes_costs_its_neighbours_nothing(
    store: Store, keeper: Keeper
) -> None:
    told = [arrival("good 1"), arrival("bad", at=UNSTORABLE), arrival("good 2")]

    answers = await asyncio.gather(*(keeper.accept(one) for one in told), return_exceptions=True)

    assert [answers[0], answers[2]] == [True, True]
    assert isinstance(answers[1], Unavailable)
    assert {one.delivery_id for one in await kept(store)} == {"good 1", "good 2"}


async def test_f21_while_the_database_is_away_all_that_wait_are_told_at_once(
    tmp_path: Path,
) -> None:
    async with Store(f"sqlite:///{tmp_path}/no-such-folder/syncer.db") as away:
        keeper = Keeper(away, FixedClock(AT))
        first = asyncio.ensure_future(keeper.accept(arrival("first")))
        await asyncio.sleep(0)
        others = [keeper.accept(arrival(str(n))) for n in range(keeping.AT_ONCE * 2)]

        answers = await asyncio.gather(first, *others, return_exceptions=True)

    assert {type(one) for one in answers} == {Unavailable}


async def test_who_no_longer_waits_holds_up_nobody_and_loses_nothing(
    store: Store, keeper: Keeper
) -> None:
    gone = [asyncio.ensure_future(keeper.accept(arrival(f"gone {n}"))) for n in range(3)]
    stays = keeper.accept(arrival("stays"))
    for one in gone:
        one.cancel()

    assert await stays is True
    assert len(await kept(store)) == 4


async def test_a_commit_that_dies_answers_nobody_with_success_and_the_next_one_works(
    store: Store, keeper: Keeper
) -> None:
    def die(edge: Edge) -> None:
        if edge is Edge.HOOK_BEFORE_COMMIT:
            raise Crash

    with armed(die):
        answers = await asyncio.gather(
            *(keeper.accept(arrival(str(n))) for n in range(3)), return_exceptions=True
        )

    assert {type(one) for one in answers} == {Unavailable}
    assert await kept(store) == []
    assert await keeper.accept(arrival("next")) is True
