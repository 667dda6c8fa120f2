"""The completeness ledger, read from the store for the pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from syncer.domain.ref import ContainerKey
from syncer.domain.report import SourceState
from syncer.service.core import Service
from syncer.store.completeness import ConnectionState, connection_states
from syncer.store.dispatches import dispatch_counts
from syncer.store.endpoints import EndpointState, load_endpoints
from syncer.store.inbox import inbox_counts, oldest_pending
from syncer.store.quarantine import Quarantined, load_quarantine
from syncer.store.sources import container_names, load_sources
from syncer.web.pages.reader import Container, Hook, InQuarantine, Ledger, Source

_MOST_QUARANTINED = 100


async def load_ledger(service: Service) -> Ledger:
    """How complete the data is, of one moment of the database.

    Restricted items are counted only if every audience may count them, as on all pages.
    """
    may_count = all(one.count_restricted for one in service.settings.audiences)
    async with service.store.read() as session:
        states = {one.name: one for one in await connection_states(session)}
        sources = await load_sources(session, count_restricted=may_count)
        names_of = await container_names(session)
        endpoints = {one.connection: one for one in await load_endpoints(session)}
        waiting = await load_quarantine(session)
        inbox = {str(state): count for state, count in (await inbox_counts(session)).items()}
        oldest = await oldest_pending(session)
        outbox = {str(state): count for state, count in (await dispatch_counts(session)).items()}
    configured = {one.name: one.kind for one in service.settings.connections}
    names = sorted({*configured, *states})
    return Ledger(
        now=service.clock.now(),
        sources=[
            _source(
                name,
                configured.get(name, ""),
                state=states.get(name),
                sources=sources,
                names=names_of,
                endpoint=endpoints.get(name),
            )
            for name in names
        ],
        quarantine=[_quarantined(one) for one in waiting[:_MOST_QUARANTINED]],
        inbox=inbox,
        inbox_oldest_at=oldest,
        dispatches=outbox,
    )


def _source(
    name: str,
    kind: str,
    *,
    state: ConnectionState | None,
    sources: Sequence[SourceState],
    names: Mapping[ContainerKey, str],
    endpoint: EndpointState | None,
) -> Source:
    mine = [one for one in sources if one.connection == name and one.container]
    found = Source(
        name=name,
        kind=kind,
        containers=[_container(one, names) for one in mine],
        hook=_hook(endpoint) if endpoint is not None else None,
    )
    return found if state is None else _answered(found, state)


def _answered(found: Source, state: ConnectionState) -> Source:
    return Source(
        name=found.name,
        kind=state.kind,
        account=state.account,
        server=state.server,
        last_success_at=state.last_success_at,
        error=state.error,
        failing_since=state.failing_since,
        findings=[_finding(one) for one in state.findings],
        containers=found.containers,
        hook=found.hook,
    )


def _finding(found: object) -> str:
    """What a probe found, as the table keeps it: the message, then what to do."""
    if not isinstance(found, Mapping):
        return str(found)
    return " ".join(str(found[name]) for name in ("message", "fix") if found.get(name))


def _container(state: SourceState, names: Mapping[ContainerKey, str]) -> Container:
    key = ContainerKey(state.connection, state.container)
    return Container(state=state, name=names.get(key, ""))


def _hook(endpoint: EndpointState) -> Hook:
    return Hook(
        last_delivery_at=endpoint.last_delivery_at,
        last_event=endpoint.last_event,
        refused=endpoint.refused,
        refused_at=endpoint.refused_at,
    )


def _quarantined(one: Quarantined) -> InQuarantine:
    """An item that was restricted when it could last be read keeps its key to itself."""
    hidden = bool(one.restricted)
    return InQuarantine(
        connection=one.container.connection,
        container=one.container.key,
        key="restricted item" if hidden else one.unreadable.key,
        reason="" if hidden else one.unreadable.reason,
        first_seen_at=one.first_seen_at,
        tries=one.tries,
    )
