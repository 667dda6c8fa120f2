"""Roll-ups that were kept; each is written once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec
from sqlalchemy import Select, Text, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.report import Snapshot
from syncer.errors import NotFound
from syncer.store.bulk import insert_missing
from syncer.store.codec import no_collection
from syncer.store.rows import table_of
from syncer.store.tables import SnapshotRow

_SNAPSHOTS: Final = table_of(SnapshotRow)
_PAYLOAD: Final = cast(_SNAPSHOTS.c.payload, Text)
_SNAPSHOT: Final = msgspec.json.Decoder(Snapshot)


class SnapshotSort(StrEnum):
    """Why a snapshot was made."""

    WEEKLY = "weekly"
    ON_DEMAND = "on-demand"
    RECONSTRUCTED = "reconstructed"


ALL_SORTS: Final = frozenset(SnapshotSort)


async def save_snapshot(
    session: AsyncSession, snapshot: Snapshot, *, sort: SnapshotSort, at: datetime
) -> None:
    """Keep a snapshot, made at `at`; one whose id is known is left as it was."""
    row = {
        "id": snapshot.id,
        "as_of": snapshot.as_of,
        "sort": sort,
        "config_hash": snapshot.config_hash,
        "engine_version": snapshot.engine_version,
        "created_at": at,
        "payload": snapshot,
    }
    await insert_missing(session, _SNAPSHOTS, row)


async def load_snapshot(session: AsyncSession, identity: str) -> Snapshot:
    """The snapshot with this id; `NotFound` where there is none."""
    payload = await session.scalar(select(_PAYLOAD).where(_SNAPSHOTS.c.id == identity))
    if payload is None:
        raise NotFound(f"No snapshot is called {identity!r}.")
    return _decoded(payload)


def _decoded(payload: str) -> Snapshot:
    with no_collection():
        return _SNAPSHOT.decode(payload)


async def latest_snapshot(
    session: AsyncSession,
    *,
    until: datetime | None = None,
    sorts: Collection[SnapshotSort] = ALL_SORTS,
) -> Snapshot | None:
    """The newest snapshot (as of `until` or earlier), None where there is none."""
    payload = await session.scalar(_newest_first(_PAYLOAD_ONLY, until=until, sorts=sorts).limit(1))
    return None if payload is None else _decoded(payload)


async def snapshots_between(
    session: AsyncSession,
    first: datetime,
    last: datetime,
    *,
    sorts: Collection[SnapshotSort] = ALL_SORTS,
) -> Sequence[Snapshot]:
    """Snapshots as of the span, both ends included, oldest first."""
    query = _newest_first(_PAYLOAD_ONLY, until=last, sorts=sorts)
    payloads = await session.scalars(query.where(_SNAPSHOTS.c.as_of >= first))
    return [_decoded(payload) for payload in reversed(payloads.all())]


_PAYLOAD_ONLY: Final = select(_PAYLOAD)


def _newest_first(
    query: Select[str], *, until: datetime | None, sorts: Collection[SnapshotSort]
) -> Select[str]:
    ordered = query.order_by(_SNAPSHOTS.c.as_of.desc(), _SNAPSHOTS.c.created_at.desc())
    chosen = ordered.where(_SNAPSHOTS.c.sort.in_([str(sort) for sort in sorts]))
    return chosen if until is None else chosen.where(_SNAPSHOTS.c.as_of <= until)
