"""Calls made ahead: their answers come in order, and no more of them wait than there is room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest

from syncer.connect.ahead import Ask, Room, asked_ahead, together


@dataclass
class Calls:
    """Numbered calls that are answered when they are told to be."""

    begun: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    gates: dict[int, asyncio.Event] = field(default_factory=dict)
    faults: dict[int, Exception] = field(default_factory=dict)

    async def make(self, number: int) -> int:
        self.begun.append(number)
        try:
            await self.gates.setdefault(number, asyncio.Event()).wait()
            if number in self.faults:
                raise self.faults[number]
            return number
        finally:
            self.ended.append(number)

    def answer(self, *numbers: int) -> None:
        for number in numbers:
            self.gates.setdefault(number, asyncio.Event()).set()

    async def asks(self, count: int) -> AsyncGenerator[Ask[int]]:
        for number in range(count):
            yield self.ask(number)

    def ask(self, number: int) -> Ask[int]:
        return lambda: self.make(number)


async def settled() -> None:
    """Let everything run that can run without anything from outside."""
    for _ in range(100):
        await asyncio.sleep(0)


async def test_answers_come_in_the_order_of_the_calls_whichever_is_there_first() -> None:
    calls = Calls()
    async with aclosing(asked_ahead(calls.asks(5), room=Room(3))) as answers:
        first = asyncio.ensure_future(anext(answers))
        await settled()
        assert calls.begun == [0, 1, 2]
        calls.answer(2, 1)
        await settled()
        assert sorted(calls.ended) == [1, 2]
        assert not first.done()
        calls.answer(0, 3, 4)
        assert [await first, *[one async for one in answers]] == [0, 1, 2, 3, 4]


async def test_no_more_answers_wait_than_there_is_room_for() -> None:
    calls, room = Calls(), Room(3)
    calls.answer(*range(20))
    async with aclosing(asked_ahead(calls.asks(20), room=room)) as answers:
        for taken in range(20):
            assert await anext(answers) == taken
            assert len(calls.begun) <= taken + 3
    assert room.has_place


async def test_who_finds_no_room_still_gets_what_is_needed_next() -> None:
    one, other, room = Calls(), Calls(), Room(1)
    for calls in (one, other):
        calls.answer(*range(4))
    async with (
        aclosing(asked_ahead(one.asks(4), room=room)) as first,
        aclosing(asked_ahead(other.asks(4), room=room)) as second,
    ):
        assert await anext(first) == 0
        assert [number async for number in second] == [0, 1, 2, 3]
        assert [number async for number in first] == [1, 2, 3]


async def test_an_error_comes_in_its_place_and_ends_what_is_under_way() -> None:
    calls, room = Calls(faults={2: ValueError("third")}), Room(8)
    calls.answer(0, 1, 2)
    async with aclosing(asked_ahead(calls.asks(8), room=room)) as answers:
        assert [await anext(answers), await anext(answers)] == [0, 1]
        with pytest.raises(ValueError, match="third"):
            await anext(answers)
    assert sorted(calls.ended) == list(range(8))


async def test_what_is_under_way_ends_with_who_asked_for_it() -> None:
    calls, room = Calls(), Room(4)
    calls.answer(0)
    async with aclosing(asked_ahead(calls.asks(9), room=room)) as answers:
        assert await anext(answers) == 0
    assert sorted(calls.ended) == sorted(calls.begun)
    assert room.has_place


async def test_the_first_error_ends_what_was_begun_together() -> None:
    calls = Calls(faults={1: ValueError("second")})
    calls.answer(0, 1)
    with pytest.raises(ValueError, match="second"):
        await together(calls.make(number) for number in range(3))
    assert sorted(calls.ended) == [0, 1, 2]
