"""Finds out who the token's account is, what it sees and what it may not do."""

from __future__ import annotations

from typing import Final

from connectors.azure_devops.catalogue import ABSENT
from connectors.azure_devops.client import AzureDevOpsClient
from connectors.azure_devops.config import AzureDevOpsConfig
from connectors.azure_devops.findings import Seen
from syncer.errors import AuthFailed, ConfigError, Rejected

_WRONG_ADDRESS: Final = frozenset({404, 406, 410})
_LINKS: Final = "the feed of links"


class Prober:
    """Looks at one connection once."""

    def __init__(self, client: AzureDevOpsClient, config: AzureDevOpsConfig) -> None:
        self._client = client
        self._config = config

    async def seen(self) -> Seen:
        """What there is to see, what matters most first.

        A token without the scope for projects may be refused for all calls after that one: it
        comes last.
        """
        await self._feed()
        told = await self._client.connection()
        user = told.authenticated_user
        account = (user and (user.custom_display_name or user.provider_display_name)) or ""
        left_out = await self._left_out()
        return Seen(
            account=account or "an account without a name",
            organisation_id=told.instance_id or "",
            projects=await self._projects(),
            left_out=left_out,
        )

    async def _feed(self) -> None:
        """The feed of revisions, without which nothing is read."""
        try:
            await self._client.revisions(None, deleted=False, size=1)
        except Rejected as refused:
            if refused.status not in _WRONG_ADDRESS:
                raise
            raise ConfigError(
                f"There is no Azure DevOps organisation at {self._config.url}: {refused.message}",
                fix="Correct `url`: it ends with the organisation's or the collection's name.",
            ) from refused

    async def _left_out(self) -> tuple[str, ...]:
        try:
            await self._client.links(None, since="2100-01-01T00:00:00Z")
        except Rejected as refused:
            if refused.status not in ABSENT:
                raise
            return (_LINKS,)
        return ()

    async def _projects(self) -> list[str] | None:
        try:
            projects = await self._client.projects()
        except (AuthFailed, Rejected):
            return None
        return sorted(one.name for one in projects if one.name)
