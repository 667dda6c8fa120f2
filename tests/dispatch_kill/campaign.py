"""Three replicas that publish and deliver, while they are killed, stopped and without database.

Each replica has a script: die, or stand still, at the n-th pass of an edge or at a random instant.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from syncer.errors import SyncerError
from syncer.failpoints import Edge
from tests.dispatch_kill.checker import Found
from tests.dispatch_kill.processes import LOOK, PATIENCE, Replica
from tests.dispatch_kill.stage import BEYOND_SECONDS, House, Plan, staged

EDGES: Final = tuple(edge for edge in Edge if edge.startswith(("publish.", "dispatch.")))
"""Every edge of publishing and dispatch; the list is the program's own."""

REPLICAS: Final = 3
_FEW: Final = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """How a replica ends: at the pass `at` of an edge, or (None) at a random instant.

    With `stop` it first stands still for longer than any lease, wakes up, and goes on for a while.
    Who has not come to its edge in so many seconds of `patience` is replaced by one that has more.
    """

    edge: Edge | None = None
    at: int = 1
    stop: bool = False
    patience: float = 12.0


def scripts(*, rounds: int, each: int, stops: int, kills: int, seed: int) -> list[Script]:
    """`each` kills at every edge, `stops` standstills, and random ones up to `kills` in all."""
    dice = random.Random(seed)
    made: list[Script] = []
    ways = [edge for edge in EDGES if edge.startswith("dispatch.")]
    for _ in range(rounds):
        made += [Script(edge=edge, at=_passes(edge, dice)) for edge in EDGES for _ in range(each)]
        for number in range(stops):
            edge = ways[number % len(ways)]
            made.append(Script(edge=edge, at=dice.randint(1, 4), stop=True))
        made += [Script(stop=n % 5 == 0) for n in range(kills - each * len(EDGES) - stops)]
    dice.shuffle(made)
    return made


def _passes(edge: Edge, dice: random.Random) -> int:
    return dice.randint(1, 2 if edge.startswith("publish.") else 6)


def kills_at(edges: Sequence[Edge], *, kills: int, stops: int, seed: int) -> list[Script]:
    """Kills and standstills at these edges alone, at one pass or another."""
    dice = random.Random(seed)
    return [
        Script(edge=edges[number % len(edges)], at=dice.randint(1, 3), stop=number >= kills)
        for number in range(kills + stops)
    ]


@dataclass
class Tally:
    """What was done to the replicas."""

    kills: int = 0
    stops: int = 0
    database_stops: int = 0
    hits: Counter[str] = field(default_factory=Counter)


@dataclass(kw_only=True)
class Campaign:
    """One run; `tally` is there at its end."""

    folder: Path
    house: House
    scripts: list[Script]
    plan: Plan
    database_stops: int = 0
    tally: Tally = field(default_factory=Tally)

    async def run(self) -> Found:
        """Play all scripts, let the rest be delivered in peace, and tell what is known then."""
        self._dice = random.Random(self.plan.seed)
        self._todo = deque(self.scripts)
        self._want_editions = 0
        async with staged(self.house, self.folder, self.plan) as self._stage:
            await self._attack()
            await self._stage.calm(replicas=REPLICAS, seconds=PATIENCE)
            await asyncio.sleep(0.5)  # what is still on the wire
            return await self._stage.found()

    async def _attack(self) -> None:
        weeks = asyncio.create_task(self._live_on())
        stops = asyncio.create_task(self._stop_database())
        try:
            await asyncio.gather(*(self._slot() for _ in range(REPLICAS)), stops)
        finally:
            weeks.cancel()
            stops.cancel()
            await asyncio.gather(weeks, stops, return_exceptions=True)
        for replica in self._stage.replicas:
            self.tally.hits.update(replica.hits)

    async def _slot(self) -> None:
        """One replica after the other, each with its script, until all are played."""
        while self._todo:
            script = self._todo.popleft()
            if not await self._play(script):
                self._todo.append(replace(script, patience=2 * script.patience))

    async def _play(self, script: Script) -> bool:
        """False where the replica ended before its script was through."""
        action = ("stop" if script.stop else "kill", script.at)
        replica = await self._stage.begin({script.edge: action} if script.edge else {})
        if script.edge is None:
            await asyncio.sleep(self._dice.uniform(0.2, 1.2))
            if script.stop:
                replica.signal(signal.SIGSTOP)
        else:
            await self._reached(replica, script.edge, script.patience)
            if not replica.hits:
                self._kill(replica)
                return False
        if replica.state == "T":
            await self._wake_up(replica)
        elif script.edge is not None:
            self.tally.kills += 1
            return True
        return self._kill(replica)

    async def _reached(self, replica: Replica, edge: Edge, seconds: float) -> None:
        """Until the replica is dead or stands still."""
        wants = edge.startswith("publish.")
        self._want_editions += wants
        with suppress(TimeoutError):
            await replica.dead_or_still(seconds=seconds)
        self._want_editions -= wants

    async def _wake_up(self, replica: Replica) -> None:
        self.tally.stops += 1
        await asyncio.sleep(BEYOND_SECONDS)
        replica.signal(signal.SIGCONT)
        await asyncio.sleep(self._dice.uniform(0.2, 0.6))

    def _kill(self, replica: Replica) -> bool:
        killed = replica.signal(signal.SIGKILL)
        self.tally.kills += killed
        return killed

    async def _live_on(self) -> None:
        """The next week begins once all editions of this one are published and little is left."""
        stage = self._stage
        while True:
            with suppress(SyncerError):
                ready, published, waiting = await stage.counts()
                done = published == stage.weeks * len(self.plan.keys)
                few = waiting < _FEW or self._want_editions
                if ready and done and few:
                    stage.set_weeks(stage.weeks + 1)
            await asyncio.sleep(LOOK)

    async def _stop_database(self) -> None:
        """An immediate stop after each further part of the scripts."""
        every = len(self.scripts) // (self.database_stops + 1)
        for number in range(self.database_stops, 0, -1):
            while len(self._todo) > every * number:  # noqa: ASYNC110  three slots empty it
                await asyncio.sleep(LOOK)
            await self.house.cluster.stop_at_once()
            await asyncio.sleep(self._dice.uniform(0.1, 0.4))
            await self.house.cluster.start()
            self.tally.database_stops += 1
