"""Dispatches by hand: sending one once more, and calling one off (reliability spec, section 4).

Both are told in the audit log. What may have arrived stays counted, so that whatever goes out once
more says that it may be one too many.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.errors import NotFound, Rejected
from syncer.publish.outbox import REPEATABLE
from syncer.service.core import Service
from syncer.service.publishing import Publisher
from syncer.store.audit import AuditEvent, record
from syncer.store.dispatch_orders import called_off, is_at_work, keep_order, sent_anew
from syncer.store.dispatches import (
    Dispatch,
    DispatchState,
    Wanted,
    find_dispatches,
    load_dispatches,
)
from syncer.store.leases import database_now

_MOST: Final = 1000
"""So many at a time."""


class Order(StrEnum):
    """What a person may want of a dispatch."""

    RESEND = "resend"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """An order with who gives it and why; `owner` is what this process is called among replicas."""

    order: Order
    who: str
    why: str = ""
    owner: str = ""


async def listed(service: Service, wanted: Wanted, *, limit: int = 1000) -> list[Dispatch]:
    """The dispatches that are meant, the newest edition's first.

    `NotFound` for a beginning of an id that none has, or more than one.
    """
    async with service.store.read() as session:
        found = await find_dispatches(session, wanted, limit=limit)
    _refuse_unclear(wanted.ids, found)
    return found


def _refuse_unclear(ids: Collection[str], found: Sequence[Dispatch]) -> None:
    for name in ids:
        same = sum(one.id.startswith(name) for one in found)
        if same != 1:
            told = "No dispatch has an id" if not same else f"{same} dispatches have ids"
            raise NotFound(
                f"{told} that begins with {name!r}.",
                fix="See the ids with `syncer dispatches --format json`.",
            )


async def orderable(service: Service, wanted: Wanted, order: Order) -> list[Dispatch]:
    """Those of the dispatches that are meant for which the order can be given.

    `Rejected` where one that is named by its id is none of them; others are left out.
    """
    found = await listed(service, wanted, limit=_MOST)
    async with service.store.read() as session:
        now = await database_now(session)
    return _possible(found, order, now=now, named=bool(wanted.ids))


def _possible(
    found: Sequence[Dispatch], order: Order, *, now: datetime, named: bool
) -> list[Dispatch]:
    reasons = [(one, objection(one, order, now=now)) for one in found]
    refused = [f"{one.recipient} of {one.edition}: {why}" for one, why in reasons if why]
    if named and refused:
        raise Rejected(refused[0], fix="See `syncer dispatches`.")
    return [one for one, why in reasons if not why]


def objection(one: Dispatch, order: Order, *, now: datetime) -> str:
    """Why the order cannot be given at this instant of the database's clock; empty where it can."""
    if is_at_work(one, now):
        return f"{one.owner} is sending it at this instant"
    match one.state, order:
        case DispatchState.SENT, _:
            return "it was sent; what has to be put right goes out as a correction"
        case DispatchState.CANCELLED, Order.CANCEL:
            return "it is cancelled already"
        case _:
            return ""


async def carry_out(service: Service, ids: Collection[str], command: Command) -> list[Dispatch]:
    """Give the order to all of these for which it can still be given; they as they are then.

    What is to go out once more is tried at once.
    """
    async with service.store.write() as session:
        chosen = await _decide(session, ids, command, at=service.clock.now())
    if command.order is Order.RESEND:
        outbox = Publisher(service, owner=command.owner or command.who).outbox()
        await outbox.deliver(only=[one.id for one in chosen])
    async with service.store.read() as session:
        return await load_dispatches(session, ids=ids, limit=_MOST)


async def _decide(
    session: AsyncSession, ids: Collection[str], command: Command, *, at: datetime
) -> list[Dispatch]:
    """Decide upon the rows as they are now, whatever a list of a moment ago said."""
    found = await load_dispatches(session, ids=ids, limit=_MOST, lock=True)
    now = await database_now(session)
    chosen = [one for one in found if not objection(one, command.order, now=now)]
    for one in chosen:
        ordered = _ordered(one, command, now=now)
        await keep_order(session, ordered)
        await record(session, _event(one, ordered, command, at=at))
    return chosen


def _ordered(one: Dispatch, command: Command, *, now: datetime) -> Dispatch:
    if command.order is Order.RESEND:
        return sent_anew(one, now, repeatable=REPEATABLE)
    reason = f"Cancelled by {command.who}" + (f": {command.why}" if command.why else ".")
    return called_off(one, reason=reason, repeatable=REPEATABLE)


def _event(before: Dispatch, after: Dispatch, command: Command, *, at: datetime) -> AuditEvent:
    return AuditEvent(
        at=at,
        who=command.who,
        what=f"dispatch.{command.order}",
        subject=before.id,
        before=_told(before),
        after=_told(after),
        why=command.why,
    )


def _told(one: Dispatch) -> dict[str, object]:
    return {
        "audience": one.audience,
        "edition": one.edition,
        "version": one.version,
        "channel": one.channel,
        "recipient": one.recipient,
        "state": one.state.value,
        "in_doubt": one.in_doubt,
    }
