"""What webhooks failed to tell: suspected where a pull or a census brings news, counted later.

A delivery makes syncer fetch the item, so what a pull finds newer than the store was told of by no
delivery that has been worked off. It may still wait in the inbox or be on its way. So an item that
a pull brings is only suspected; a delivery that is worked off after that and brings nothing newer
explains it, and one that brings something newer explains that alone. What nobody explained within a
span of grace, once the inbox has been worked off beyond that span, is counted as lost, once for
each item. No tracker's clock is compared with ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.item import WorkItem
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.store.bulk import chunks, upsert
from syncer.store.census import count_found
from syncer.store.daemon_tables import InboxRow
from syncer.store.engine import Store
from syncer.store.inbox import InboxState
from syncer.store.items import id_aliases, lock_items
from syncer.store.lane_tables import GapRow
from syncer.store.rows import table_of

GRACE: Final = timedelta(minutes=5)
"""How long a delivery may be on its way before its change counts as lost.

Jira's own events come within 30 seconds
(https://developer.atlassian.com/cloud/jira/platform/webhooks/), GitHub's within seconds.
"""

_GAPS: Final = table_of(GapRow)
_INBOX: Final = table_of(InboxRow)


async def suspect(
    session: AsyncSession,
    container: ContainerKey,
    brought: Mapping[str, datetime],
    *,
    at: datetime,
) -> None:
    """Suspect that no webhook told of these items: their uids, and when the tracker changed them.

    Call it in the transaction that stores them, once that has the items' lock; `at` (UTC) is now.
    """
    rows: list[dict[str, Any]] = [
        {
            "uid": uid,
            "connection": container.connection,
            "container": container.key,
            "changed_at": changed_at,
            "seen_at": at,
        }
        for uid, changed_at in brought.items()
    ]
    await upsert(session, _GAPS, rows)


async def explain(
    session: AsyncSession,
    connection: str,
    *,
    found: Iterable[WorkItem],
    absent: Iterable[ItemRef] = (),
) -> None:
    """Take back what deliveries explain, whose fetch found items so, or did not find them.

    Call it in the transaction that stores what was fetched, once that has the items' lock.
    """
    if not await session.scalar(select(exists().where(_GAPS.c.connection == connection))):
        return
    aliases = await id_aliases(session, connection)
    named: dict[str, datetime | None] = {ref.uid: None for ref in absent}
    named |= {item.uid: item.updated_at for item in found}
    states = {aliases.get(uid, uid): changed_at for uid, changed_at in named.items()}
    suspected = await _suspected(session, states)
    explained = [uid for uid, changed_at in suspected.items() if _explains(states[uid], changed_at)]
    for chunk in chunks(explained):
        await session.execute(_GAPS.delete().where(_GAPS.c.uid.in_(chunk)))


def _explains(found: datetime | None, changed_at: datetime) -> bool:
    """Whether a fetch brought nothing newer than what a pull had brought before it."""
    return found is None or found <= changed_at


async def _suspected(session: AsyncSession, uids: Iterable[str]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for chunk in chunks(uids):
        query = select(_GAPS.c.uid, _GAPS.c.changed_at).where(_GAPS.c.uid.in_(chunk))
        found.update((row[0], row[1]) for row in await session.execute(query))
    return found


async def settle(store: Store, *, now: datetime, grace: timedelta = GRACE) -> int:
    """Count what no delivery explained in time; returns how many items that are.

    Any replica may do it at any time: each suspicion is counted once. Nothing is written where
    nothing is due.
    """
    async with store.read() as session:
        due = await _due(session, until=now - grace)
        ready = [
            one for one, latest in due.items() if not await _waits(session, one, latest + grace)
        ]
    counted = 0
    for connection in sorted(ready):
        async with store.write() as session:
            counted += await _settle(session, connection, until=due[connection])
    return counted


async def _due(session: AsyncSession, *, until: datetime) -> dict[str, datetime]:
    """The connections with suspicions that are old enough, and when the newest of those arose."""
    query = select(_GAPS.c.connection, func.max(_GAPS.c.seen_at)).where(_GAPS.c.seen_at <= until)
    rows = await session.execute(query.group_by(_GAPS.c.connection))
    return {row[0]: row[1] for row in rows}


async def _waits(session: AsyncSession, connection: str, until: datetime) -> bool:
    """Whether a delivery waits that came in until then: it may explain something."""
    c = _INBOX.c
    pending = (c.state == InboxState.PENDING) & (c.connection == connection)
    oldest = await session.scalar(select(func.min(c.received_at)).where(pending))
    return oldest is not None and oldest <= until


async def _settle(session: AsyncSession, connection: str, *, until: datetime) -> int:
    await lock_items(session, [connection])
    told = await _set_aside(session, connection)
    query = (
        _GAPS.delete()
        .where(_GAPS.c.connection == connection, _GAPS.c.seen_at <= until)
        .returning(_GAPS.c.uid, _GAPS.c.container)
    )
    lost = Counter(row[1] for row in await session.execute(query) if row[0] not in told)
    for key in sorted(lost):
        await count_found(session, ContainerKey(connection, key), lost[key])
    return lost.total()


async def _set_aside(session: AsyncSession, connection: str) -> set[str]:
    """The items that deliveries in quarantine name: they were told of, though not worked off."""
    c = _INBOX.c
    query = select(c.refs, c.deleted).where(
        c.state == InboxState.QUARANTINED, c.connection == connection
    )
    rows = await session.execute(query)
    return {ItemRef(*one).uid for row in rows for refs in row for one in refs}
