"""Replicas that keep and work off deliveries, while they are killed, stopped, without database.

Each replica has a script: die, or stand still, at the n-th pass of an edge or at a random instant.
The tracker sends as many deliveries as fit to the share of the scripts that has been played.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import sqlite3
import subprocess
from collections import Counter, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from syncer.errors import SyncerError
from tests.kill.checker import Found
from tests.kill.defects import Defect
from tests.kill.scripts import Script
from tests.kill.world import made
from tests.replicas.cluster import Cluster
from tests.replicas.processes import Zygote, until

PATIENCE: Final = 120.0
"""Seconds that anything may take that must happen: a bound for what hangs."""

_CALM_PATIENCE: Final = 400.0
_EDGE_PATIENCE: Final = 12.0
_STILL_SECONDS: Final = 1.5
_LOOK: Final = 0.3
_CHANGES_A_LOOK: Final = 2
_MOST_A_LIFE: Final = 500
_LONGEST_LIFE: Final = 5.0
_BACKLOG: Final = 80
_TRICKLE: Final = 3
_CALM_BACKLOG: Final = 600
_CALM_REPLICAS: Final = 3


@dataclass
class Tally:
    """What was done."""

    kills: int = 0
    stops: int = 0
    database_stops: int = 0
    let_out: int = 0
    sound_files: int = 0
    hits: Counter[str] = field(default_factory=Counter)


@dataclass(kw_only=True)
class Campaign:
    """One run; `tally` is there at its end. Without a `cluster` the database is a SQLite file.

    `patience` is for how many seconds the store may differ from the tracker once all deliveries
    are worked off: a defect makes it differ for ever.
    """

    folder: Path
    database: str
    zygote: Zygote
    scripts: Sequence[Script]
    deliveries: int
    replicas: int = 1
    cluster: Cluster | None = None
    database_stops: int = 0
    defect: Defect = Defect.NONE
    seed: int = 0
    patience: float = PATIENCE
    tally: Tally = field(default_factory=Tally)

    async def run(self) -> Found:
        """Play all scripts, let the rest be worked off in peace, and tell what is known then."""
        self._dice = random.Random(self.seed)
        self._todo, self._played, self._backlog = deque(self.scripts), 0, _BACKLOG
        begun = made(
            self.folder,
            self.database,
            self.zygote,
            deliveries=self.deliveries,
            defect=self.defect,
            seed=self.seed,
        )
        async with begun as self._world:
            async with self._world.sender.sending(), self._passing():
                async with self._changing(), asyncio.TaskGroup() as attack:
                    for _ in range(self.replicas):
                        attack.create_task(self._slot())
                    attack.create_task(self._outages())
                await self._calm()
            self.tally.hits.update(self._world.hits())
            return await self._world.found()

    # --- the attack -------------------------------------------------------------------------------

    async def _slot(self) -> None:
        """One replica after the other, each with its script, until all are played."""
        while self._todo:
            script = self._todo.popleft()
            if not await self._play(script):
                self._todo.append(replace(script, at=max(1, script.at // 2)))
                continue
            self._played += 1

    async def _play(self, script: Script) -> bool:
        """False where the replica ended before its script was through."""
        actions = {}
        if script.edge is not None:
            actions = {script.edge: ("stop" if script.stop else "kill", script.at)}
        pid, address, hits = await self._world.begin(actions)
        async with self._open(pid, address):
            if script.edge is None:
                await self._some_are_sent()
            else:
                await until(lambda: self._state(pid) in {"", "T"}, seconds=_EDGE_PATIENCE)
                if not hits.exists():
                    await self._kill(pid)
                    return False
            if self._state(pid) == "T":
                await self._stand_still(pid)
            elif script.edge is not None:
                self._world.gone.append(pid)
                self._count_kill()
                return True
            return await self._kill(pid)

    @asynccontextmanager
    async def _open(self, pid: int, address: Path) -> AsyncGenerator[None]:
        """Let deliveries go to a replica once it listens."""
        doors, door = self._world.sender.doors, await self._heard(pid, address)
        if door:
            doors.append(door)
        try:
            yield
        finally:
            if door:
                doors.remove(door)

    async def _some_are_sent(self) -> None:
        """A random span, as long as the machine needs for so many deliveries."""
        sender = self._world.sender
        enough = len(sender.acknowledged) + self._dice.randint(1, _MOST_A_LIFE)
        await until(lambda: len(sender.acknowledged) >= enough, seconds=_LONGEST_LIFE)

    async def _heard(self, pid: int, address: Path) -> str:
        """Where a replica listens; empty for one that ended before it did."""
        await until(lambda: bool(_read(address)) or not self._state(pid), seconds=PATIENCE)
        return _read(address)

    def _state(self, pid: int) -> str:
        return self.zygote.state(pid)

    async def _stand_still(self, pid: int) -> None:
        """Its claims are taken by others; then it wakes up in the midst of its work."""
        self._world.gone.append(pid)
        self.tally.stops += 1
        await asyncio.sleep(_STILL_SECONDS)
        self.zygote.send(pid, signal.SIGCONT)
        await asyncio.sleep(self._dice.uniform(0.3, 0.8))

    async def _kill(self, pid: int) -> bool:
        if not self._world.end(pid):
            return False
        await until(lambda: not self._state(pid), seconds=PATIENCE)
        self._count_kill()
        return True

    def _count_kill(self) -> None:
        self.tally.kills += 1
        file = self._world.store.file
        if file is not None:
            self._check_file(file)

    def _check_file(self, file: Path) -> None:
        """What is on the disk, looked at through a copy: to recover it is the next replica's.

        Another process makes the copy: who closes a file loses the locks of its whole process on it
        (https://sqlite.org/howtocorrupt.html, 2.2), and this one has the database open.
        """
        there = [
            one for end in ("", "-wal") if (one := file.with_name(f"{file.name}{end}")).exists()
        ]
        copies = self.folder / "copies"
        copies.mkdir()
        subprocess.run(["cp", *there, copies], check=True)
        with closing(sqlite3.connect(copies / file.name)) as connection:
            answer = connection.execute("PRAGMA integrity_check").fetchall()
        assert answer == [("ok",)], answer
        self.tally.sound_files += 1
        shutil.rmtree(copies)

    async def _outages(self) -> None:
        """An immediate stop of the database after each further part of the scripts."""
        if self.cluster is None:
            return
        for number in range(self.database_stops):
            share = (number + 1) / (self.database_stops + 1)
            await self._until_played(round(len(self.scripts) * share))
            await self.cluster.stop_at_once()
            await asyncio.sleep(self._dice.uniform(0.1, 0.4))
            await self.cluster.start()
            self.tally.database_stops += 1

    async def _until_played(self, count: int) -> None:
        while self._played < count:  # noqa: ASYNC110  the slots play them
            await asyncio.sleep(_LOOK)

    # --- meanwhile --------------------------------------------------------------------------------

    @asynccontextmanager
    async def _changing(self) -> AsyncGenerator[None]:
        """Issues change of which no webhook tells."""

        async def change() -> None:
            while True:
                for _ in range(_CHANGES_A_LOOK):
                    self._world.site.change_searched()
                await asyncio.sleep(_LOOK)

        async with _meanwhile(change()):
            yield

    @asynccontextmanager
    async def _passing(self) -> AsyncGenerator[None]:
        """Time passes for those who are gone, and the tracker goes on sending."""

        async def go_on() -> None:
            while True:
                with suppress(SyncerError):
                    await self._world.hurry()
                    await self._allow()
                await asyncio.sleep(_LOOK)

        async with _meanwhile(go_on()):
            yield

    async def _allow(self) -> None:
        """Its share of the scripts, but no more than can be worked off between two kills.

        A little goes on for as long as there are scripts, which wait for something to happen.
        """
        sender, room = self._world.sender, self._backlog - await self._world.untouched()
        share = (self._played + self.replicas) / len(self.scripts)
        due = round(sender.wanted * min(1, share))
        if self._played < len(self.scripts):
            due = max(due, sender.made + _TRICKLE)
        sender.allowed = min(due, sender.made + room)

    # --- afterwards -------------------------------------------------------------------------------

    async def _calm(self) -> None:
        """Replicas that nobody disturbs, until nothing is left to do."""
        self._backlog = _CALM_BACKLOG
        await self._world.begin_anew()
        begun = [await self._world.begin({}) for _ in range(min(self.replicas, _CALM_REPLICAS))]
        for pid, address, _ in begun:
            door = await self._heard(pid, address)
            assert door, "a replica that nobody disturbs does not begin"
            self._world.sender.doors.append(door)
        await self._eventually(self._is_worked_off, seconds=_CALM_PATIENCE)
        # What a defect has lost stays so: the checker will tell.
        await self._eventually(self._world.is_equal, seconds=self.patience)
        for pid, _, _ in begun:
            self._world.end(pid)

    async def _is_worked_off(self) -> bool:
        self.tally.let_out += await self._world.let_out()
        return self._world.sender.is_through and not await self._world.waiting()

    async def _eventually(self, holds: Callable[[], Awaitable[bool]], *, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not await self._asked(holds):  # noqa: ASYNC110  other processes change it
                    await asyncio.sleep(_LOOK)

    async def _asked(self, holds: Callable[[], Awaitable[bool]]) -> bool:
        with suppress(SyncerError):  # somebody else has the database just now
            return await holds()
        return False


def _read(file: Path) -> str:
    """What a file holds, nothing while it is not there."""
    try:
        return file.read_text(encoding="ascii")
    except FileNotFoundError:
        return ""


@asynccontextmanager
async def _meanwhile(work: Coroutine[None, None, None]) -> AsyncGenerator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
