"""How replicas tell each other what a tracker said of its limits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from syncer.connect.circuit import Outage
from syncer.connect.quota import Quota
from syncer.domain.traffic import UNREACHABLE, TrafficNote
from syncer.errors import SyncerError
from syncer.log import get_logger

LOOK: Final = timedelta(seconds=5)
"""How often it is looked what other replicas were told."""

_QUOTA: Final = "quota:"
_log: Final = get_logger(__name__)


class Sharing(Protocol):
    """Where the notes of one connection lie; errors as of the database."""

    async def load(self) -> Sequence[TrafficNote]:
        """What all have told, also this one."""
        ...

    async def keep(self, note: TrafficNote) -> None:
        """Tell the others; of two pauses for one reason the later end stays."""
        ...

    async def claim(self, note: TrafficNote) -> bool:
        """Take on the next look at a tracker that does not answer; False where another did.

        `note.tries` is one more than what is kept, if nobody did.
        """
        ...

    async def forget(self, reason: str) -> None:
        """Take back what was told under a reason."""
        ...


class Shared:
    """What is shared, looked up at intervals. Without the database one goes on by oneself."""

    def __init__(self, sharing: Sharing | None, *, every: timedelta = LOOK) -> None:
        self._sharing = sharing
        self._every = every
        self._looked_at: datetime | None = None

    def expire(self) -> None:
        """Let the next look be made, however short the last one is past."""
        self._looked_at = None

    async def news(self, now: datetime) -> Sequence[TrafficNote] | None:
        """All notes, None where it is not yet time to look or nothing can be read."""
        if self._sharing is None or (self._looked_at and now - self._looked_at < self._every):
            return None
        self._looked_at = now
        try:
            return await self._sharing.load()
        except SyncerError as error:
            _log.warning("limits known to other replicas cannot be read", error=str(error))
            return None

    async def keep(self, note: TrafficNote) -> None:
        """Tell the others."""
        await self._tell(lambda sharing: sharing.keep(note))

    async def forget(self, reason: str) -> None:
        """Take back what was told."""
        await self._tell(lambda sharing: sharing.forget(reason))

    async def claim(self, note: TrafficNote) -> bool:
        """Whether it is this replica that makes the next look at a silent tracker."""
        if self._sharing is None:
            return True
        try:
            return await self._sharing.claim(note)
        except SyncerError as error:
            _log.warning("other replicas cannot be asked about an outage", error=str(error))
            return True

    async def _tell(self, what: Callable[[Sharing], Awaitable[None]]) -> None:
        if self._sharing is None:
            return
        try:
            await what(self._sharing)
        except SyncerError as error:
            _log.warning("other replicas are not told of a limit", error=str(error))


def outage_note(outage: Outage, now: datetime) -> TrafficNote:
    """An outage as it is shared."""
    return TrafficNote(
        reason=UNREACHABLE,
        noted_at=now,
        paused_until=outage.next_at,
        why=outage.why,
        since=outage.since,
        tries=outage.tries,
    )


def outage_of(notes: Sequence[TrafficNote]) -> Outage | None:
    """The outage among the notes."""
    for note in notes:
        if note.reason == UNREACHABLE and note.paused_until is not None:
            since = note.since or note.noted_at
            return Outage(since=since, next_at=note.paused_until, tries=note.tries, why=note.why)
    return None


def quota_note(quota: Quota, now: datetime) -> TrafficNote:
    """What is left of a quota, as it is shared."""
    return TrafficNote(
        reason=f"{_QUOTA}{quota.resource}/{quota.policy}",
        noted_at=now,
        quota=quota.limit,
        remaining=quota.remaining,
        resets_at=quota.resets_at,
    )


def quota_of(note: TrafficNote) -> Quota | None:
    """The quota that a note tells of."""
    if not note.reason.startswith(_QUOTA) or note.resets_at is None or note.quota is None:
        return None
    resource, _, policy = note.reason.removeprefix(_QUOTA).partition("/")
    return Quota(
        resource=resource,
        policy=policy,
        limit=note.quota,
        remaining=note.remaining or 0,
        resets_at=note.resets_at,
    )
