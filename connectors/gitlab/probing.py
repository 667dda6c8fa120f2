"""Finds out who the token's account is, what it sees and what it may not do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from connectors.gitlab.client import GitLabClient, Kind
from connectors.gitlab.config import GitLabConfig
from connectors.gitlab.findings import Seen, SeenContainer
from connectors.gitlab.graph_source import GraphSource
from connectors.gitlab.source import ABSENT, Box, NoGraphQL
from connectors.gitlab.wire import Group, Project
from syncer.connect.walk import Position
from syncer.errors import BadPayload, ConfigError, Rejected

_WRONG_ADDRESS: Final = frozenset({404, 406, 410})
_DISABLED: Final = "disabled"


class Prober:
    """Looks at one connection once."""

    def __init__(
        self, client: GitLabClient, config: GitLabConfig, *, graph: GraphSource | None
    ) -> None:
        self._client = client
        self._config = config
        self._graph = graph
        self._unseen: list[str] = []

    async def account(self) -> str:
        """The account's name; `ConfigError` where there is no GitLab."""
        try:
            return await self._client.username()
        except Rejected as refused:
            if refused.status not in _WRONG_ADDRESS:
                raise
            raise ConfigError(
                f"There is no GitLab at {self._config.url}: {refused.message}",
                fix="Correct `url`: it is where people see GitLab, without /api/v4.",
            ) from refused

    async def seen(self) -> Seen:
        """What there is to see."""
        containers = await self._containers()
        token = await self._client.token()
        graphql, left_out = await self._queries(containers)
        return Seen(
            containers=tuple(containers),
            unseen=tuple(self._unseen),
            scopes=None if token is None or token.scopes is None else frozenset(token.scopes),
            expires=(token.expires_at or "") if token else "",
            graphql=graphql,
            left_out=tuple(sorted(left_out)),
        )

    async def _containers(self) -> list[SeenContainer]:
        """Those named are looked at one by one, those meant by globs are listed."""
        found: dict[str, SeenContainer] = {}
        for path in self._config.exact_containers:
            one = await self._named(path)
            if one is not None:
                found.setdefault(one.path.casefold(), one)
        if len(self._config.exact_containers) < len(self._config.containers):
            for one in await self._listed():
                if self._config.selects(one.path):
                    found.setdefault(one.path.casefold(), one)
        kept = [one for one in found.values() if not self._config.excludes(one.path)]
        return sorted(kept, key=lambda one: one.path)

    async def _named(self, path: str) -> SeenContainer | None:
        try:
            kind = await self._client.kind_of(path)
            if kind is Kind.PROJECT:
                return next(iter(_projects([await self._client.project(path)])), None)
            return next(iter(_groups([await self._client.group(path)])), None)
        except Rejected as refused:
            if refused.status not in ABSENT:
                raise
            self._unseen.append(path)
            return None

    async def _listed(self) -> list[SeenContainer]:
        projects = _projects(await self._client.projects())
        groups = _groups(await self._client.groups()) if self._config.epics else ()
        return [*projects, *groups]

    async def _queries(self, containers: Iterable[SeenContainer]) -> tuple[bool, set[str]]:
        """Whether GraphQL tells of work items here, and what it does not know."""
        box = next((Box(one.path, one.kind) for one in containers), None)
        if self._graph is None or box is None:
            return self._graph is not None, set()
        try:
            await self._graph.page(box, Position(), 1)
        except NoGraphQL:
            return False, set()
        except (Rejected, BadPayload):  # what is wrong with one container, its sync says
            return True, set()
        return True, self._graph.left_out


def _projects(rows: Iterable[Project]) -> Iterable[SeenContainer]:
    for one in rows:
        if one.path_with_namespace:
            yield SeenContainer(
                path=one.path_with_namespace,
                name=one.name_with_namespace or one.path_with_namespace,
                kind=Kind.PROJECT,
                id=str(one.id or ""),
                archived=bool(one.archived),
                disabled=one.issues_access_level == _DISABLED,
            )


def _groups(rows: Iterable[Group]) -> Iterable[SeenContainer]:
    for one in rows:
        if one.full_path:
            yield SeenContainer(
                path=one.full_path,
                name=one.full_name or one.full_path,
                kind=Kind.GROUP,
                id=f"group-{one.id}" if one.id else "",
            )
