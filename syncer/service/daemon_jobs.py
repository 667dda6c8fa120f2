"""What a daemon does: the jobs behind the ticks and behind the deliveries that come in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Final

from syncer.clock import pace_of
from syncer.domain.ref import ContainerKey
from syncer.errors import Busy, ConfigError
from syncer.jobs.crew import Crew, Debounced
from syncer.log import get_logger
from syncer.service.core import Service
from syncer.service.daemon_serving import Serving
from syncer.store.census import last_asked
from syncer.store.gaps import settle
from syncer.store.inbox import inbox_counts, oldest_pending
from syncer.store.items import count_by_connection
from syncer.store.retention import forget_deliveries
from syncer.store.sources import read_up_to
from syncer.sync.connection import ConnectionResult
from syncer.sync.inbox import Source, Worked
from syncer.sync.lease import held, this_process
from syncer.sync.pull import Errand, pull_container
from syncer.sync.reconcile import CensusResult, CensusRules, census_connection, is_due
from syncer.web.keeping import Keeper
from syncer.web.metrics import Metrics

COMMAND: Final = "serve"
"""What this process is called by those who wait for it."""

LOOK_SECONDS: Final = 60.0
"""How often it is looked whether a connection is to be pulled, by the service's clock."""

REST_SECONDS: Final = 3.0
"""How long verdicts and the pages' reading rest between two rounds, by the machine's clock."""

_RETRY: Final = timedelta(minutes=5)
_SOON_REST: Final = 2.0
_log: Final = get_logger(__name__)


class Jobs:
    """The jobs of one daemon. Methods without a result begin work and return at once.

    `refresh` makes a new reading for the pages.
    """

    def __init__(
        self,
        serving: Serving,
        *,
        crew: Crew,
        metrics: Metrics,
        keeper: Keeper,
        refresh: Callable[[], Awaitable[None]],
    ) -> None:
        self._serving = serving
        self._crew = crew
        self._metrics = metrics
        self._keeper = keeper
        self._refresh = refresh
        self._pace = pace_of(serving.current.clock)
        self._synced = False
        self._soon: set[ContainerKey] = set()
        self.judging = Debounced("verdicts", self._judge, rest=REST_SECONDS)

    # --- pulls ----------------------------------------------------------------------------------

    def pull_due(self) -> None:
        """Pull every connection whose time has come."""
        self._metrics.tick()
        self.pull_soon(frozenset())  # what was asked for while the last one ended
        for name in self._serving.current.connections.names:
            self._crew.start(f"pull {name}", partial(self._pull, name))

    async def _pull(self, name: str) -> None:
        async with self._serving.use() as service:
            if not await _is_due(service, name):
                return
            async with held(service.store, f"connection:{name}", this_process(COMMAND)):
                if await _is_due(service, name):  # no other replica has just done it
                    await service.note_configuration()
                    self._pulled(await service.pull(name, errand=_errand(service, name)))

    def _pulled(self, result: ConnectionResult) -> None:
        name = result.connection
        self._metrics.sync(name, "done" if result.ok else "failed")
        failures = {one.error for one in result.containers} | {result.error}
        for error in sorted(failures - {""}):
            _log.warning("a pull failed", connection=name, error=error)
        self.judge(after_sync=True)

    def pull_soon(self, containers: frozenset[ContainerKey]) -> None:
        """Pull containers in which a delivery told that something changed."""
        self._soon |= containers
        if self._soon:
            self._crew.start("pull soon", self._pull_named)

    async def _pull_named(self) -> None:
        while self._soon:
            key = self._soon.pop()
            async with self._serving.use() as service:
                connector = await service.connections.connector(key.connection)
                result = await pull_container(
                    service.store,
                    connector,
                    key,
                    clock=service.clock,
                    errand=Errand(command=COMMAND),
                )
            if isinstance(result.failure, Busy):
                self._soon.add(key)  # whoever reads it may have passed the change already
            self.judge()
            await asyncio.sleep(_SOON_REST)

    # --- deliveries -------------------------------------------------------------------------------

    async def open_source(self, connection: str) -> Source:
        """The connection as its deliveries need it; `NotFound` once it is configured no more."""
        service = self._serving.current
        return Source(
            connector=await service.connections.connector(connection),
            wanted=service.wanted(connection),
            secrets=service.connections.webhook_secrets(connection),
            url=service.settings.service.hooks.public_url,
        )

    def worked(self, worked: Worked) -> None:
        """Deliveries were worked off: judge what is new, pull what they named as a whole."""
        if worked.stored:
            self.judge()
        self.pull_soon(worked.containers)

    # --- verdicts and the pages -------------------------------------------------------------------

    def judge(self, *, after_sync: bool = False) -> None:
        """Judge what is new, soon; only a pull counts as a second look at the evidence."""
        self._synced |= after_sync
        self.judging.ask()

    async def _judge(self) -> None:
        synced, self._synced = self._synced, False
        done = False
        try:
            async with self._serving.use() as service:
                async with held(service.store, "verdicts", this_process(COMMAND)):
                    await service.judge(after_sync=synced)
                await self._refresh()
            done = True
        finally:
            self._synced |= synced and not done

    # --- census -----------------------------------------------------------------------------------

    def census_due(self) -> None:
        """Compare what is stored of each container that is due with what is there."""
        for name in self._serving.current.connections.names:
            self._crew.start(f"census {name}", partial(self._census, name))

    async def _census(self, name: str) -> None:
        async with self._serving.use() as service:
            told = service.settings.service
            every = timedelta(hours=told.census_hours)
            async with held(service.store, f"census:{name}", this_process(COMMAND)):
                results = await census_connection(
                    service.store,
                    await service.connections.connector(name),
                    connection=name,
                    clock=service.clock,
                    wanted=service.wanted(name),
                    due=lambda state: is_due(state, now=service.clock.now(), every=every),
                    rules=CensusRules(
                        command=COMMAND,
                        cap=told.census_cap,
                        counts_found=_errand(service, name).counts_found,
                    ),
                )
        for one in results:
            _tell(one)
        if any(one.found + one.deleted + one.moved + one.hidden for one in results):
            self.judge()

    # --- editions ---------------------------------------------------------------------------------

    def publish_due(self) -> None:
        """Publish the editions that are due."""
        self._crew.start("publish", self._publish)

    async def _publish(self) -> None:
        async with self._serving.publisher() as publisher:
            for one in await publisher.publish_due():
                _log.info("an edition was published", audience=one.audience, edition=one.edition)
                self.judge()
        self.deliver_due()

    def deliver_due(self) -> None:
        """Deliver what is to go out."""
        self._crew.start("deliver", self._deliver)

    async def _deliver(self) -> None:
        async with self._serving.publisher() as publisher:
            while done := await publisher.deliver_due():
                for one in done:
                    self._metrics.dispatch(one.state)

    # --- keeping house ----------------------------------------------------------------------------

    def count(self) -> None:
        """Write what was counted in memory, count lost webhooks, and measure the inbox."""
        self._crew.start("count", self._count)

    async def _count(self) -> None:
        await self._keeper.flush()
        async with self._serving.use() as service:
            grace = timedelta(minutes=service.settings.service.webhook_grace_minutes)
            await settle(service.store, now=service.clock.now(), grace=grace)
        async with self._serving.current.store.read() as session:
            counts, oldest = await inbox_counts(session), await oldest_pending(session)
            items = await count_by_connection(session)
            read = await read_up_to(session)
        self._metrics.inbox({str(k): n for k, n in counts.items()}, oldest=oldest)
        for connection, count in items.items():
            self._metrics.items(connection, count)
        for connection, at in read.items():
            self._metrics.succeeded(connection, at)

    def keep_house(self) -> None:
        """Forget what is kept only for a while."""
        self._crew.start("keep house", self._keep_house)

    async def _keep_house(self) -> None:
        async with self._serving.use() as service:
            kept = timedelta(days=service.settings.service.inbox_days)
            async with service.store.write() as session:
                await forget_deliveries(session, before=service.clock.now() - kept)


async def _is_due(service: Service, name: str) -> bool:
    """Whether the connection was last asked so long ago that it is to be pulled."""
    every = timedelta(minutes=service.settings.service.reconcile_minutes)
    async with service.store.read() as session:
        at, answered = await last_asked(session, name)
    if at is None:
        return True
    span = every if answered else min(every, _RETRY)
    # A look early, since the next one would be late.
    return at + span - min(span / 2, timedelta(seconds=LOOK_SECONDS)) <= service.clock.now()


def _errand(service: Service, name: str) -> Errand:
    try:
        has_webhooks = bool(service.connections.webhook_secrets(name))
    except ConfigError:  # told with the endpoint, which stays closed
        has_webhooks = False
    return Errand(command=COMMAND, counts_found=has_webhooks)


def _tell(result: CensusResult) -> None:
    if result.failure is not None:
        _log.warning("a census failed", container=str(result.container), error=str(result.failure))
    elif result.note:
        _log.warning("a census waits for a person", note=result.note)
