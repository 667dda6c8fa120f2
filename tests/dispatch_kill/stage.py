"""One world for replicas: a database, a mail server that logs, and the time in a file.

Time for the editions goes on by weeks as the outbox gets empty, time for the leases is real.
"""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from syncer.failpoints import Edge
from syncer.publish.outbox import REPEATABLE
from syncer.publish.recipients import EMAIL, FILE
from syncer.rollup.calendar import iso_week
from syncer.store.daemon_tables import DispatchRow, PeriodRow
from syncer.store.dispatch_orders import keep_order, sent_anew
from syncer.store.dispatches import AT_WORK, Dispatch, DispatchState, InDoubt, load_dispatches
from syncer.store.editions import list_editions, load_edition
from syncer.store.engine import Store
from syncer.store.rows import table_of
from syncer.store.tables import EditionRow
from tests.dispatch_kill.checker import Found, arrivals
from tests.dispatch_kill.defects import Defect
from tests.dispatch_kill.processes import Replica, begin, eventually, helper, line_of
from tests.dispatch_kill.replica import ANSWER_SECONDS, TIMING, Spec
from tests.publish.world import ANCIENT, MONDAY, SUNDAY, WEEK
from tests.replicas.cluster import Cluster
from tests.replicas.processes import Zygote

BEYOND_SECONDS: Final = TIMING.sending.total_seconds() + 0.5
"""How long a process stands still so that its lease has run out for certain."""

_OPEN: Final = (*AT_WORK, DispatchState.PENDING)
_ALL: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be sent: to how many audiences with how many addresses, and how."""

    audiences: int = 5
    mails: int = 8
    policy: InDoubt = InDoubt.RESEND
    defect: Defect = Defect.NONE
    seed: int = 0

    @property
    def keys(self) -> Sequence[str]:
        """The audiences' keys."""
        return [f"a{n}" for n in range(self.audiences)]

    def addresses(self, key: str) -> Sequence[str]:
        """Whom an audience consists of."""
        return [f"r{n}@{key}.example.com" for n in range(self.mails)]

    def expected(self, weeks: int) -> Iterator[tuple[str, str, str, str]]:
        """Audience, edition, channel and recipient of all that is to go out in so many weeks."""
        for week in range(weeks):
            edition = iso_week((MONDAY + week * WEEK).date())
            for key in self.keys:
                yield key, edition, FILE, f"out/{key}"
                yield from ((key, edition, EMAIL, address) for address in self.addresses(key))

    def configuration(self, port: int) -> str:
        """With the mail server at this port."""
        text = (
            '[service]\ntimezone = "Europe/Berlin"\n'
            f'[smtp]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\ntimeout = {ANSWER_SECONDS}\n'
            f'from = "Program status <syncer@example.com>"\nin_doubt = "{self.policy}"\n'
        )
        for key in self.keys:
            to = ", ".join(f'"{address}"' for address in self.addresses(key))
            text += (
                f'[[audiences]]\nkey = "{key}"\nchannels = [{{ kind = "email", to = [{to}] }}, '
                f'{{ kind = "file", path = "out/{key}" }}]\n'
            )
        return text


@dataclass(kw_only=True)
class Stage:
    """The world as it is; `weeks` editions of each audience are due."""

    plan: Plan
    folder: Path
    database: str
    store: Store
    zygote: Zygote
    weeks: int = 0
    replicas: list[Replica] = field(default_factory=list)
    _scripts: Iterator[int] = field(default_factory=count)

    # --- time -------------------------------------------------------------------------------------

    def set_weeks(self, weeks: int) -> None:
        """Sunday before any edition, or the Monday of edition number `weeks`."""
        now = MONDAY + (weeks - 1) * WEEK if weeks else SUNDAY
        scrap = self._clock.with_suffix(".new")
        scrap.write_text(now.isoformat(), encoding="ascii")
        scrap.replace(self._clock)
        self.weeks = weeks

    @property
    def _clock(self) -> Path:
        return self.folder / "clock"

    # --- replicas ---------------------------------------------------------------------------------

    async def begin(self, actions: Mapping[Edge, tuple[str, int]] | None = None) -> Replica:
        """One more replica; `actions`: what it does to itself at a pass of an edge."""
        control = self.folder / "control" / f"{next(self._scripts)}.json"
        control.write_text(json.dumps(actions or {}), encoding="utf-8")
        spec = Spec(
            config=str(self.folder / "syncer.toml"),
            clock=str(self._clock),
            database=self.database,
            control=str(control),
            defect=self.plan.defect,
        )
        replica = await begin(self.zygote, spec)
        self.replicas.append(replica)
        return replica

    def end(self) -> None:
        """End all replicas."""
        for one in self.replicas:
            one.signal(signal.SIGKILL)

    # --- what the database says -------------------------------------------------------------------

    async def counts(self) -> tuple[bool, int, int]:
        """Whether all schedules are known, how many editions there are, how many rows are open."""
        periods, editions, rows = table_of(PeriodRow), table_of(EditionRow), table_of(DispatchRow)
        async with self.store.read() as session:
            seen = await session.scalar(
                select(func.count()).select_from(periods).where(periods.c.state == "started")
            )
            published = await session.scalar(select(func.count()).select_from(editions))
            waiting = await session.scalar(
                select(func.count()).select_from(rows).where(rows.c.state.in_(_OPEN))
            )
        return seen == len(self.plan.keys), published or 0, waiting or 0

    async def is_ready(self) -> bool:
        """Whether all schedules are known, so that the next Monday makes editions."""
        return (await self.counts())[0]

    async def is_done(self) -> bool:
        """Whether everything was published and nothing is on its way any more."""
        _, published, waiting = await self.counts()
        return published == self.weeks * len(self.plan.keys) and not waiting

    async def is_settled(self) -> bool:
        """Whether it is done, and nothing had to be hurried on."""
        done = await self.is_done()
        return not await self.hurry() and done

    async def hurry(self) -> int:
        """As if the pauses after refusals had passed, and a person had seen to what was given up.

        Leases of a second run out by themselves where the machine is slow, and what was begun too
        often without an end is told as failed; `syncer dispatches resend` is what a person does. To
        how many it was done.
        """
        rows = table_of(DispatchRow)
        async with self.store.write() as session:
            await session.execute(
                rows.update().where(rows.c.state == "pending").values(next_try_at=ANCIENT)
            )
            endless = rows.c.error.startswith("It was begun")
            failed = await session.scalars(select(rows.c.id).where(endless))
            known = await load_dispatches(session, ids=failed.all(), lock=True)
            given_up = [one for one in known if one.state is DispatchState.FAILED]
            for one in given_up:
                await keep_order(session, sent_anew(one, ANCIENT, repeatable=REPEATABLE))
        return len(given_up)

    async def dispatches(self) -> list[Dispatch]:
        """All rows."""
        async with self.store.read() as session:
            return await load_dispatches(session, limit=_ALL)

    async def found(self) -> Found:
        """All that is known by now."""
        async with self.store.read() as session:
            rows = await load_dispatches(session, limit=_ALL)
            names = await list_editions(session, limit=_ALL)
            editions = [await load_edition(session, e.audience, e.edition) for e in names]
        return Found(
            expected=frozenset(self.plan.expected(self.weeks)),
            dispatches=rows,
            editions=editions,
            arrivals=arrivals(self.folder / "sink.log"),
            folder=self.folder,
        )

    async def calm(self, *, replicas: int, seconds: float) -> None:
        """Replicas that nobody disturbs, until nothing is left to do; `TimeoutError` if never."""
        begun = [await self.begin() for _ in range(replicas)]

        try:
            await eventually(self.is_settled, seconds=seconds)
        finally:
            for one in begun:
                one.signal(signal.SIGKILL)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What all stages share: the server of their databases, and where their replicas come from."""

    cluster: Cluster
    zygote: Zygote


@asynccontextmanager
async def staged(house: House, folder: Path, plan: Plan) -> AsyncGenerator[Stage]:
    """A world on the Sunday before the first edition; all its processes end with it."""
    (folder / "control").mkdir(parents=True)
    database = await house.cluster.database()
    async with (
        Store(database) as store,
        helper("sink", str(folder / "sink.log"), str(plan.seed)) as sink,
    ):
        configuration = plan.configuration(int(await line_of(sink)))
        (folder / "syncer.toml").write_text(configuration, encoding="utf-8")
        stage = Stage(plan=plan, folder=folder, database=database, store=store, zygote=house.zygote)
        stage.set_weeks(0)
        try:
            yield stage
        finally:
            stage.end()
