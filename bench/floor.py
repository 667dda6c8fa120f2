"""The floor: what a bare client can do that keeps the same fields and the same history.

aiohttp and orjson, eight requests in flight, the tables of the product, one executemany upsert a
table. Nothing is checked, cleaned, retried, leased or remembered: faster than this cannot be had
without leaving out what must be stored.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import orjson
from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

from bench.tracker import API, IN_FLIGHT, PAGE, Call, Tracker
from syncer.store.engine import Store
from syncer.store.rows import table_of
from syncer.store.tables import AliasRow, ItemRow

FIELDS: Final = (
    "project", "summary", "description", "issuetype", "status", "resolution", "resolutiondate",
    "priority", "labels", "components", "fixVersions", "assignee", "reporter", "parent",
    "issuelinks", "duedate", "created", "updated", "timeoriginalestimate", "comment",
)  # fmt: skip
TABLES: Final = (table_of(ItemRow), table_of(AliasRow))
ID_PAGE: Final = 5000

_CATEGORIES: Final = {"new": "TODO", "indeterminate": "IN_PROGRESS", "done": "DONE"}
_CONNECTION: Final = "jira"

Rows = tuple[list[dict[str, Any]], list[dict[str, Any]]]
"""Rows of items with their histories, and of names."""


async def sync(one: Tracker, database: str) -> None:
    """Read all issues of the tracker into a database that has all tables and no rows."""
    async with (
        aiohttp.ClientSession() as session,
        Store(database) as store,
        asyncio.TaskGroup() as group,
    ):
        flow = _Flow(session, _calls(session, one))
        group.create_task(_write(store, flow.pages))
        await asyncio.gather(*(flow.read() for _ in range(IN_FLIGHT)))
        await flow.pages.put(None)


@dataclass(slots=True)
class _Flow:
    """Requests that are made a few at a time, and the pages that came."""

    session: aiohttp.ClientSession
    calls: AsyncIterator[Call]
    pages: asyncio.Queue[list[Any] | None] = field(
        default_factory=lambda: asyncio.Queue(2 * IN_FLIGHT)
    )
    _next: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self) -> None:
        """Ask until there is nothing left to ask."""
        while True:
            async with self._next:
                call = await anext(self.calls, None)
            if call is None:
                return
            await self.pages.put((await _ask(self.session, call))["issues"])


async def _calls(session: aiohttp.ClientSession, one: Tracker) -> AsyncIterator[Call]:
    """Every request for whole issues, as soon as it is known what to ask for."""
    if one.style == "dc":
        search = f"{one.url}{API['dc']}/search"
        first = await _ask(session, ("POST", search, _page(0, size=0)))
        for start in range(0, first["total"], PAGE):
            yield "POST", search, _page(start, size=PAGE)
        return
    async for ids in _ids(session, one):
        for start in range(0, len(ids), PAGE):
            body = {"issueIdsOrKeys": ids[start : start + PAGE], **_whole()}
            yield "POST", f"{one.url}{API['cloud']}/issue/bulkfetch", body


def _whole() -> dict[str, Any]:
    return {"fields": list(FIELDS), "expand": ["changelog"]}


def _page(start: int, *, size: int) -> dict[str, Any]:
    return {"jql": "ORDER BY id ASC", "startAt": start, "maxResults": size, **_whole()}


async def _ids(session: aiohttp.ClientSession, one: Tracker) -> AsyncIterator[list[str]]:
    keys = ", ".join(f'"{key}"' for key in one.projects)
    body: dict[str, Any] = {
        "jql": f"project in ({keys}) ORDER BY id ASC",
        "fields": ["id"],
        "maxResults": ID_PAGE,
    }
    while True:
        page = await _ask(session, ("POST", f"{one.url}{API['cloud']}/search/jql", body))
        yield [issue["id"] for issue in page["issues"]]
        if "nextPageToken" not in page:
            return
        body["nextPageToken"] = page["nextPageToken"]


async def _ask(session: aiohttp.ClientSession, call: Call) -> dict[str, Any]:
    method, url, body = call
    async with session.request(method, url, json=body) as response:
        if response.status != HTTPStatus.OK:
            raise RuntimeError(f"{url} answered {response.status}")
        told: dict[str, Any] = orjson.loads(await response.read())
    return told


async def _write(store: Store, pages: asyncio.Queue[list[Any] | None]) -> None:
    """Store page after page; those that came in meanwhile go into one transaction."""
    while True:
        found = [await pages.get()]
        while not pages.empty():
            found.append(pages.get_nowait())
        issues = [issue for page in found if page is not None for issue in page]
        if issues:
            await keep(store, rows_of(issues, at=datetime.now(UTC)))
        if None in found:
            return


async def keep(store: Store, rows: Rows) -> None:
    """Store rows in one transaction, one executemany upsert a table."""
    async with store.write() as session:
        connection = await session.connection()
        for table, some in zip(TABLES, rows, strict=True):
            await connection.execute(upsert_of(table, is_sqlite=store.is_sqlite), some)


def upsert_of(table: Table, *, is_sqlite: bool) -> Executable:
    """An upsert of all columns by primary key, for many rows at once."""
    keys = [column.name for column in table.primary_key]
    statement = sqlite.insert(table) if is_sqlite else postgresql.insert(table)
    rest = {c.name: statement.excluded[c.name] for c in table.c if c.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)


# --- rows -----------------------------------------------------------------------------------------


def rows_of(issues: Sequence[Any], *, at: datetime) -> Rows:
    """The rows of raw issues."""
    items = [_item(issue, at) for issue in issues]
    names = [
        {
            "connection": _CONNECTION,
            "sort": "key",
            "alias": item["key"],
            "item_uid": item["uid"],
            "since": at,
            "until": None,
        }
        for item in items
    ]
    return items, names


def _item(issue: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    fields = issue["fields"]
    payload = orjson.dumps(fields)
    parent, due, done = fields["parent"], fields["duedate"], fields["resolutiondate"]
    return {
        "uid": f"{_CONNECTION}:{issue['id']}",
        "connection": _CONNECTION,
        "native_id": issue["id"],
        "key": issue["key"],
        "container": fields["project"]["key"],
        "state": "live",
        "status_category": _CATEGORIES[fields["status"]["statusCategory"]["key"]],
        "kind": "task",
        "hierarchy_level": 0,
        "parent_uid": f"{_CONNECTION}:{parent['id']}" if parent else None,
        "restricted": False,
        "due_date": date.fromisoformat(due) if due else None,
        "created_at": datetime.fromisoformat(fields["created"]),
        "updated_at": datetime.fromisoformat(fields["updated"]),
        "done_at": datetime.fromisoformat(done) if done else None,
        "stored_at": at,
        "digest": hashlib.blake2b(payload, digest_size=16).hexdigest(),
        "payload": fields,
        "history": orjson.dumps(_changes(issue)).decode(),
    }


def _changes(issue: Mapping[str, Any]) -> list[list[Any]]:
    """The history as the store keeps it: the values of a change as a list."""
    return [
        [
            history["id"],
            datetime.fromisoformat(history["created"]),
            item["field"],
            item["from"],
            item["to"],
            item["fromString"] or "",
            item["toString"] or "",
            history["author"]["displayName"],
            False,
            "",
        ]
        for history in issue["changelog"]["histories"]
        for item in history["items"]
    ]
