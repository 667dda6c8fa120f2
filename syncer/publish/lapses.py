"""The audit of overrides that lapsed: the roll-up finds it, an edition makes it known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.override import OverrideState
from syncer.domain.report import Snapshot
from syncer.rollup.colours.overrides import states
from syncer.store.audit import AuditEvent, load_events, record

LAPSE = "colour_override.lapse"
_BY = "syncer"


async def record_lapses(session: AsyncSession, snapshot: Snapshot, *, at: datetime) -> None:
    """Note each override that a published snapshot finds lapsed, once; what was undone is known."""
    for event in _events(snapshot, at):
        if not await load_events(session, subject=event.subject, what=LAPSE, limit=1):
            await record(session, event)


def _events(snapshot: Snapshot, at: datetime) -> Iterator[AuditEvent]:
    for state in states(snapshot):
        if not state.is_active and state.override.undone_at is None:
            yield _event(state, snapshot, at)


def _event(state: OverrideState, snapshot: Snapshot, at: datetime) -> AuditEvent:
    override = state.override
    return AuditEvent(
        at=at,
        who=_BY,
        what=LAPSE,
        subject=override.id,
        before={"scope": override.scope, "shown": override.colour},
        after={"shown": state.own.health, "snapshot": snapshot.id},
        why=str(state.lapse),
    )
