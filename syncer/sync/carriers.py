"""A connection to which items are pushed is known, though nobody is asked for what it shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from syncer.domain.ref import ContainerKey
from syncer.store import sources
from syncer.store.engine import Store


async def note_carrier(
    store: Store,
    kind: str,
    connection: str,
    *,
    wants: Callable[[ContainerKey], bool],
    at: datetime,
) -> None:
    """Record that the connection is in use, and which of its containers are wanted.

    Nothing is said about the freshness of any: that is the deliveries' own word.
    """
    async with store.write() as session:
        await sources.save_connection(
            session,
            connection,
            kind=kind,
            at=at,
            account="",
            server="",
            timezone="UTC",
            findings=[],
        )
        known = await sources.containers_of(session, connection)
        await sources.select_containers(session, connection, {*filter(wants, known)})
