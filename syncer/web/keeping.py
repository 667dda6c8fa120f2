"""Keeping deliveries in the store, and counting refused ones until there is time to write."""

from __future__ import annotations

from collections import Counter
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from syncer.clock import Clock
from syncer.store.endpoints import note_delivery, note_refusal
from syncer.store.engine import Store
from syncer.store.inbox import accept
from syncer.web.hooks import Incoming, Unavailable

INBOX: Final = "inbox"
"""The channel on which workers wait for `Store.wakeups`."""

_PATIENCE: Final = 1.0
_SQLITE_PATIENCE: Final = 5.0  # its one writer may be in the middle of a page of items

_DATABASE: Final = (SQLAlchemyError, OSError, TimeoutError)


class Keeper:
    """The inbox as the door for webhooks sees it; counts of refusals wait for `flush`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._patience = _SQLITE_PATIENCE if store.is_sqlite else _PATIENCE
        self._refused: Counter[str] = Counter()

    async def accept(self, incoming: Incoming) -> bool:
        """Commit a delivery; False where it is known. `Unavailable` where the database is not."""
        now = self._clock.now()
        try:
            async with self._store.write(patience=self._patience) as session:
                number = await accept(
                    session,
                    connection=incoming.connection,
                    delivery_id=incoming.delivery_id,
                    body=incoming.body,
                    headers=incoming.headers,
                    event=incoming.event,
                    refs=incoming.refs,
                    deleted=incoming.deleted,
                    containers=incoming.containers,
                    state=incoming.state,
                    note=incoming.note,
                    at=now,
                )
                if number is not None:
                    await note_delivery(session, incoming.connection, event=incoming.event, at=now)
                    await self._store.notify(session, INBOX)
        except _DATABASE as error:
            raise Unavailable(
                f"The database does not take a delivery ({type(error).__name__})."
            ) from error
        self._refused.pop(incoming.connection, None)
        return number is not None

    def refused(self, connection: str) -> None:
        """Count a delivery with a wrong signature. Touches no database."""
        self._refused[connection] += 1

    async def flush(self) -> None:
        """Write the counted refusals; to be called now and then."""
        counted, self._refused = self._refused, Counter()
        if not counted:
            return
        now = self._clock.now()
        async with self._store.write() as session:
            for connection, count in counted.items():
                await note_refusal(session, connection, at=now, count=count)
