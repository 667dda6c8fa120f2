"""Civil periods of schedules: the unique row that decides who acts on each, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.store.daemon_tables import PeriodRow
from syncer.store.once import insert_new
from syncer.store.rows import table_of

_PERIODS: Final = table_of(PeriodRow)


class PeriodState(StrEnum):
    """What was decided about a period."""

    STARTED = "started"
    """The schedule was first seen: what was due before is nobody's business."""
    TAKEN = "taken"
    """Its snapshot was taken; the note is the snapshot's id."""
    PUBLISHED = "published"
    """Its edition was published."""
    SKIPPED = "skipped"
    """A later one had come due before anyone could act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedPeriod:
    """One period of one schedule and what was decided, instants in UTC."""

    schedule: str
    period: str
    due_at: datetime
    decided_at: datetime
    state: PeriodState
    note: str = ""


async def decide(session: AsyncSession, one: DecidedPeriod) -> bool:
    """Record the decision; False where somebody has decided already, and nothing changes."""
    row = {
        "schedule": one.schedule,
        "period": one.period,
        "due_at": one.due_at,
        "decided_at": one.decided_at,
        "state": one.state,
        "note": one.note,
    }
    made = await insert_new(session, _PERIODS, row, returning=_PERIODS.c.period)
    return made is not None


async def load_period(session: AsyncSession, schedule: str, period: str) -> DecidedPeriod | None:
    """What was decided about one period, None where nothing was."""
    c = _PERIODS.c
    query = select(*c).where(c.schedule == schedule, c.period == period)
    row = (await session.execute(query)).mappings().one_or_none()
    return DecidedPeriod(**{**row, "state": PeriodState(row["state"])}) if row else None


async def last_decided(session: AsyncSession, schedule: str) -> datetime | None:
    """When the newest decided period of a schedule was due, None for one never seen."""
    query = select(func.max(_PERIODS.c.due_at)).where(_PERIODS.c.schedule == schedule)
    found: datetime | None = await session.scalar(query)
    return found


async def list_periods(session: AsyncSession, schedule: str) -> list[DecidedPeriod]:
    """Everything decided about a schedule, newest first."""
    query = select(*_PERIODS.c).where(_PERIODS.c.schedule == schedule)
    rows = (await session.execute(query.order_by(_PERIODS.c.due_at.desc()))).mappings()
    return [DecidedPeriod(**{**row, "state": PeriodState(row["state"])}) for row in rows]
