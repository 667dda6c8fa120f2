"""Ways of sending that look right and are not: each one the real outbox but for one thing.

The campaign must catch every one of them by the same check by which the real one passes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.errors import DispatchFailed
from syncer.failpoints import Edge, reach
from syncer.publish.channels.outcome import Finish, Unanswered
from syncer.publish.outbox import Outbox, Timing
from syncer.service.core import Service
from syncer.service.publishing import Publisher
from syncer.store.daemon_tables import DispatchRow
from syncer.store.dispatches import Dispatch, DispatchState, InDoubt
from syncer.store.leases import database_now
from syncer.store.rows import table_of

_DISPATCHES: Final = table_of(DispatchRow)
_LOCK: Final = 4711
_AT_A_TIME: Final = 12


class Defect(StrEnum):
    """What is wrong with an outbox."""

    NONE = ""
    FLAG_BEFORE_SEND = "flag before send"
    FLAG_AFTER_SEND = "flag after send"
    ROW_LOCK = "row lock over the send"
    NO_FENCING = "no fencing"
    NO_FENCING_OF_RECORDS = "no fencing of what is recorded"
    NEVER_HOLDS = "sends again what is to be held"
    LEADER = "leader with a run flag"


class _FlagBeforeSend(Outbox):
    """Marks as sent, then sends: whoever dies between the two has lost the message."""

    async def _finish(self, taken: Dispatch, finish: Finish) -> Dispatch:
        sent = await self._sent(taken)
        reach(Edge.DISPATCH_INTENDED)
        await finish()
        reach(Edge.DISPATCH_ANSWERED)
        return sent


class _FlagAfterSend(Outbox):
    """Commits no intent: whoever dies after the dot leaves a row that looks untouched."""

    async def _intend(self, taken: Dispatch) -> bool:
        return taken.state is DispatchState.CLAIMED


class _NoFencing(Outbox):
    """Asks neither for the attempt nor for the lease: a process that wakes up late sends too."""

    async def _finish(self, taken: Dispatch, finish: Finish) -> Dispatch:
        async with self.store.write() as session:
            until = await database_now(session) + self.timing.sending
            await _set(session, [taken.id], state=DispatchState.SENDING, lease_until=until)
        reach(Edge.DISPATCH_INTENDED)
        await finish()
        reach(Edge.DISPATCH_ANSWERED)
        async with self.store.write() as session:
            await _set(session, [taken.id], state=DispatchState.SENT, lease_until=None)
        return taken


class _NoFencingOfRecords(Outbox):
    """Puts off by the id alone: who was refused late opens again what another has sent."""

    async def _put_off(self, taken: Dispatch, reason: str, *, after: timedelta) -> Dispatch:
        async with self.store.write() as session:
            due = await database_now(session) + after
            waits = {"state": DispatchState.PENDING, "next_try_at": due, "lease_until": None}
            await _set(session, [taken.id], **waits, error=reason)
        return taken


class _NeverHolds(Outbox):
    """Forgets that a person is to decide about what is in doubt."""

    async def _claim(self, only: Collection[str] | None) -> Dispatch | None:
        return await Outbox._claim(replace(self, in_doubt=InDoubt.RESEND), only)


class _RowLock(Outbox):
    """Holds the row's lock while it sends: with the process the lock goes, and what it knew."""

    async def _lane(self, only: Collection[str] | None) -> list[Dispatch]:
        del only
        done: list[Dispatch] = []
        while True:
            async with self.store.write() as session:
                found = await _waiting(session, limit=1)
                if not found:
                    return done
                if await self._send(found[0]):
                    await _set(session, [found[0].id], state=DispatchState.SENT)
            done.append(found[0])

    async def _send(self, one: Dispatch) -> bool:
        try:
            async with self.prepare(one) as finish:
                await finish()
                reach(Edge.DISPATCH_ANSWERED)
        except (DispatchFailed, Unanswered):
            return False
        return True


class _Leader(_RowLock):
    """One leader by an advisory lock sends everything and then says so once."""

    async def deliver(self, *, only: Collection[str] | None = None) -> list[Dispatch]:
        del only
        async with self.store.write() as session:
            asked = text("SELECT pg_try_advisory_xact_lock(:lock)")
            if not await session.scalar(asked, {"lock": _LOCK}):
                return []
            found = await _waiting(session, limit=_AT_A_TIME)
            sent = [one.id for one in found if await self._send(one)]
            await _set(session, sent, state=DispatchState.SENT)
        return found


async def _waiting(session: AsyncSession, *, limit: int) -> list[Dispatch]:
    c = _DISPATCHES.c
    query = select(*c).where(c.state == DispatchState.PENDING).order_by(c.id).limit(limit)
    rows = (await session.execute(query.with_for_update(skip_locked=True))).mappings()
    return [Dispatch(**{**row, "state": DispatchState(row["state"])}) for row in rows]


async def _set(session: AsyncSession, ids: Collection[str], **values: Any) -> None:
    await session.execute(_DISPATCHES.update().where(_DISPATCHES.c.id.in_(ids)).values(**values))


_OUTBOXES: Final = {
    Defect.FLAG_BEFORE_SEND: _FlagBeforeSend,
    Defect.FLAG_AFTER_SEND: _FlagAfterSend,
    Defect.ROW_LOCK: _RowLock,
    Defect.NO_FENCING: _NoFencing,
    Defect.NO_FENCING_OF_RECORDS: _NoFencingOfRecords,
    Defect.NEVER_HOLDS: _NeverHolds,
    Defect.LEADER: _Leader,
}


class _Planted(Publisher):
    """The real publisher with a defective outbox."""

    kind: type[Outbox] = Outbox

    def outbox(self) -> Outbox:
        return defective(super().outbox(), self.kind)


def defective(real: Outbox, kind: type[Outbox]) -> Outbox:
    """The same outbox with the ways of another kind."""
    return kind(**{one.name: getattr(real, one.name) for one in fields(real)})


def publisher_of(
    defect: Defect, service: Service, *, owner: str, timing: Timing | None = None
) -> Publisher:
    """The real publisher, or the one with this defect."""
    if defect is Defect.NONE:
        return Publisher(service, owner=owner, timing=timing)
    planted = _Planted(service, owner=owner, timing=timing)
    planted.kind = _OUTBOXES[defect]
    return planted
