"""Finds out who the token's account is, what it sees and what it may not do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.github import queries
from connectors.github.access import Access
from connectors.github.client import GitHubClient
from connectors.github.config import GitHubConfig
from connectors.github.details import ABSENT, PROJECT_MARKS
from connectors.github.findings import Seen
from connectors.github.mapping.graph import statuses_of
from connectors.github.wire import Repository
from syncer.errors import AuthFailed, BadPayload, ConfigError, Rejected

_ASKED_ABOUT: Final = 5
"""Repositories whose projects are looked at: those of one owner mostly share them."""

_WRONG_ADDRESS: Final = frozenset({404, 406, 410})


@dataclass(slots=True)
class _Asked:
    """Whether GraphQL is answered, whether it tells of projects, and the choices these offer."""

    graphql: bool = True
    projects: bool = True
    options: tuple[tuple[str, str, str], ...] = ()


class Prober:
    """Looks at one connection once."""

    def __init__(self, access: Access, config: GitHubConfig) -> None:
        self._access = access
        self._config = config
        self._unseen: list[str] = []

    async def account(self) -> str:
        """The account's or App's name; `ConfigError` where there is no GitHub API."""
        try:
            return await self._access.who()
        except Rejected as refused:
            if refused.status not in _WRONG_ADDRESS:
                raise
            raise ConfigError(
                f"There is no GitHub API at {self._config.url}: {refused.message}",
                fix="Correct `url`; a GitHub Enterprise Server has it at https://<host>/api/v3.",
            ) from refused

    async def seen(self, headers: Mapping[str, str], permissions: Sequence[str]) -> Seen:
        """What there is to see; `headers` are those of an answer to the account's own request."""
        repositories = await self._repositories()
        asked = await self._queries(repositories)
        scopes = headers.get("X-OAuth-Scopes")
        return Seen(
            repositories=repositories,
            unseen=tuple(self._unseen),
            scopes=None if scopes is None else frozenset(scopes.replace(" ", "").split(",")),
            expires=headers.get("GitHub-Authentication-Token-Expiration", ""),
            limit=_number(headers.get("X-RateLimit-Limit")),
            left=_number(headers.get("X-RateLimit-Remaining")),
            permissions=tuple(permissions),
            graphql=asked.graphql,
            projects=asked.projects,
            options=asked.options,
        )

    async def _repositories(self) -> list[Repository]:
        """Those named are looked at one by one, those meant by globs are listed."""
        found: dict[str, Repository] = {}
        for name in self._config.exact_containers:
            one = await self._named(name)
            if one is not None and one.full_name:
                found.setdefault(one.full_name.casefold(), one)
        for one in await self._listed():
            if one.full_name and self._config.selects(one.full_name):
                found.setdefault(one.full_name.casefold(), one)
        return list(found.values())

    async def _named(self, name: str) -> Repository | None:
        try:
            client = await self._access.of(name.partition("/")[0])
            return await client.repository(name)
        except Rejected as refused:
            if refused.status not in {*ABSENT, None}:
                raise
            self._unseen.append(name)
            return None

    async def _listed(self) -> list[Repository]:
        globs = [p for p in self._config.containers if p not in self._config.exact_containers]
        owners = {glob.partition("/")[0] for glob in globs}
        if not globs:
            return []
        found = [one for client in await self._access.every() for one in await _own(client)]
        known = {(one.full_name or "").partition("/")[0].casefold() for one in found}
        for owner in sorted(owners):
            if not set(owner) & set("*?[") and owner.casefold() not in known:
                found += await self._public(owner)
        return found

    async def _public(self, owner: str) -> list[Repository]:
        """The repositories of an owner to whom the account does not belong."""
        try:
            client = await self._access.of(owner)
        except Rejected:
            return []
        return await client.repositories_of(owner)

    async def _queries(self, repositories: Sequence[Repository]) -> _Asked:
        """What GraphQL answers about the first few repositories."""
        asked = _Asked()
        names = [one.full_name for one in repositories if one.full_name]
        for full_name in names[:_ASKED_ABOUT] if self._config.graphql else ():
            owner, _, name = full_name.partition("/")
            try:
                client = await self._access.of(owner)
                variables = {"owner": owner, "name": name}
                told = await client.ask(self._config.graphql_url, queries.PROJECTS, variables)
            except (Rejected, AuthFailed, BadPayload):
                return _Asked(graphql=False, projects=False)
            repository = (told.data or {}).get("repository")
            shown = isinstance(repository, dict) and repository.get("projectsV2") is not None
            answered = told.data is not None or told.speak_of(*PROJECT_MARKS)
            asked.graphql = asked.graphql and answered
            asked.projects = asked.projects and shown
            asked.options += statuses_of(repository) if isinstance(repository, dict) else ()
        return asked


async def _own(client: GitHubClient) -> list[Repository]:
    try:
        return await client.repositories()
    except Rejected as refused:
        if refused.status not in ABSENT:
            raise
        return []


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None
