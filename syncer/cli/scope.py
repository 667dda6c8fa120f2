"""SCOPE arguments: `prog:KEY`, `proj:KEY`, `prod:KEY`, `team:KEY`, `portfolio`, or a bare key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from syncer.domain.selector import InContainer
from syncer.errors import NotFound
from syncer.settings.faults import nearest_or_all
from syncer.settings.references import scope_of

if TYPE_CHECKING:
    from syncer.domain.report import Snapshot
    from syncer.service.core import Service


def scope_in_snapshot(text: str, *snapshots: Snapshot) -> str:
    """The scope that a text names among what was rolled up; `NotFound` with the nearest one."""
    return _scope(
        text,
        {
            "prog": frozenset(program.key for each in snapshots for program in each.programs),
            "proj": frozenset(project.key for each in snapshots for project in each.projects),
            "prod": frozenset(product.key for each in snapshots for product in each.products),
            "team": frozenset(),
        },
        [
            f"{source.connection}:{source.container}"
            for each in snapshots
            for source in each.sources
        ],
    )


async def scope_in_service(text: str, service: Service) -> str:
    """The scope that a text names among what is configured and what has been synced.

    `NotFound` with the nearest one otherwise.
    """
    portfolio = await service.portfolio()
    return _scope(
        text,
        {
            "prog": frozenset(program.key for program in portfolio.programs),
            "proj": frozenset(project.key for project in portfolio.projects),
            "prod": frozenset(product.key for product in portfolio.products),
            "team": frozenset(team.key for team in portfolio.teams),
        },
        [
            selector.pattern
            for project in portfolio.projects
            if project.implicit
            for selector in project.items
            if isinstance(selector, InContainer)
        ],
    )


def _scope(text: str, keys: Mapping[str, frozenset[str]], containers: Iterable[str]) -> str:
    """A configuration may name a container before it is synced; here all that exists is known."""
    try:
        found = scope_of(text, keys)
    except ValueError as error:
        message = str(error)
        raise NotFound(message[:1].upper() + message[1:]) from None
    name = text.removeprefix("proj:")
    is_container = ":" in name and name.partition(":")[0] not in keys
    known = found.partition(":")[2] in keys["proj"] and name in containers
    if is_container and not known:
        raise NotFound(
            f"No project is called {text!r}, and no container that is a project of its own. "
            f"{nearest_or_all(text, keys['proj'])}"
        )
    return found
