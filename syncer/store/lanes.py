"""What each lane brought of each container, and when it goes on: the counts of the ledger.

One row a lane, so that lanes do not wait for each other. A transaction that counts for more than
one container goes through them in the order of their keys, after it has locked the items
(`syncer.store.items.lock_items`): so no two wait for each other in a ring.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.lane import Lane, LaneState
from syncer.domain.ref import ContainerKey
from syncer.store.codec import clean_text
from syncer.store.lane_tables import LaneRow
from syncer.store.rows import table_of

_LANES: Final = table_of(LaneRow)
_KEYS: Final = [column.name for column in _LANES.primary_key]
_KNOWN: Final = frozenset(map(str, Lane))
_COUNTS: Final = ("passes", "seen", "stored", "failed")


async def count_lane(
    session: AsyncSession,
    container: ContainerKey,
    lane: Lane,
    *,
    seen: int,
    stored: int,
    at: datetime,
    failed: bool = False,
    lag_seconds: float | None = None,
) -> None:
    """Add one pass of a lane, or one page of it, to what is counted: one statement.

    `seen` items were sent by the tracker, `stored` were new or changed. `at` is when (UTC).
    `failed`: it did not reach its end. `lag_seconds` is how old the newest change was when it was
    stored; None leaves what is known.
    """
    row = {
        **_empty(container.connection, container.key, lane),
        "passes": 1,
        "seen": seen,
        "stored": stored,
        "failed": int(failed),
        "lag_seconds": lag_seconds,
        "last_at": at,
        "last_success_at": None if failed else at,
    }
    statement = _insert(session).values(row)
    new, old = statement.excluded, _LANES.c
    turned: dict[str, Any] = {name: old[name] + new[name] for name in _COUNTS}
    turned |= {name: func.coalesce(new[name], old[name]) for name in ("lag_seconds", "last_at")}
    turned["last_success_at"] = func.coalesce(new.last_success_at, old.last_success_at)
    await session.execute(statement.on_conflict_do_update(index_elements=_KEYS, set_=turned))


async def note_next(  # noqa: PLR0917  a lane's name has three parts
    session: AsyncSession,
    connection: str,
    container: str,
    lane: Lane,
    *,
    at: datetime | None,
    why: str,
) -> None:
    """Record when a lane goes on at the earliest (UTC) and what it waits for, if for anything.

    `container` is empty for what concerns the whole connection; `at` None: whenever its turn comes.
    """
    row = {**_empty(connection, container, lane), "next_at": at, "why": clean_text(why)}
    statement = _insert(session).values(row)
    turned = {name: statement.excluded[name] for name in ("next_at", "why")}
    await session.execute(statement.on_conflict_do_update(index_elements=_KEYS, set_=turned))


async def load_lanes(session: AsyncSession) -> dict[ContainerKey, dict[Lane, LaneState]]:
    """What every lane did, by container; one with an empty key stands for the whole connection."""
    found: dict[ContainerKey, dict[Lane, LaneState]] = {}
    for row in await session.execute(select(*_LANES.c)):
        if row.lane in _KNOWN:
            lanes = found.setdefault(ContainerKey(row.connection, row.container), {})
            lanes[Lane(row.lane)] = _state(row)
    return found


def _state(row: Any) -> LaneState:  # noqa: ANN401  a row of columns
    return LaneState(
        passes=row.passes,
        seen=row.seen,
        stored=row.stored,
        failed=row.failed,
        lag_seconds=row.lag_seconds,
        last_at=row.last_at,
        last_success_at=row.last_success_at,
        next_at=row.next_at,
        why=row.why,
    )


def _empty(connection: str, container: str, lane: Lane) -> dict[str, Any]:
    return {
        "connection": connection,
        "container": container,
        "lane": str(lane),
        "passes": 0,
        "seen": 0,
        "stored": 0,
        "failed": 0,
        "why": "",
    }


def _insert(session: AsyncSession) -> postgresql.Insert | sqlite.Insert:
    postgres = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(_LANES) if postgres else sqlite.insert(_LANES)
