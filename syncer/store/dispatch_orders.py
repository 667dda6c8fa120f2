"""What a person decides about dispatches: that one goes out once more, or not at all.

The rows are read with `load_dispatches(…, lock=True)` in the same transaction, so that no replica
claims one between the decision and its record. A copy that may have arrived stays counted.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.store.daemon_tables import DispatchRow
from syncer.store.dispatches import AT_WORK, Dispatch, DispatchState, InDoubt, taken_from
from syncer.store.rows import table_of

_DISPATCHES: Final = table_of(DispatchRow)
_CHANGEABLE: Final = (
    *("state", "attempt", "tries", "in_doubt", "owner"),
    *("lease_until", "next_try_at", "error"),
)


def is_at_work(one: Dispatch, now: datetime) -> bool:
    """Whether a process has it at this instant of the database's clock."""
    return one.state in AT_WORK and one.lease_until is not None and one.lease_until > now


def sent_anew(one: Dispatch, now: datetime, *, repeatable: Collection[str]) -> Dispatch:
    """The dispatch on its way once more, with all its tries before it."""
    free = _freed(one, repeatable=repeatable)
    return replace(free, state=DispatchState.PENDING, tries=0, next_try_at=now, error="")


def called_off(one: Dispatch, *, reason: str, repeatable: Collection[str]) -> Dispatch:
    """The dispatch that nobody sends any more, and why."""
    free = _freed(one, repeatable=repeatable)
    return replace(free, state=DispatchState.CANCELLED, error=reason)


def _freed(one: Dispatch, *, repeatable: Collection[str]) -> Dispatch:
    """Out of the hands of a process that died: fenced off, and with its doubt counted."""
    if one.state not in AT_WORK:
        return one
    # A claim counts an attempt, which fences off whoever had it.
    settled = taken_from(one, in_doubt=InDoubt.HOLD, repeatable=repeatable)
    return replace(settled, owner="", lease_until=None)


async def keep_order(session: AsyncSession, one: Dispatch) -> None:
    """Write a dispatch as a person has decided about it."""
    values = {name: getattr(one, name) for name in _CHANGEABLE}
    await session.execute(_DISPATCHES.update().where(_DISPATCHES.c.id == one.id).values(**values))
