"""The configured connections: their tables read, their secrets found, their connectors built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, AsyncExitStack
from dataclasses import dataclass

import aiohttp
from pydantic import SecretStr, ValidationError

from syncer.connect.auth import read_secret, with_secrets
from syncer.connect.budget import Traffic
from syncer.connect.config import ConnectionConfig
from syncer.connect.passage import on_lane
from syncer.connect.protocol import ChecksSecrets, Connector, Identity
from syncer.connect.registry import connector_class
from syncer.connect.session import client_session
from syncer.domain.lane import Lane
from syncer.errors import ConfigError, NotFound, SyncerError
from syncer.log import register_secret
from syncer.service.traffic import Traffics
from syncer.settings.faults import ConfigurationFaults
from syncer.settings.models import ConnectionSettings
from syncer.settings.root import Settings
from syncer.settings.validation import faults_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a connection answered when it was asked who it is: an identity or an error."""

    connection: str
    kind: str
    identity: Identity | None = None
    error: SyncerError | None = None


class Connections:
    """The connections of one configuration and the one HTTP session that they share.

    The session is opened on `stack` when the first connector is asked for. `traffics` outlives
    them: what a tracker grants does not change with the configuration.
    """

    def __init__(self, settings: Settings, stack: AsyncExitStack, traffics: Traffics) -> None:
        self._settings = settings
        self._stack = stack
        self._traffics = traffics
        self._session: aiohttp.ClientSession | None = None
        self._connectors: dict[str, Connector] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The connections in the order of the configuration."""
        return tuple(one.name for one in self._settings.connections)

    async def session(self) -> aiohttp.ClientSession:
        """The one HTTP session of this service; it keeps no cookies and is closed with it."""
        if self._session is None:
            ca_file = self._settings.service.network.ca_file
            opened = client_session(
                proxy=self._proxy(), ca_file=self._settings.path(ca_file) if ca_file else None
            )
            self._session = await self._stack.enter_async_context(opened)
        return self._session

    def _proxy(self) -> str | None:
        """The proxy's URL, which may hold a password."""
        name = self._settings.service.network.proxy_env
        proxy = self._settings.environment.get(name) if name else None
        if name and not proxy:
            place = self._settings.place("service", "network", "proxy_env")
            raise ConfigError(f"{place}: the environment variable {name} is not set.")
        if proxy:
            register_secret(proxy)
        return proxy

    def config(self, name: str) -> ConnectionConfig:
        """The connection's table as its connector understands it, secrets read.

        `ConfigurationFaults` with file and line of everything that is wrong in it; `ConfigError`
        for a missing secret or a kind that is not installed; `NotFound` for an unknown name.
        """
        index = self._index_of(name)
        settings, path = self._settings, ("connections", index)
        place = settings.place(*path)
        try:
            model = connector_class(settings.connections[index].kind).config_type
            table = settings.connection_table(index)
            config = model.model_validate(table)
        except ValidationError as error:
            places = settings.places
            faults = faults_of(error, data=table, model=model, places=places, base=path)
            raise ConfigurationFaults(faults) from None
        except ConfigError as error:
            raise ConfigError(f"{place}: {error.message}", fix=error.fix) from None
        if not isinstance(config, ConnectionConfig):
            raise ConfigError(f"{place}: the connector's configuration is not a ConnectionConfig.")
        return self._with_secrets(config, str(place))

    def _with_secrets(self, config: ConnectionConfig, place: str) -> ConnectionConfig:
        settings = self._settings
        try:
            read = with_secrets(config, env=settings.environment, base=settings.folder)
        except ConfigError as error:
            raise ConfigError(f"{place}: {error.message}", fix=error.fix) from None
        return read.located(settings.folder)

    def table(self, name: str) -> ConnectionSettings:
        """The connection's table as it was written; `NotFound` for an unknown name."""
        return self._settings.connections[self._index_of(name)]

    def webhook_secrets(self, name: str) -> tuple[SecretStr, ...]:
        """The secrets that may sign the connection's webhooks, the newest first; none: no webhooks.

        `ConfigError` where one is named and cannot be read, or has not the form that its connector
        needs.
        """
        table = self.config(name)
        told = (
            ("webhook_secret_env", table.webhook_secret_env),
            ("webhook_secret_file", table.webhook_secret_file),
            ("previous_webhook_secret_env", table.previous_webhook_secret_env),
            ("previous_webhook_secret_file", table.previous_webhook_secret_file),
        )
        settings = self._settings
        found = tuple(
            read_secret(key, value, env=settings.environment, base=settings.folder)
            for key, value in told
            if value is not None
        )
        _refuse_unusable(name, connector_class(table.kind), found)
        return found

    def _index_of(self, name: str) -> int:
        names = [connection.name for connection in self._settings.connections]
        if name not in names:
            known = ", ".join(names) or "none"
            raise NotFound(f"There is no connection {name!r}.", fix=f"There are: {known}.")
        return names.index(name)

    async def connector(self, name: str) -> Connector:
        """The connector of a connection, ready to be asked; one for all, so that a pause holds."""
        if name not in self._connectors:
            config = self.config(name)
            build: Callable[..., Connector] = connector_class(config.kind)
            self._connectors[name] = build(name, config, await self.session())
        return self._connectors[name]

    def traffic(self, name: str) -> Traffic:
        """What the connection may ask of its tracker; errors as of `config`."""
        return self._traffics.of(self.config(name))

    def on_lane(self, name: str, lane: Lane) -> AbstractContextManager[None]:
        """Let what is asked of the connection's tracker meanwhile go by a lane."""
        return on_lane(lane, container="", traffic=self.traffic(name))

    async def probe(self, name: str) -> Probe:
        """Ask the connection's tracker who we are; an error is part of the answer."""
        kind = self.table(name).kind
        try:
            connector = await self.connector(name)
            with self.on_lane(name, Lane.LIVE):  # a person waits for it
                identity = await connector.probe()
        except SyncerError as error:
            return Probe(connection=name, kind=kind, error=error)
        return Probe(connection=name, kind=kind, identity=identity)


def _refuse_unusable(name: str, kind: type[Connector], secrets: Sequence[SecretStr]) -> None:
    checks: object = kind
    if not isinstance(checks, ChecksSecrets):
        return
    for secret in secrets:
        if fault := checks.secret_fault(secret):
            raise ConfigError(
                f"A webhook secret of {name} cannot be used: {fault}.",
                fix='Make one: echo "whsec_$(openssl rand -base64 32)"',
            )
