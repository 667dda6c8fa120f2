"""What must be registered at each tracker for its webhooks, what is, and registering it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from syncer.connect.hooking import HookPlace, HookState, RegistersHooks, TellsHookSteps
from syncer.connect.protocol import Connector
from syncer.domain.lane import Lane
from syncer.domain.report import SourceState
from syncer.errors import ConfigError, SyncerError
from syncer.service.checking import Doorway, doorways
from syncer.service.core import Service
from syncer.store.audit import AuditEvent, record
from syncer.store.endpoints import EndpointState, load_endpoints
from syncer.store.sources import load_sources

_USUAL_STEPS: Final = (
    "Register the address at the tracker, with the secret, as its documentation says.",
    "docs/webhooks.md names the events.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HookPlan:
    """What a connection's tracker shows of our webhooks.

    `error`: it could not be asked, or webhooks are not configured. `steps` are for a person, where
    the API cannot do it. `local`: the address is of this machine only.
    """

    connection: str
    kind: str
    url: str = ""
    places: tuple[HookPlace, ...] = ()
    steps: tuple[str, ...] = ()
    error: SyncerError | None = None
    local: bool = False

    @property
    def to_do(self) -> tuple[HookPlace, ...]:
        """The places that the API can mend."""
        mendable = (HookState.MISSING, HookState.WRONG)
        return tuple(one for one in self.places if one.state in mendable)

    @property
    def is_good(self) -> bool:
        """Whether everything is as it should be, as far as the tracker tells."""
        told = all(one.state is HookState.GOOD for one in self.places)
        return self.error is None and bool(self.places) and told


@dataclass(frozen=True, slots=True, kw_only=True)
class HookHealth:
    """How a connection's webhooks fare, as far as we know without asking its tracker.

    `found_by_reconcile` changes were found by a pull or a census and no webhook had told them.
    """

    connection: str
    kind: str
    url: str = ""
    has_secret: bool = False
    fault: str = ""
    endpoint: EndpointState | None = None
    found_by_reconcile: int = 0


async def plan_hooks(service: Service, *, only: str = "") -> list[HookPlan]:
    """What is to be registered where, and what is; no tracker and no stored item is changed.

    `NotFound` for an unknown connection.
    """
    if only:
        service.connections.table(only)
    doors = [one for one in await doorways(service) if only in ("", one.connection)]
    return list(await asyncio.gather(*(_plan(service, door) for door in doors)))


async def _plan(service: Service, door: Doorway) -> HookPlan:
    name = door.connection
    plan = HookPlan(
        connection=name,
        kind=service.connections.table(name).kind,
        url=door.url,
        error=door.error,
        local=door.local,
    )
    if door.error is not None or not door.url:
        return plan
    try:
        connector = await service.connections.connector(name)
        with service.connections.on_lane(name, Lane.LIVE):  # a person waits for it
            return await _asked(service, plan, connector)
    except SyncerError as error:
        return replace(plan, error=error)


async def _asked(service: Service, plan: HookPlan, connector: Connector) -> HookPlan:
    steps = connector.hook_steps() if isinstance(connector, TellsHookSteps) else _USUAL_STEPS
    if not isinstance(connector, RegistersHooks):
        return replace(plan, steps=tuple(steps))
    identity = await connector.probe()
    wanted = service.wanted(plan.connection)
    keys = [one.key.key for one in identity.containers if wanted.has(one.key)]
    places = tuple(await connector.hook_places(keys, plan.url)) if keys else ()
    by_hand = any(one.state is HookState.CLOSED for one in places)
    return replace(plan, places=places, steps=tuple(steps) if by_hand else ())


async def apply_hooks(
    service: Service, plan: HookPlan, *, who: str, renew_secrets: bool = False
) -> HookPlan:
    """Register what a plan misses and mend what is wrong, then look again; the plan afterwards.

    With `renew_secrets` good ones are given the present secret too. `ConfigError` where the tracker
    could never reach the address. What a tracker refuses is the plan's `error`.
    """
    chosen = [one for one in plan.places if one in plan.to_do or _is_renewed(one, renew_secrets)]
    if not chosen:
        return plan
    if plan.local:
        raise ConfigError(
            f"{plan.url} is this machine's own address, which {plan.connection} cannot reach.",
            fix="Set public_url in [service] hooks.",
        )
    connector = await service.connections.connector(plan.connection)
    secret = service.connections.webhook_secrets(plan.connection)[0]
    assert isinstance(connector, RegistersHooks), "only such a one has places"  # noqa: S101  see _asked
    try:
        with service.connections.on_lane(plan.connection, Lane.LIVE):
            for place in chosen:
                await connector.register_hook(place, plan.url, secret)
                await _log(service, plan, place, who=who)
    except SyncerError as error:
        return replace(plan, error=error)
    return (await plan_hooks(service, only=plan.connection))[0]


def _is_renewed(place: HookPlace, renew_secrets: bool) -> bool:  # noqa: FBT001  private
    return renew_secrets and place.state is HookState.GOOD


async def _log(service: Service, plan: HookPlan, place: HookPlace, *, who: str) -> None:
    """Somebody else's settings were changed: say so, without the secret."""
    event = AuditEvent(
        at=service.clock.now(),
        who=who,
        what="hooks.apply",
        subject=plan.connection,
        before={"state": place.state.value, "problems": list(place.problems)},
        after={"where": place.where, "url": plan.url},
    )
    async with service.store.write() as session:
        await record(session, event)


async def hook_health(service: Service) -> list[HookHealth]:
    """How the webhooks of every connection fare; asks no tracker."""
    doors = await doorways(service)
    async with service.store.read() as session:
        endpoints = {one.connection: one for one in await load_endpoints(session)}
        found = await load_sources(session)
    return [
        HookHealth(
            connection=door.connection,
            kind=service.connections.table(door.connection).kind,
            url=door.url,
            has_secret=bool(door.url),
            fault="" if door.error is None else str(door.error),
            endpoint=endpoints.get(door.connection),
            found_by_reconcile=_found(found, door.connection),
        )
        for door in doors
    ]


def _found(sources: Sequence[SourceState], connection: str) -> int:
    return sum(one.found_by_reconcile for one in sources if one.connection == connection)
