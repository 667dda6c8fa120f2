"""The Jira connector, for Cloud and Data Center alike."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import aclosing
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar, Final

import aiohttp
from pydantic import BaseModel, SecretStr

from connectors.jira.chain import ChainPlace
from connectors.jira.client import JiraClient
from connectors.jira.config import JiraConfig
from connectors.jira.cursor import Mark, Walk
from connectors.jira.details import Details
from connectors.jira.door import GATEWAY, Door, Entry
from connectors.jira.findings import findings_of
from connectors.jira.findings_server import Trial, findings_of_server, tried
from connectors.jira.hooks import STEPS, HookRegister
from connectors.jira.jql import all_ids, changed_since, is_issue_id, is_issue_key, selected
from connectors.jira.mapper import Mapper
from connectors.jira.mapping.site import Site, site_of, zone_named
from connectors.jira.pages import Pager, RawPage, instant_or_none
from connectors.jira.versions import changed_versions
from connectors.jira.webhook import receive
from connectors.jira.wire import Project
from syncer.clock import Clock, SystemClock
from syncer.connect.ahead import Room, given_up, together
from syncer.connect.hooking import HookPlace
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
from syncer.domain.cursor import Cursor
from syncer.domain.item import Unreadable
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import ConfigError, Rejected

_SYSTEM_FIELDS: Final = (
    "project", "summary", "description", "issuetype", "status", "resolution", "resolutiondate",
    "priority", "labels", "components", "fixVersions", "assignee", "reporter", "parent",
    "issuelinks", "duedate", "created", "updated", "timeoriginalestimate", "security",
    "issuerestriction", "comment", "flagged",
)  # fmt: skip
_IDS_A_PAGE: Final = 5000
_SITE_AGE: Final = 15 * 60.0


class JiraConnector:
    """Reads one Jira with one account; which sort of Jira it is, it finds out itself.

    The session belongs to the caller and keeps no cookies; the configuration's secrets have been
    read (`syncer.connect.auth.with_secrets`). `clock`, `sleep` and `gateway` (the address of
    Atlassian's gateway for tokens with scopes) are for tests.
    """

    kind: ClassVar[str] = "jira"
    config_type: ClassVar[type[BaseModel]] = JiraConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        webhooks=True, incremental=True, hierarchy=True, links=True, history=True
    )

    def __init__(
        self,
        connection: str,
        config: JiraConfig,
        session: aiohttp.ClientSession,
        *,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
        gateway: str = GATEWAY,
    ) -> None:
        self._connection = connection
        self._config = config
        self._clock = clock or SystemClock()
        self._door = Door(session, config, clock=self._clock, sleep=sleep, gateway=gateway)
        self._details: Details | None = None
        self._site: Site | None = None
        self._site_read_at = 0.0
        self._site_lock = asyncio.Lock()
        self._room = Room()
        self._counted: dict[str, int] = {}

    async def probe(self) -> Identity:
        """Who the account is, the configured projects that it sees, and what is amiss.

        `AuthFailed`, `Unreachable` or `ConfigError` if nothing can be read at all.
        """
        entry = await self._door.enter()
        reads: tuple[Coroutine[Any, Any, Any], ...] = (self._read_site(entry), self._look(entry))
        site, (projects, trial) = await together(reads)
        shown = self._shown(projects)
        return Identity(
            account=entry.me.display_name or entry.me.account_id or entry.me.name or "",
            server=self._config.url,
            timezone=entry.me.time_zone or "",
            containers=tuple(self._container(project, site) for project in shown),
            findings=(
                *findings_of(site, self._config, _keys(projects)),
                *findings_of_server(
                    entry, self._config, projects=projects, trial=trial, now=self._clock.now()
                ),
            ),
        )

    async def _look(self, entry: Entry) -> tuple[list[Project], Trial]:
        """The projects, and what became of reading one of those that are wanted."""
        projects = await entry.client.projects(self._config.exact_containers)
        first = next((p.key for p in self._shown(projects) if p.key), None)
        if first is None:
            return projects, Trial()
        trial = await tried(entry.client, first)
        self._counted = {} if trial.total is None else {first: trial.total}
        return projects, trial

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncGenerator[Page]:
        """Issues changed since the cursor, oldest change first; a page at a time.

        `Rejected` if the project is gone, archived or closed to the account: that says nothing
        about other projects. `CursorExpired` for a cursor that is none of this connector's.
        """
        site, client = await self._current_site(), await self._door.client()
        mark = Mark.of(since)
        told = self._counted.pop(container.key, None) if mark == Mark() else None
        pager = Pager(
            client=client,
            details=await self._completer(),
            room=self._room,
            container=container,
            walk=self._walk(mark),
            site=site,
            wanted=self._config.selects,
            fields=_wanted_fields(site),
            size=self._config.page_size,
            clock=self._clock,
            expected=told,
        )
        counting = asyncio.create_task(self._total(client, container, mark=mark, told=told))
        try:
            async with aclosing(pager.pages()) as pages, Mapper(site) as mapper:
                async for raw in pages:
                    total = await counting
                    await mapper.prepare(total)
                    yield await self._page(raw, container, mapper, total=total)
        finally:
            await given_up(counting)

    async def _page(
        self, raw: RawPage, container: ContainerKey, mapper: Mapper, *, total: int | None
    ) -> Page:
        records, unreadable = await mapper.mapped(raw.completed, container)
        failed = (_failed_for_now(ItemRef(self._connection, id_)) for id_ in raw.failed)
        return Page(
            records=records,
            unreadable=(*unreadable, *failed),
            cursor=raw.mark.cursor(),
            total=total,
            missing_detail=(*mapper.site.missing_detail, *raw.completed.missing),
            asked_at=raw.asked_at,
        )

    def _walk(self, mark: Mark) -> Walk:
        return Walk(
            mark=mark,
            overlap_ms=self._config.overlap_minutes * 60_000,
            overlap_items=self._config.overlap_items,
        )

    async def _total(
        self, client: JiraClient, container: ContainerKey, *, mark: Mark, told: int | None
    ) -> int | None:
        """The size of a first reading; an incremental pass is too small to be counted first.

        What is left of a chain of ids is not known before it is listed anew. What a trial has just
        `told` is not asked for again.
        """
        if told is not None:
            return told
        position = mark.position
        if mark.watermark is not None and position is None:
            return None
        if position is not None and ChainPlace.of(position.token) is not None:
            return None
        jql = changed_since(container.key, mark.start().from_ms)
        return await client.approximate_count(jql.partition(" ORDER BY ")[0])

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        """The current state of single issues, by id.

        Jira answers the same for an issue that is gone and for one that the account may not see:
        what does not come is `hidden`, and only a full inventory can tell that it is gone. A moved
        issue keeps its id, so `moved` stays empty: its record names the new key and project.
        """
        site = await self._current_site()
        known = {ref.id: ref for ref in refs if is_issue_id(ref.id)}
        details = await self._completer()
        raw, failed = await details.issues(list(known), _wanted_fields(site))
        completed = await details.complete(raw, site)
        records, unreadable = await Mapper(site).mapped(
            completed, ContainerKey(self._connection, "")
        )
        told = {r.item.ref.id for r in records} | {u.ref.id for u in unreadable} | failed
        broken = tuple(_failed_for_now(known[id_]) for id_ in sorted(failed & set(known)))
        return Fetched(
            records=records,
            unreadable=(*(one for one in unreadable if self._keeps(one)), *broken),
            hidden=tuple(ref for ref in refs if ref.id not in told),
        )

    def _keeps(self, one: Unreadable) -> bool:
        """Whether what is broken lies in a project that is wanted, or does not tell where it is."""
        project = one.key.rpartition("-")[0]
        return not is_issue_key(one.key) or self._config.selects(project)

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        """Every issue of the project that the account sees, by id only, each once."""
        async for ref in self._refs(all_ids(container.key)):
            yield ref

    async def versions(
        self, container: ContainerKey, since: datetime
    ) -> AsyncIterator[tuple[ItemRef, datetime]]:
        """The issues that changed since an instant, by id and time of change."""
        site, client = await self._current_site(), await self._door.client()
        async for version in changed_versions(client, site, container, since=since):
            yield version

    async def select(self, query: str) -> AsyncIterator[ItemRef]:
        """The issues that a JQL condition finds in the projects of this connection, by id only.

        The condition is put in parentheses beside the projects, so that it can only narrow them;
        `ConfigError` for one that orders, does not close its parentheses, or that Jira refuses.
        """
        client = await self._door.client()
        projects = await client.projects(self._config.exact_containers)
        jql = selected(query, [p.key for p in self._shown(projects) if p.key])
        try:
            async for ref in self._refs(jql):
                yield ref
        except Rejected as refused:
            if refused.status != HTTPStatus.BAD_REQUEST:
                raise
            raise ConfigError(
                f"Jira does not understand the query: {refused.message}", fix="Correct `jql`."
            ) from refused

    async def _refs(self, jql: str) -> AsyncIterator[ItemRef]:
        client = await self._door.client()
        seen: set[str] = set()
        async for found in client.every_page(jql, fields=["id"], size=_IDS_A_PAGE):
            for raw in found.issues:
                id_ = raw.get("id") if isinstance(raw, dict) else None
                if isinstance(id_, str | int) and str(id_) not in seen:
                    seen.add(str(id_))
                    yield ItemRef(self._connection, str(id_), str(raw.get("key") or ""))

    def receive(self, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
        """Verify and read one webhook (see `connectors.jira.webhook`)."""
        return receive(self._connection, request, secrets)

    async def hook_places(self, containers: Sequence[str], url: str) -> Sequence[HookPlace]:
        """Where webhooks to an address are, or should be."""
        return await HookRegister(await self._door.enter()).places(containers, url)

    async def register_hook(self, place: HookPlace, url: str, secret: SecretStr) -> None:
        """Make one place as it should be."""
        await HookRegister(await self._door.enter()).register(place, url, secret)

    def hook_steps(self) -> Sequence[str]:
        """What a person does."""
        return STEPS

    async def _completer(self) -> Details:
        """What completes issues; kept, since it remembers what the site refuses."""
        client = await self._door.client()
        if self._details is None or self._details.client is not client:
            self._details = Details(client)
        return self._details

    async def _current_site(self) -> Site:
        """The site's tables, read again after a quarter of an hour."""
        async with self._site_lock:
            fresh = time.monotonic() - self._site_read_at < _SITE_AGE
            if self._site is None or not fresh:
                return await self._read_site(await self._door.enter())
            return self._site

    async def _read_site(self, entry: Entry) -> Site:
        self._site = site_of(
            await entry.client.tables(),
            connection=self._connection,
            url=self._config.url,
            zone=zone_named(entry.me.time_zone or ""),
            rules=self._config.rules(),
        )
        self._site_read_at = time.monotonic()
        return self._site

    def _shown(self, projects: Iterable[Project]) -> list[Project]:
        """The projects that live and that the configuration asks for."""
        wanted = (p for p in projects if p.key and self._config.selects(p.key))
        return [p for p in wanted if not p.archived]

    def _container(self, project: Project, site: Site) -> Container:
        insight = project.insight
        last = insight.last_update if insight else None
        return Container(
            key=ContainerKey(self._connection, project.key or ""),
            name=project.name or project.key or "",
            last_change_at=instant_or_none(last, site),
            item_count=insight.count if insight else None,
            id=project.id,
        )


def _keys(projects: Iterable[Project]) -> list[str]:
    return [p.key for p in projects if p.key and not p.archived]


def _wanted_fields(site: Site) -> list[str]:
    return list(dict.fromkeys((*_SYSTEM_FIELDS, *site.wanted_ids)))


def _failed_for_now(ref: ItemRef) -> Unreadable:
    return Unreadable(
        ref=ref, key=ref.locator, reason="Jira could not give this issue for now.", raw=""
    )
