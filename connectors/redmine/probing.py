"""Finds out who the key's account is and what it sees."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from connectors.redmine.client import RedmineClient
from connectors.redmine.config import RedmineConfig
from connectors.redmine.findings import Seen, SeenProject
from connectors.redmine.source import ABSENT
from connectors.redmine.wire import Project, User
from syncer.domain.text import clean_line
from syncer.errors import ConfigError, Rejected

_WRONG_ADDRESS: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE})


class Prober:
    """Looks at one connection once."""

    def __init__(self, client: RedmineClient, config: RedmineConfig) -> None:
        self._client = client
        self._config = config

    async def seen(self) -> Seen:
        """What there is to see; `ConfigError` where there is no Redmine."""
        account = await self._account()
        found: dict[str, SeenProject] = {}
        unseen = []
        for name in self._config.exact_containers:
            one = await self._named(name)
            if one is None:
                unseen.append(name)
            elif self._config.selects(one.identifier):
                found[one.identifier] = one
        if len(self._config.exact_containers) < len(self._config.containers):
            for told in await self._client.projects():
                listed = _seen(told)
                if listed and self._config.selects(listed.identifier):
                    found[listed.identifier] = listed
        return Seen(
            account=clean_line(account.login or str(account.id or "unknown")),
            admin=bool(account.admin),
            projects=tuple(found[name] for name in sorted(found)),
            unseen=tuple(unseen),
        )

    async def _account(self) -> User:
        try:
            return await self._client.account()
        except Rejected as refused:
            if refused.status not in _WRONG_ADDRESS:
                raise
            raise ConfigError(
                f"There is no Redmine at {self._config.url}: {refused.message}",
                fix="Correct `url`: it is where people see Redmine.",
            ) from refused

    async def _named(self, name: str) -> SeenProject | None:
        try:
            return _seen(await self._client.project(name))
        except Rejected as refused:
            if refused.status not in ABSENT:
                raise
            return None


def _seen(told: Project) -> SeenProject | None:
    if not told.identifier:
        return None
    name = clean_line(told.name or told.identifier)
    return SeenProject(identifier=told.identifier, name=name, id=str(told.id))
