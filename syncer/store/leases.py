"""Leases on named work, by the database's clock.

Every change is one write transaction. On SQLite that excludes all other writers; on PostgreSQL the
row is locked. `attempt` grows with every new holder, so that one who was thought dead and wakes up
finds itself fenced off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import CursorResult, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.errors import Busy
from syncer.store.bulk import insert_missing, upsert
from syncer.store.rows import table_of
from syncer.store.tables import LeaseRow

LEASE: Final = timedelta(seconds=30)
"""How long a lease holds after it was taken or renewed."""

_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LEASES: Final = table_of(LeaseRow)
_RENEWAL: Final = "UPDATE leases SET expires_at = {} WHERE name = :name AND attempt = :attempt"
_RENEWALS: Final = {
    "postgresql": text(_RENEWAL.format("clock_timestamp() + make_interval(secs => :span)")),
    # As SQLAlchemy writes an instant: in UTC, to the microsecond, without a zone.
    "sqlite": text(
        _RENEWAL.format("strftime('%Y-%m-%d %H:%M:%f000', 'now', '+' || :span || ' seconds')")
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A process: its name for people (`serve (pid 4711)`), and where it runs."""

    owner: str
    host: str
    pid: int


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on `name`; void once another attempt has begun or it has expired."""

    name: str
    holder: Holder
    attempt: int


async def database_now(session: AsyncSession) -> datetime:
    """The instant by the database's clock, UTC."""
    if session.get_bind().dialect.name == "postgresql":
        found: datetime = (await session.scalars(text("SELECT clock_timestamp()"))).one()
        return found.astimezone(UTC)
    raw: str = (await session.scalars(text("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')"))).one()
    return datetime.fromisoformat(raw).replace(tzinfo=UTC)


async def acquire(
    session: AsyncSession, name: str, holder: Holder, *, is_dead: Callable[[Holder], bool]
) -> Lease:
    """Take the lease, or take over one that expired or whose holder is dead.

    `Busy`, with the holder's name, while another process has it.
    """
    row = await _locked(session, name)
    if row is None:
        # Two who come first at once both find nothing to lock, so there must be something.
        await insert_missing(session, _LEASES, _row(name, holder, attempt=0, expires_at=_LONG_AGO))
        row = await _locked(session, name)
    now = await database_now(session)
    if row.expires_at > now:
        other = Holder(owner=row.owner, host=row.host, pid=row.pid)
        if not is_dead(other):
            raise Busy(f"{name} is held by {other.owner}.", holder=other.owner)
    attempt = row.attempt + 1
    await upsert(session, _LEASES, [_row(name, holder, attempt=attempt, expires_at=now + LEASE)])
    return Lease(name, holder, attempt)


def _row(name: str, holder: Holder, *, attempt: int, expires_at: datetime) -> dict[str, Any]:
    return {
        "name": name,
        "owner": holder.owner,
        "host": holder.host,
        "pid": holder.pid,
        "attempt": attempt,
        "expires_at": expires_at,
    }


async def _locked(session: AsyncSession, name: str) -> Any:  # noqa: ANN401  a row of columns
    query = select(*_LEASES.c).where(_LEASES.c.name == name).with_for_update()
    return (await session.execute(query)).one_or_none()


async def renew(session: AsyncSession, lease: Lease) -> bool:
    """Hold the lease for another span; False where it was lost to another attempt.

    One statement, since every page that is stored asks it. Whoever waits on PostgreSQL for a rival
    sees what that one committed (manual, "Read Committed Isolation Level").
    """
    renewed = await session.execute(
        _RENEWALS[session.get_bind().dialect.name],
        {"name": lease.name, "attempt": lease.attempt, "span": LEASE.total_seconds()},
    )
    return isinstance(renewed, CursorResult) and renewed.rowcount == 1


async def release(session: AsyncSession, lease: Lease) -> None:
    """Give the lease back; a lost one is left to its new holder."""
    await session.execute(
        _LEASES.update()
        .where(_LEASES.c.name == lease.name, _LEASES.c.attempt == lease.attempt)
        .values(expires_at=await database_now(session))
    )


async def current_holder(session: AsyncSession, name: str) -> Holder | None:
    """Who holds the lease now, None where nobody does."""
    row = (await session.execute(select(*_LEASES.c).where(_LEASES.c.name == name))).one_or_none()
    if row is None or row.expires_at <= await database_now(session):
        return None
    return Holder(owner=row.owner, host=row.host, pid=row.pid)
