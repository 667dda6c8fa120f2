"""What is known of each source: how far it has been read, how fresh it is, what went wrong."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, bindparam, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.completeness import Completeness
from syncer.domain.cursor import Cursor
from syncer.domain.ref import ContainerKey
from syncer.domain.report import SourceState
from syncer.store.bulk import by_code_point, upsert
from syncer.store.codec import clean_json, clean_text
from syncer.store.completeness import ItemCounts, count_states, load_completeness
from syncer.store.locks import one_writer
from syncer.store.rows import table_of
from syncer.store.tables import ConnectionRow, ContainerRow, ItemRow, QuarantineRow

_CONNECTIONS: Final = table_of(ConnectionRow)
_CONTAINERS: Final = table_of(ContainerRow)
_BY_NAME: Final = (by_code_point(_CONTAINERS.c.connection), by_code_point(_CONTAINERS.c.key))
_INTO_CURSOR: Final = (
    _CONTAINERS.update()
    .where(_CONTAINERS.c.connection == bindparam("of"), _CONTAINERS.c.key == bindparam("named"))
    .values(cursor=bindparam("at"))
)
"""Made once, since every page that is stored takes it."""

_ITEMS: Final = table_of(ItemRow)
_QUARANTINE: Final = table_of(QuarantineRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerState:
    """How far one container has been read; instants are UTC.

    `last_success_at` is the start of the last complete pass: everything up to it has been read.
    `change_mark` is the tracker's own word on the last change in the container, first heard at
    `change_mark_at` by our clock.
    """

    key: ContainerKey
    name: str = ""
    cursor: Cursor | None = None
    last_success_at: datetime | None = None
    error: str = ""
    change_mark: datetime | None = None
    change_mark_at: datetime | None = None


async def _alone(session: AsyncSession, connection: str) -> None:
    """One at a time for what touches many containers, so that nobody waits in a ring."""
    await one_writer(session, f"connection:{connection}")


async def save_connection(
    session: AsyncSession,
    name: str,
    *,
    kind: str,
    at: datetime,
    **seen: Any,  # noqa: ANN401  columns
) -> None:
    """Record that the connection answered at `at`; `seen`: account, server, timezone, findings."""
    await _alone(session, name)
    told = {field: clean_json(value) for field, value in seen.items()}
    well = {"error": "", "error_at": None, "failing_since": None}
    row = {"name": name, "kind": kind, "last_success_at": at, **well, **told}
    await upsert(session, _CONNECTIONS, [row])


async def fail_connection(
    session: AsyncSession, name: str, *, kind: str, error: str, at: datetime
) -> None:
    """Record that the connection could not be used: its containers keep their own last success.

    Every known container of the connection shows the error too, since none of them can be read.
    """
    await _alone(session, name)
    row = {"name": name, "kind": kind, "error": error, "error_at": at}
    await upsert(session, _CONNECTIONS, [_with_defaults(_CONNECTIONS, row)], keeping=_kept(row))
    c = _CONNECTIONS.c
    first = {"failing_since": func.coalesce(c.failing_since, at)}
    await session.execute(_CONNECTIONS.update().where(c.name == name).values(**first))
    c = _CONTAINERS.c
    first = {"failing_since": func.coalesce(c.failing_since, at)}
    values = {"error": error, "error_at": at, **first}
    await session.execute(_CONTAINERS.update().where(c.connection == name).values(**values))


def _with_defaults(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    empty = {c.name: _EMPTY.get(c.name, None if c.nullable else "") for c in table.columns}
    return empty | row


_EMPTY: Final[dict[str, Any]] = {
    "findings": [],
    "missing_detail": [],
    "found_by_reconcile": 0,
    "selected": True,
}


def _kept(row: dict[str, Any]) -> list[str]:
    return [c.name for c in _CONNECTIONS.columns if c.name not in row]


async def ensure_container(session: AsyncSession, key: ContainerKey, *, name: str = "") -> None:
    """Make the container known; a known one only gets its new name, if there is one."""
    known = await container_state(session, key)
    if known is not None and (not name or known.name == clean_text(name)):
        return
    row = {"connection": key.connection, "key": key.key, "name": clean_text(name)}
    full = _with_defaults(_CONTAINERS, row)
    await upsert(session, _CONTAINERS, [full], keeping=[c for c in full if c not in row])


async def container_state(session: AsyncSession, key: ContainerKey) -> ContainerState | None:
    """The container's state, None where it has never been seen."""
    c = _CONTAINERS.c
    query = select(
        c.name, c.cursor, c.last_success_at, c.error, c.change_mark, c.change_mark_at
    ).where(c.connection == key.connection, c.key == key.key)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    return ContainerState(
        key=key,
        name=row[0],
        cursor=None if row[1] is None else Cursor(row[1]),
        last_success_at=row[2],
        error=row[3],
        change_mark=row[4],
        change_mark_at=row[5],
    )


async def containers_of(session: AsyncSession, connection: str) -> list[ContainerKey]:
    """The containers of a connection that have ever been seen."""
    c = _CONTAINERS.c
    query = select(c.key).where(c.connection == connection).order_by(by_code_point(c.key))
    return [ContainerKey(connection, key) for key in await session.scalars(query)]


async def container_names(session: AsyncSession) -> dict[ContainerKey, str]:
    """Every container that has ever been seen, with the name that people know."""
    c = _CONTAINERS.c
    rows = await session.execute(select(c.connection, c.key, c.name).order_by(*_BY_NAME))
    return {ContainerKey(connection, key): name for connection, key, name in rows}


async def save_cursor(session: AsyncSession, key: ContainerKey, cursor: Cursor | None) -> None:
    """Save how far the container has been read; call it in the transaction that saves its items.

    None: the next pass begins anew. No stored item is touched by that.
    """
    value = None if cursor is None else cursor.value
    told = {"of": key.connection, "named": key.key, "at": value}
    await session.execute(_INTO_CURSOR, told)


async def finish_pass(
    session: AsyncSession,
    key: ContainerKey,
    *,
    started_at: datetime,
    missing: Sequence[str] | None = None,
) -> None:
    """Record a complete pass that began at `started_at`, and the details that were refused.

    `missing` None: the pass had nothing for which details could be asked, so what is known stays.
    """
    detail = {} if missing is None else {"missing_detail": sorted(set(missing))}
    c = _CONTAINERS.c
    # An empty answer is no sign that what a census found vanished is shown again.
    lost = case((c.census_items == 0, c.lost_since), else_=None)
    well = {"error": "", "error_at": None, "failing_since": None, "lost_since": lost}
    await _set(session, key, last_success_at=started_at, **well, **detail)


async def note_detail(
    session: AsyncSession, key: ContainerKey, detail: str, *, missing: bool
) -> None:
    """Record whether one detail is refused that is asked for beside a pass."""
    c = _CONTAINERS.c
    here = (c.connection == key.connection) & (c.key == key.key)
    known = (await session.scalars(select(c.missing_detail).where(here))).one_or_none() or []
    if (detail in known) is not missing:
        others = {one for one in known if one != detail}
        await _set(session, key, missing_detail=sorted(others | ({detail} if missing else set())))


async def confirm_unchanged(session: AsyncSession, key: ContainerKey, *, at: datetime) -> None:
    """Record that the tracker said at `at` that nothing has changed since the last pass."""
    await _set(session, key, last_success_at=at)


async def select_containers(
    session: AsyncSession, connection: str, wanted: Collection[ContainerKey]
) -> None:
    """Note which known containers the configuration wants; the others are no longer shown."""
    for key in await containers_of(session, connection):
        await _set(session, key, selected=key in wanted)


async def fail_container(
    session: AsyncSession, key: ContainerKey, *, error: str, at: datetime, lost: bool = False
) -> None:
    """Record that the container could not be read; its last success stays as it was.

    `lost`: the tracker does not show it to our account any more.
    """
    await ensure_container(session, key)
    first = {"failing_since": func.coalesce(_CONTAINERS.c.failing_since, at)}
    await _set(session, key, error=error, error_at=at, **first)
    if lost:
        await lose_container(session, key, at=at)


async def lose_container(session: AsyncSession, key: ContainerKey, *, at: datetime) -> None:
    """Record that our account sees the container no more, since `at` if it did so far.

    One that was never read to its end, and of which no webhook brought an item either, was never
    seen: nothing is lost.
    """
    c, i = _CONTAINERS.c, _ITEMS.c
    holds = exists().where(i.connection == key.connection, i.container == key.key)
    seen = c.last_success_at.is_not(None) | holds
    since = case((seen, func.coalesce(c.lost_since, at)), else_=None)
    await _set(session, key, lost_since=since)


async def find_container(session: AsyncSession, key: ContainerKey) -> None:
    """Record that our account sees the container again."""
    await _set(session, key, lost_since=None)


async def note_change_mark(
    session: AsyncSession, key: ContainerKey, mark: datetime | None, *, at: datetime
) -> None:
    """Record the tracker's word on the last change; `at` counts only for a new word."""
    state = await container_state(session, key)
    if state is None or state.change_mark != mark:
        await _set(session, key, change_mark=mark, change_mark_at=at)


async def _set(session: AsyncSession, key: ContainerKey, **values: Any) -> None:  # noqa: ANN401  columns
    c = _CONTAINERS.c
    where = (c.connection == key.connection) & (c.key == key.key)
    await session.execute(_CONTAINERS.update().where(where).values(**values))


async def read_up_to(session: AsyncSession) -> dict[str, datetime]:
    """Up to when (UTC) all wanted containers of a connection have been read, by connection.

    A connection with a container that was never read is left out.
    """
    c = _CONTAINERS.c
    unread = select(c.connection).where(c.selected, c.last_success_at.is_(None))
    query = select(c.connection, func.min(c.last_success_at)).where(c.selected)
    rows = await session.execute(query.where(c.connection.not_in(unread)).group_by(c.connection))
    return {row[0]: row[1] for row in rows}


async def load_sources(
    session: AsyncSession, *, count_restricted: bool = True
) -> list[SourceState]:
    """The state of every container that is wanted, by name.

    A connection that has never shown any is there too, with an empty `container`.
    """
    c = _CONTAINERS.c
    query = select(
        c.connection, c.key, c.last_success_at, c.error, c.found_by_reconcile, c.missing_detail
    ).where(c.selected)
    counts = await count_states(session, count_restricted=count_restricted)
    quarantined = await _quarantined(session)
    detail = await load_completeness(session, counts, count_restricted=count_restricted)
    states = [
        SourceState(
            connection=row[0],
            container=row[1],
            last_success_at=row[2],
            error=row[3],
            found_by_reconcile=row[4],
            hidden=counts.get(key, ItemCounts()).hidden,
            quarantined=quarantined.get(key, 0),
            missing_detail=tuple(row[5]),
            detail=detail[key],
        )
        for row in await session.execute(query.order_by(*_BY_NAME))
        for key in (ContainerKey(row[0], row[1]),)
    ]
    return [*states, *await _empty_connections(session)]


async def _quarantined(session: AsyncSession) -> dict[ContainerKey, int]:
    """How many items of each container are in quarantine."""
    group = (_QUARANTINE.c.connection, _QUARANTINE.c.container)
    rows = await session.execute(select(*group, func.count()).group_by(*group))
    return {ContainerKey(row[0], row[1]): row[2] for row in rows}


async def _empty_connections(session: AsyncSession) -> list[SourceState]:
    c = _CONNECTIONS.c
    known = select(_CONTAINERS.c.connection)
    query = select(c.name, c.error, c.failing_since).where(c.name.not_in(known))
    return [
        SourceState(
            connection=name,
            container="",
            last_success_at=None,
            error=error,
            detail=Completeness(failing_since=since),
        )
        for name, error, since in await session.execute(query.order_by(by_code_point(c.name)))
    ]
