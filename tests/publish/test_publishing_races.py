"""Two who publish the same edition at the same instant: one does, and the other is told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from syncer.errors import Rejected
from syncer.service.publishing import Publisher
from syncer.store.editions import PublishedEdition, list_editions, publish_edition
from syncer.store.engine import Store
from syncer.store.periods import DecidedPeriod, PeriodState, decide
from syncer.store.snapshots import SnapshotSort, save_snapshot
from tests.publish.world import MONDAY, HandClock, audience, dispatches, service_at
from tests.store.samples import NOON
from tests.store.test_editions import snapshot

SNAPSHOT = snapshot("one")
EDITION = PublishedEdition(
    audience="leadership",
    edition="2026-W48",
    version=1,
    as_of=NOON,
    snapshot_id=SNAPSHOT.id,
    previous_snapshot_id=None,
    published_at=NOON,
    contents={"txt": "first"},
)


async def _publish(store: Store, edition: PublishedEdition) -> None:
    async with store.write() as session:
        await publish_edition(session, edition)


async def _somebody_waits(store: Store) -> bool:
    async with store.read() as session:
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
        return bool(await session.scalar(text(waiting)))


async def test_who_publishes_a_version_that_another_is_about_to_commit_is_refused(
    postgres_url: str,
) -> None:
    async with Store(postgres_url) as store, Store(postgres_url) as other:
        async with store.write() as session:
            await save_snapshot(session, SNAPSHOT, sort=SnapshotSort.WEEKLY, at=NOON)
        async with store.write() as session:
            await publish_edition(session, EDITION)
            second = asyncio.create_task(_publish(other, replace(EDITION, contents={"txt": "2"})))
            async with asyncio.timeout(60):
                while not await _somebody_waits(store):  # noqa: ASYNC110  in the server
                    await asyncio.sleep(0.01)
        with pytest.raises(Rejected, match="just published version 1"):
            await second
        async with store.read() as session:
            assert len(await list_editions(session)) == 1


async def test_two_who_send_a_skipped_period_by_command_at_once_make_one_edition(
    postgres_url: str, tmp_path: Path
) -> None:
    config = audience("board@example.com", "cto@example.com")
    clock = HandClock(MONDAY)
    async with (
        service_at(postgres_url, tmp_path, config, clock=clock) as service,
        service_at(postgres_url, tmp_path, config, clock=clock) as other,
    ):
        skipped = DecidedPeriod(
            schedule="leadership",
            period="2026-W48",
            due_at=MONDAY,
            decided_at=MONDAY,
            state=PeriodState.SKIPPED,
        )
        async with service.store.write() as session:
            await decide(session, skipped)
        sending = []
        for one in (service, other):
            (view,) = await one.audiences()
            publisher = Publisher(one, owner=f"digest {id(one)}")
            sending.append(publisher.send([await one.draft(view)], author="Bob"))
        ended = await asyncio.gather(*sending, return_exceptions=True)
        refused = [one for one in ended if isinstance(one, BaseException)]
        assert [type(one) for one in refused] == [Rejected]
        assert len(await dispatches(service.store)) == 2
