"""The inbox by command: what waits there is worked off before the trackers are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from syncer.errors import SyncerError
from syncer.store.inbox import InboxState, inbox_counts
from syncer.sync.inbox import InboxWorker, Source, Worked
from syncer.sync.lease import is_over, worker_name
from syncer.sync.reconcile import CensusRules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncer.service.core import Service

_COMMAND: Final = "sync"


async def source_of(service: Service, connection: str, *, command: str) -> Source:
    """A connection as its deliveries need it; `NotFound` once it is configured no more.

    `ConfigError` where its table or one of its secrets cannot be used.
    """
    connections, told = service.connections, service.settings.service
    return Source(
        connector=await connections.connector(connection),
        wanted=service.wanted(connection),
        secrets=connections.webhook_secrets(connection),
        url=told.hooks.public_url,
        traffic=connections.traffic(connection),
        rules=CensusRules(command=command, cap=told.census_cap),
    )


async def work_off(service: Service, *, only: str = "") -> Worked:
    """Work off what waits in the inbox for all connections, or for one; what became of it.

    A `serve` beside it takes its share as well: each delivery is claimed by one of them. What
    comes in meanwhile is left to it, and so is what nothing here can open: a connection that is
    configured no more, or one whose secrets this process is not told. No try is counted for those.
    """
    names = await _usable(service, [only] if only else service.connections.names)
    done: list[Worked] = []
    worker = InboxWorker(
        service.store,
        lambda name: source_of(service, name, command=_COMMAND),
        clock=service.clock,
        owner=worker_name(_COMMAND),
        on_worked=done.append,
        longest_rest=0,
    )
    try:
        await _empty(service, worker, among=names)
    finally:
        await worker.give_back()
    return sum(done, Worked())


async def _empty(service: Service, worker: InboxWorker, *, among: frozenset[str]) -> None:
    async with service.store.read() as session:
        left = (await inbox_counts(session)).get(InboxState.PENDING, 0)
    if left:
        await worker.take_over(is_over)
    while left > 0 and (taken := await worker.take(among=among)):
        await worker.idle()
        left -= taken


async def _usable(service: Service, names: Sequence[str]) -> frozenset[str]:
    """Those of the connections that can be opened; what is wrong with others, a pull tells."""
    found = set[str]()
    for name in names:
        service.connections.table(name)  # an unknown name is an error of its own
        try:
            await source_of(service, name, command=_COMMAND)
        except SyncerError:
            continue
        found.add(name)
    return frozenset(found)
