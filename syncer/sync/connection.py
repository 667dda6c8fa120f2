"""Reads one connection: asks what it sees, then pulls the containers that are wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.clock import Clock
from syncer.connect.passage import on_lane
from syncer.connect.protocol import CarriesItems, Connector, Container, Identity
from syncer.domain.lane import Lane
from syncer.domain.ref import ContainerKey
from syncer.errors import ConfigError, Rejected, SyncerError
from syncer.store import sources
from syncer.store.audit import AuditEvent, record
from syncer.store.census import account_of
from syncer.store.engine import Store
from syncer.store.quarantine import load_quarantine
from syncer.store.renames import load_renames, note_identity, rehome
from syncer.store.sources import ContainerState
from syncer.sync.carriers import note_carrier
from syncer.sync.guard import isolated
from syncer.sync.lanes import note_pass
from syncer.sync.places import Rooms
from syncer.sync.progress import Progress
from syncer.sync.pull import EVERYDAY, Errand, PullResult, Stop, pull_container

IDLE_MARGIN: Final = timedelta(hours=1)
"""How long after a container's last change a pass must have begun before the container is passed
over: search indexes of trackers lag behind by minutes."""

ACCOUNT_CHANGED: Final = "connection.account"
"""The audit log's name for a connection that is used with another account."""

_GLOB: Final = frozenset("*?[")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which containers of a connection are synced: globs over their keys.

    No `include` means all that the account sees.
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()

    def has(self, key: ContainerKey) -> bool:
        """Whether the container is wanted, in whatever case its tracker and we write it.

        GitHub ignores case in names: what is excluded must stay out however it is written.
        """
        inside = not self.include or _matches(key, self.include)
        return inside and not _matches(key, self.exclude)

    def named(self, connection: str) -> list[ContainerKey]:
        """Containers that are named in full, not by a glob."""
        keys = (ContainerKey(connection, name) for name in self.include if not _GLOB & {*name})
        return [key for key in keys if self.has(key)]


def _matches(key: ContainerKey, globs: Sequence[str]) -> bool:
    name = key.key.casefold()
    return any(fnmatchcase(name, glob.casefold()) for glob in globs)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionResult:
    """What syncing one connection did.

    With a `failure` the connection as a whole could not be used; the results of containers that
    were read before it stay. `identity` None: it never answered.
    """

    connection: str
    identity: Identity | None = None
    containers: tuple[PullResult, ...] = ()
    failure: SyncerError | None = None

    @property
    def error(self) -> str:
        """What went wrong with the connection and what to do, empty where nothing did."""
        return "" if self.failure is None else str(self.failure)

    @property
    def ok(self) -> bool:
        """Whether the connection and all its containers were read."""
        return self.failure is None and all(result.failure is None for result in self.containers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A container that is to be read, and by which lane: one never read to its end is a backfill.

    `failed`: the last pass did not reach its end.
    """

    key: ContainerKey
    lane: Lane
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a connection shows and what is to be read of it, in the order in which to begin.

    `settled` are the containers of which nothing is to be read: idle ones, and those that were not
    shown. With a `failure` the connection could not be used.
    """

    connection: str
    identity: Identity | None = None
    due: tuple[Due, ...] = ()
    settled: tuple[PullResult, ...] = ()
    failure: SyncerError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    store: Store
    connector: Connector
    connection: str
    clock: Clock


async def pull_connection(
    store: Store,
    connector: Connector,
    *,
    connection: str,
    clock: Clock,
    wanted: Wanted | None = None,
    progress: Progress | None = None,
    errand: Errand = EVERYDAY,
    rooms: Rooms | None = None,
) -> ConnectionResult:
    """Bring the store up to date with all wanted containers of a connection.

    A container that fails hides no other's result. Refused credentials stop the connection at once
    and are recorded with all its containers. A container that the account no longer sees is an
    error, since its items are neither done nor deleted.
    """
    found = await survey(
        store, connector, connection=connection, clock=clock, wanted=wanted, full=errand.full
    )
    stop, places = Stop(), rooms or Rooms()
    read = await _all_of(
        read_due(
            store,
            connector,
            one,
            clock=clock,
            progress=progress,
            errand=errand,
            stop=stop,
            rooms=places,
        )
        for one in found.due
    )
    if stop.failure is not None:
        await fail_all(store, connector, connection=connection, error=stop.failure, clock=clock)
    return ConnectionResult(
        connection=connection,
        identity=found.identity,
        containers=_in_order(found, read),
        failure=found.failure or stop.failure,
    )


def _in_order(found: Survey, read: Sequence[PullResult]) -> tuple[PullResult, ...]:
    """What the connection shows in its own order, and then what it does not."""
    results = {one.container: one for one in (*found.settled, *read)}
    shown = [one.key for one in found.identity.containers] if found.identity else []
    first = [results.pop(key) for key in shown if key in results]
    return (*first, *results.values())


async def survey(
    store: Store,
    connector: Connector,
    *,
    connection: str,
    clock: Clock,
    wanted: Wanted | None = None,
    full: bool = False,
) -> Survey:
    """Ask a connection what it shows, note it, and find what is to be read of it.

    Errors of the tracker are noted and come back in the result.
    """
    visit = _Visit(store=store, connector=connector, connection=connection, clock=clock)
    chosen, asked_at = wanted or Wanted(), clock.now()
    if isinstance(connector, CarriesItems):
        await note_carrier(store, connector.kind, connection, wants=chosen.has, at=asked_at)
        return Survey(connection=connection)
    try:
        identity = await _probe(visit)
        _refuse_fatal(identity)
    except SyncerError as error:
        await fail_all(store, connector, connection=connection, error=error, clock=clock)
        return Survey(connection=connection, failure=error)
    seen = [one for one in identity.containers if chosen.has(one.key)]
    absent = await _record_answer(visit, identity, seen, wanted=chosen, at=asked_at)
    due, idle = await _sorted_out(visit, seen, full=full)
    if idle:  # a transaction without a statement waits for its turn like any other
        async with store.write() as session:
            for key in idle:
                await sources.confirm_unchanged(session, key, at=asked_at)
    return Survey(
        connection=connection,
        identity=identity,
        due=due,
        settled=(
            *(PullResult(container=key, skipped=True) for key in idle),
            *[await _unseen(visit, key) for key in absent],
        ),
    )


async def _sorted_out(
    visit: _Visit, seen: Iterable[Container], *, full: bool
) -> tuple[tuple[Due, ...], list[ContainerKey]]:
    """What is to be read, news before what failed before first readings; and what is idle."""
    due: list[Due] = []
    idle: list[ContainerKey] = []
    async with visit.store.read() as session:
        for one in seen:
            state = await sources.container_state(session, one.key)
            if not full and await _is_idle(session, one, state):
                idle.append(one.key)
                continue
            known = state is not None and state.last_success_at is not None and not full
            lane = Lane.INCREMENTAL if known else Lane.BACKFILL
            failed = state is not None and bool(state.error)
            due.append(Due(key=one.key, lane=lane, failed=failed))
    return tuple(sorted(due, key=lambda one: (one.lane is Lane.BACKFILL, one.failed))), idle


async def read_due(
    store: Store,
    connector: Connector,
    due: Due,
    *,
    clock: Clock,
    rooms: Rooms,
    progress: Progress | None = None,
    errand: Errand = EVERYDAY,
    stop: Stop | None = None,
) -> PullResult:
    """Read one container when there is a place for it, by its lane, and count what that brought."""
    async with rooms.of(due.lane).taken():
        with on_lane(due.lane, container=str(due.key)):
            result = await pull_container(
                store,
                connector,
                due.key,
                clock=clock,
                progress=progress,
                errand=errand,
                stop=stop,
            )
    await note_pass(store, result, lane=due.lane, at=clock.now())
    return result


async def _probe(visit: _Visit) -> Identity:
    with isolated(visit.connection):
        return await visit.connector.probe()


def _refuse_fatal(identity: Identity) -> None:
    for finding in identity.findings:
        if finding.fatal:
            raise ConfigError(finding.message, fix=finding.fix)


async def fail_all(
    store: Store, connector: Connector, *, connection: str, error: SyncerError, clock: Clock
) -> None:
    """Record that the connection cannot be used, with all its containers."""
    async with store.write() as session:
        await sources.fail_connection(
            session, connection, kind=connector.kind, error=str(error), at=clock.now()
        )


async def _record_answer(
    visit: _Visit, identity: Identity, seen: Sequence[Container], *, wanted: Wanted, at: datetime
) -> list[ContainerKey]:
    """Save what the probe found; returns wanted containers that it did not."""
    async with visit.store.write() as session:
        await _note_account(session, visit.connection, identity.account, at=at)
        await sources.save_connection(
            session,
            visit.connection,
            kind=visit.connector.kind,
            at=at,
            account=identity.account,
            server=identity.server,
            timezone=identity.timezone,
            findings=[asdict(finding) for finding in identity.findings],
        )
        for one in seen:
            await sources.ensure_container(session, one.key, name=one.name)
            await _note_identity(session, one, identity.containers, at=at)
            await sources.note_change_mark(session, one.key, one.last_change_at, at=at)
        known = await sources.containers_of(session, visit.connection)
        renamed = await load_renames(session)
        chosen = {one.key for one in seen} | {
            key for key in known if wanted.has(key) and key not in renamed
        }
        await sources.select_containers(session, visit.connection, chosen)
    await rehome(visit.store, visit.connection, at=at)
    known_names = {one.key.key.casefold() for one in seen}
    known_names |= {key.key.casefold() for key in renamed if key.connection == visit.connection}
    named = [k for k in wanted.named(visit.connection) if k.key.casefold() not in known_names]
    return sorted((chosen | {*named}) - {one.key for one in seen})


async def _note_identity(
    session: AsyncSession, container: Container, shown: Sequence[Container], *, at: datetime
) -> None:
    """Know a container again that has another key now, and log that."""
    keys = {one.key for one in shown}
    for former in await note_identity(session, container.key, container.id, shown=keys):
        event = AuditEvent(
            at=at,
            who="syncer",
            what="container.renamed",
            subject=str(container.key),
            before={"key": former.key},
            after={"key": container.key.key},
        )
        await record(session, event)


async def _note_account(
    session: AsyncSession, connection: str, account: str, *, at: datetime
) -> None:
    """Log that another account is used now: it may see less, and what it does not see is there."""
    before = await account_of(session, connection)
    if before in {"", account}:
        return
    event = AuditEvent(
        at=at,
        who="syncer",
        what=ACCOUNT_CHANGED,
        subject=connection,
        before={"account": before},
        after={"account": account},
    )
    await record(session, event)


async def _unseen(visit: _Visit, key: ContainerKey) -> PullResult:
    error = Rejected(
        f"{key} is not among what the account sees.",
        fix="Check its name and the account's permissions; stored items are kept.",
    )
    async with visit.store.write() as session:
        at = visit.clock.now()
        await sources.fail_container(session, key, error=str(error), at=at, lost=True)
    return PullResult(container=key, failure=error)


async def _all_of(reads: Iterable[Awaitable[PullResult]]) -> list[PullResult]:
    """Every result; an error of the database is raised once all have ended."""
    done = await asyncio.gather(*reads, return_exceptions=True)
    for result in done:
        if isinstance(result, BaseException):
            raise result
    return [result for result in done if isinstance(result, PullResult)]


async def _is_idle(
    session: AsyncSession, container: Container, state: ContainerState | None
) -> bool:
    """Whether the tracker says that nothing changed since a pass that surely saw everything.

    Both spans are taken by our own clock, so a tracker's clock that is wrong does no harm. Items
    in quarantine are tried again, so a container that holds some is never passed over.
    """
    if state is None or state.error or state.last_success_at is None:
        return False
    if container.last_change_at is None or state.change_mark_at is None:
        return False
    if await load_quarantine(session, container=container.key):
        return False
    settled = state.change_mark_at + IDLE_MARGIN
    return state.change_mark == container.last_change_at and state.last_success_at >= settled
