"""The worker of the inbox: what deliveries of webhooks name is fetched by id and stored.

A delivery is a hint (spec/trackers.md 1.12): neither state nor container nor visibility is taken
from its body. What all deliveries of one claim name is fetched together, each item once. What fails
is tried again, apart from the others, and after five tries set aside with the reason, so that no
delivery ever holds up another (spec/reliability.md P6).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.clock import Clock
from syncer.connect.budget import Traffic
from syncer.connect.passage import on_lane
from syncer.connect.protocol import CarriesItems, Connector, HookReply
from syncer.domain.lane import Lane
from syncer.domain.ref import ContainerKey
from syncer.errors import AuthFailed, RateLimited, SyncerError, Unreachable
from syncer.failpoints import Edge, reach
from syncer.log import get_logger
from syncer.store import claims
from syncer.store.engine import Store
from syncer.store.inbox import Delivery
from syncer.sync.batches import Told, alike, batches, hints
from syncer.sync.carried import keep_carried, read_carried, request_of
from syncer.sync.connection import Wanted
from syncer.sync.fetching import fetch_all, keep_fetched
from syncer.sync.guard import isolated
from syncer.sync.lanes import count_live
from syncer.sync.lease import BEAT_SECONDS
from syncer.sync.reconcile import BY_COMMAND, CensusRules
from syncer.sync.rests import Rests
from syncer.sync.setbacks import TRIES, Setbacks, UnreadableDelivery

CLAIM: Final = 3000
"""Deliveries that are taken at a time: many, so that few fetches serve a burst."""

LONGEST_REST: Final = 4.0
"""Seconds for which deliveries gather at most while the same items are named again and again."""

_BREATH: Final = 0.05  # between two claims, however often somebody calls

_NOT_ITS_FAULT: Final = (RateLimited, AuthFailed, Unreachable)
_REFUSED: Final = 400
_TAKEN_OVER: Final = "Somebody else works on these deliveries by now."
_log: Final = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A connection as its deliveries need it.

    `url` is the address at which its webhooks come in, `secrets` are what may sign them. `traffic`
    is what the connection may ask of its tracker, None for anything. `rules` are those for
    inventories that come in by deliveries.
    """

    connector: Connector
    wanted: Wanted
    secrets: tuple[SecretStr, ...] = ()
    url: str = ""
    traffic: Traffic | None = None
    rules: CensusRules = BY_COMMAND


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """What became of some deliveries: `stored` items are new or changed.

    `containers` are to be pulled, since a delivery told that something in them changed.
    """

    finished: int = 0
    stored: int = 0
    containers: frozenset[ContainerKey] = frozenset()

    def __add__(self, other: Worked) -> Worked:
        """What became of both."""
        return Worked(
            finished=self.finished + other.finished,
            stored=self.stored + other.stored,
            containers=self.containers | other.containers,
        )


class ClaimLost(SyncerError):
    """Another worker has taken over, after this one had stood still: nothing of it is stored."""


class InboxWorker:
    """Works off the inbox under the name `owner`, one task a connection.

    `open_source` finds a connection by name; `on_worked` is told of every batch. Pauses between
    tries, and those of up to `longest_rest` seconds in which deliveries gather, are divided by
    `pace`, which is more than one only under a clock that runs fast.
    """

    def __init__(
        self,
        store: Store,
        open_source: Callable[[str], Awaitable[Source]],
        *,
        clock: Clock,
        owner: str,
        on_worked: Callable[[Worked], None] = lambda _worked: None,
        pace: float = 1.0,
        longest_rest: float = LONGEST_REST,
    ) -> None:
        self._store = store
        self._open_source = open_source
        self._clock = clock
        self._owner = owner
        self._on_worked = on_worked
        self._setbacks = Setbacks(store, clock=clock, pace=pace)
        self._tasks: dict[str, asyncio.Task[Worked]] = {}
        self._begun: dict[str, list[int]] = {}
        self._rests = Rests(longest_rest / pace)
        self._next_claim = 0.0

    async def take(self, *, among: Collection[str] | None = None) -> int:
        """Claim deliveries of connections that nothing is done for yet; returns how many.

        They are worked on in tasks of their own. Only `among` the connections given, None: all.
        """
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._next_claim - loop.time())
        skip = [*self._tasks, *self._rests.resting(loop.time())]
        async with self._store.write() as session:
            claimed = await claims.claim(session, self._owner, limit=CLAIM, skip=skip, among=among)
        self._next_claim = loop.time() + _BREATH
        if claimed:
            reach(Edge.INBOX_CLAIMED)
        grouped: dict[str, list[Delivery]] = {}
        for one in claimed:
            grouped.setdefault(one.connection, []).append(one)
        for connection, batch in grouped.items():
            task = asyncio.create_task(self._serve(connection, batch))
            self._tasks[connection] = task
            full = len(batch) * len(grouped) >= CLAIM  # its whole share, so more may wait already
            task.add_done_callback(partial(self._served, batch, more=full))
        return len(claimed)

    def _served(self, batch: Sequence[Delivery], task: asyncio.Task[Worked], *, more: bool) -> None:
        """Make room for the connection's next deliveries, also where the work never began."""
        connection = batch[0].connection
        del self._tasks[connection]
        items = {item for one in batch for item in one.named}
        now = asyncio.get_running_loop().time()
        self._rests.worked(connection, items, now=now, more=more)
        self._on_worked(Worked() if task.cancelled() else task.result())

    async def take_over(self, is_over: Callable[[str], bool]) -> int:
        """Have what workers had claimed that are over, by their names; returns how many deliveries.

        Else they wait until the claims run out. A mistake would only cost a fetch: whose claim is
        lost stores nothing (`claims.finish`).
        """
        async with self._store.write() as session:
            gone = filter(is_over, await claims.owners(session))
            return sum([await claims.take_over(session, owner) for owner in gone])

    async def idle(self) -> None:
        """Wait until all that has been claimed is done."""
        while self._tasks:
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def give_back(self) -> None:
        """Stop at once; what is not finished waits for another worker, uncounted."""
        tasks = [*self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with self._store.write() as session:
            begun = [number for numbers in self._begun.values() for number in numbers]
            await claims.release(session, self._owner, begun=begun)
        self._begun.clear()

    async def _serve(self, connection: str, batch: Sequence[Delivery]) -> Worked:
        try:
            async with self._kept():
                with isolated(connection, part="inbox worker"):
                    worked = await self._work(connection, batch)
        except SyncerError as error:  # of the store: the claim runs out and is taken again
            _log.warning("deliveries wait", connection=connection, error=str(error))
            worked = Worked()
        self._begun.pop(connection, None)  # but not where it was told to stop
        return worked

    @asynccontextmanager
    async def _kept(self) -> AsyncGenerator[None]:
        """Hold the claim for as long as the work takes."""
        heart = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            heart.cancel()
            await asyncio.gather(heart, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            async with self._store.write() as session:
                await claims.renew(session, self._owner)

    # --- one connection's deliveries -----------------------------------------------------------

    async def _work(self, connection: str, claimed: Sequence[Delivery]) -> Worked:
        """Those that are new together, those that failed before by what they name."""
        worn = [one for one in claimed if one.tries > TRIES]
        await self._setbacks.set_aside(worn, f"It was begun {TRIES} times and never ended.")
        fit = [one for one in claimed if one.tries <= TRIES]
        try:
            source = await self._open_source(connection)
        except SyncerError as error:
            await self._begin(connection, fit)
            await self._setbacks.fail(fit, error)
            return Worked()
        told = await self._all_told(source, fit)
        fresh = batches(one for one in told if one.delivery.tries == 1)
        worked = Worked()
        for batch in [*fresh, *alike(one for one in told if one.delivery.tries > 1)]:
            await self._begin(connection, [one.delivery for one in batch])
            worked += await self._try(source, connection, batch)
        return worked

    async def _begin(self, connection: str, batch: Sequence[Delivery]) -> None:
        """Count a try of these, which are the next that this worker has in its hands."""
        numbers = [one.id for one in batch]
        async with self._store.write() as session:
            if not await claims.begin(session, numbers, owner=self._owner):
                raise ClaimLost(_TAKEN_OVER)
        self._begun[connection] = numbers

    async def _try(self, source: Source, connection: str, batch: Sequence[Told]) -> Worked:
        try:
            return await self._bring(source, connection, batch)
        except ClaimLost:
            raise
        except SyncerError as error:
            parts = alike(batch)
            if len(parts) == 1 or isinstance(error, _NOT_ITS_FAULT):
                await self._setbacks.fail([one.delivery for one in batch], error)
                return Worked()
        worked = Worked()
        for part in parts:  # one of them spoils it for the others
            worked += await self._try(source, connection, part)
        return worked

    async def _bring(self, source: Source, connection: str, batch: Sequence[Told]) -> Worked:
        """Fetch and store what the deliveries name; one transaction stores and finishes.

        The fetch begins after the claim was committed, and the claim holds only deliveries that it
        has read: so whatever any of them tells had happened before the tracker is asked, and one
        answer serves them all. No clock is compared. What comes in meanwhile is in no claim yet,
        and makes another fetch.
        """
        if isinstance(source.connector, CarriesItems):
            return await self._take_in(source, source.connector, batch)
        named = hints(batch)
        read_at = self._clock.now()
        with on_lane(Lane.LIVE, container="", traffic=source.traffic):
            fetched = await fetch_all(source.connector, named.refs, subject=connection)
        reach(Edge.INBOX_FETCHED)
        async with self._store.write() as session:
            done = await keep_fetched(
                session,
                named.settled(fetched),
                connection=connection,
                wanted=source.wanted,
                at=self._clock.now(),
                read_at=read_at,
            )
            records = [one for one in fetched.records if source.wanted.has(one.item.container)]
            await count_live(session, records, done, at=self._clock.now())
            await self._finish(session, [one.delivery.id for one in batch])
            reach(Edge.INBOX_BEFORE_COMMIT)
        reach(Edge.INBOX_COMMITTED)
        told = {key for one in batch for key in one.containers if key.connection == connection}
        touched = frozenset(key for key in told if source.wanted.has(key))
        return Worked(finished=len(batch), stored=done.stored, containers=touched)

    async def _take_in(
        self, source: Source, carrier: CarriesItems, batch: Sequence[Told]
    ) -> Worked:
        """Store what the deliveries themselves hold, and finish them."""
        numbers = sorted(one.delivery.id for one in batch)
        told = await read_carried(self._store, carrier, numbers, url=source.url)
        async with self._store.write() as session:
            wanted, at = source.wanted, self._clock.now()
            stored = await keep_carried(session, told, wanted=wanted, rules=source.rules, at=at)
            await self._finish(session, numbers)
        return Worked(finished=len(numbers), stored=stored)

    async def _finish(self, session: AsyncSession, ids: Sequence[int]) -> None:
        if not await claims.finish(session, ids, owner=self._owner, at=self._clock.now()):
            raise ClaimLost(_TAKEN_OVER)

    async def _all_told(self, source: Source, deliveries: Sequence[Delivery]) -> list[Told]:
        """What they name, but for those that cannot be read."""
        told: list[Told] = []
        for one in deliveries:
            try:
                told.append(Told(one, await self._told(source, one)))
            except SyncerError as error:
                await self._begin(one.connection, [one])
                await self._setbacks.fail([one], error)
        return told

    async def _told(self, source: Source, delivery: Delivery) -> Delivery | HookReply:
        """What the delivery names; one that names nothing, as after a replay, is read anew."""
        carries = isinstance(source.connector, CarriesItems)
        if delivery.named or delivery.containers or carries:
            return delivery
        request = await request_of(self._store, delivery.id, url=source.url)
        with isolated(delivery.connection):
            reply = source.connector.receive(request, source.secrets)
        if reply.status >= _REFUSED or reply.unreadable:
            raise UnreadableDelivery(reply.unreadable or "Its signature is no longer accepted.")
        return reply
