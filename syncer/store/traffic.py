"""What trackers said of their limits, for all replicas that use a connection."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import CursorResult, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.traffic import UNREACHABLE, TrafficNote
from syncer.store.bulk import upsert
from syncer.store.codec import clean_text
from syncer.store.lane_tables import TrafficRow
from syncer.store.rows import table_of

_TRAFFIC: Final = table_of(TrafficRow)


async def load_notes(session: AsyncSession, connection: str) -> list[TrafficNote]:
    """What was told of a connection, whether it still counts or not."""
    c = _TRAFFIC.c
    rows = await session.execute(
        select(*c).where(c.connection == connection).order_by(c.noted_at, c.reason)
    )
    return [_note(row) for row in rows]


async def load_outages(session: AsyncSession) -> dict[str, TrafficNote]:
    """The connections whose tracker does not answer, with since when and until when they rest."""
    c = _TRAFFIC.c
    rows = await session.execute(select(*c).where(c.reason == UNREACHABLE))
    return {row.connection: _note(row) for row in rows}


def _note(row: Any) -> TrafficNote:  # noqa: ANN401  a row of columns
    return TrafficNote(
        reason=row.reason,
        noted_at=row.noted_at,
        paused_until=row.paused_until,
        why=row.why,
        quota=row.quota,
        remaining=row.remaining,
        resets_at=row.resets_at,
        since=row.since,
        tries=row.tries,
    )


async def keep_note(session: AsyncSession, connection: str, note: TrafficNote) -> None:
    """Tell the others; of two pauses for one reason the later end stays, else what is newer."""
    by = "noted_at"
    if note.paused_until is not None and note.reason != UNREACHABLE:
        by = "paused_until"
    row = {
        "connection": connection,
        "reason": clean_text(note.reason),
        "paused_until": note.paused_until,
        "why": clean_text(note.why),
        "quota": note.quota,
        "remaining": note.remaining,
        "resets_at": note.resets_at,
        "since": note.since,
        "tries": note.tries,
        "noted_at": note.noted_at,
    }
    await upsert(session, _TRAFFIC, [row], newest_by=by)


async def claim_look(session: AsyncSession, connection: str, note: TrafficNote) -> bool:
    """Take on the look at a tracker that does not answer; False where another replica did.

    `note.tries` is one more than what is kept, if nobody did.
    """
    c = _TRAFFIC.c
    mine = (c.connection == connection) & (c.reason == note.reason) & (c.tries == note.tries - 1)
    values = {"tries": note.tries, "paused_until": note.paused_until, "noted_at": note.noted_at}
    done = await session.execute(_TRAFFIC.update().where(mine).values(**values))
    return isinstance(done, CursorResult) and done.rowcount == 1


async def forget_notes(session: AsyncSession, connection: str, reasons: Collection[str]) -> None:
    """Take back what was told of a connection under these reasons."""
    c = _TRAFFIC.c
    await session.execute(
        _TRAFFIC.delete().where(c.connection == connection, c.reason.in_(list(reasons)))
    )


async def forget_old_notes(session: AsyncSession, *, before: datetime) -> None:
    """Drop pauses and quotas that ended before an instant (UTC)."""
    c = _TRAFFIC.c
    over = or_(c.paused_until.is_(None), c.paused_until < before)
    reset = or_(c.resets_at.is_(None), c.resets_at < before)
    await session.execute(_TRAFFIC.delete().where(over, reset, c.reason != UNREACHABLE))
