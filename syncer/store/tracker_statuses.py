"""What people reported at trackers on the trackers' own projects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Text, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.ref import ContainerKey
from syncer.domain.statement import TrackerStatus
from syncer.store.bulk import by_code_point, upsert
from syncer.store.codec import clean_json, clean_text
from syncer.store.daemon_tables import TrackerStatusRow
from syncer.store.locks import one_writer
from syncer.store.rows import table_of

_STATUSES: Final = table_of(TrackerStatusRow)
_PAYLOAD: Final = cast(_STATUSES.c.payload, Text)
_STATUS: Final = TypeAdapter(TrackerStatus)


async def save_statuses(
    session: AsyncSession, container: ContainerKey, told: Iterable[TrackerStatus], *, whole: bool
) -> None:
    """Keep what a tracker tells of a container; with `whole` nothing else is kept of it.

    A report that was deleted at the tracker goes with the next whole answer.
    """
    rows = {row["id"]: row for row in (_row(container, status) for status in told)}
    await one_writer(session, f"statuses:{container}")
    if whole:
        c = _STATUSES.c
        here = (c.connection == container.connection) & (c.container == container.key)
        await session.execute(_STATUSES.delete().where(here))
    await upsert(session, _STATUSES, list(rows.values()))


def _row(container: ContainerKey, status: TrackerStatus) -> dict[str, Any]:
    return {
        "connection": container.connection,
        "container": container.key,
        "id": clean_text(status.id),
        "at": status.at,
        "payload": clean_json(_STATUS.dump_python(status, mode="json", warnings="none")),
    }


async def load_statuses(session: AsyncSession) -> list[TrackerStatus]:
    """Every report that is kept, the oldest first."""
    c = _STATUSES.c
    names = (by_code_point(c.connection), by_code_point(c.container), by_code_point(c.id))
    found = await session.scalars(select(_PAYLOAD).order_by(c.at, *names))
    return [_STATUS.validate_json(payload) for payload in found]
