"""Syncer's side: the real connector, store, pull, census and inbox worker, in a life that may end.

A crash ends the life at an edge: nothing of it reaches the database any more, neither the rest of
what was under way nor the giving back of what it held. The next life begins on the same database,
when all leases have run out.
"""

from __future__ import annotations

import copy
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar, cast

import aiohttp
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.jira.config import JiraConfig
from connectors.jira.connector import JiraConnector
from syncer.clock import Clock
from syncer.connect.auth import with_secrets
from syncer.connect.protocol import Connector, HookRequest
from syncer.errors import SyncerError
from syncer.failpoints import Crash, Edge, armed
from syncer.store import inbox
from syncer.store.daemon_tables import InboxRow
from syncer.store.engine import PATIENCE_SECONDS, Store
from syncer.store.rows import table_of
from syncer.store.tables import LeaseRow
from syncer.sync.connection import Wanted, pull_connection
from syncer.sync.inbox import InboxWorker, Source
from syncer.sync.look_back import LookBack, look_back
from syncer.sync.pull import Errand
from syncer.sync.reconcile import CensusRules, census_connection, is_due
from tests.convergence.site import SECRET, UNWANTED, Site, Told
from tests.convergence.tally import Tally

CONNECTION: Final = "jira"
_HOOK_URL: Final = "https://hooks.example.com/hooks/e"
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
_AT_ONCE: Final = 1e9
"""A pace at which a pause between two tries is over when it begins."""

_INBOX: Final = table_of(InboxRow)
_LEASES: Final = table_of(LeaseRow)
_SPAN: Final = timedelta(hours=12)
WANTED: Final = Wanted(exclude=(UNWANTED,))


C = TypeVar("C", bound=JiraConnector)


class Life:
    """One process's life, which ends for good at the edge of a drawn number."""

    def __init__(self, tally: Tally) -> None:
        self.dead = False
        self._tally = tally
        self._left: int | None = None
        self._named_only = False

    def end_at(self, edge: int | None, *, named: bool = False) -> None:
        """Die at the edge of this number from now; None: do not.

        `named`: count only the edges that the program itself names.
        """
        self._left, self._named_only = edge, named

    def reach(self, edge: str) -> None:
        """Pass an edge, or die there."""
        if not self._named_only:
            self._pass(edge)
        if self.dead:
            raise Crash(edge)

    def reach_named(self, edge: Edge) -> None:
        """The same for the edges that the program itself names."""
        self._pass(edge.value)
        if self.dead:
            raise Crash(edge.value)

    def _pass(self, edge: str) -> None:
        if not self.dead and self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self.dead = True
                self._tally.count("crash", edge)


class MortalStore(Store):
    """The database as one life sees it."""

    life: Life

    @classmethod
    def of(cls, store: Store, life: Life) -> MortalStore:
        """The same engines, for one life."""
        made = cls.__new__(cls)
        made.__dict__.update(copy.copy(store.__dict__), life=life)
        return made

    @asynccontextmanager
    async def read(self, *, patience: float = PATIENCE_SECONDS) -> AsyncGenerator[AsyncSession]:
        self.life.reach("store.read")
        async with super().read(patience=patience) as session:
            yield session

    @asynccontextmanager
    async def write(self, *, patience: float = PATIENCE_SECONDS) -> AsyncGenerator[AsyncSession]:
        self.life.reach("store.write")
        async with super().write(patience=patience) as session:
            yield session
            self.life.reach("store.before_commit")
        self.life.reach("store.committed")


class Wire:
    """The session of one life: every request is an edge."""

    def __init__(self, session: aiohttp.ClientSession | Wire, life: Life) -> None:
        self._session = session
        self.life = life

    def request(self, method: str, url: str, **how: Any) -> Any:
        self.life.reach("http.request")
        return self._session.request(method, url, **how)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What outlives every life: the database, the session, our clock, the tracker."""

    store: Store
    session: aiohttp.ClientSession
    clock: Clock
    site: Site
    tally: Tally
    cloud: bool
    looks_back: bool


Work = Callable[[], Awaitable[object]]


class Syncer:
    """One syncer through its lives.

    `acknowledged` is the latest change of each item that it was told of and answered with 2xx;
    `promised` are the digests of all bodies that it so answered.
    """

    overlap_minutes: int = 5
    overlap_items: int = 50
    conditions: ClassVar[Mapping[str, Any]] = {}
    """What a planted defect needs to show, and what would hide it."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.acknowledged: dict[str, int] = {}
        self.promised: set[str] = set()
        self.lives = 0
        self.begin()

    # --- lives ------------------------------------------------------------------------------------

    def begin(self) -> None:
        """A new process on the same database."""
        self.lives += 1
        self.life = Life(self.around.tally)
        self.store = MortalStore.of(self.around.store, self.life)
        self.connector = self.connect()
        self.worker = InboxWorker(
            self.store,
            self._source,
            clock=self.around.clock,
            owner=f"worker-{self.lives}",
            pace=_AT_ONCE,
        )

    def connect(self) -> Connector:
        """The connector of this life."""
        return self.made(JiraConnector)

    def made(self, sort: type[C]) -> C:
        """A connector for this life, of some sort."""
        session = cast("aiohttp.ClientSession", self.wire())
        return sort(
            CONNECTION,
            self.config(),
            session,
            clock=self.around.clock,
            sleep=self.around.site.time.sleep,
        )

    def wire(self) -> Wire:
        """What the connector asks by."""
        return Wire(self.around.session, self.life)

    def config(self) -> JiraConfig:
        """The connection's table: pages so small that a reading has several."""
        jira, cloud = self.around.site.jira, self.around.cloud
        auth = (
            {"email": jira.account.user, "token_env": "T"}
            if cloud
            else {"type": "pat", "token_env": "T"}
        )
        table = {
            "name": CONNECTION,
            "url": jira.url,
            "auth": auth,
            "exclude": [UNWANTED],
            "page_size": 2,
            "overlap_minutes": self.overlap_minutes,
            "overlap_items": self.overlap_items,
        }
        config = JiraConfig.model_validate(table)
        return with_secrets(config, env={"T": jira.account.secret}, base=Path())

    async def lived(self, work: Work, *, crash_at: int | None = None, named: bool = False) -> None:
        """Do something, and die at the edge of that number; then another life begins."""
        self.life.end_at(crash_at, named=named)
        with armed(self.life.reach_named):
            try:
                await work()
            except Crash:
                assert self.life.dead
        self.life.end_at(None)
        if self.life.dead:
            await self.worker.idle()
            await self.leases_run_out()
            self.begin()

    async def leases_run_out(self) -> None:
        """What waits for the database's clock waits no longer."""
        async with self.around.store.write() as session:
            await session.execute(_LEASES.update().values(expires_at=_LONG_AGO))
            await session.execute(
                _INBOX.update()
                .where(_INBOX.c.claimed_until.is_not(None))
                .values(claimed_until=_LONG_AGO)
            )

    async def _source(self, _name: str) -> Source:
        return Source(connector=self.connector, wanted=WANTED, secrets=(SECRET,), url=_HOOK_URL)

    # --- what it does -----------------------------------------------------------------------------

    async def pull(self) -> None:
        """The incremental lane over the whole connection."""
        await pull_connection(
            self.store,
            self.connector,
            connection=CONNECTION,
            clock=self.around.clock,
            wanted=WANTED,
            errand=Errand(counts_found=True),
        )

    async def census(self, *, confirmed: bool = False) -> None:
        """A census of every container; `confirmed`: a person said yes to what waits."""
        with suppress(SyncerError):  # of the probe: the next census asks again
            await census_connection(
                self.store,
                self.connector,
                connection=CONNECTION,
                clock=self.around.clock,
                wanted=WANTED,
                due=lambda state: is_due(state, now=self.around.clock.now(), every=timedelta()),
                rules=CensusRules(confirmed=confirmed),
            )

    async def look_back(self) -> None:
        """Look for what the search showed late, where that is due and not switched off."""
        await look_back(
            self.store,
            self.connector,
            connection=CONNECTION,
            clock=self.around.clock,
            wanted=WANTED,
            rules=LookBack(span=_SPAN if self.around.looks_back else timedelta()),
        )

    async def work(self) -> None:
        """One claim of the inbox."""
        await self.worker.take()
        await self.worker.idle()
        if self.life.dead:
            raise Crash("inbox worker")

    async def receive(self, told: Told) -> None:
        """Take in a webhook as the door does: the answer is 2xx only after the commit."""
        await self.keep(told)
        self.promise(told)

    def promise(self, told: Told) -> None:
        """Answer 2xx: the tracker will not send it again."""
        self.promised.add(sha256(told.delivery.body).hexdigest())
        self.acknowledged[told.item] = max(self.acknowledged.get(told.item, 0), told.change)

    async def keep(self, told: Told) -> None:
        """Verify a delivery and commit it."""
        headers = {name.lower(): value for name, value in told.delivery.headers.items()}
        request = HookRequest(
            method="POST", url=_HOOK_URL, headers=headers, body=told.delivery.body
        )
        reply = self.connector.receive(request, [SECRET])
        assert reply.status < 300, reply
        arrival = inbox.Arrival(
            connection=CONNECTION,
            delivery_id=reply.delivery_id,
            body=told.delivery.body,
            headers=headers,
            event=reply.event,
            refs=reply.refs,
            deleted=reply.deleted,
            containers=reply.containers,
            at=self.around.clock.now(),
        )
        async with self.store.write() as session:
            await inbox.accept(session, [arrival])
