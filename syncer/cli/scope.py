"""SCOPE arguments: `prog:KEY`, `proj:KEY`, `prod:KEY`, `team:KEY`, `portfolio`, or a bare key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncer.errors import NotFound
from syncer.settings.references import scope_of

if TYPE_CHECKING:
    from syncer.domain.report import Snapshot
    from syncer.service import Service


def scope_in_snapshot(text: str, snapshot: Snapshot) -> str:
    """The scope that a text names among what was rolled up; `NotFound` with the nearest one."""
    return _scope(
        text,
        {
            "prog": frozenset(program.key for program in snapshot.programs),
            "proj": frozenset(project.key for project in snapshot.projects),
            "prod": frozenset(product.key for product in snapshot.products),
            "team": frozenset(),
        },
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
    )


def _scope(text: str, keys: dict[str, frozenset[str]]) -> str:
    try:
        return scope_of(text, keys)
    except ValueError as error:
        message = str(error)
        raise NotFound(message[:1].upper() + message[1:]) from None
