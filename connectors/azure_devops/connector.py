"""The Azure DevOps connector."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

import aiohttp
from pydantic import BaseModel, SecretStr

from connectors.azure_devops.catalogue import ABSENT, Catalogue
from connectors.azure_devops.client import AzureDevOpsClient, Batch, among, shaped
from connectors.azure_devops.config import AzureDevOpsConfig
from connectors.azure_devops.cursor import Mark
from connectors.azure_devops.findings import findings_of
from connectors.azure_devops.hooks import STEPS, HookRegister
from connectors.azure_devops.mapping import fields
from connectors.azure_devops.mapping.site import Site
from connectors.azure_devops.probing import Prober
from connectors.azure_devops.reader import Found, Reader, each
from connectors.azure_devops.webhook import receive
from connectors.azure_devops.wire import LinkRow, Revision
from syncer.clock import Clock, SystemClock
from syncer.connect.auth import BasicAuth, PatAuth
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
from syncer.connect.rate import Sleep, http_date
from syncer.domain.cursor import Cursor
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import ConfigError, CursorExpired, Rejected
from syncer.log import register_secret

_LARGEST_ID: Final = 2**31 - 1
"""Ids are numbers of 32 bits; a larger one would have a whole batch refused."""

_OVERLAP: Final = timedelta(hours=1)
"""How long before the first reading links are looked at by their time: then tokens lead on."""

LINKS: Final = "links feed"

_MOST_EMPTY: Final = 10_000
"""Batches without a row in a row: of what changed again later the latest revision alone is shown,
and a batch may hold nothing but what has changed again."""


class AzureDevOpsConnector:
    """Reads the work items of one organisation, or of one collection of a server.

    The session belongs to the caller and keeps no cookies; the configuration's secrets have been
    read (`syncer.connect.auth.with_secrets`). `clock` and `sleep` are for tests.
    """

    kind: ClassVar[str] = "azuredevops"
    config_type: ClassVar[type[BaseModel]] = AzureDevOpsConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        webhooks=True,
        incremental=True,
        reports_deletions=True,  # by the recycle bin
        hierarchy=True,
        links=True,
        history=True,
    )

    def __init__(
        self,
        connection: str,
        config: AzureDevOpsConfig,
        session: aiohttp.ClientSession,
        *,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._connection = connection
        self._config = config
        self._clock = clock or SystemClock()
        http = HttpClient(session, config.url, auth=self._headers(), clock=self._clock, sleep=sleep)
        self._client = AzureDevOpsClient(http, version=config.api_version)
        self._site = Site(
            connection=connection,
            organisation=config.organisation,
            web_url=config.url,
            rules=config.rules(),
            zone=ZoneInfo(config.timezone) if config.timezone else None,
        )
        self._catalogue = Catalogue(self._client, self._clock)
        self._hooks = HookRegister(self._client, config)
        self._reader = Reader(
            self._client, self._site, config=config, catalogue=self._catalogue, clock=self._clock
        )

    def _headers(self) -> AuthHeaders:
        """A token is the password of any user: learn.microsoft.com/rest/api/azure/devops."""
        auth = self._config.auth
        if not isinstance(auth, PatAuth | BasicAuth):
            raise ConfigError(
                f"Azure DevOps connections cannot sign in by {auth.type!r}.",
                fix='Use auth = { type = "pat", token_env = … }.',
            )
        name = auth.name if isinstance(auth, BasicAuth) else ""
        pair = b64encode(f"{name}:{auth.secret.get_secret_value()}".encode()).decode()
        register_secret(pair)
        headers: Mapping[str, str] = {"Authorization": f"Basic {pair}"}
        return lambda: headers

    async def probe(self) -> Identity:
        """Who the account is, the organisation, and what is amiss.

        `AuthFailed`, `Unreachable` or `ConfigError` if nothing can be read at all.
        """
        seen = await Prober(self._client, self._config).seen()
        container = Container(
            key=self._site.container, name=self._config.organisation, id=seen.organisation_id
        )
        chosen = self._config.selects(self._config.organisation)
        return Identity(
            account=seen.account,
            server=self._config.url,
            timezone="UTC",
            containers=(container,) if chosen else (),
            findings=findings_of(seen, self._config),
        )

    # --- changes ------------------------------------------------------------------------------

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:
        """Items changed since the cursor, oldest change first; a page at a time.

        First by their revisions, then by links, which make no revision at their far end.
        `Rejected` for another container than the organisation, `CursorExpired` for a cursor that
        is none of this connector's.
        """
        self._require_ours(container)
        walk = _Walk(Mark.of(since))
        self._catalogue.begin()
        async for page in self._by_revisions(walk):
            yield page
        async for page in self._by_links(walk):
            yield page

    async def _by_revisions(self, walk: _Walk) -> AsyncIterator[Page]:
        chain = TokenChain(label="the feed of revisions", most_empty=_MOST_EMPTY)
        is_last, deleted = False, walk.mark.whole
        while not is_last:
            asked_at = self._clock.now()
            with _tokens_expire(walk.mark.revisions):
                batch = await self._client.revisions(
                    walk.mark.revisions, deleted=deleted, size=self._config.page_size
                )
            is_last = batch.is_last
            if not is_last:
                chain.take(batch.token, empty=not batch.rows)
            walk.saw_revisions(batch, begin=self._begin_of_links(batch))
            rows, broken = each(batch.rows, lambda row: shaped(Revision, row), self._connection)
            ids = [one.id for one in rows if self._reader.wants(one.fields or {})]
            found = await self._found(walk.new(ids))
            found.unreadable += broken
            gone = await self._reader.deleted(found.absent, found) if deleted else set()
            yield _page(found, walk, asked_at, gone=[self._site.ref(str(x)) for x in sorted(gone)])

    def _begin_of_links(self, batch: Batch) -> str:
        at = (http_date(batch.date) or self._clock.now()) - _OVERLAP
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    async def _by_links(self, walk: _Walk) -> AsyncIterator[Page]:
        chain = TokenChain(label="the feed of links", most_empty=_MOST_EMPTY)
        is_last = False
        while not is_last:
            asked_at = self._clock.now()
            try:
                with _tokens_expire(walk.mark.links):
                    batch = await self._client.links(walk.mark.links, since=walk.mark.links_from)
            except Rejected as refused:
                if refused.status not in ABSENT:
                    raise
                yield _page(Found(missing={LINKS}), walk, asked_at)
                return
            is_last = batch.is_last
            if not is_last:
                chain.take(batch.token, empty=not batch.rows)
            walk.saw_links(batch)
            rows, _ = each(batch.rows, lambda row: shaped(LinkRow, row), self._connection)
            found = await self._found(walk.new(_ends(rows)))
            if found.records or found.unreadable or walk.moved_on:
                yield _page(found, walk, asked_at)

    async def _found(self, ids: Sequence[int]) -> Found:
        return await self._reader.read([id_ for id_ in ids if id_ <= _LARGEST_ID])

    # --- single items and all of them ---------------------------------------------------------

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        """The current state of single items.

        What lies in the recycle bin is gone. What is neither shown nor there may have been
        destroyed, or the account may not see it: hidden, of which a census makes what it is. An
        item of a project or type that the configuration leaves out is hidden as well.
        """
        by_id = {id_: ref for ref in refs if (id_ := _number(ref.id))}
        found = await self._reader.read(list(by_id))
        gone = await self._reader.deleted(found.absent, found) if found.absent else set()
        settled = {one.item.ref.uid for one in found.records}
        settled |= {one.ref.uid for one in found.unreadable}
        deleted = {by_id[id_].uid for id_ in gone if id_ in by_id}
        return Fetched(
            records=tuple(found.records),
            unreadable=tuple(found.unreadable),
            gone=tuple(ref for ref in refs if ref.uid in deleted),
            hidden=tuple(ref for ref in refs if ref.uid not in deleted | settled),
        )

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        """Every item of the organisation that is wanted, by id only.

        A server may refuse names of types that no project of it has: then of all types.
        """
        self._require_ours(container)
        projects = None if self._config.takes_all else await self._wanted_projects()
        if projects == []:
            return
        wanted = "" if projects is None else among(fields.PROJECT, projects)
        named = among(fields.TYPE, self._config.skipped_types(), negated=True)
        size, counted = self._config.census_page, 0
        try:
            async for id_ in self._client.census(wanted + named, size):
                counted += 1
                yield self._site.ref(str(id_))
        except Rejected as refused:
            if refused.status != HTTPStatus.BAD_REQUEST or counted:
                raise
            async for id_ in self._client.census(wanted, size):
                yield self._site.ref(str(id_))

    async def _wanted_projects(self) -> list[str]:
        names = (one.name or "" for one in await self._client.projects())
        return sorted(name for name in names if name and self._config.takes(name))

    def receive(self, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
        """Verify and read one webhook: pure."""
        return receive(self._site.container, request, secrets)

    # --- service hooks ------------------------------------------------------------------------

    async def hook_places(self, containers: Sequence[str], url: str) -> Sequence[HookPlace]:
        """Where service hooks to an address are, or should be: one place a project."""
        return await self._hooks.places(url) if containers else ()

    async def register_hook(self, place: HookPlace, url: str, secret: SecretStr) -> None:
        """Make one place as it should be."""
        await self._hooks.register(place, url, secret)

    def hook_steps(self) -> Sequence[str]:
        """What a person does."""
        return STEPS

    def _require_ours(self, container: ContainerKey) -> None:
        if container.key.casefold() != self._config.organisation.casefold():
            raise Rejected(
                f"{container.key!r} is not the organisation of this connection.",
                fix=f"Its one container is {self._config.organisation!r}.",
            )


@contextmanager
def _tokens_expire(token: str | None) -> Iterator[None]:
    """What is refused with a token, and may be allowed without: the feed begins anew."""
    try:
        yield
    except Rejected as refused:
        if token is None or refused.status != HTTPStatus.BAD_REQUEST:
            raise
        raise CursorExpired("Azure DevOps does not know its token any more.") from refused


@dataclass(slots=True)
class _Walk:
    """One pass under way: the mark to save, and the items that it has brought already."""

    mark: Mark
    moved_on: bool = False
    _brought: set[int] = field(default_factory=set)

    def saw_revisions(self, batch: Batch, *, begin: str) -> None:
        known = self.mark.links is not None or self.mark.links_from is not None
        self._brought_anew(batch)
        self.mark = replace(
            self.mark,
            revisions=batch.token or self.mark.revisions,
            links_from=self.mark.links_from if known else begin,
            whole=self.mark.whole or batch.is_last,
        )

    def _brought_anew(self, batch: Batch) -> None:
        """What changes again during a pass is brought again, with its later revision."""
        told = (row.get("id") for row in batch.rows if isinstance(row, dict))
        self._brought -= {id_ for id_ in told if isinstance(id_, int)}

    def saw_links(self, batch: Batch) -> None:
        before = self.mark
        links_from = None if batch.token else self.mark.links_from
        self.mark = replace(self.mark, links=batch.token or self.mark.links, links_from=links_from)
        self.moved_on = self.mark != before

    def new(self, ids: Sequence[int]) -> list[int]:
        """Those that this pass has not brought yet, each once."""
        new = [id_ for id_ in dict.fromkeys(ids) if id_ not in self._brought]
        self._brought.update(new)
        return new


def _page(found: Found, walk: _Walk, asked_at: datetime, *, gone: Sequence[ItemRef] = ()) -> Page:
    return Page(
        gone=tuple(gone),
        records=tuple(found.records),
        unreadable=tuple(found.unreadable),
        cursor=walk.mark.cursor(),
        missing_detail=tuple(sorted(found.missing)),
        asked_at=asked_at,
    )


def _ends(rows: Sequence[LinkRow]) -> list[int]:
    """The items at both ends of links: of other organisations none is told, or no number."""
    ends = [one.attributes for one in rows if one.attributes]
    every = [id_ for one in ends for id_ in (one.source_id, one.target_id)]
    return [id_ for id_ in every if id_ is not None and id_ > 0]


def _number(text: str) -> int:
    """An id in its only form, 0 for anything else: nothing else is put into a request."""
    is_number = text.isascii() and text.isdigit() and not text.startswith("0")
    number = int(text) if is_number and len(text) <= len(str(_LARGEST_ID)) else 0
    return number if number <= _LARGEST_ID else 0
