"""Three replicas that publish and deliver, while they are killed, stopped and without database.

Each replica has a script: die, or stand still, at the n-th pass of an edge or at a random instant.
Time for the editions goes on by weeks as the outbox gets empty, time for the leases is real.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from syncer.errors import SyncerError
from syncer.failpoints import Edge
from syncer.publish.recipients import EMAIL, FILE
from syncer.rollup.calendar import iso_week
from syncer.store.daemon_tables import DispatchRow, PeriodRow
from syncer.store.dispatches import DispatchState, InDoubt, load_dispatches
from syncer.store.editions import list_editions, load_edition
from syncer.store.engine import Store
from syncer.store.rows import table_of
from syncer.store.tables import EditionRow
from tests.dispatch_kill.checker import Found, arrivals
from tests.dispatch_kill.cluster import Cluster
from tests.dispatch_kill.defects import Defect
from tests.dispatch_kill.replica import ANSWER_SECONDS, TIMING, Spec
from tests.publish.world import ANCIENT, MONDAY, SUNDAY, WEEK

ROOT: Final = Path(__file__).resolve().parents[2]
EDGES: Final = tuple(edge for edge in Edge if edge.startswith(("publish.", "dispatch.")))
"""Every edge of publishing and dispatch; the list is the program's own."""

REPLICAS: Final = 3
AUDIENCES: Final = tuple(f"a{n}" for n in range(5))
MAILS: Final = 8
BEYOND_SECONDS: Final = TIMING.sending.total_seconds() + 0.5
"""How long a process stands still so that its lease has run out for certain."""

PATIENCE: Final = 180.0
_EDGE_PATIENCE: Final = 12.0
_FEW: Final = 25
_LOOK: Final = 0.05
_OPEN: Final = (DispatchState.PENDING, DispatchState.CLAIMED, DispatchState.SENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """How a replica ends: at the pass `at` of an edge, or (None) at a random instant.

    With `stop` it first stands still for longer than any lease, wakes up, and goes on for a while.
    """

    edge: Edge | None = None
    at: int = 1
    stop: bool = False


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


@dataclass
class Tally:
    """What was done to the replicas."""

    kills: int = 0
    stops: int = 0
    database_stops: int = 0
    hits: Counter[str] = field(default_factory=Counter)


@dataclass(kw_only=True)
class Campaign:
    """One run; `tally` and `found` are there at its end."""

    folder: Path
    cluster: Cluster
    scripts: list[Script]
    policy: InDoubt = InDoubt.RESEND
    defect: Defect = Defect.NONE
    database_stops: int = 0
    seed: int = 0
    tally: Tally = field(default_factory=Tally)

    async def run(self) -> Found:
        """Play all scripts, let the rest be delivered in peace, and tell what is known then."""
        self._dice, self._asking = random.Random(self.seed), asyncio.Lock()
        self._todo = deque(self.scripts)
        self._weeks, self._want_editions, self._controls = 0, 0, 0
        self._folders()
        self._database = await self.cluster.database()
        async with (
            Store(self._database) as self._store,
            _process("sink", str(self._log), str(self.seed)) as sink,
        ):
            self._configure(int(await _line(sink)))
            async with _process("zygote", str(self.folder / "replicas.log")) as self._zygote:
                await self._attack()
                await self._calm()
            await asyncio.sleep(0.5)  # what is still on the wire
        async with Store(self._database) as store:
            return await self._known(store)

    # --- the world --------------------------------------------------------------------------------

    def _folders(self) -> None:
        self._log, self._clock = self.folder / "sink.log", self.folder / "clock"
        (self.folder / "control").mkdir(parents=True)
        self._set_clock(0)

    def _set_clock(self, weeks: int) -> None:
        """Sunday before any edition, or the Monday of edition number `weeks`."""
        now = MONDAY + (weeks - 1) * WEEK if weeks else SUNDAY
        scrap = self._clock.with_suffix(".new")
        scrap.write_text(now.isoformat(), encoding="ascii")
        scrap.replace(self._clock)
        self._weeks = weeks

    def _configure(self, port: int) -> None:
        text = (
            '[service]\ntimezone = "Europe/Berlin"\n'
            f'[smtp]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\ntimeout = {ANSWER_SECONDS}\n'
            f'from = "Program status <syncer@example.com>"\nin_doubt = "{self.policy}"\n'
        )
        for key in AUDIENCES:
            to = ", ".join(f'"{address}"' for address in _addresses(key))
            text += (
                f'[[audiences]]\nkey = "{key}"\nchannels = [{{ kind = "email", to = [{to}] }}, '
                f'{{ kind = "file", path = "out/{key}" }}]\n'
            )
        (self.folder / "syncer.toml").write_text(text, encoding="utf-8")

    def _expected(self) -> Iterator[tuple[str, str, str, str]]:
        for week in range(self._weeks):
            edition = iso_week((MONDAY + week * WEEK).date())
            for key in AUDIENCES:
                yield key, edition, FILE, f"out/{key}"
                yield from ((key, edition, EMAIL, address) for address in _addresses(key))

    # --- the attack -------------------------------------------------------------------------------

    async def _attack(self) -> None:
        weeks = asyncio.create_task(self._live_on())
        stops = asyncio.create_task(self._stop_database())
        try:
            await asyncio.gather(*(self._slot() for _ in range(REPLICAS)), stops)
        finally:
            weeks.cancel()
            stops.cancel()
            await asyncio.gather(weeks, stops, return_exceptions=True)
        for file in (self.folder / "control").glob("*.hits"):
            self.tally.hits.update(line.split()[0] for line in file.read_text().splitlines())

    async def _slot(self) -> None:
        """One replica after the other, each with its script, until all are played."""
        while self._todo:
            script = self._todo.popleft()
            if not await self._play(script):
                self._todo.append(script)

    async def _play(self, script: Script) -> bool:
        """False where the replica ended before its script was through."""
        control = self._control(script)
        pid = await self._begin(control)
        if script.edge is None:
            await asyncio.sleep(self._dice.uniform(0.2, 1.2))
            if script.stop and _state(pid):
                os.kill(pid, signal.SIGSTOP)
        else:
            await self._reached(pid, script.edge)
            if not control.with_name(f"{control.name}.hits").exists():
                self._kill(pid)
                return False
        if _state(pid) == "T":
            await self._wake_up(pid)
        elif script.edge is not None:
            self.tally.kills += 1
            return True
        return self._kill(pid)

    async def _reached(self, pid: int, edge: Edge) -> None:
        """Until the replica is dead or stands still."""
        wants = edge.startswith("publish.")
        self._want_editions += wants
        with suppress(TimeoutError):
            await _until(lambda: _state(pid) in {"", "T"}, seconds=_EDGE_PATIENCE)
        self._want_editions -= wants

    async def _wake_up(self, pid: int) -> None:
        self.tally.stops += 1
        await asyncio.sleep(BEYOND_SECONDS)
        os.kill(pid, signal.SIGCONT)
        await asyncio.sleep(self._dice.uniform(0.2, 0.6))

    def _kill(self, pid: int) -> bool:
        if not _state(pid):
            return False
        os.kill(pid, signal.SIGKILL)
        self.tally.kills += 1
        return True

    def _control(self, script: Script) -> Path:
        self._controls += 1
        file = self.folder / "control" / f"{self._controls}.json"
        action = ["stop" if script.stop else "kill", script.at]
        file.write_text(json.dumps({script.edge: action} if script.edge else {}))
        return file

    async def _begin(self, control: Path | None) -> int:
        spec = Spec(
            config=str(self.folder / "syncer.toml"),
            clock=str(self._clock),
            database=self._database,
            control=str(control or ""),
            defect=self.defect,
        )
        assert self._zygote.stdin is not None
        async with self._asking:  # three slots ask one process, whose answers are told by order
            self._zygote.stdin.write(json.dumps(asdict(spec)).encode() + b"\n")
            return int(await _line(self._zygote))

    async def _live_on(self) -> None:
        """The next week begins once all editions of this one are published and little is left."""
        while True:
            with suppress(SyncerError):
                ready, published, waiting = await self._counts()
                done = published == self._weeks * len(AUDIENCES)
                few = waiting < _FEW or self._want_editions
                if ready and done and few:
                    self._set_clock(self._weeks + 1)
            await asyncio.sleep(_LOOK)

    async def _counts(self) -> tuple[bool, int, int]:
        """Whether all schedules are known, how many editions there are, how many rows are open."""
        periods, editions, rows = table_of(PeriodRow), table_of(EditionRow), table_of(DispatchRow)
        async with self._store.read() as session:
            seen = await session.scalar(
                select(func.count()).select_from(periods).where(periods.c.state == "started")
            )
            published = await session.scalar(select(func.count()).select_from(editions))
            waiting = await session.scalar(
                select(func.count()).select_from(rows).where(rows.c.state.in_(_OPEN))
            )
        return seen == len(AUDIENCES), published or 0, waiting or 0

    async def _stop_database(self) -> None:
        """An immediate stop after each further part of the scripts."""
        every = len(self.scripts) // (self.database_stops + 1)
        for number in range(self.database_stops, 0, -1):
            while len(self._todo) > every * number:  # noqa: ASYNC110  three slots empty it
                await asyncio.sleep(_LOOK)
            await self.cluster.stop_at_once()
            await asyncio.sleep(self._dice.uniform(0.1, 0.4))
            await self.cluster.start()
            self.tally.database_stops += 1

    # --- afterwards -------------------------------------------------------------------------------

    async def _calm(self) -> None:
        """Replicas that nobody disturbs, until nothing is left to do."""
        pids = [await self._begin(None) for _ in range(REPLICAS)]

        async def done() -> bool:
            await self._hurry()
            _, published, waiting = await self._counts()
            return published == self._weeks * len(AUDIENCES) and not waiting

        # A defect may leave its rows where they are for ever: the checker will tell.
        patience = PATIENCE if self.defect is Defect.NONE else 15.0
        with suppress(TimeoutError):
            await _eventually(done, seconds=patience)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    async def _hurry(self) -> None:
        """As if the pauses after refusals had passed."""
        rows = table_of(DispatchRow)
        async with self._store.write() as session:
            await session.execute(
                rows.update().where(rows.c.state == "pending").values(next_try_at=ANCIENT)
            )

    async def _known(self, store: Store) -> Found:
        async with store.read() as session:
            rows = await load_dispatches(session, limit=1_000_000)
            names = await list_editions(session, limit=1_000_000)
            editions = [await load_edition(session, e.audience, e.edition) for e in names]
        return Found(
            expected=frozenset(self._expected()),
            dispatches=rows,
            editions=editions,
            arrivals=arrivals(self._log),
            folder=self.folder,
        )


def _addresses(key: str) -> list[str]:
    return [f"r{n}@{key}.example.com" for n in range(MAILS)]


# --- processes ------------------------------------------------------------------------------------


@asynccontextmanager
async def _process(module: str, *arguments: str) -> AsyncGenerator[Process]:
    """A helper of this folder; it ends as its standard input does."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"tests.dispatch_kill.{module}", *arguments),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=PIPE,
        stdout=PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None
    try:
        yield process
    finally:
        process.stdin.close()
        await process.wait()


async def _line(process: Process) -> bytes:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        line = await process.stdout.readline()
    assert line, "the process has ended"
    return line


def _state(pid: int) -> str:
    """`R`, `S`, `T` (stopped) …; empty for a process that is no more."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    state = text.rpartition(")")[2].split()[0]
    return "" if state in {"Z", "X"} else state


async def _until(holds: Callable[[], bool], *, seconds: float) -> None:
    async def look() -> bool:
        return holds()

    await _eventually(look, seconds=seconds)


async def _eventually(holds: Callable[[], Awaitable[bool]], *, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110  other processes change it
            await asyncio.sleep(_LOOK)
