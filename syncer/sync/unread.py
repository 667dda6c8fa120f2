"""What is in quarantine is asked for again by its id, one container after the other.

A pull comes across an item only when it changes, and a count only when it is not stored. An item
that could not be read for a while is neither; and of one that only a webhook named, nobody may know
the container.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from syncer.clock import Clock
from syncer.connect.protocol import Connector
from syncer.domain.lane import Lane
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import SyncerError
from syncer.log import get_logger
from syncer.store.engine import Store
from syncer.store.quarantine import load_quarantine
from syncer.sync.connection import Wanted
from syncer.sync.fetching import fetch_all, keep_fetched

_log: Final = get_logger(__name__)


async def ask_unread(
    store: Store, connector: Connector, *, connection: str, clock: Clock, wanted: Wanted
) -> None:
    """Ask once more for a connection's items in quarantine; what is known of one by then leaves.

    Where the tracker does not answer they stay for the next time. One that told no id can be in no
    question: it stays for the next pull.
    """
    for home, refs in (await _waiting(store, connection)).items():
        read_at = clock.now()
        try:
            fetched = await fetch_all(connector, refs, subject=str(home))
        except SyncerError as error:
            _log.warning("quarantine could not be asked for", container=str(home), error=str(error))
            continue
        async with store.write() as session:
            await keep_fetched(
                session,
                fetched,
                connection=connection,
                wanted=wanted,
                at=clock.now(),
                read_at=read_at,
                lane=Lane.CENSUS,
                home=home,
            )


async def _waiting(store: Store, connection: str) -> dict[ContainerKey, list[ItemRef]]:
    async with store.read() as session:
        every = await load_quarantine(session)
    waiting: dict[ContainerKey, list[ItemRef]] = defaultdict(list)
    for one in every:
        if one.container.connection == connection and not one.is_nameless:
            waiting[one.container].append(one.ref)
    return waiting
