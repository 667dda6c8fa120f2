"""A connector of a hundred lines for Roundup: what the kit does for whoever writes one.

Source: Roundup's "REST API" page. Times are UTC, written `2026-11-22.20:54:04`. It reads the whole
list each time, in the order of ids, since one class of a small tracker is all that it is for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar, Final, Literal

import aiohttp
from pydantic import BaseModel, SecretStr

from syncer.connect.auth import AnyAuth, static_headers
from syncer.connect.config import ConnectionConfig
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
from syncer.connect.walk import Mark
from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemRecord, StatusCategory, WorkItem
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.text import clean_line
from syncer.errors import Rejected

_ISSUES: Final = "/rest/data/issue"
_FIELDS: Final = "title,status,activity,creation"
_CATEGORIES: Final[Mapping[str, StatusCategory]] = {
    "unread": StatusCategory.TODO,
    "deferred": StatusCategory.WAITING,
    "in-progress": StatusCategory.IN_PROGRESS,
    "testing": StatusCategory.IN_PROGRESS,
    "resolved": StatusCategory.DONE,
}


class RoundupConfig(ConnectionConfig):
    """A `[[connections]]` table of kind `roundup`."""

    kind: Literal["roundup"] = "roundup"
    url: str
    auth: AnyAuth


class RoundupConnector:
    """Reads the issues of one Roundup."""

    kind: ClassVar[str] = "roundup"
    config_type: ClassVar[type[BaseModel]] = RoundupConfig
    capabilities: ClassVar[Capabilities] = Capabilities()
    page_size: ClassVar[int] = 10

    def __init__(
        self, connection: str, config: RoundupConfig, session: aiohttp.ClientSession
    ) -> None:
        self._connection = connection
        self._url = config.url
        self._http = HttpClient(session, config.url, auth=static_headers(config.auth))

    async def probe(self) -> Identity:
        """The one class that is read."""
        await self._data(_ISSUES, {"@page_size": "1"})
        container = Container(key=ContainerKey(self._connection, "issue"), name="Issues")
        return Identity(account="", server=self._url, timezone="UTC", containers=(container,))

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:
        """All issues, a page at a time."""
        cursor = Mark.of(since).cursor()
        async for told in self._pages({"@fields": _FIELDS, "@verbose": "2"}):
            records = tuple(self._record(one, container) for one in told)
            yield Page(records=records, unreadable=(), cursor=cursor)

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        """Single issues; what is not shown is hidden."""
        container = ContainerKey(self._connection, "issue")
        records: list[ItemRecord] = []
        hidden: list[ItemRef] = []
        for ref in refs:
            try:
                told = await self._data(f"{_ISSUES}/{int(ref.id)}", {"@verbose": "2"})
            except Rejected as refused:
                if refused.status != HTTPStatus.NOT_FOUND:
                    raise
                hidden.append(ref)
            else:
                attributes = {"id": told["id"], **told["attributes"]}
                records.append(self._record(attributes, container))
        return Fetched(records=tuple(records), hidden=tuple(hidden))

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        """Every issue by id."""
        _ = container
        async for told in self._pages({}):
            for one in told:
                yield ItemRef(self._connection, str(one["id"]), f"issue{one['id']}")

    def receive(self, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
        """Roundup sends no webhooks."""
        _ = request, secrets
        return HookReply(status=HTTPStatus.NOT_FOUND)

    async def _pages(self, asked: Mapping[str, str]) -> AsyncIterator[list[dict[str, Any]]]:
        number, more = 1, True
        while more:
            place = {"@page_size": str(self.page_size), "@page_index": str(number), "@sort": "id"}
            told = await self._data(_ISSUES, {**asked, **place})
            yield told["collection"]
            number, more = number + 1, "next" in told["@links"]

    async def _data(self, path: str, asked: Mapping[str, str]) -> dict[str, Any]:
        data: dict[str, Any] = (await self._http.get(path, dict(asked))).object()["data"]
        return data

    def _record(self, raw: Mapping[str, Any], container: ContainerKey) -> ItemRecord:
        status = raw["status"]["name"]
        item = WorkItem(
            ref=ItemRef(self._connection, str(raw["id"]), f"issue{raw['id']}"),
            key=f"issue{raw['id']}",
            url=f"{self._url}/issue{raw['id']}",
            container=container,
            title=clean_line(raw["title"]),
            native_status=clean_line(status),
            status_category=_CATEGORIES.get(status, StatusCategory.UNKNOWN),
            created_at=_instant(raw["creation"]),
            updated_at=_instant(raw["activity"]),
        )
        return ItemRecord(item=item)


def _instant(text: str) -> datetime:
    return datetime.strptime(text.partition(" ")[0], "%Y-%m-%d.%H:%M:%S").replace(tzinfo=UTC)
