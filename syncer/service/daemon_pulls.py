"""How a daemon pulls: a survey of each connection, and a job of its own for each container.

A container that hangs, waits for its tracker or is huge so holds up neither the others nor the next
survey. First readings begin after the news, and few at a time.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

from syncer.clock import is_ahead
from syncer.connect.quota import LONGEST_WINDOW
from syncer.domain.lane import Lane
from syncer.domain.ref import ContainerKey
from syncer.errors import Busy, ConfigError, RateLimited, SyncerError, Unreachable
from syncer.jobs.crew import Crew
from syncer.log import get_logger
from syncer.service.core import Service
from syncer.service.daemon_serving import Serving
from syncer.store.census import census_states, last_asked
from syncer.sync.connection import Due, Survey, fail_all, read_due
from syncer.sync.lease import held, this_process
from syncer.sync.places import Rooms
from syncer.sync.pull import Errand, PullResult, Stop
from syncer.web.metrics import Metrics

COMMAND: Final = "serve"
"""What this process is called by those who wait for it."""

LOOK_SECONDS: Final = 60.0
"""How often it is looked whether a connection is to be pulled, by the service's clock."""

STRAGGLE_SECONDS: Final = 60.0
"""How long a pass waits for its containers at most, by the machine's clock, and never longer than
until the next one is due; later ones go on without it."""

_RETRY: Final = timedelta(minutes=5)
_RETRY_SILENT: Final = timedelta(minutes=1)
_SOON_REST: Final = 2.0
_log: Final = get_logger(__name__)


class Judging(Protocol):
    """Asks for verdicts on what is new."""

    def __call__(self, *, after_sync: bool = False) -> None:
        """Soon; `after_sync`: a whole pass was made, so that evidence is seen a second time."""
        ...


@dataclass(slots=True, kw_only=True)
class _Pass:
    """One pass over a connection: who reads, how, and what came of it so far."""

    connection: str
    errand: Errand
    stop: Stop = field(default_factory=Stop)
    results: list[PullResult] = field(default_factory=list)


class Pulls:
    """Begins pulls; nothing here waits for them but jobs."""

    def __init__(self, serving: Serving, *, crew: Crew, metrics: Metrics, judge: Judging) -> None:
        self._serving = serving
        self._crew = crew
        self._metrics = metrics
        self._judge = judge
        self._soon: set[ContainerKey] = set()
        self._later: dict[Due, datetime] = {}
        self._again: dict[str, datetime] = {}
        self._surveyed: set[str] = set()
        self._rooms: defaultdict[str, Rooms] = defaultdict(Rooms)

    def due(self) -> None:
        """Pull every connection, and every container that waited, whose time has come."""
        self._metrics.tick()
        self.soon(frozenset())  # what was asked for while the last one ended
        now = self._serving.current.clock.now()
        waiting = [*self._later.items()]
        for one in [o for o, at in waiting if not is_ahead(at, now=now, within=LONGEST_WINDOW)]:
            self._begin(one, _Pass(connection=one.key.connection, errand=Errand(command=COMMAND)))
        for name in self._serving.current.connections.names:
            self._crew.start(f"pull {name}", partial(self._pull, name))

    # --- a connection -----------------------------------------------------------------------------

    async def _pull(self, name: str) -> None:
        async with self._serving.use() as service:
            if not await self._is_due(service, name):
                return
            async with held(service.store, f"connection:{name}", this_process(COMMAND)):
                if not await self._is_due(service, name):  # another replica has just done it
                    return
                await service.note_configuration()
                found = await service.survey(name)
                self._surveyed.add(name)
            self._note_failure(service, name, found.failure)
            await self._read(service, found)

    async def _read(self, service: Service, found: Survey) -> None:
        """Begin to read what is due, and end the pass once it was, or without the stragglers."""
        one = _Pass(connection=found.connection, errand=errand_of(service, found.connection))
        ends = [end for due in found.due if (end := self._begin(due, one)) is not None]
        if ends:
            interval = timedelta(minutes=service.settings.service.reconcile_minutes)
            patience = min(STRAGGLE_SECONDS, interval.total_seconds())
            await asyncio.wait(ends, timeout=patience)
        failure = found.failure or one.stop.failure
        if one.stop.failure is not None:
            connector = await service.connections.connector(found.connection)
            await fail_all(
                service.store,
                connector,
                connection=found.connection,
                error=one.stop.failure,
                clock=service.clock,
            )
        if failure is None:
            await service.ask_queries(found.connection)
        self._tell(found, one.results, failure)

    def _tell(self, found: Survey, read: Sequence[PullResult], failure: SyncerError | None) -> None:
        results = [*found.settled, *read]
        whole = failure is None and all(one.failure is None for one in results)
        self._metrics.sync(found.connection, "done" if whole else "failed")
        failures = {one.error for one in results} | {"" if failure is None else str(failure)}
        for error in sorted(failures - {""}):
            _log.warning("a pull failed", connection=found.connection, error=error)
        self._judge(after_sync=True)

    async def _is_due(self, service: Service, name: str) -> bool:
        """Whether the connection was last asked so long ago that it is to be pulled."""
        now, again = service.clock.now(), self._again.get(name)
        if again is not None:
            return not is_ahead(again, now=now, within=LONGEST_WINDOW)
        every = timedelta(minutes=service.settings.service.reconcile_minutes)
        async with service.store.read() as session:
            at, answered = await last_asked(session, name)
        if at is None or await self._was_left(service, name, at):
            return True
        span = every if answered else min(every, _RETRY)
        # A look early, since the next one would be late.
        early = min(span / 2, timedelta(seconds=LOOK_SECONDS))
        return not is_ahead(at + span - early, now=now, within=span)

    async def _was_left(self, service: Service, name: str, asked_at: datetime) -> bool:
        """Whether a process before this one ended amid a pass over the connection.

        Then some container was not read to its end, and that is made good at once, not after the
        usual interval. What this process itself did not read to its end waits for its next pass.
        """
        if name in self._surveyed:
            return False
        async with service.store.read() as session:
            states = await census_states(session, name)
        ends = [one.last_success_at for one in states]
        return any(end is None or end < asked_at for end in ends)

    def _note_failure(self, service: Service, name: str, failure: SyncerError | None) -> None:
        """When a connection is asked again that could not be used; others by the usual interval."""
        now = service.clock.now()
        match failure:
            case RateLimited(retry_at=retry_at):
                self._again[name] = retry_at
            case Unreachable():
                until = service.connections.traffic(name).paused_until()
                self._again[name] = until or now + _RETRY_SILENT
            case _:
                self._again.pop(name, None)

    # --- a container ------------------------------------------------------------------------------

    def _begin(self, due: Due, one: _Pass) -> asyncio.Future[None] | None:
        """Read a container in a job of its own; None where it is being read."""
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        job = partial(self._read_one, due, one, ended)
        if not self._crew.start(f"read {due.key}", job):
            return None
        self._later.pop(due, None)
        return ended

    async def _read_one(self, due: Due, one: _Pass, ended: asyncio.Future[None]) -> None:
        try:
            async with self._serving.use() as service:
                connector = await service.connections.connector(one.connection)
                with service.connections.on_lane(one.connection, due.lane):
                    result = await read_due(
                        service.store,
                        connector,
                        due,
                        clock=service.clock,
                        rooms=self._rooms[one.connection],
                        errand=one.errand,
                        stop=one.stop,
                    )
            one.results.append(result)
            if isinstance(result.failure, RateLimited):
                self._later[due] = result.failure.retry_at
            if result.stored:
                self._judge()
        finally:
            if not ended.done():
                ended.set_result(None)

    def soon(self, containers: frozenset[ContainerKey]) -> None:
        """Pull containers in which a delivery told that something changed."""
        self._soon |= containers
        if self._soon:
            self._crew.start("pull soon", self._pull_named)

    async def _pull_named(self) -> None:
        """Begin each, as soon as nobody reads it: whoever does may have passed the change."""
        errand = Errand(command=COMMAND)
        while self._soon:
            for key in sorted(self._soon):
                one = _Pass(connection=key.connection, errand=errand)
                ended = self._begin(Due(key=key, lane=Lane.INCREMENTAL), one)
                if ended is not None:
                    self._soon.discard(key)
                    ended.add_done_callback(partial(self._named_ended, key, one))
            await asyncio.sleep(_SOON_REST)

    def _named_ended(self, key: ContainerKey, one: _Pass, _ended: asyncio.Future[None]) -> None:
        if any(isinstance(result.failure, Busy) for result in one.results):
            self.soon(frozenset({key}))


def errand_of(service: Service, name: str) -> Errand:
    """How a connection is pulled: what is new should have been told by its webhooks, if any."""
    try:
        has_webhooks = bool(service.connections.webhook_secrets(name))
    except ConfigError:  # told with the endpoint, which stays closed
        has_webhooks = False
    return Errand(command=COMMAND, counts_found=has_webhooks)
