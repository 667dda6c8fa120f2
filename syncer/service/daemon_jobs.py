"""What a daemon does: the jobs behind the ticks and behind the deliveries that come in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Final

from syncer.clock import pace_of
from syncer.domain.lane import Lane
from syncer.jobs.crew import Crew, Debounced
from syncer.log import get_logger
from syncer.service.daemon_pulls import COMMAND, Pulls, errand_of
from syncer.service.daemon_serving import Serving
from syncer.service.inboxing import source_of
from syncer.service.looking_back import look_back_on
from syncer.store.gaps import settle
from syncer.store.inbox import inbox_counts, oldest_pending
from syncer.store.items import count_by_connection
from syncer.store.retention import forget_deliveries
from syncer.store.sources import read_up_to
from syncer.store.traffic import forget_old_notes
from syncer.sync.inbox import Source, Worked
from syncer.sync.lease import held, this_process
from syncer.sync.reconcile import CensusResult, CensusRules, census_connection, is_due
from syncer.web.keeping import Keeper
from syncer.web.metrics import Metrics

REST_SECONDS: Final = 3.0
"""How long verdicts and the pages' reading rest between two rounds, by the machine's clock."""

_TRAFFIC_KEPT: Final = timedelta(hours=1)
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
        self.judging = Debounced("verdicts", self._judge, rest=REST_SECONDS)
        self.pulls = Pulls(serving, crew=crew, metrics=metrics, judge=self.judge)

    # --- deliveries -------------------------------------------------------------------------------

    async def open_source(self, connection: str) -> Source:
        """The connection as its deliveries need it; `NotFound` once it is configured no more."""
        return await source_of(self._serving.current, connection, command=COMMAND)

    def worked(self, worked: Worked) -> None:
        """Deliveries were worked off: judge what is new, pull what they named as a whole."""
        if worked.stored:
            self.judge()
        self.pulls.soon(worked.containers)

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
            rules = CensusRules(
                command=COMMAND,
                cap=told.census_cap,
                counts_found=errand_of(service, name).counts_found,
            )
            connector = await service.connections.connector(name)
            async with held(service.store, f"census:{name}", this_process(COMMAND)):
                with service.connections.on_lane(name, Lane.CENSUS):
                    results = await census_connection(
                        service.store,
                        connector,
                        connection=name,
                        clock=service.clock,
                        wanted=service.wanted(name),
                        due=lambda state: is_due(state, now=service.clock.now(), every=every),
                        rules=rules,
                    )
        for one in results:
            _tell(one)
        if any(one.found + one.deleted + one.moved + one.hidden for one in results):
            self.judge()

    def look_back_due(self) -> None:
        """Look for what the search of a tracker showed late, where that is due."""
        for name in self._serving.current.connections.names:
            self._crew.start(f"look back {name}", partial(self._look_back, name))

    async def _look_back(self, name: str) -> None:
        async with self._serving.use() as service:
            counts = errand_of(service, name).counts_found
            done = await look_back_on(service, name, command=COMMAND, counts_found=counts)
        if any(one.stored for one in done):
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
            await publisher.notify_due()
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
                await forget_old_notes(session, before=service.clock.now() - _TRAFFIC_KEPT)


def _tell(result: CensusResult) -> None:
    if result.failure is not None:
        _log.warning("a census failed", container=str(result.container), error=str(result.failure))
    elif result.note:
        _log.warning("a census waits for a person", note=result.note)
