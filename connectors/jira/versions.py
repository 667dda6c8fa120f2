"""Which issues changed since when, by id and time alone: what the look-back lane compares."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from connectors.jira.client import JiraClient
from connectors.jira.jql import changed_since, is_issue_id
from connectors.jira.mapping.site import Site
from connectors.jira.mapping.times import epoch_ms
from connectors.jira.pages import instant_or_none
from syncer.domain.ref import ContainerKey, ItemRef

_A_PAGE: Final = 1000


async def changed_versions(
    client: JiraClient, site: Site, container: ContainerKey, *, since: datetime
) -> AsyncIterator[tuple[ItemRef, datetime]]:
    """Each issue of a project that changed since an instant, with the time of its last change.

    An issue may come twice where the list changes meanwhile; one whose time cannot be read is left
    to pulls and censuses.
    """
    jql = changed_since(container.key, epoch_ms(since))
    async for found in client.every_page(jql, fields=["updated"], size=_A_PAGE):
        for raw in found.issues:
            id_, fields = str(raw.get("id")), raw.get("fields")
            told = fields.get("updated") if isinstance(fields, dict) else None
            at = instant_or_none(told, site)
            if at is not None and is_issue_id(id_):
                ref = ItemRef(container.connection, id_, str(raw.get("key") or ""))
                yield ref, at
