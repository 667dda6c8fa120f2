"""One `Traffic` for each connection of this process, whatever configurations come and go."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

from pydantic import BaseModel

from syncer.clock import Clock, pace_of
from syncer.connect.auth import Auth
from syncer.connect.budget import Traffic
from syncer.connect.config import ConnectionConfig
from syncer.connect.limiter import Limiter
from syncer.connect.sharing import LOOK, Shared
from syncer.domain.traffic import TrafficNote
from syncer.store.engine import Store
from syncer.store.traffic import claim_look, forget_notes, keep_note, load_notes


class StoredNotes:
    """What replicas tell each other of one connection, through the database they share."""

    def __init__(self, store: Store, connection: str) -> None:
        self._store = store
        self._connection = connection

    async def load(self) -> Sequence[TrafficNote]:
        """What all have told."""
        async with self._store.read() as session:
            return await load_notes(session, self._connection)

    async def keep(self, note: TrafficNote) -> None:
        """Tell the others."""
        async with self._store.write() as session:
            await keep_note(session, self._connection, note)

    async def claim(self, note: TrafficNote) -> bool:
        """Take on the look at a tracker that does not answer."""
        async with self._store.write() as session:
            return await claim_look(session, self._connection, note)

    async def forget(self, reason: str) -> None:
        """Take back what was told."""
        async with self._store.write() as session:
            await forget_notes(session, self._connection, [reason])


class Traffics:
    """The traffic of every connection, kept for as long as it is the same account's.

    `eager`: a command by a person, which looks at once whether a silent tracker answers again.
    """

    def __init__(self, store: Store, clock: Clock, *, eager: bool = False) -> None:
        self._store = store
        self._clock = clock
        self._eager = eager
        self._known: dict[str, tuple[str, Traffic]] = {}

    def of(self, config: ConnectionConfig) -> Traffic:
        """The traffic of a connection as it is configured now."""
        account, known = account_of(config), self._known.get(config.name)
        if known is None or known[0] != account:
            known = account, self._new(config.name)
            self._known[config.name] = known
        traffic = known[1]
        if traffic.limiter is not None:
            traffic.limiter.widen_to(config.concurrency)
        traffic.reserve = config.quota_reserve
        return traffic

    def _new(self, connection: str) -> Traffic:
        pace = pace_of(self._clock)

        async def sleep(seconds: float) -> None:
            await asyncio.sleep(seconds / pace)

        return Traffic(
            limiter=Limiter(),
            shared=Shared(StoredNotes(self._store, connection), every=LOOK * pace),
            clock=self._clock,
            sleep=sleep,
            eager=self._eager,
        )


def account_of(config: ConnectionConfig) -> str:
    """Which account at which tracker a connection uses, without telling its secret."""
    auth = getattr(config, "auth", None)
    parts = [config.kind, str(getattr(config, "url", ""))]
    if isinstance(auth, BaseModel):
        parts.append(auth.model_dump_json())
    if isinstance(auth, Auth):
        parts.append(auth.secret.get_secret_value())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
