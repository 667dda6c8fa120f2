"""The GitLab connector."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import ClassVar, Final

import aiohttp
from pydantic import BaseModel, SecretStr

from connectors.gitlab.client import GitLabClient, Kind
from connectors.gitlab.config import GitLabConfig
from connectors.gitlab.fetching import Fetcher
from connectors.gitlab.findings import findings_of
from connectors.gitlab.graph_source import GraphSource
from connectors.gitlab.hooks import STEPS, HookRegister
from connectors.gitlab.mapping.site import Site
from connectors.gitlab.pages import Pager
from connectors.gitlab.probing import Prober
from connectors.gitlab.rest_source import RestSource
from connectors.gitlab.source import Box, NoGraphQL, Source, ref_of
from connectors.gitlab.webhook import receive
from syncer.clock import Clock, SystemClock
from syncer.connect.auth import PatAuth
from syncer.connect.exchange import AuthHeaders
from syncer.connect.hooking import HookPlace
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
from syncer.domain.statement import TrackerStatus
from syncer.errors import ConfigError, Rejected
from syncer.log import get_logger

_log: Final = get_logger(__name__)


class GitLabConnector:
    """Reads the work items of projects, and those of groups, which are their epics.

    The session belongs to the caller and keeps no cookies; the configuration's secrets have been
    read (`syncer.connect.auth.with_secrets`). `clock` and `sleep` are for tests.
    """

    kind: ClassVar[str] = "gitlab"
    config_type: ClassVar[type[BaseModel]] = GitLabConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        webhooks=True,
        incremental=True,
        reports_deletions=False,  # 404 alike for what is deleted and what is out of sight
        hierarchy=True,
        links=True,
        history=True,
    )

    def __init__(
        self,
        connection: str,
        config: GitLabConfig,
        session: aiohttp.ClientSession,
        *,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._connection = connection
        self._config = config
        self._clock = clock or SystemClock()
        http = HttpClient(session, config.url, auth=self._headers(), clock=self._clock, sleep=sleep)
        self._client = GitLabClient(http)
        self._site = site = Site(connection=connection, web_url=config.url, rules=config.rules())
        self._graph: GraphSource | None = None
        if config.graphql:
            self._graph = GraphSource(
                self._client, site, size=config.details_a_query, history=config.history
            )
        self._rest = RestSource(self._client, site, history=config.history)
        self._boxes: dict[str, Box] = {}

    def _headers(self) -> AuthHeaders:
        auth = self._config.auth
        if not isinstance(auth, PatAuth):
            raise ConfigError(
                f"GitLab connections cannot sign in by {auth.type!r}.",
                fix='Use auth = { type = "pat", token_env = … }.',
            )
        headers: Mapping[str, str] = {"Authorization": f"Bearer {auth.secret.get_secret_value()}"}
        return lambda: headers

    async def probe(self) -> Identity:
        """Who the account is, the configured projects and groups that it sees, and what is amiss.

        `AuthFailed`, `Unreachable` or `ConfigError` if nothing can be read at all.
        """
        prober = Prober(self._client, self._config, graph=self._graph)
        account = await prober.account()
        seen = await prober.seen()
        return Identity(
            account=account,
            server=self._config.url,
            timezone="UTC",
            containers=tuple(
                Container(key=ContainerKey(self._connection, one.path), name=one.name, id=one.id)
                for one in seen.containers
                if not one.disabled
            ),
            findings=findings_of(seen, self._config, now=self._clock.now()),
        )

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:
        """Items changed since the cursor, oldest change first; a page at a time.

        `Rejected` if the container is gone or closed to the account. `CursorExpired` for a cursor
        that is none of this connector's.
        """
        walk = Walk(
            mark=Mark.of(since),
            overlap_ms=self._config.overlap_minutes * 60_000,
            overlap_items=self._config.overlap_items,
        )
        box = await self._box(container.key)
        source = self._source(box)
        pager = self._pager(source, box, walk)
        try:
            async for page in self._read(pager):
                yield page
        except NoGraphQL as refused:
            self._give_up(refused)
            async for page in self._read(self._pager(self._source(box), box, walk)):
                yield page

    def _pager(self, source: Source, box: Box, walk: Walk) -> Pager:
        token = walk.position.token
        if token is not None and token.startswith("http") is (source is self._graph):
            walk.token_was_refused()  # it is of the other API
        return Pager(
            source=source, box=box, walk=walk, size=self._config.page_size, clock=self._clock
        )

    async def _read(self, pager: Pager) -> AsyncIterator[Page]:
        async for raw in pager.pages():
            done = await pager.source.records(pager.box, raw.rows)
            yield Page(
                records=done.records,
                unreadable=done.unreadable,
                cursor=raw.mark.cursor(),
                missing_detail=done.missing,
                asked_at=raw.asked_at,
            )

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        """The current state of single items; see `Fetcher`."""
        try:
            return await self._fetcher().fetch(refs)
        except NoGraphQL as refused:
            self._give_up(refused)
            return await self._fetcher().fetch(refs)

    def _fetcher(self) -> Fetcher:
        return Fetcher(self._site, self._config, self._client, graph=self._graph, rest=self._rest)

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        """Every item of the container that has not moved away, by id and locator only."""
        box = await self._box(container.key)
        source = self._source(box)
        try:
            async for id_, place in source.inventory(box):
                yield ref_of(self._connection, id_, place)
        except NoGraphQL as refused:  # told with the first page, before anything came of it
            self._give_up(refused)
            async for id_, place in self._rest.inventory(box):
                yield ref_of(self._connection, id_, place)

    async def status_updates(self, container: ContainerKey) -> AsyncIterator[TrackerStatus]:
        """What people say of the health of a group's epics; nothing of it over REST."""
        box = await self._box(container.key)
        if self._graph is None or not self._config.history or box.kind is not Kind.GROUP:
            return
        try:
            async for status in self._graph.healths(box):
                yield status
        except NoGraphQL as refused:
            raise Rejected(f"GitLab does not tell of health: {refused}") from refused

    def receive(self, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
        """Verify and read one webhook: pure."""
        return receive(self._connection, request, secrets, root=self._site.root)

    async def hook_places(self, containers: Sequence[str], url: str) -> Sequence[HookPlace]:
        """Where webhooks to an address are, or should be."""
        return await HookRegister(self._client).places(containers, url)

    async def register_hook(self, place: HookPlace, url: str, secret: SecretStr) -> None:
        """Make one place as it should be."""
        await HookRegister(self._client).register(place, url, secret)

    def hook_steps(self) -> Sequence[str]:
        """What a person does."""
        return STEPS

    # --- ways ---------------------------------------------------------------------------------

    async def _box(self, path: str) -> Box:
        """The container with what it is, which never changes as long as we run."""
        if path not in self._boxes:
            self._boxes[path] = Box(path, await self._client.kind_of(path))
        return self._boxes[path]

    def _source(self, box: Box) -> Source:
        if self._graph is None:
            return self._rest
        self._graph.begin(box.path)
        return self._graph

    def _give_up(self, refused: NoGraphQL) -> None:
        """Read over REST from now on: what GraphQL refused once it refuses again."""
        _log.warning(
            "GraphQL does not tell of work items: reading over REST",
            connection=self._connection,
            why=str(refused),
        )
        self._graph = None
