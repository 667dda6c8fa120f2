"""Finds out who the token's account is and what it sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connectors.linear import queries
from connectors.linear.client import LinearClient, read
from connectors.linear.findings import Seen, SeenContainer
from connectors.linear.mapping.people import handle
from connectors.linear.mapping.project import Workspace
from connectors.linear.mapping.site import is_key
from connectors.linear.wire import Organization, Team, User
from syncer.connect.paging import TokenChain
from syncer.domain.text import clean_line
from syncer.errors import BadPayload

_PRIVATE: Final = "private"


@dataclass(frozen=True, slots=True)
class Signed:
    """Who we are, and in which workspace."""

    account: str
    workspace: Workspace
    id: str
    name: str


async def signed(client: LinearClient) -> Signed:
    """Who the account is; `AuthFailed` where it is nobody."""
    told = await client.ask(queries.account())
    user = read(User, told.data.get("viewer"), "the account")
    place = read(Organization, told.data.get("organization"), "the workspace")
    if not is_key(place.url_key):
        raise BadPayload("Linear does not tell the key of the workspace.")
    return Signed(
        account=handle(user) or "unknown",
        workspace=Workspace(str(place.url_key), _month(place.fiscal_year_start_month)),
        id=clean_line(place.id or ""),
        name=clean_line(place.name or place.url_key or ""),
    )


def _month(told: float | None) -> int:
    """The month that is told, January without one."""
    return int(told) if told and 0 <= told < 12 else 0  # noqa: PLR2004  months


async def seen(client: LinearClient) -> Seen:
    """What there is to see."""
    we = await signed(client)
    return Seen(
        account=we.account,
        workspace=SeenContainer(
            key=we.workspace.key, name=f"{we.name}: projects and initiatives", id=we.id
        ),
        teams=await _teams(client),
    )


async def _teams(client: LinearClient) -> tuple[SeenContainer, ...]:
    found: list[SeenContainer] = []
    chain, after = TokenChain(label="teams"), None
    while True:
        page = (await client.ask(queries.teams(after))).page("teams")
        for row in page.rows:
            team = read(Team, row, "a team")
            if is_key(team.key):
                name = clean_line(team.name or team.key or "")
                found.append(
                    SeenContainer(
                        key=str(team.key),
                        name=name,
                        id=team.id or "",
                        private=team.visibility == _PRIVATE,
                    )
                )
        after = chain.take(page.next, empty=not page.rows)
        if after is None:
            return tuple(found)
