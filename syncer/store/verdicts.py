"""Verdicts on items, and people's corrections of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from pydantic import TypeAdapter
from sqlalchemy import Text, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.statement import Door, Provenance, VerdictOverride
from syncer.domain.verdict import Reason, Verdict, VerdictLevel
from syncer.errors import NotFound
from syncer.store.audit import AuditEvent, record
from syncer.store.bulk import by_code_point, insert, upsert
from syncer.store.locks import one_writer
from syncer.store.rows import table_of
from syncer.store.tables import OverrideRow, VerdictRow

_VERDICTS: Final = table_of(VerdictRow)
_OVERRIDES: Final = table_of(OverrideRow)
_PART: Final = 1000
_REASONS: Final = TypeAdapter(tuple[Reason, ...])
_REASONS_TEXT: Final = msgspec.json.Decoder(tuple[Reason, ...])
_LEVELS: Final = {str(level): level for level in VerdictLevel}
_IN_FORCE: Final = (
    _VERDICTS.c.item_uid,
    _VERDICTS.c.level,
    _VERDICTS.c.leaning,
    _VERDICTS.c.confidence,
    _VERDICTS.c.decided_by,
    cast(_VERDICTS.c.reasons, Text),  # parsed once, here
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVerdict:
    """The verdict in force since `since` (UTC).

    `pending` is another level to which evidence has pointed since `pending_since`: it comes into
    force when a second sync finds the same.
    """

    verdict: Verdict
    since: datetime
    pending: VerdictLevel | None = None
    pending_since: datetime | None = None


async def lock_verdicts(session: AsyncSession) -> None:
    """Let nobody else write verdicts or corrections until this transaction ends."""
    await one_writer(session, "verdicts")


async def save_verdicts(session: AsyncSession, verdicts: Mapping[str, StoredVerdict]) -> None:
    """Write the verdicts by the uid of their item."""
    await upsert(session, _VERDICTS, [_row(uid, stored) for uid, stored in verdicts.items()])


def _row(uid: str, stored: StoredVerdict) -> dict[str, Any]:
    verdict = stored.verdict
    return {
        "item_uid": uid,
        "level": verdict.level,
        "leaning": verdict.leaning,
        "confidence": verdict.confidence,
        "decided_by": verdict.decided_by,
        "reasons": verdict.reasons,
        "since": stored.since,
        "pending_level": stored.pending,
        "pending_since": stored.pending_since,
    }


async def load_stored_verdicts(session: AsyncSession) -> dict[str, StoredVerdict]:
    """All verdicts with what evidence has begun to say against them, by item uid."""
    ordered = select(*_VERDICTS.c).order_by(by_code_point(_VERDICTS.c.item_uid))
    result = await session.stream(ordered)
    rows = [row async for part in result.partitions(_PART) for row in part]
    return await asyncio.to_thread(lambda: {row.item_uid: _stored(row) for row in rows})


def _stored(row: Any) -> StoredVerdict:  # noqa: ANN401  a row of columns
    return StoredVerdict(
        verdict=Verdict(
            level=VerdictLevel(row.level),
            leaning=VerdictLevel(row.leaning),
            confidence=row.confidence,
            decided_by=row.decided_by,
            reasons=_REASONS.validate_python(row.reasons),
        ),
        since=row.since,
        pending=VerdictLevel(row.pending_level) if row.pending_level else None,
        pending_since=row.pending_since,
    )


async def load_verdicts(session: AsyncSession) -> dict[str, Verdict]:
    """The verdicts in force, by item uid."""
    ordered = select(*_IN_FORCE).order_by(by_code_point(_VERDICTS.c.item_uid))
    result = await session.stream(ordered)
    rows = [row async for part in result.partitions(_PART) for row in part]
    return await asyncio.to_thread(_verdicts, rows)


def _verdicts(rows: Iterable[Sequence[Any]]) -> dict[str, Verdict]:
    """The verdicts by uid; those that say the same are one value."""
    made: dict[Sequence[Any], Verdict] = {}
    found: dict[str, Verdict] = {}
    for row in rows:
        told = row[1:]
        verdict = made.get(told)
        if verdict is None:
            verdict = made[told] = _verdict(told)
        found[row[0]] = verdict
    return found


def _verdict(row: Sequence[Any]) -> Verdict:
    level, leaning, confidence, decided_by, reasons = row
    return Verdict(
        level=_LEVELS[level],
        leaning=_LEVELS[leaning],
        confidence=confidence,
        decided_by=decided_by,
        reasons=_REASONS_TEXT.decode(reasons),
    )


async def add_override(session: AsyncSession, override: VerdictOverride) -> None:
    """Record a person's correction, with audit; a later one on the same item wins."""
    await lock_verdicts(session)
    said = override.provenance
    row = {
        "id": override.id,
        "item_uid": override.item_uid,
        "level": override.level,
        "children": override.children,
        "reason": override.reason,
        "undone": override.undone,
        "author": said.author,
        "at": said.at,
        "door": said.door,
        "source": said.source,
    }
    await insert(session, _OVERRIDES, [row])
    after = {"level": override.level, "children": override.children, "id": override.id}
    event = AuditEvent(
        at=said.at,
        who=said.author,
        what="override.add",
        subject=override.item_uid,
        after=after,
        why=override.reason,
    )
    await record(session, event)


async def undo_override(session: AsyncSession, identity: str, *, who: str, at: datetime) -> None:
    """Take a correction back, with audit; it stays on record. `NotFound` for an unknown one."""
    await lock_verdicts(session)
    query = select(_OVERRIDES.c.item_uid).where(
        _OVERRIDES.c.id == identity, _OVERRIDES.c.undone.is_(False)
    )
    uid = await session.scalar(query)
    if uid is None:
        raise NotFound(f"No override {identity!r} is in force.", fix="See `override list`.")
    where = _OVERRIDES.c.id == identity
    await session.execute(_OVERRIDES.update().where(where).values(undone=True))
    event = AuditEvent(at=at, who=who, what="override.undo", subject=uid, before={"id": identity})
    await record(session, event)


async def load_overrides(
    session: AsyncSession, *, until: datetime | None = None, with_undone: bool = False
) -> Sequence[VerdictOverride]:
    """Corrections, oldest first: those in force, or all."""
    query = select(*_OVERRIDES.c).order_by(_OVERRIDES.c.at, by_code_point(_OVERRIDES.c.id))
    if until is not None:
        query = query.where(_OVERRIDES.c.at <= until)
    if not with_undone:
        query = query.where(_OVERRIDES.c.undone.is_(False))
    return [_override(row) for row in await session.execute(query)]


def _override(row: Any) -> VerdictOverride:  # noqa: ANN401  a row of columns
    return VerdictOverride(
        id=row.id,
        item_uid=row.item_uid,
        level=VerdictLevel(row.level),
        children=row.children,
        reason=row.reason,
        undone=row.undone,
        provenance=Provenance(author=row.author, at=row.at, door=Door(row.door), source=row.source),
    )
