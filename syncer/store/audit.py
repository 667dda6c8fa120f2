"""The audit log: who changed what, when and why. It only grows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.store.bulk import insert
from syncer.store.rows import table_of
from syncer.store.tables import AuditRow

_AUDIT: Final = table_of(AuditRow)

_FIELDS: Final = ("at", "who", "what", "subject", "before", "after", "why")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One change. `what` is a dotted name such as `verdict.flip`, `subject` what was changed.

    `at` is an instant in UTC; `before` and `after` are JSON objects, None where there was or is
    nothing.
    """

    at: datetime
    who: str
    what: str
    subject: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    why: str = ""


async def record(session: AsyncSession, *events: AuditEvent) -> None:
    """Append events."""
    await insert(session, _AUDIT, [_row(event) for event in events])


def _row(event: AuditEvent) -> dict[str, Any]:
    return {name: getattr(event, name) for name in _FIELDS}


async def load_events(
    session: AsyncSession, *, subject: str | None = None, what: str | None = None, limit: int = 1000
) -> list[AuditEvent]:
    """Events, newest first, of one subject or of one sort where given."""
    query = select(*_AUDIT.c).order_by(_AUDIT.c.at.desc(), _AUDIT.c.id.desc()).limit(limit)
    if subject is not None:
        query = query.where(_AUDIT.c.subject == subject)
    if what is not None:
        query = query.where(_AUDIT.c.what == what)
    rows = (await session.execute(query)).mappings()
    return [AuditEvent(**{name: row[name] for name in _FIELDS}) for row in rows]
