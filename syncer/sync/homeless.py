"""Items in quarantine whose container nobody knows: no pull and no count comes across them.

A webhook names an item by its id. Where the tracker then gives nothing readable of one that is not
stored, it can be asked for again by that id alone.
"""

from __future__ import annotations

from typing import Final

from syncer.clock import Clock
from syncer.connect.protocol import Connector
from syncer.domain.lane import Lane
from syncer.domain.ref import ContainerKey
from syncer.errors import SyncerError
from syncer.log import get_logger
from syncer.store.engine import Store
from syncer.store.quarantine import load_quarantine
from syncer.sync.connection import Wanted
from syncer.sync.fetching import fetch_all, keep_fetched

_log: Final = get_logger(__name__)


async def ask_homeless(
    store: Store, connector: Connector, *, connection: str, clock: Clock, wanted: Wanted
) -> None:
    """Ask once more for what is in quarantine under no container; it leaves if anything is known.

    Where the tracker does not answer they stay for the next time.
    """
    home = ContainerKey(connection, "")
    async with store.read() as session:
        waiting = await load_quarantine(session, container=home)
    refs = [one.ref for one in waiting if not one.is_nameless]
    if not refs:
        return
    read_at = clock.now()
    try:
        fetched = await fetch_all(connector, refs, subject=connection)
    except SyncerError as error:
        _log.warning("quarantine could not be asked for", connection=connection, error=str(error))
        return
    async with store.write() as session:
        await keep_fetched(
            session,
            fetched,
            connection=connection,
            wanted=wanted,
            at=clock.now(),
            read_at=read_at,
            lane=Lane.CENSUS,
        )
