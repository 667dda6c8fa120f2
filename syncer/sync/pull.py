"""Reads one container: page by page, each saved with its cursor in one transaction.

A pull that is killed goes on at the last committed page, and what could not be read is an error,
never nothing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.clock import Clock
from syncer.connect.protocol import Connector, Page
from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemRecord, ItemState
from syncer.domain.ref import ContainerKey
from syncer.errors import AuthFailed, Busy, CursorExpired, Rejected, SyncerError, Unreachable
from syncer.failpoints import Edge, reach
from syncer.store import sources
from syncer.store.census import census_states
from syncer.store.engine import Store
from syncer.store.gaps import suspect
from syncer.store.items import count_items
from syncer.store.leases import Lease, renew
from syncer.sync.ahead import closing, read_ahead
from syncer.sync.guard import isolated
from syncer.sync.ingest import Ingested, ingest, mark
from syncer.sync.lease import container_lease, held, lost, this_process
from syncer.sync.progress import NoProgress, Progress
from syncer.sync.statuses import keep_statuses


@dataclass(frozen=True, slots=True, kw_only=True)
class PullResult:
    """What one pull of one container did.

    `items_seen` counts all items that the tracker sent, `stored` those that were new or changed,
    `unreadable` those in quarantine now. `skipped`: the tracker said that nothing had changed. With
    a `failure` the container was not read to its end; what was read before is stored.
    """

    container: ContainerKey
    items_seen: int = 0
    stored: int = 0
    unreadable: int = 0
    pages: int = 0
    skipped: bool = False
    failure: SyncerError | None = None

    @property
    def error(self) -> str:
        """What went wrong and what to do, empty where nothing did."""
        return "" if self.failure is None else str(self.failure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """On whose behalf and how a pull is made.

    `command` names this process to others. `full` begins anew; stored items stay. With
    `counts_found` what is new is counted as found by reconcile, since a webhook should have brought
    it; a container's first reading counts nothing.
    """

    command: str = "sync"
    full: bool = False
    counts_found: bool = False


EVERYDAY: Final = Errand()
"""A `sync` by command, from where the last one ended."""


HIDING: Final = frozenset({403, 404, 410})
"""What trackers answer for a container that they do not show to our account."""


@dataclass(slots=True)
class Stop:
    """Tells all pulls of one connection that its credentials were refused."""

    failure: AuthFailed | None = None

    def check(self) -> None:
        """Raise the refusal, if there was one."""
        if self.failure is not None:
            raise self.failure


@dataclass(slots=True, kw_only=True)
class _Pull:
    """One pull under way."""

    store: Store
    connector: Connector
    container: ContainerKey
    clock: Clock
    progress: Progress
    stop: Stop
    counts_found: bool = False
    items_seen: int = 0
    stored: int = 0
    unreadable: int = 0
    pages: int = 0
    missing: set[str] = field(default_factory=set)

    def count(self, page: Page, done: Ingested) -> None:
        self.items_seen += len(page.records) + len(page.unreadable)
        self.stored += done.stored
        self.unreadable += done.unreadable
        self.pages += 1
        self.missing.update(page.missing_detail)
        self.progress.advanced(self.container, self.items_seen, page.total)

    def result(self, failure: SyncerError | None = None) -> PullResult:
        self.progress.finished(self.container, "" if failure is None else str(failure))
        return PullResult(
            container=self.container,
            items_seen=self.items_seen,
            stored=self.stored,
            unreadable=self.unreadable,
            pages=self.pages,
            failure=failure,
        )


async def pull_container(
    store: Store,
    connector: Connector,
    container: ContainerKey,
    *,
    clock: Clock,
    progress: Progress | None = None,
    errand: Errand = EVERYDAY,
    stop: Stop | None = None,
) -> PullResult:
    """Bring the store up to date with one container, from where the last pull ended.

    Others that want the container meanwhile get the answer "being synced by sync (pid 4711)".
    Errors of the tracker are recorded with the container and come back in the result; errors of
    the database are raised.
    """
    pull = _Pull(
        store=store,
        connector=connector,
        container=container,
        clock=clock,
        progress=progress or NoProgress(),
        stop=stop or Stop(),
        counts_found=errand.counts_found,
    )
    pull.progress.started(container, None)
    try:
        pull.stop.check()
        async with held(store, container_lease(container), this_process(errand.command)) as lease:
            await _read(pull, lease, full=errand.full)
        await keep_statuses(store, connector, container)
    except Busy as busy:
        return pull.result(_being_synced(container, busy))
    except SyncerError as error:
        await _record_failure(pull, error)
        return pull.result(error)
    return pull.result()


def _being_synced(container: ContainerKey, busy: Busy) -> Busy:
    if not busy.holder:
        return busy
    return Busy(f"{container} is being synced by {busy.holder}.", holder=busy.holder)


async def _record_failure(pull: _Pull, error: SyncerError) -> None:
    if isinstance(error, AuthFailed):
        pull.stop.failure = error
    lost = isinstance(error, Rejected) and error.status in HIDING
    async with pull.store.write() as session:
        await sources.fail_container(
            session, pull.container, error=str(error), at=pull.clock.now(), lost=lost
        )


async def _read(pull: _Pull, lease: Lease, *, full: bool) -> None:
    started_at = pull.clock.now()
    since = await _begin(pull, full=full)
    try:
        await _read_pages(pull, lease, since)
    except CursorExpired:
        if since is None:
            raise
        since = await _begin(pull, full=True)
        await _read_pages(pull, lease, since)
    if since is None:
        await _refuse_sudden_nothing(pull)
    await _finish(pull, started_at)


async def _begin(pull: _Pull, *, full: bool) -> Cursor | None:
    """Where to begin; None: at the very start."""
    async with pull.store.write() as session:
        await sources.ensure_container(session, pull.container)
        if full:
            await sources.save_cursor(session, pull.container, None)
        state = await sources.container_state(session, pull.container)
    pull.counts_found &= state is not None and state.last_success_at is not None
    return None if state is None else state.cursor


async def _read_pages(pull: _Pull, lease: Lease, since: Cursor | None) -> None:
    """Store the pages, and read on meanwhile."""
    async with aclosing(read_ahead(_pages(pull, since))) as batches:
        async for batch in batches:
            for page, done in zip(batch, await _save(pull, lease, batch), strict=True):
                pull.count(page, done)
            pull.stop.check()


async def _pages(pull: _Pull, since: Cursor | None) -> AsyncGenerator[Page]:
    """The connector's pages, each with the instant at which it was asked for.

    A fault of the connector itself is an error of this container only.
    """
    asked_at = pull.clock.now()
    with isolated(str(pull.container)):
        async with closing(pull.connector.changes(pull.container, since)) as pages:
            async for page in pages:
                reach(Edge.PULL_PAGE_READ)
                yield replace(page, asked_at=page.asked_at or asked_at)
                asked_at = pull.clock.now()


async def _save(pull: _Pull, lease: Lease, pages: Sequence[Page]) -> list[Ingested]:
    """Some pages, the cursor after the last of them and the lease, in one transaction."""
    async with pull.store.write() as session:
        if not await renew(session, lease):
            raise lost(lease)
        done = [await _ingest(pull, session, page) for page in pages]
        await sources.save_cursor(session, pull.container, pages[-1].cursor)
        reach(Edge.PULL_BEFORE_COMMIT)
    reach(Edge.PULL_COMMITTED)
    return done


async def _ingest(pull: _Pull, session: AsyncSession, page: Page) -> Ingested:
    done = await ingest(
        session,
        await _wanted(pull, session, page.records),
        page.unreadable,
        container=pull.container,
        at=pull.clock.now(),
        read_at=page.asked_at,
    )
    if pull.counts_found:
        await suspect(session, pull.container, done.brought, at=pull.clock.now())
    if page.gone:
        turned = await mark(session, page.gone, ItemState.DELETED, at=pull.clock.now())
        done += Ingested(stored=turned)
    return done


async def _wanted(
    pull: _Pull, session: AsyncSession, records: Sequence[ItemRecord]
) -> Sequence[ItemRecord]:
    """Without those that lie in a container which nobody wants: no census would ever see them go.

    A search that lags behind finds issues where they were, and shows them as they are.
    """
    here = pull.container.key.casefold()
    if all(one.item.container.key.casefold() == here for one in records):
        return records
    states = await census_states(session, pull.container.connection)
    chosen = {state.container.key.casefold() for state in states} | {here}
    return [one for one in records if one.item.container.key.casefold() in chosen]


async def _refuse_sudden_nothing(pull: _Pull) -> None:
    """A container that had items and shows none is more likely hidden from us than empty."""
    if pull.items_seen:
        return
    async with pull.store.read() as session:
        known = await count_items(session, container=pull.container)
    if known:
        raise Unreachable(
            f"{pull.container} shows no items, but {known} are stored.",
            fix="Check what the account may see; the stored items are kept.",
        )


async def _finish(pull: _Pull, started_at: datetime) -> None:
    reach(Edge.PULL_BEFORE_FINISH)
    missing = sorted(pull.missing) if pull.items_seen else None
    async with pull.store.write() as session:
        await sources.finish_pass(session, pull.container, started_at=started_at, missing=missing)
