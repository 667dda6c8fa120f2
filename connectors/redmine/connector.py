"""The Redmine connector."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from http import HTTPStatus
from typing import ClassVar, Final

import aiohttp
from pydantic import BaseModel, SecretStr

from connectors.redmine.client import RedmineClient, number_of
from connectors.redmine.config import RedmineConfig
from connectors.redmine.fetching import Fetcher
from connectors.redmine.findings import findings_of
from connectors.redmine.mapping.site import Site
from connectors.redmine.pages import Pager
from connectors.redmine.probing import Prober
from connectors.redmine.source import Source
from connectors.redmine.waiting import Waiting
from connectors.redmine.webhook import receive
from syncer.clock import Clock, SystemClock
from syncer.connect.auth import PatAuth
from syncer.connect.exchange import AuthHeaders
from syncer.connect.http import HttpClient
from syncer.connect.protocol import (
    Capabilities,
    Container,
    Fetched,
    HookReply,
    HookRequest,
    Identity,
    Page,
)
from syncer.connect.rate import Sleep
from syncer.connect.walk import Mark, Walk
from syncer.domain.cursor import Cursor
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import ConfigError, Rejected

_DETAILS_A_PAGE: Final = 50
"""Issues that are read for their changed dependencies at once."""


class RedmineConnector:
    """Reads the issues of projects, each project without its subprojects.

    The session belongs to the caller and keeps no cookies; the configuration's secrets have been
    read (`syncer.connect.auth.with_secrets`). `clock` and `sleep` are for tests.
    """

    kind: ClassVar[str] = "redmine"
    config_type: ClassVar[type[BaseModel]] = RedmineConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        webhooks=True,  # Redmine 7.0
        incremental=True,
        reports_deletions=True,  # 404 for what is deleted, 403 for what is out of sight
        hierarchy=True,
        links=True,
        history=True,
    )

    def __init__(
        self,
        connection: str,
        config: RedmineConfig,
        session: aiohttp.ClientSession,
        *,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._connection = connection
        self._config = config
        self._clock = clock or SystemClock()
        http = HttpClient(session, config.url, auth=self._headers(), clock=self._clock, sleep=sleep)
        self._client = RedmineClient(http)
        site = Site(connection=connection, web_url=config.url, rules=config.rules())
        self._source = Source(self._client, site, history=config.history)
        self._waiting = Waiting(self._client, size=config.page_size)
        self._site = site

    def _headers(self) -> AuthHeaders:
        auth = self._config.auth
        if not isinstance(auth, PatAuth):
            raise ConfigError(
                f"Redmine connections cannot sign in by {auth.type!r}.",
                fix='Use auth = { type = "pat", token_env = … } with an API access key.',
            )
        headers: Mapping[str, str] = {"X-Redmine-API-Key": auth.secret.get_secret_value()}
        return lambda: headers

    async def probe(self) -> Identity:
        """Who the account is, the configured projects that it sees, and what is amiss.

        `AuthFailed`, `Unreachable` or `ConfigError` if nothing can be read at all.
        """
        seen = await Prober(self._client, self._config).seen()
        return Identity(
            account=seen.account,
            server=self._config.url,
            timezone="UTC",
            containers=tuple(
                Container(
                    key=ContainerKey(self._connection, one.identifier), name=one.name, id=one.id
                )
                for one in seen.projects
            ),
            findings=findings_of(seen, self._config),
        )

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:
        """Issues changed since the cursor, oldest change first; then those whose waiting changed.

        `Rejected` if the project is gone, archived or closed to the account. `CursorExpired` for a
        cursor that is none of this connector's.
        """
        walk = Walk(
            mark=Mark.of(since),
            overlap_ms=self._config.overlap_minutes * 60_000,
            overlap_items=self._config.overlap_items,
        )
        project = await self._project(container)
        self._source.begin()
        waits = await self._waiting.listed(project)
        pager = Pager(
            client=self._client,
            project=project,
            walk=walk,
            size=self._config.page_size,
            clock=self._clock,
        )
        seen: set[int] = set()
        async for raw in pager.pages():
            seen.update(map(number_of, raw.rows))
            done = await self._source.records(await self._source.detailed(raw.rows))
            yield Page(
                records=done.records,
                unreadable=done.unreadable,
                cursor=raw.mark.cursor(),
                asked_at=raw.asked_at,
            )
        others = [number for number in self._waiting.changed(project, waits) if number not in seen]
        async for page in self._again(others, walk.mark):
            yield page
        self._waiting.remember(project, waits)

    async def _again(self, numbers: Sequence[int], mark: Mark) -> AsyncIterator[Page]:
        """Issues by number, at the end of a pass."""
        for start in range(0, len(numbers), _DETAILS_A_PAGE):
            asked_at = self._clock.now()
            part = [{"id": number} for number in numbers[start : start + _DETAILS_A_PAGE]]
            done = await self._source.records(await self._source.detailed(part))
            yield Page(
                records=done.records,
                unreadable=done.unreadable,
                cursor=mark.cursor(),
                asked_at=asked_at,
            )

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        """The current state of single issues; see `Fetcher`."""
        self._source.begin()
        return await Fetcher(self._source).fetch(refs)

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        """Every issue of the project, by number only."""
        project = await self._project(container)
        params = {"project_id": str(project), "subproject_id": "!*"}
        async for row in self._client.by_id(params, size=self._config.page_size):
            if number := number_of(row):
                yield self._site.ref(number)

    def receive(self, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
        """Verify and read one webhook: pure."""
        return receive(self._connection, request, secrets)

    async def _project(self, container: ContainerKey) -> int:
        """The number of a project, asked for anew: the identifier may be another one's by now."""
        told = await self._client.project(container.key)
        if told.identifier != container.key:
            raise Rejected(
                f"Redmine shows no project {container.key!r}.",
                status=HTTPStatus.NOT_FOUND,
                fix="Write the identifier of the project as it stands in its address.",
            )
        return told.id
