"""What weekly snapshots said, week by week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from syncer.domain.report import Snapshot
from syncer.service.core import Service
from syncer.store.snapshots import SnapshotSort, snapshots_between

_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9999, 1, 1, tzinfo=UTC)


async def weekly_snapshots(service: Service, *, since: datetime | None = None) -> list[Snapshot]:
    """The weekly snapshots as of `since` (None: the first) and later, one a day, oldest first.

    Several audiences may have one each of the same morning: the one that counts most items is
    taken, of equal ones the latest.
    """
    async with service.store.read() as session:
        found = await snapshots_between(
            session, since or _FIRST, _LAST, sorts={SnapshotSort.WEEKLY}
        )
    return one_a_day(found, service.zone)


def one_a_day(snapshots: Sequence[Snapshot], zone: ZoneInfo) -> list[Snapshot]:
    """Of the snapshots of one local day the fullest, in the order of the days."""
    by_day: dict[date, Snapshot] = {}
    for one in sorted(snapshots, key=lambda each: (each.restricted, each.as_of)):
        by_day[one.as_of.astimezone(zone).date()] = one
    return [by_day[day] for day in sorted(by_day)]
