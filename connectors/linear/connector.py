"""The Linear connector."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from typing import ClassVar

import aiohttp
from pydantic import BaseModel, SecretStr

from connectors.linear import queries
from connectors.linear.access import ApplicationToken, told_by
from connectors.linear.client import LinearClient, each, look
from connectors.linear.config import LinearConfig
from connectors.linear.fetching import Fetcher
from connectors.linear.findings import findings_of
from connectors.linear.hooks import STEPS, HookRegister
from connectors.linear.listing import TEAM, WORKSPACE, Box, Lister, Part, Place, Row
from connectors.linear.mapping.project import Workspace, report_of
from connectors.linear.mapping.site import Kind, Site
from connectors.linear.probing import seen, signed
from connectors.linear.source import Records, Source
from connectors.linear.webhook import receive
from connectors.linear.wire import Project
from syncer.clock import Clock, SystemClock
from syncer.connect.answers import Answer
from syncer.connect.auth import OAuthClientAuth, PatAuth
from syncer.connect.exchange import AuthHeaders
from syncer.connect.hooking import HookPlace
from syncer.connect.http import HttpClient
from syncer.connect.paging import TokenChain
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
from syncer.domain.item import Unreadable
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.statement import TrackerStatus
from syncer.errors import ConfigError


class LinearConnector:
    """Reads the issues of teams, and the projects and initiatives of the workspace.

    The session belongs to the caller and keeps no cookies; the configuration's secrets have been
    read (`syncer.connect.auth.with_secrets`). `clock` and `sleep` are for tests.
    """

    kind: ClassVar[str] = "linear"
    config_type: ClassVar[type[BaseModel]] = LinearConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        webhooks=True,
        incremental=True,
        reports_deletions=True,  # while what was deleted lies in the trash
        hierarchy=True,
        links=True,
        history=True,
    )

    def __init__(
        self,
        connection: str,
        config: LinearConfig,
        session: aiohttp.ClientSession,
        *,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._connection = connection
        self._config = config
        self._clock = clock or SystemClock()
        self._auth = self._headers(session)
        http = HttpClient(
            session,
            config.api_url,
            auth=self._auth,
            clock=self._clock,
            sleep=sleep,
            examine=self._examine,
        )
        self._client = LinearClient(http)
        self._site = Site(connection=connection, web_url=config.url, rules=config.rules())
        self._source = Source(self._client, self._site)
        self._workspace: Workspace | None = None

    def _headers(self, session: aiohttp.ClientSession) -> AuthHeaders:
        auth = self._config.auth
        if isinstance(auth, OAuthClientAuth):
            return ApplicationToken(auth, session, self._config.api_url, clock=self._clock)
        if not isinstance(auth, PatAuth):
            raise ConfigError(
                f"Linear connections cannot sign in by {auth.type!r}.",
                fix='Use auth = { type = "pat", token_env = … } with an API key or OAuth token.',
            )
        headers = told_by(auth)
        return lambda: headers

    def _examine(self, answer: Answer) -> None:
        """A token that is refused is not sent again: the application gets another one."""
        if answer.status == HTTPStatus.UNAUTHORIZED and isinstance(self._auth, ApplicationToken):
            self._auth.forget()
        look(answer)

    async def probe(self) -> Identity:
        """Who the account is, the configured teams that it sees, and what is amiss.

        `AuthFailed`, `Unreachable` or `ConfigError` if nothing can be read at all.
        """
        told = await seen(self._client)
        return Identity(
            account=told.account,
            server=self._config.url,
            timezone="UTC",
            containers=tuple(
                Container(key=ContainerKey(self._connection, one.key), name=one.name, id=one.id)
                for one in told.selected(self._config)
            ),
            findings=findings_of(told, self._config),
        )

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:
        """Items changed since the cursor, a page at a time, the latest change first.

        So does Linear list them; up to the begin of a pass all has been seen at its end.

        `Rejected` if the container is gone or closed to the account. `CursorExpired` for a cursor
        that is none of this connector's.
        """
        walk = Walk(
            mark=Mark.of(since),
            overlap_ms=self._config.overlap_minutes * 60_000,
            overlap_items=self._config.overlap_items,
        )
        lister = self._lister(await self._box(container.key))
        place = Place.of(walk.position.token)
        async for part in lister.changed(walk.position.from_ms, place):
            asked_at = self._clock.now()
            done = await self._read(part.rows)
            yield Page(
                records=done.records,
                unreadable=(*done.unreadable, *map(self._strange, part.strange)),
                cursor=_mark(walk, part).cursor(),
                asked_at=asked_at,
            )

    async def _read(self, part: Sequence[Row]) -> Records:
        """The items with their details."""
        workspace, done = await self._here(), Records()
        for kind in Kind:
            ids = [row.id for row in part if row.kind is kind]
            rows = await self._source.rows(kind, ids)
            done += await self._source.records(kind, rows, workspace)
        places = {row.id: place for place, row in enumerate(part)}
        by_change = sorted(done.records, key=lambda record: places.get(record.item.ref.id, 0))
        return Records(tuple(by_change), done.unreadable)

    def _strange(self, raw: object) -> Unreadable:
        return self._source.set_aside(raw, "Linear lists it and it is no item")

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        """The current state of single items; see `Fetcher`."""
        size = self._config.details_a_query
        return await Fetcher(self._source, await self._here(), size=size).fetch(refs)

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        """Everything that the container holds but what lies in the trash, by id and key only."""
        async for row in self._lister(await self._box(container.key)).every():
            yield self._site.ref(row.id, row.key)

    async def status_updates(self, container: ContainerKey) -> AsyncIterator[TrackerStatus]:
        """The last report on each project and initiative; those of a workspace, none of a team."""
        box, workspace = await self._box(container.key), await self._here()
        for kind in () if box.is_team else WORKSPACE:
            chain, after = TokenChain(label=f"reports on {kind}s"), None
            while True:
                page = (await self._client.ask(queries.reports(kind, after))).page(
                    queries.FIELDS[kind]
                )
                for told in each(Project, page.rows):
                    report = report_of(told, kind, workspace=workspace, site=self._site)
                    if report is not None:
                        yield report
                after = chain.take(page.next, empty=not page.rows)
                if after is None:
                    break

    def receive(self, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
        """Verify and read one webhook: pure."""
        return receive(self._connection, request, secrets)

    async def hook_places(self, containers: Sequence[str], url: str) -> Sequence[HookPlace]:
        """Where webhooks to an address are, or should be."""
        return await HookRegister(self._client).places(containers, url)

    async def register_hook(self, place: HookPlace, url: str, secret: SecretStr) -> None:
        """Make one place as it should be."""
        await HookRegister(self._client).register(place, url, secret)

    def hook_steps(self) -> Sequence[str]:
        """What an administrator of the workspace does."""
        return STEPS

    # --- ways ---------------------------------------------------------------------------------

    async def _here(self) -> Workspace:
        """The workspace that the token belongs to, which never changes as long as we run."""
        if self._workspace is None:
            self._workspace = (await signed(self._client)).workspace
        return self._workspace

    async def _box(self, key: str) -> Box:
        workspace = await self._here()
        return Box(key, WORKSPACE if key == workspace.key else TEAM)

    def _lister(self, box: Box) -> Lister:
        size, part = self._config.page_size, self._config.details_a_query
        return Lister(self._client, box, size=size, part=part)


def _mark(walk: Walk, part: Part) -> Mark:
    """What to save with a part of a pass."""
    if part.following is None:
        return walk.arrive(part.times, until_ms=part.until_ms)
    return walk.stay(part.following.token(), part.times, until_ms=part.until_ms)
