"""How many calls are under way at once: as many as the tracker bears, the urgent ones first.

The width grows while calls succeed and halves when the tracker is overcharged (additive increase,
multiplicative decrease), once for all calls that were under way at that moment.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from syncer.domain.lane import Lane

FIRST_WIDTH: Final = 2
MOST: Final = 8
"""Calls that one connection makes at once at most, where no setting says otherwise."""

_RANKS: Final = {lane: rank for rank, lane in enumerate(Lane)}


@dataclass(slots=True, eq=False, kw_only=True)
class _Waiter:
    lane: Lane
    container: str
    number: int
    admitted: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Limiter:
    """Admits calls, waiting ones by lane, then by how little their container has under way.

    A live call is admitted even when all places are taken, one above the width: it never waits for
    long answers of lanes that can wait.
    """

    def __init__(self, *, most: int = MOST, first: int = FIRST_WIDTH) -> None:
        self._most = most
        self._width = float(min(first, most))
        self._choked = False
        self._age = 0
        self._number = 0
        self._waiting: list[_Waiter] = []
        self._active: Counter[str] = Counter()

    @property
    def width(self) -> int:
        """How many calls may be under way now."""
        return int(self._width)

    @property
    def active(self) -> int:
        """How many calls are under way."""
        return self._active.total()

    @property
    def waiting(self) -> int:
        """How many calls wait for a place."""
        return len(self._waiting)

    @asynccontextmanager
    async def place(self, lane: Lane, container: str = "") -> AsyncGenerator[int]:
        """A place among the calls under way; gives its age, by which `choked` knows it."""
        await self._enter(lane, container)
        try:
            yield self._age
        finally:
            self._leave(container)

    async def _enter(self, lane: Lane, container: str) -> None:
        if not self._waiting and self._has_room(lane):
            self._active[container] += 1
            return
        self._number += 1
        waiter = _Waiter(lane=lane, container=container, number=self._number)
        self._waiting.append(waiter)
        self._admit()
        try:
            await waiter.admitted
        except asyncio.CancelledError:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            else:
                self._leave(container)
            raise

    def _leave(self, container: str) -> None:
        self._active[container] -= 1
        if not self._active[container]:
            del self._active[container]
        self._admit()

    def _has_room(self, lane: Lane) -> bool:
        return self.active < self.width + (lane is Lane.LIVE)

    def _admit(self) -> None:
        while self._waiting:
            first = min(self._waiting, key=self._turn)
            if not self._has_room(first.lane):
                return
            self._waiting.remove(first)
            self._active[first.container] += 1
            first.admitted.set_result(None)

    def _turn(self, waiter: _Waiter) -> tuple[int, int, int]:
        return _RANKS[waiter.lane], self._active[waiter.container], waiter.number

    def widen_to(self, most: int) -> None:
        """Let so many calls be made at once at most from now on."""
        self._most = most
        self._width = min(self._width, float(most))

    def succeeded(self) -> None:
        """A call was answered as it should: bear a little more."""
        step = 1 / self._width if self._choked else 1.0
        self._width = min(float(self._most), self._width + step)
        self._admit()

    def choked(self, age: int) -> None:
        """The tracker was overcharged by a call of this age: halve, unless that was done since."""
        if age < self._age:
            return
        self._age += 1
        self._choked = True
        self._width = max(1.0, self._width / 2)
