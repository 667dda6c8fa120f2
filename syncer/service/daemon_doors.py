"""The daemon's two doors: one for trackers' webhooks, one for people's pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final

from syncer.errors import ConfigError
from syncer.log import get_logger
from syncer.service.core import Service
from syncer.service.reading import StoreReader
from syncer.store.endpoints import ensure_endpoint
from syncer.web.hooks import Endpoint, HookContext, hooks_app, open_endpoint
from syncer.web.keeping import Keeper
from syncer.web.metrics import Metrics
from syncer.web.pages.app import HEADERS, OPEN_PATHS, pages_app
from syncer.web.security import access_of, authenticate, say_always, security_headers
from syncer.web.server import Listener

_log: Final = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where to listen (`host:port`), where that is not what the configuration says."""

    hooks: str | None = None
    pages: str | None = None


@dataclass(slots=True, kw_only=True)
class Doors:
    """The listeners. `endpoints` are exchanged when a new configuration is taken."""

    keeper: Keeper
    metrics: Metrics
    reader: StoreReader
    ready: Callable[[], Awaitable[bool]]
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    hooks_address: str = ""
    pages_address: str = ""

    async def open(self, service: Service, stack: AsyncExitStack, addresses: Addresses) -> None:
        """Listen until the stack is closed; `ConfigError` for an address that cannot be had."""
        settings = service.settings
        hooks, pages = settings.service.hooks, settings.service.pages
        listen = addresses.pages or pages.listen
        told = pages.model_copy(update={"listen": listen})
        access = access_of(told, environment=settings.environment, folder=settings.folder)
        context = HookContext(
            endpoint=self._endpoint,
            accept=self.keeper.accept,
            ready=self.ready,
            outcome=self.metrics.delivery,
            refused=self.keeper.refused,
            clock=service.clock,
        )
        app = pages_app(self.reader, middlewares=[authenticate(access, open_paths=OPEN_PATHS)])
        self.metrics.watch_configuration(lambda: self.reader.configuration_fault)
        app.router.add_get("/metrics", self.metrics.answer)
        say_always(app, security_headers(pages.url))
        listeners = (
            Listener(hooks_app(context), addresses.hooks or hooks.listen),
            Listener(app, listen, headers={**HEADERS, **security_headers(pages.url)}),
        )
        for listener in listeners:
            await stack.enter_async_context(listener)
        self.hooks_address, self.pages_address = (one.address for one in listeners)

    def _endpoint(self, identity: str) -> Endpoint | None:
        """The endpoint by the configuration now in force."""
        return self.endpoints.get(identity)

    def registrations(self, service: Service) -> list[str]:
        """What an administrator enters at the trackers, a line a connection."""
        return [
            f"Register this address at the tracker of {one.connection}: "
            f"{address_of(service, name, heard_at=self.hooks_address)}"
            for name, one in self.endpoints.items()
        ]


def address_of(service: Service, endpoint: str, *, heard_at: str = "") -> str:
    """The address of an endpoint as the outside sees it; without a `public_url` the listener's."""
    hooks = service.settings.service.hooks
    base = hooks.public_url.rstrip("/") or f"http://{heard_at or hooks.listen}"
    return f"{base}/hooks/{endpoint}"


async def endpoints_of(service: Service, *, strict: bool = False) -> dict[str, Endpoint]:
    """An endpoint for every connection that has a webhook secret, by its id.

    One whose secret cannot be read stays closed, and the others open; `strict` raises the
    `ConfigError` instead.
    """
    found: dict[str, Endpoint] = {}
    for name in service.connections.names:
        try:
            found |= await _endpoint_of(service, name)
        except ConfigError as error:
            if strict:
                raise
            _log.error("an endpoint stays closed", connection=name, error=str(error))
    return found


async def _endpoint_of(service: Service, name: str) -> dict[str, Endpoint]:
    secrets = service.connections.webhook_secrets(name)
    if not secrets:
        return {}
    connector = await service.connections.connector(name)
    configured = service.connections.config(name).endpoint_id
    async with service.store.write() as session:
        identity = await ensure_endpoint(
            session, name, configured=configured, at=service.clock.now()
        )
    endpoint = open_endpoint(
        name, url=address_of(service, identity), receive=connector.receive, secrets=secrets
    )
    return {identity: endpoint}
