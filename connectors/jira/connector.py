"""The Jira Cloud connector."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, ClassVar, Final

import aiohttp
from pydantic import BaseModel, SecretStr

from connectors.jira.client import JiraClient
from connectors.jira.config import JiraConfig
from connectors.jira.cursor import Mark, Walk
from connectors.jira.details import Details
from connectors.jira.findings import findings_of
from connectors.jira.jql import all_ids, changed_since, is_issue_id
from connectors.jira.mapping.faults import Unmappable
from connectors.jira.mapping.item import Extras, read_issue
from connectors.jira.mapping.site import Site, site_of, zone_named
from connectors.jira.mapping.times import epoch_ms, instant
from connectors.jira.webhook import receive
from connectors.jira.wire import Project, User
from syncer.clock import Clock, SystemClock
from syncer.connect.answers import Answer
from syncer.connect.auth import BasicAuth, PatAuth, static_headers
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
from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemRecord, Unreadable
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import AuthFailed, ConfigError, Rejected, TooLong

_SYSTEM_FIELDS: Final = (
    "project", "summary", "description", "issuetype", "status", "resolution", "resolutiondate",
    "priority", "labels", "components", "fixVersions", "assignee", "reporter", "parent",
    "issuelinks", "duedate", "created", "updated", "timeoriginalestimate", "security",
    "issuerestriction", "comment", "flagged",
)  # fmt: skip
_IDS_A_PAGE: Final = 5000
_SITE_AGE: Final = 15 * 60.0
_HORIZON: Final = timedelta(minutes=1)
_LOGIN_REASON: Final = "X-Seraph-LoginReason"
_LOGIN_FIX: Final = (
    "The token may have expired, belong to another site, or be one with scopes, which are valid "
    "at Atlassian's gateway only: make a token without scopes for this account."
)


class JiraConnector:
    """Reads one Jira Cloud site with one account.

    The session belongs to the caller and keeps no cookies; the configuration's secrets have been
    read (`syncer.connect.auth.with_secrets`). `clock` and `sleep` are for tests.
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
    ) -> None:
        if not isinstance(config.auth, BasicAuth | PatAuth):
            raise ConfigError(
                f"Jira connections cannot sign in by {config.auth.type!r} yet.",
                fix='Use auth = { type = "basic", email = …, token_env = … }.',
            )
        self._connection = connection
        self._config = config
        self._clock = clock or SystemClock()
        http = HttpClient(
            session,
            config.url,
            auth=static_headers(config.auth),
            clock=self._clock,
            sleep=sleep,
            examine=_logged_in,
        )
        self._client = JiraClient(http)
        self._details = Details(self._client)
        self._site: Site | None = None
        self._site_read_at = 0.0
        self._site_lock = asyncio.Lock()

    async def probe(self) -> Identity:
        """Who the account is, the configured projects that it sees, and what is amiss.

        `AuthFailed`, `Unreachable` or `ConfigError` if nothing can be read at all.
        """
        me = await self._myself()
        await self._refuse_data_center()
        site = await self._read_site(me)
        projects = await self._client.projects(self._config.exact_containers)
        shown = [p for p in projects if p.key and self._config.selects(p.key)]
        return Identity(
            account=me.display_name or me.account_id or "",
            server=self._config.url,
            timezone=me.time_zone or "",
            containers=tuple(self._container(project, site) for project in shown),
            findings=findings_of(site, self._config, [p.key or "" for p in projects]),
        )

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:
        """Issues changed since the cursor, oldest change first; a page at a time.

        `Rejected` if the project is gone, archived or closed to the account: that says nothing
        about other projects. `CursorExpired` for a cursor that is none of this connector's.
        """
        site = await self._current_site()
        mark = Mark.of(since)
        walk = Walk(
            mark=mark,
            overlap_ms=self._config.overlap_minutes * 60_000,
            overlap_items=self._config.overlap_items,
        )
        total = await self._total(container, mark)
        async for raw, saved in self._pages(container, walk, site):
            records, unreadable, missing = await self._records(raw, container, site)
            yield Page(
                records=records,
                unreadable=unreadable,
                cursor=saved.cursor(),
                total=total,
                missing_detail=(*site.missing_detail, *missing),
            )

    async def _total(self, container: ContainerKey, mark: Mark) -> int | None:
        """The size of a first reading; an incremental pass is too small to be counted first."""
        if mark.watermark is not None and mark.position is None:
            return None
        jql = changed_since(container.key, mark.start().from_ms)
        return await self._client.approximate_count(jql.partition(" ORDER BY ")[0])

    async def _pages(
        self, container: ContainerKey, walk: Walk, site: Site
    ) -> AsyncIterator[tuple[tuple[Any, ...], Mark]]:
        """The raw issues of each page with the mark to save with it.

        A page begins at the instant at which the one before ended: what came there unchanged is
        left out. Issues too long to come together are asked for in smaller and smaller pages.
        """
        size = self._config.page_size
        fields = _wanted_fields(site)
        before: frozenset[tuple[str, str]] = frozenset()
        chain = TokenChain(label=f"search of {container}")
        resumed = walk.position.token is not None
        while True:
            try:
                found = await self._client.search(
                    changed_since(container.key, walk.position.from_ms),
                    fields=fields,
                    size=size,
                    token=walk.position.token,
                    expand="changelog",
                )
            except TooLong:
                if size == 1:
                    raise
                size = max(1, size // 4)
                continue
            except Rejected as refused:
                if not resumed or refused.status != HTTPStatus.BAD_REQUEST:
                    raise
                resumed = False
                walk.token_was_refused()
                continue
            resumed = False
            updated = _times(found.issues, site)
            if walk.was_ignored(updated):
                continue
            if walk.position.token is None:
                chain = TokenChain(label=chain.label)
            token = chain.take(found.token, empty=not found.issues)
            mark = walk.take(updated, token=token, horizon_ms=self._horizon(found.date))
            yield tuple(one for one in found.issues if _version(one) not in before), mark
            before = frozenset(version for one in found.issues if (version := _version(one)))
            if mark.position is None:
                return

    def _horizon(self, date: str) -> int:
        """The tracker's present in epoch milliseconds; ours where it does not tell."""
        return epoch_ms((_http_date(date) or self._clock.now()) + _HORIZON)

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        """The current state of single issues, by id.

        Jira answers the same for an issue that is gone and for one that the account may not see:
        what does not come is `hidden`, and only a full inventory can tell that it is gone. A moved
        issue keeps its id, so `moved` stays empty: its record names the new key and project.
        """
        site = await self._current_site()
        known = {ref.id: ref for ref in refs if is_issue_id(ref.id)}
        raw, failed = await self._details.issues(list(known), _wanted_fields(site))
        container = ContainerKey(self._connection, "")
        records, unreadable, _ = await self._records(raw, container, site)
        told = {r.item.ref.id for r in records} | {u.ref.id for u in unreadable} | failed
        broken = tuple(_failed_for_now(known[id_]) for id_ in sorted(failed & set(known)))
        return Fetched(
            records=records,
            unreadable=(*unreadable, *broken),
            hidden=tuple(ref for ref in refs if ref.id not in told),
        )

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        """Every issue of the project that the account sees, by id only."""
        pages = self._client.every_page(all_ids(container.key), fields=["id"], size=_IDS_A_PAGE)
        async for found in pages:
            for raw in found.issues:
                id_ = raw.get("id") if isinstance(raw, dict) else None
                if isinstance(id_, str | int):
                    yield ItemRef(self._connection, str(id_), str(raw.get("key") or ""))

    def receive(self, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
        """Verify and read one webhook (see `connectors.jira.webhook`)."""
        return receive(self._connection, request, secrets)

    async def _records(
        self, raw: Iterable[Any], container: ContainerKey, site: Site
    ) -> tuple[tuple[ItemRecord, ...], tuple[Unreadable, ...], tuple[str, ...]]:
        """The records and unreadable ones among raw issues, and the details that are missing."""
        completed = await self._details.complete(list(raw), site)
        read = [
            read_issue(
                one,
                container=container,
                site=site,
                extras=Extras(complete=complete, ids=completed.ids),
            )
            for one, complete in completed.issues
        ]
        records = tuple(one for one in read if isinstance(one, ItemRecord))
        unreadable = tuple(one for one in read if isinstance(one, Unreadable))
        return records, unreadable, completed.missing

    async def _myself(self) -> User:
        try:
            return await self._client.myself()
        except AuthFailed as refused:
            own = refused.fix.removesuffix(_LOGIN_FIX)
            raise AuthFailed(refused.message, fix=f"{own} {_LOGIN_FIX}".lstrip()) from refused
        except Rejected as refused:
            if await self._client.deployment(version=2) not in {"", "Cloud"}:
                raise _data_center() from refused
            raise ConfigError(
                f"There is no Jira Cloud at {self._config.url}: {refused.message}",
                fix="Correct `url`; it is like https://acme.atlassian.net.",
            ) from refused

    async def _refuse_data_center(self) -> None:
        if await self._client.deployment() not in {"", "Cloud"}:
            raise _data_center()

    async def _current_site(self) -> Site:
        """The site's tables, read again after a quarter of an hour."""
        async with self._site_lock:
            fresh = time.monotonic() - self._site_read_at < _SITE_AGE
            if self._site is None or not fresh:
                return await self._read_site(await self._myself())
            return self._site

    async def _read_site(self, me: User) -> Site:
        self._site = site_of(
            await self._client.tables(),
            connection=self._connection,
            url=self._config.url,
            zone=zone_named(me.time_zone or ""),
            rules=self._config.rules(),
        )
        self._site_read_at = time.monotonic()
        return self._site

    def _container(self, project: Project, site: Site) -> Container:
        insight = project.insight
        last = insight.last_update if insight else None
        return Container(
            key=ContainerKey(self._connection, project.key or ""),
            name=project.name or project.key or "",
            last_change_at=_instant_or_none(last, site),
            item_count=insight.count if insight else None,
        )


def _wanted_fields(site: Site) -> list[str]:
    custom = (
        *(one for ids in site.field_ids.values() for one in ids),
        *(one for ids in site.custom_ids.values() for one in ids),
        *site.must_field_ids,
        *site.customer_field_ids,
    )
    return list(dict.fromkeys((*_SYSTEM_FIELDS, *custom)))


def _logged_in(answer: Answer) -> None:
    """Jira answers a refused login as if nobody had asked: 200, and nothing found."""
    reason = answer.headers.get(_LOGIN_REASON, "")
    if "AUTHENTICATED_FAILED" in reason or "AUTHENTICATION_DENIED" in reason:
        raise AuthFailed(f"{answer.label} refused the credentials.", fix=_LOGIN_FIX)


def _times(issues: Iterable[Any], site: Site) -> list[int]:
    """The times of change of the issues that tell a readable one."""
    told = (one["fields"].get("updated") for one in issues if _has_fields(one))
    found = (_instant_or_none(value, site) for value in told)
    return [epoch_ms(at) for at in found if at is not None]


def _version(raw: object) -> tuple[str, str] | None:
    """Which state of which issue this is, None where it does not tell."""
    if not isinstance(raw, dict) or not _has_fields(raw):
        return None
    id_, updated = raw.get("id"), raw["fields"].get("updated")
    return (id_, updated) if isinstance(id_, str) and isinstance(updated, str) else None


def _has_fields(raw: object) -> bool:
    return isinstance(raw, dict) and isinstance(raw.get("fields"), dict)


def _instant_or_none(value: object, site: Site) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return instant(value, site.zone)
    except Unmappable:
        return None


def _http_date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return None
    return at if at.tzinfo else None


def _failed_for_now(ref: ItemRef) -> Unreadable:
    return Unreadable(
        ref=ref, key=ref.locator, reason="Jira could not give this issue for now.", raw=""
    )


def _data_center() -> ConfigError:
    return ConfigError(
        "This is Jira Server or Data Center, which syncer does not read yet.",
        fix="Use a Jira Cloud site, or leave this connection out.",
    )
