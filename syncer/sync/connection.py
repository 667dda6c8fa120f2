"""Reads one connection: asks what it sees, then pulls the containers that are wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.clock import Clock
from syncer.connect.protocol import Connector, Container, Identity
from syncer.domain.ref import ContainerKey
from syncer.errors import ConfigError, Rejected, SyncerError
from syncer.store import sources
from syncer.store.audit import AuditEvent, record
from syncer.store.census import account_of
from syncer.store.engine import Store
from syncer.store.quarantine import load_quarantine
from syncer.sync.guard import isolated
from syncer.sync.progress import NoProgress, Progress
from syncer.sync.pull import EVERYDAY, Errand, PullResult, Stop, pull_container

IDLE_MARGIN: Final = timedelta(hours=1)
"""How long after a container's last change a pass must have begun before the container is passed
over: search indexes of trackers lag behind by minutes."""

CONCURRENCY: Final = 4
"""Containers of one connection that are read at the same time."""

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
class _Visit:
    store: Store
    connector: Connector
    connection: str
    clock: Clock
    progress: Progress
    errand: Errand
    stop: Stop
    slots: asyncio.Semaphore


async def pull_connection(
    store: Store,
    connector: Connector,
    *,
    connection: str,
    clock: Clock,
    wanted: Wanted | None = None,
    progress: Progress | None = None,
    errand: Errand = EVERYDAY,
) -> ConnectionResult:
    """Bring the store up to date with all wanted containers of a connection.

    A container that fails hides no other's result. Refused credentials stop the connection at once
    and are recorded with all its containers. A container that the account no longer sees is an
    error, since its items are neither done nor deleted.
    """
    visit = _Visit(
        store=store,
        connector=connector,
        connection=connection,
        clock=clock,
        progress=progress or NoProgress(),
        errand=errand,
        stop=Stop(),
        slots=asyncio.Semaphore(CONCURRENCY),
    )
    asked_at = clock.now()
    try:
        identity = await _probe(visit)
        _refuse_fatal(identity)
    except SyncerError as error:
        await _record_failure(visit, error)
        return ConnectionResult(connection=connection, failure=error)
    seen = [one for one in identity.containers if (wanted or Wanted()).has(one.key)]
    absent = await _record_answer(visit, identity, seen, wanted=wanted or Wanted(), at=asked_at)
    results = await _pull_all(visit, seen, asked_at)
    if visit.stop.failure is not None:
        await _record_failure(visit, visit.stop.failure)
    return ConnectionResult(
        connection=connection,
        identity=identity,
        containers=(*results, *[await _unseen(visit, key) for key in absent]),
        failure=visit.stop.failure,
    )


async def _probe(visit: _Visit) -> Identity:
    with isolated(visit.connection):
        return await visit.connector.probe()


def _refuse_fatal(identity: Identity) -> None:
    for finding in identity.findings:
        if finding.fatal:
            raise ConfigError(finding.message, fix=finding.fix)


async def _record_failure(visit: _Visit, error: SyncerError) -> None:
    async with visit.store.write() as session:
        await sources.fail_connection(
            session,
            visit.connection,
            kind=visit.connector.kind,
            error=str(error),
            at=visit.clock.now(),
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
            await sources.note_change_mark(session, one.key, one.last_change_at, at=at)
        known = await sources.containers_of(session, visit.connection)
        chosen = {one.key for one in seen} | {key for key in known if wanted.has(key)}
        await sources.select_containers(session, visit.connection, chosen)
    known_names = {one.key.key.casefold() for one in seen}
    named = [k for k in wanted.named(visit.connection) if k.key.casefold() not in known_names]
    return sorted((chosen | {*named}) - {one.key for one in seen})


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
        await sources.fail_container(session, key, error=str(error), at=visit.clock.now())
    return PullResult(container=key, failure=error)


async def _pull_all(
    visit: _Visit, containers: Collection[Container], asked_at: datetime
) -> list[PullResult]:
    """Every container's result; an error of the database is raised once all have ended."""
    done = await asyncio.gather(
        *(_pull_one(visit, one, asked_at) for one in containers), return_exceptions=True
    )
    for result in done:
        if isinstance(result, BaseException):
            raise result
    return [result for result in done if isinstance(result, PullResult)]


async def _pull_one(visit: _Visit, container: Container, asked_at: datetime) -> PullResult:
    async with visit.slots:
        if not visit.errand.full and await _is_idle(visit.store, container):
            async with visit.store.write() as session:
                await sources.confirm_unchanged(session, container.key, at=asked_at)
            return PullResult(container=container.key, skipped=True)
        return await pull_container(
            visit.store,
            visit.connector,
            container.key,
            clock=visit.clock,
            progress=visit.progress,
            errand=visit.errand,
            stop=visit.stop,
        )


async def _is_idle(store: Store, container: Container) -> bool:
    """Whether the tracker says that nothing changed since a pass that surely saw everything.

    Both spans are taken by our own clock, so a tracker's clock that is wrong does no harm. Items
    in quarantine are tried again, so a container that holds some is never passed over.
    """
    async with store.read() as session:
        state = await sources.container_state(session, container.key)
        if state is None or state.error or state.last_success_at is None:
            return False
        if await load_quarantine(session, container=container.key):
            return False
    if container.last_change_at is None or state.change_mark_at is None:
        return False
    settled = state.change_mark_at + IDLE_MARGIN
    return state.change_mark == container.last_change_at and state.last_success_at >= settled
