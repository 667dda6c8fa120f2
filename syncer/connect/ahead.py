"""Several calls at once: how many of them are made is bounded by the traffic in force.

Answers are taken in the order in which they were meant, so that what comes of them can be saved
in that order; the first error ends the rest, and is raised after the answers before it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from contextlib import aclosing
from typing import Any, Final, TypeVar

T = TypeVar("T")

AT_ONCE: Final = 8
"""Calls that are begun together, whatever else bounds them."""

Ask = Callable[[], Coroutine[Any, Any, T]]
"""A call that has not been made yet."""


class Room:
    """How many answers may be asked for before they are needed, by all who share the room.

    An answer that waits to be taken still has its place: this bounds memory. What is needed next
    is asked for in any case, so that nobody waits for a place.
    """

    def __init__(self, most: int = AT_ONCE) -> None:
        self._free = most

    @property
    def has_place(self) -> bool:
        """Whether one more may be asked for."""
        return self._free > 0

    def enter(self) -> None:
        """Take a place, also where there is none."""
        self._free -= 1

    def leave(self, places: int = 1) -> None:
        """Give places back."""
        self._free += places


async def together(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All results, in order. The first error ends the others and is raised."""
    async with aclosing(in_order(works)) as results:
        return [result async for result in results]


async def in_order(works: Iterable[Coroutine[Any, Any, T]]) -> AsyncGenerator[T]:
    """The results in order, each as soon as those before it are there; an error ends the rest."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        for task in tasks:
            yield await task
    finally:
        await given_up(*tasks)


async def asked_ahead(asks: AsyncGenerator[Ask[T]], *, room: Room) -> AsyncGenerator[T]:
    """The answers in the order of the calls, which are made ahead as far as there is room."""
    under_way: deque[asyncio.Task[T]] = deque()
    try:
        async with aclosing(asks):
            async for ask in asks:
                while under_way and not room.has_place:
                    yield await _first(under_way, room)
                room.enter()
                under_way.append(asyncio.create_task(ask()))
        while under_way:
            yield await _first(under_way, room)
    finally:
        room.leave(len(under_way))
        await given_up(*under_way)


async def _first(under_way: deque[asyncio.Task[T]], room: Room) -> T:
    answer = await under_way[0]
    under_way.popleft()
    room.leave()
    return answer


async def given_up(*tasks: asyncio.Task[Any]) -> None:
    """End tasks whose results nobody wants any more, errors included."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
