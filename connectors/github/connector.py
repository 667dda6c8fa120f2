"""The GitHub connector."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, ClassVar, Final

import aiohttp
from pydantic import BaseModel, SecretStr

from connectors.github.access import Access, AppAccess, TokenAccess
from connectors.github.client import GitHubClient
from connectors.github.config import GitHubConfig
from connectors.github.cursor import Place
from connectors.github.details import ABSENT, Details, readable
from connectors.github.fetching import Fetcher
from connectors.github.findings import findings_of
from connectors.github.hooks import STEPS, HookRegister
from connectors.github.mapping.detail import NO_DETAIL
from connectors.github.mapping.item import Extras, is_pull_request, place_of, raw_id, read_issue
from connectors.github.mapping.milestones import UNKNOWN_MILESTONES, Milestones
from connectors.github.mapping.site import Site
from connectors.github.mapping.status_updates import status_updates
from connectors.github.pages import Pager
from connectors.github.probing import Prober
from connectors.github.status_updates import refusal, told_of
from connectors.github.webhook import receive
from syncer.clock import Clock, SystemClock
from syncer.connect.ahead import in_order
from syncer.connect.answers import Answer
from syncer.connect.auth import AppAuth, PatAuth
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
from syncer.connect.walk import Walk
from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemRecord, Unreadable
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.statement import TrackerStatus
from syncer.errors import ConfigError, Rejected

_MOST_PERMISSIONS: Final = 20

Records = tuple[tuple[ItemRecord, ...], tuple[Unreadable, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Pass:
    """One reading of one repository: with what, and the details that it kept back at once."""

    client: GitHubClient
    container: ContainerKey
    missing: tuple[str, ...]


class GitHubConnector:
    """Reads the issues of repositories with one token or App, and never pull requests.

    The session belongs to the caller and keeps no cookies; the configuration's secrets have been
    read (`syncer.connect.auth.with_secrets`). `clock` and `sleep` are for tests.
    """

    kind: ClassVar[str] = "github"
    config_type: ClassVar[type[BaseModel]] = GitHubConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        webhooks=True,
        incremental=True,
        reports_deletions=True,  # 410 for what is deleted, 404 for what is out of sight
        hierarchy=True,
        links=True,
        history=True,
    )

    def __init__(
        self,
        connection: str,
        config: GitHubConfig,
        session: aiohttp.ClientSession,
        *,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._connection = connection
        self._config = config
        self._session = session
        self._clock = clock or SystemClock()
        self._sleep = sleep
        self._access = self._new_access()
        self._details = Details(
            config.graphql_url, graphql=config.graphql, size=config.details_a_query
        )
        self._site = Site(connection=connection, web_url=config.web_url, rules=config.rules())
        self._milestones: dict[str, Milestones] = {}
        self._permissions: dict[str, None] = {}
        self._account_headers: Mapping[str, str] = {}

    def _new_access(self) -> Access:
        auth = self._config.auth
        if isinstance(auth, PatAuth):
            return TokenAccess(auth.secret.get_secret_value(), self._new_http)
        if isinstance(auth, AppAuth):
            return AppAccess(auth, self._new_http, self._clock)
        raise ConfigError(
            f"GitHub connections cannot sign in by {auth.type!r}.",
            fix='Use auth = { type = "pat", token_env = … } or { type = "app", app_id = … }.',
        )

    def _new_http(self, auth: AuthHeaders) -> HttpClient:
        return HttpClient(
            self._session,
            self._config.url,
            auth=auth,
            clock=self._clock,
            sleep=self._sleep,
            examine=self._look,
        )

    def _look(self, answer: Answer) -> None:
        """Keep what only headers tell: missing permissions, and what the token is like."""
        wanted = answer.headers.get("X-Accepted-GitHub-Permissions", "")
        if answer.status == HTTPStatus.FORBIDDEN and wanted:
            if len(self._permissions) < _MOST_PERMISSIONS:
                self._permissions[wanted[:200]] = None
        elif answer.status == HTTPStatus.OK and answer.label.endswith(("/user", "/app")):
            self._account_headers = answer.headers

    async def probe(self) -> Identity:
        """Who the account is, the configured repositories that it sees, and what is amiss.

        `AuthFailed`, `Unreachable` or `ConfigError` if nothing can be read at all.
        """
        prober = Prober(self._access, self._config)
        account = await prober.account()
        seen = await prober.seen(self._account_headers, tuple(self._permissions))
        return Identity(
            account=account,
            server=self._config.url,
            timezone="UTC",
            containers=tuple(
                Container(key=ContainerKey(self._connection, name), name=name, id=str(one.id or ""))
                for one in seen.repositories
                if (name := one.full_name) and one.has_issues is not False
            ),
            findings=findings_of(seen, self._config, now=self._clock.now()),
        )

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:
        """Issues changed since the cursor, oldest change first; a page at a time.

        Before them come the issues of milestones whose date or name has changed, since that does
        not touch the issues themselves. `Rejected` if the repository is gone, closed to the token
        or without issues. `CursorExpired` for a cursor that is none of this connector's.
        """
        place = Place.of(since)
        client = await self._access.of(container.key.partition("/")[0])
        self._details.forget_refusals(container.key)
        milestones, missing = await self._present(client, container, place.milestones)
        one = _Pass(client, container, missing)
        for number in milestones.changed_since(place.milestones):
            async for rows in client.issues_of(container.key, number):
                yield await self._page(one, rows, place)
        walk = Walk(
            mark=place.mark,
            overlap_ms=self._config.overlap_minutes * 60_000,
            overlap_items=self._config.overlap_items,
        )
        pager = Pager(
            client=client,
            repository=container.key,
            walk=walk,
            size=self._config.page_size,
            clock=self._clock,
        )
        async for batch in pager.batches():
            places = [(raw.rows, Place(mark=raw.mark, milestones=milestones)) for raw in batch]
            async with aclosing(in_order(self._page(one, *each) for each in places)) as pages:
                async for page in pages:
                    yield replace(page, asked_at=batch[0].asked_at)

    async def _page(self, one: _Pass, rows: Sequence[Any], place: Place) -> Page:
        records, unreadable, kept_back = await self._records(one.client, rows, one.container)
        return Page(
            records=records,
            unreadable=unreadable,
            cursor=place.cursor(),
            missing_detail=(*one.missing, *kept_back),
        )

    async def _present(
        self, client: GitHubClient, container: ContainerKey, earlier: Milestones
    ) -> tuple[Milestones, tuple[str, ...]]:
        """The milestones as they are now, or as they were where GitHub does not show them."""
        try:
            found = await client.milestones(container.key)
        except Rejected as refused:
            if refused.status not in ABSENT:
                raise
            self._milestones[container.key] = earlier
            return earlier, ("milestones",)
        present = earlier.seen_with(found, now=self._clock.now())
        self._milestones[container.key] = present
        return present, ()

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        """The current state of single issues, by their locators; see `Fetcher`."""
        fetcher = Fetcher(self._connection, self._config, access=self._access, read=self._records)
        return await fetcher.fetch(refs)

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        """Every issue of the repository, by id and locator only."""
        client = await self._access.of(container.key.partition("/")[0])
        told: set[str] = set()
        async for rows in client.all_issues(container.key):
            for row in rows:
                place = place_of(row, container)
                if place is None or is_pull_request(row) or not (id_ := raw_id(row)):
                    continue
                if id_ not in told:
                    told.add(id_)
                    yield ItemRef(self._connection, id_, place.locator)

    async def status_updates(self, container: ContainerKey) -> AsyncIterator[TrackerStatus]:
        """The newest ten reports on each of the repository's projects; none without GraphQL."""
        if not self._config.graphql:
            return
        client = await self._access.of(container.key.partition("/")[0])
        repository, whole = await told_of(client, self._details, container)
        for status in status_updates(repository, container=container, site=self._site):
            yield status
        if not whole:
            raise refusal(container)

    def receive(self, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
        """Verify and read one webhook: pure."""
        return receive(self._connection, request, secrets)

    async def hook_places(self, containers: Sequence[str], url: str) -> Sequence[HookPlace]:
        """Where webhooks to an address are, or should be."""
        register = HookRegister(self._access.of, is_app=isinstance(self._config.auth, AppAuth))
        return await register.places(containers, url)

    async def register_hook(self, place: HookPlace, url: str, secret: SecretStr) -> None:
        """Make one place as it should be."""
        await HookRegister(self._access.of).register(place, url, secret)

    def hook_steps(self) -> Sequence[str]:
        """What a person does."""
        return STEPS

    async def _records(
        self, client: GitHubClient, rows: Iterable[Any], container: ContainerKey
    ) -> Records:
        """The records and unreadable ones among raw rows, and the details that are missing."""
        raw = [row for row in rows if not is_pull_request(row)]
        wanted = {
            place: issue
            for row, issue in readable(raw)
            if (place := place_of(row, container)) is not None
        }
        done = await self._details.complete(client, wanted)
        read = []
        for row in raw:
            place = place_of(row, container)
            detail = done.details.get(place, NO_DETAIL) if place else NO_DETAIL
            known = self._milestones.get(place.repository if place else "", UNKNOWN_MILESTONES)
            extras = Extras(detail=detail, milestones=known)
            read.append(read_issue(row, container=container, site=self._site, extras=extras))
        records = tuple(one for one in read if isinstance(one, ItemRecord))
        unreadable = tuple(one for one in read if isinstance(one, Unreadable))
        return records, unreadable, tuple(sorted(done.missing)) if wanted else ()
