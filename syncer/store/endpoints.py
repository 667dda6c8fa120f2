"""Where webhooks come in: one address a connection, kept for good.

The address is no secret, but it must not be guessed either, and it never changes by itself: a
person has entered it at the tracker.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.errors import ConfigError
from syncer.store.codec import clean_text
from syncer.store.daemon_tables import EndpointRow
from syncer.store.once import insert_new
from syncer.store.rows import table_of

ENDPOINT_BYTES: Final = 24
"""Random bytes of a generated endpoint id: 192 bits."""

LONGEST_EVENT: Final = 200
"""Characters of an event's name that are kept."""

_ENDPOINTS: Final = table_of(EndpointRow)
_WRITTEN: Final = re.compile(r"[A-Za-z0-9_-]{8,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointState:
    """A connection's endpoint and how its webhooks fare (UTC).

    `refused` counts deliveries with a wrong signature since the last genuine one.
    """

    connection: str
    endpoint_id: str
    created_at: datetime
    last_delivery_at: datetime | None = None
    last_event: str = ""
    refused: int = 0
    refused_at: datetime | None = None


async def ensure_endpoint(
    session: AsyncSession, connection: str, *, configured: str | None, at: datetime
) -> str:
    """The connection's endpoint id: the configured one, else the kept one, else a new random one.

    Needs a write session. `ConfigError` for a configured id that cannot stand in an address, and
    for one that another connection has.
    """
    if configured is not None:
        await _refuse_unusable(session, connection, configured)
    drawn = configured or secrets.token_urlsafe(ENDPOINT_BYTES)
    new = _row(connection, drawn, at=at)
    await insert_new(session, _ENDPOINTS, new, returning=_ENDPOINTS.c.endpoint_id)
    kept: str = (
        await session.scalars(
            select(_ENDPOINTS.c.endpoint_id).where(_ENDPOINTS.c.connection == connection)
        )
    ).one()
    if configured is None or configured == kept:
        return kept
    await session.execute(
        _ENDPOINTS.update()
        .where(_ENDPOINTS.c.connection == connection)
        .values(endpoint_id=configured)
    )
    return configured


def _row(connection: str, endpoint_id: str, *, at: datetime) -> dict[str, Any]:
    return {
        "connection": connection,
        "endpoint_id": endpoint_id,
        "created_at": at,
        "last_event": "",
        "refused": 0,
    }


async def _refuse_unusable(session: AsyncSession, connection: str, configured: str) -> None:
    if not _WRITTEN.fullmatch(configured):
        raise ConfigError(
            f"The endpoint_id of {connection} cannot stand in an address.",
            fix="Use 8 to 128 letters, digits, dashes and underscores, or leave it out.",
        )
    query = select(_ENDPOINTS.c.connection).where(_ENDPOINTS.c.endpoint_id == configured)
    other = await session.scalar(query)
    if other not in {None, connection}:
        raise ConfigError(
            f"The endpoint_id of {connection} is that of {other} already.",
            fix="Give each connection its own, or leave it out.",
        )


async def load_endpoints(session: AsyncSession) -> list[EndpointState]:
    """All endpoints that were ever made, in the order of their connections' names."""
    rows = await session.execute(select(*_ENDPOINTS.c).order_by(_ENDPOINTS.c.connection))
    return [EndpointState(**row._mapping) for row in rows]  # noqa: SLF001  SQLAlchemy's public name


async def note_delivery(
    session: AsyncSession, connection: str, *, event: str, at: datetime
) -> None:
    """A genuine delivery came in: earlier refusals no longer count."""
    await session.execute(
        _ENDPOINTS.update()
        .where(_ENDPOINTS.c.connection == connection)
        .values(
            last_delivery_at=at,
            last_event=clean_text(event[:LONGEST_EVENT]),
            refused=0,
            refused_at=None,
        )
    )


async def note_refusal(
    session: AsyncSession, connection: str, *, at: datetime, count: int = 1
) -> None:
    """That many deliveries with a wrong signature came in.

    Count them in memory and note them now and then: a flood of forged deliveries must not become a
    flood of writes.
    """
    await session.execute(
        _ENDPOINTS.update()
        .where(_ENDPOINTS.c.connection == connection)
        .values(refused=_ENDPOINTS.c.refused + count, refused_at=at)
    )
