"""The daemon: everything that `syncer serve` runs, in the order in which it starts and ends.

Store, endpoints, listeners, workers, ticker; at the end the listeners first, so that nothing comes
in any more, then the work, and the store last.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from types import TracebackType
from typing import Final, Self

from sqlalchemy import text

from syncer.clock import Clock, pace_of
from syncer.errors import ConfigError, SyncerError
from syncer.jobs.crew import Crew, end_tasks, run_isolated
from syncer.jobs.ticker import Ticker
from syncer.log import get_logger
from syncer.service.core import Service
from syncer.service.daemon_doors import Addresses, Doors, endpoints_of
from syncer.service.daemon_jobs import Jobs
from syncer.service.daemon_pulls import COMMAND, LOOK_SECONDS
from syncer.service.daemon_serving import Serving
from syncer.service.reading import StoreReader
from syncer.service.traffic import Traffics
from syncer.settings.root import Settings
from syncer.store.engine import Store
from syncer.store.holder import hold_file
from syncer.sync.inbox import InboxWorker, Worked
from syncer.sync.lease import is_over, this_process, worker_name
from syncer.web.keeping import INBOX, Keeper
from syncer.web.metrics import Metrics

POLL_SECONDS: Final = 1.0
"""How often the inbox is looked into where no notification comes."""

GRACE_SECONDS: Final = 4.0
"""What work under way gets at the end before it is broken off and left to others."""

_CENSUS_SECONDS: Final = 300.0
_LOOK_BACK_SECONDS: Final = 300.0
_PUBLISH_SECONDS: Final = 30.0
_DELIVER_SECONDS: Final = 5.0
_COUNT_SECONDS: Final = 15.0
_HOUSE_SECONDS: Final = 3600.0
_NOT_RELOADED: Final = (("database_url",), ("hooks", "listen"), ("pages", "listen"))
_log: Final = get_logger(__name__)


class Daemon:
    """One replica. `async with Daemon(load, clock=clock) as daemon:` serves until the end.

    `load` reads the configuration, at the start and at every reload; `tell` is given lines for a
    person. `Busy` where another daemon holds the SQLite file, `ConfigError` for what is wrong with
    the configuration.
    """

    def __init__(
        self,
        load: Callable[[], Settings],
        *,
        clock: Clock,
        addresses: Addresses | None = None,
        tell: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._load = load
        self._clock = clock
        self._addresses = addresses or Addresses()
        self._tell = tell
        self._stack = AsyncExitStack()
        self._listening = AsyncExitStack()
        self._crew = Crew()
        self._ticker = Ticker(pace=pace_of(clock))
        self._tasks: list[asyncio.Task[None]] = []
        self._inbox_called: Callable[[], None] = lambda: None

    # --- start and end ----------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stop()

    async def _start(self) -> None:
        settings = await asyncio.to_thread(self._load)
        service = await self._open_store(settings)
        self._reader = StoreReader(service)
        self._stack.push_async_callback(self._reader.aclose)
        self._metrics = Metrics(service.connections.names, clock=self._clock)
        self._keeper = Keeper(service.store, self._clock)
        self._serving = Serving(service, owner=self._name)
        self._stack.push_async_callback(self._close_service)
        self.doors = Doors(
            keeper=self._keeper, metrics=self._metrics, reader=self._reader, ready=self.ready
        )
        self.doors.endpoints = await endpoints_of(service)
        await self.doors.open(service, self._listening, self._addresses)
        self._begin_work()
        for line in self.doors.registrations(service):
            self._tell(line)
        self._tell(f"READY hooks {self.hooks_url}, pages {self.pages_url}")

    async def _open_store(self, settings: Settings) -> Service:
        """Hold the file, open the database, bring it up to date."""
        service = Service(settings, clock=self._clock)
        if service.store.file is not None:
            self._stack.enter_context(hold_file(service.store.file, this_process(COMMAND).owner))
        self._store = service.store
        # The store outlives the services that configurations make: it is closed by itself.
        await self._stack.enter_async_context(service)
        self._traffics = Traffics(self._store, self._clock)
        return await self._service(settings).__aenter__()

    def _service(self, settings: Settings) -> Service:
        """A service for one configuration, on the store and under the limits that outlive it."""
        return Service(settings, clock=self._clock, store=self._store, traffics=self._traffics)

    async def _close_service(self) -> None:
        await self._serving.close()

    def _begin_work(self) -> None:
        self._jobs = Jobs(
            self._serving,
            crew=self._crew,
            metrics=self._metrics,
            keeper=self._keeper,
            refresh=self._reader.refresh,
        )
        self._inbox = InboxWorker(
            self._store,
            self._jobs.open_source,
            clock=self._clock,
            owner=worker_name(COMMAND),
            on_worked=self._worked,
            pace=pace_of(self._clock),
        )
        loops = {
            "inbox": self._work_inbox(),
            "verdicts": self._jobs.judging.run(),
            "lag": self._metrics.watch_loop(),
        }
        self._tasks = [asyncio.create_task(one, name=name) for name, one in loops.items()]
        self._start_ticker()

    def _start_ticker(self) -> None:
        jobs, every = self._jobs, self._ticker.every
        every(self._look_seconds(), jobs.pulls.due, name="pull")
        every(_CENSUS_SECONDS, jobs.census_due, name="census")
        every(_LOOK_BACK_SECONDS, jobs.look_back_due, name="look back")
        every(_PUBLISH_SECONDS, jobs.publish_due, name="publish")
        every(_DELIVER_SECONDS, jobs.deliver_due, name="deliver")
        every(_COUNT_SECONDS, jobs.count, name="count")
        every(_HOUSE_SECONDS, jobs.keep_house, name="keep house")
        self._ticker.start()
        for begin in (jobs.pulls.due, jobs.publish_due, jobs.deliver_due, jobs.count):
            begin()

    def _look_seconds(self) -> float:
        minutes = self._serving.current.settings.service.reconcile_minutes
        return min(LOOK_SECONDS, minutes * 60 / 2)

    async def _stop(self) -> None:
        """Take nothing more, let work end or give it back, close the store: within ten seconds."""
        self._ticker.stop()
        loops, self._tasks = self._tasks, []
        for task in loops:
            task.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await asyncio.gather(
            self._listening.aclose(), self._crew.stop(GRACE_SECONDS), self._hand_in()
        )
        await self._stack.aclose()

    async def _hand_in(self) -> None:
        """Finish the deliveries that are being worked on, or leave them to another replica."""
        if not hasattr(self, "_inbox"):
            return
        waiting = asyncio.create_task(self._inbox.idle())
        await end_tasks([waiting], GRACE_SECONDS)
        await run_isolated("give back", self._inbox.give_back)
        await run_isolated("count", self._keeper.flush)

    # --- what it is asked -------------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return this_process(COMMAND).owner

    @property
    def hooks_url(self) -> str:
        """Where webhooks come in on this machine."""
        return f"http://{self.doors.hooks_address}"

    @property
    def pages_url(self) -> str:
        """Where the pages are read on this machine."""
        return f"http://{self.doors.pages_address}"

    @property
    def reader(self) -> StoreReader:
        """What the pages read."""
        return self._reader

    @property
    def store(self) -> Store:
        """The database."""
        return self._store

    async def ready(self) -> bool:
        """Whether deliveries can be kept and worked off: the store answers, the workers live."""
        if not self._tasks or any(task.done() for task in self._tasks) or not self._ticker.running:
            return False
        try:
            async with self._store.read(patience=1.0) as session:
                await session.execute(text("SELECT 1"))
        except (SyncerError, OSError):
            return False
        return True

    # --- the inbox --------------------------------------------------------------------------------

    async def _work_inbox(self) -> None:
        """Claim whatever waits, whenever somebody calls and else every second."""
        await run_isolated("take over", partial(self._inbox.take_over, is_over))
        async with self._store.wakeups(INBOX) as wakeup:
            self._inbox_called = wakeup.call
            while True:
                await run_isolated("inbox", self._inbox.take)
                await wakeup.wait(POLL_SECONDS)

    def _worked(self, worked: Worked) -> None:
        self._jobs.worked(worked)
        self._inbox_called()

    # --- a new configuration ----------------------------------------------------------------------

    async def reload(self) -> bool:
        """Read the configuration anew; whether it is in force. A faulty one leaves the old one."""
        try:
            await self._take(await asyncio.to_thread(self._load))
        except SyncerError as error:
            fault = str(error)
            self._reader.configuration_fault = fault
            _log.error("the new configuration is not used", error=fault)
            return False
        self._reader.configuration_fault = ""
        _log.info("the new configuration is in force")
        return True

    async def _take(self, settings: Settings) -> None:
        self._refuse_another_database(settings)
        service = self._service(settings)
        try:
            endpoints = await endpoints_of(service, strict=True)
            for name in service.connections.names:
                service.connections.config(name)
        except BaseException:
            await service.__aexit__(None, None, None)
            raise
        await self._serving.exchange(service)
        self.doors.endpoints = endpoints
        self._reader.use(service)
        self._metrics.know(service.connections.names)
        self._ticker.change(self._look_seconds(), name="pull")
        self._jobs.judge()
        self._jobs.pulls.due()
        self._jobs.publish_due()

    def _refuse_another_database(self, settings: Settings) -> None:
        old, new = self._serving.current.settings.service, settings.service
        if old.database_url != new.database_url:
            raise ConfigError("Another database_url needs a restart.", fix="Restart the daemon.")
        for name in ("hooks", "pages"):
            if getattr(old, name).listen != getattr(new, name).listen:
                self._tell(f"The listener of {name} keeps its address until a restart.")

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT; SIGHUP reads the configuration anew."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload_soon)
        async with self:
            await ended.wait()
            self._tell("Stopping.")

    def _reload_soon(self) -> None:
        self._crew.start("reload", self.reload)
