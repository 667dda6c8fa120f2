"""A small company at a real Redmine, which works there through Redmine's own REST API."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from connectors.redmine.config import RedmineConfig
from connectors.redmine.connector import RedmineConnector
from syncer.connect.auth import with_secrets
from syncer.connect.protocol import Page
from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemRecord
from syncer.domain.ref import ContainerKey
from tests.redmine_server import RedmineServer

NAME = "rm"
NEW, IN_PROGRESS, RESOLVED, FEEDBACK, CLOSED, REJECTED = range(1, 7)
"""The statuses that Redmine's own defaults bring."""


def container(project: str) -> ContainerKey:
    """A project as a container of the connection."""
    return ContainerKey(NAME, project)


@dataclass(slots=True)
class Office:
    """People who work in Redmine; what they ask and change goes through its API."""

    server: RedmineServer
    session: aiohttp.ClientSession

    async def ask(self, path: str, *, key: str = "", **params: str) -> Any:
        """The answer to GET."""
        headers = {"X-Redmine-API-Key": key or self.server.key}
        async with self.session.get(
            f"{self.server.url}{path}", params=params, headers=headers
        ) as answer:
            assert answer.status == 200, (path, answer.status, await answer.text())
            return await answer.json()

    async def do(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Change something; the answer, None where it has none."""
        async with self.session.request(
            method,
            f"{self.server.url}{path}",
            json=body,
            headers={"X-Redmine-API-Key": self.server.key},
        ) as answer:
            text = await answer.text()
            assert answer.status in (200, 201, 204), (method, path, answer.status, text)
            return await answer.json() if text.strip() else None

    async def project(self, identifier: str, **more: Any) -> int:
        """A new project; its number."""
        body = {"project": {"identifier": identifier, "name": identifier.title(), **more}}
        number: int = (await self.do("POST", "/projects.json", body))["project"]["id"]
        return number

    async def issue(self, project: str, subject: str, **more: Any) -> int:
        """A new issue; its number."""
        body = {"issue": {"project_id": project, "subject": subject, **more}}
        number: int = (await self.do("POST", "/issues.json", body))["issue"]["id"]
        return number

    async def edit(self, number: int, **values: Any) -> None:
        """Change an issue."""
        await self.do("PUT", f"/issues/{number}.json", {"issue": values})

    async def relate(self, number: int, word: str, other: int, *, delay: int | None = None) -> int:
        """A new relation; its number."""
        relation = {"issue_to_id": other, "relation_type": word, "delay": delay}
        body = {"relation": {name: value for name, value in relation.items() if value is not None}}
        told = await self.do("POST", f"/issues/{number}/relations.json", body)
        made: int = told["relation"]["id"]
        return made

    async def told(self, number: int) -> dict[str, Any]:
        """What Redmine itself says of an issue."""
        path = f"/issues/{number}.json"
        answer = await self.ask(path, include="relations,journals,children")
        issue: dict[str, Any] = answer["issue"]
        return issue

    async def numbers(self, project: str) -> set[int]:
        """The numbers of all issues of one project, without its subprojects."""
        params = {"project_id": project, "subproject_id": "!*", "status_id": "*", "limit": "100"}
        answer = await self.ask("/issues.json", **params)
        assert answer["total_count"] == len(answer["issues"])
        return {issue["id"] for issue in answer["issues"]}

    def connector(self, *, key: str = "", **settings: Any) -> RedmineConnector:
        """A connector that reads this Redmine."""
        table = {"name": NAME, "url": self.server.url, "auth": {"token_env": "T"}, **settings}
        env = {"T": key or self.server.key}
        config = with_secrets(RedmineConfig.model_validate(table), env=env, base=Path())
        return RedmineConnector(NAME, config, self.session)


async def next_second() -> None:
    """Wait until what comes is told with another time than what was.

    Two seconds: asked for what changed from a second on, Redmine also shows what changed within the
    one before, where its database keeps times more finely than it tells them.
    """
    await asyncio.sleep(2.1)


async def read(
    connector: RedmineConnector, project: str, since: Cursor | None = None
) -> tuple[dict[str, ItemRecord], Cursor]:
    """One pass: the last record of each issue by number, and where the next pass begins."""
    found: dict[str, ItemRecord] = {}
    cursor = since
    async for page in connector.changes(container(project), since):
        _take(page, found)
        cursor = page.cursor
    assert cursor is not None
    return found, cursor


def _take(page: Page, found: dict[str, ItemRecord]) -> None:
    assert page.unreadable == ()
    for record in page.records:
        found[record.item.ref.id] = record
