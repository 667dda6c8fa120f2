"""Asks trackers for the reports that people write on the trackers' own projects."""

from __future__ import annotations

from typing import Final

from syncer.connect.protocol import Connector, ReportsStatus
from syncer.domain.ref import ContainerKey
from syncer.domain.statement import TrackerStatus
from syncer.errors import SyncerError
from syncer.log import get_logger
from syncer.store.engine import Store
from syncer.store.sources import note_detail
from syncer.store.tracker_statuses import save_statuses
from syncer.sync.guard import isolated

DETAIL: Final = "project status updates"
"""The name of the detail where a tracker does not tell them."""

_log: Final = get_logger(__name__)


async def keep_statuses(store: Store, connector: Connector, container: ContainerKey) -> None:
    """Keep what the tracker tells of a container that was just read, where it tells any.

    What it does not tell is a missing detail of the container; what it told before stays in force.
    """
    if not isinstance(connector, ReportsStatus):
        return
    told, whole = await _told(connector, container)
    async with store.write() as session:
        await save_statuses(session, container, told, whole=whole)
        await note_detail(session, container, DETAIL, missing=not whole)


async def _told(
    reporter: ReportsStatus, container: ContainerKey
) -> tuple[list[TrackerStatus], bool]:
    """What the tracker tells, and whether that is all."""
    told: list[TrackerStatus] = []
    try:
        with isolated(str(container)):
            async for status in reporter.status_updates(container):
                told.append(status)  # noqa: PERF401  what came before a fault stands
    except SyncerError as error:
        _log.warning("status updates were not told", subject=str(container), error=str(error))
        return told, False
    return told, True
