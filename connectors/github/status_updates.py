"""Asks for the reports on a repository's projects: one query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.github import queries
from connectors.github.client import GitHubClient
from connectors.github.details import Details
from connectors.github.mapping.nodes import Node
from syncer.domain.ref import ContainerKey
from syncer.errors import Rejected

MISSING_SCOPE_FIX = "Give the token the scope read:project, or Projects: read of the organisation."


async def told_of(
    client: GitHubClient, details: Details, container: ContainerKey
) -> tuple[Node, bool]:
    """The repository's projects with their reports, and whether those are all.

    `Rejected` where GitHub does not tell them; it is not asked where it has just refused issues'
    places in projects, which need the same right.
    """
    if not (details.graphql and details.projects):
        raise refusal(container)
    owner, _, name = container.key.partition("/")
    told = await client.ask(details.url, queries.STATUS_UPDATES, {"owner": owner, "name": name})
    found: Mapping[str, Any] = told.data or {}
    repository = found.get("repository")
    if not isinstance(repository, dict) or not isinstance(repository.get("projectsV2"), dict):
        raise refusal(container)
    return repository, not told.errors


def refusal(container: ContainerKey) -> Rejected:
    """Says that reports are kept from us, and what helps."""
    return Rejected(
        f"GitHub does not tell the status updates of the projects of {container}.",
        fix=MISSING_SCOPE_FIX,
    )
