"""A census by command: every container now, and what a person has confirmed."""

from __future__ import annotations

from collections.abc import Collection

from syncer.connect.protocol import CarriesItems
from syncer.domain.lane import Lane
from syncer.errors import NotFound
from syncer.service.core import Service
from syncer.store.census import CensusState, census_states
from syncer.sync.carried import settle_inventory
from syncer.sync.reconcile import CensusResult, CensusRules, census_connection


async def take_censuses(
    service: Service, *, only: str = "", confirmed: Collection[str] = ()
) -> list[CensusResult]:
    """Take a census of all wanted containers, or of one connection's, and judge what turned.

    `confirmed` names containers (`jira:NET`) of which a person says that what is gone was deleted;
    `NotFound` for one that is not synced.
    """
    names = [only] if only else list(service.connections.names)
    states = [state for name in names for state in await _states(service, name)]
    unknown = set(confirmed) - {str(state.container) for state in states}
    if unknown:
        raise NotFound(f"{min(unknown)!r} is no container that is synced.")
    results = [await _census(service, one, str(one.container) in confirmed) for one in states]
    await service.judge(after_sync=False)
    return [result for found in results for result in found]


async def _states(service: Service, connection: str) -> list[CensusState]:
    service.connections.table(connection)
    async with service.store.read() as session:
        return await census_states(session, connection)


async def _census(service: Service, state: CensusState, said: bool) -> list[CensusResult]:  # noqa: FBT001  private
    name, cap = state.container.connection, service.settings.service.census_cap
    connector = await service.connections.connector(name)
    rules = CensusRules(cap=cap, confirmed=said, counts_found=_has_webhooks(service, name))
    if isinstance(connector, CarriesItems):
        now = service.clock.now()
        return [await settle_inventory(service.store, connector, state, rules=rules, at=now)]
    with service.connections.on_lane(name, Lane.CENSUS):
        return await census_connection(
            service.store,
            connector,
            connection=name,
            clock=service.clock,
            wanted=service.wanted(name),
            due=lambda one: one.container == state.container and one.was_seen,
            rules=rules,
        )


def _has_webhooks(service: Service, connection: str) -> bool:
    return bool(service.connections.webhook_secrets(connection))
