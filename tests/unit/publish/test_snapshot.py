"""From the store to a snapshot, and what it is compared with."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncer.domain.item import ItemRecord
from syncer.domain.report import Snapshot
from syncer.domain.statement import Statements
from syncer.errors import SyncerError
from syncer.publish.snapshot import (
    Knowledge,
    Roller,
    keep_snapshot,
    load_knowledge,
    previous_snapshot,
)
from syncer.store.editions import PublishedEdition, publish_edition
from syncer.store.engine import Store
from syncer.store.snapshots import SnapshotSort, latest_snapshot
from tests.unit.rollup.builders import AS_OF, LONG_AGO, fresh_sources
from tests.unit.rollup.scenes import portfolio, steady

WEEK = timedelta(days=7)
ITEMS = steady("NET", weekly=3, remaining=12)
ROLLER = Roller(portfolio=portfolio("net"), statements=Statements(), config_hash="c")
KNOWN = Knowledge(
    records=[ItemRecord(item=item) for item in ITEMS],
    verdicts={},
    sources=fresh_sources(ITEMS, AS_OF),
)


def test_a_snapshot_of_the_past_is_marked_and_one_of_now_is_not() -> None:
    now = ROLLER.roll_up(KNOWN, as_of=AS_OF, now=AS_OF)
    past = ROLLER.roll_up(KNOWN, as_of=AS_OF, now=AS_OF + WEEK)
    assert (now.reconstructed, past.reconstructed) == (False, True)
    assert now.config_hash == "c"


def test_the_same_moment_twice_is_the_same_snapshot() -> None:
    one, two = (ROLLER.roll_up(KNOWN, as_of=AS_OF, now=AS_OF) for _ in range(2))
    assert one == two
    assert one.id.startswith("S-")


def test_before_the_first_item_nothing_is_known() -> None:
    early = LONG_AGO - timedelta(seconds=1)
    with pytest.raises(SyncerError) as refused:
        ROLLER.roll_up(KNOWN, as_of=early, now=AS_OF)
    assert refused.value.fix == "The earliest date is 2026-01-06."
    assert (
        ROLLER.week_before(KNOWN, as_of=LONG_AGO + WEEK - timedelta(seconds=1), now=AS_OF) is None
    )


def test_an_empty_store_rolls_up_too() -> None:
    nothing = Knowledge(records=[], verdicts={}, sources=[])
    assert ROLLER.roll_up(nothing, as_of=AS_OF, now=AS_OF).projects[0].total == 0
    assert ROLLER.week_before(nothing, as_of=AS_OF, now=AS_OF) is None


def test_the_week_before_knows_what_was_done_by_then() -> None:
    before = ROLLER.week_before(KNOWN, as_of=AS_OF, now=AS_OF)
    assert before is not None
    assert (before.as_of, before.reconstructed) == (AS_OF - WEEK, True)
    assert before.projects[0].done == 33
    now = ROLLER.roll_up(KNOWN, as_of=AS_OF, now=AS_OF, previous=before)
    assert ROLLER.changes(now, before) == []


async def test_an_empty_database_is_no_knowledge(store: Store) -> None:
    known = await load_knowledge(store)
    assert (list(known.records), known.changes, list(known.sources)) == ([], {}, [])


async def _publish(
    store: Store, snapshot: Snapshot, *, edition: str, version: int = 1, audience: str = "board"
) -> None:
    async with store.write() as session:
        await keep_snapshot(session, snapshot, at=snapshot.as_of, weekly=True)
        await publish_edition(
            session,
            PublishedEdition(
                audience=audience,
                edition=edition,
                version=version,
                as_of=snapshot.as_of,
                snapshot_id=snapshot.id,
                previous_snapshot_id=None,
                published_at=snapshot.as_of,
                correction="" if version == 1 else "figures",
            ),
        )


async def test_a_snapshot_is_compared_with_the_audiences_last_edition_before_it(
    store: Store,
) -> None:
    first, second = (
        ROLLER.roll_up(KNOWN, as_of=AS_OF - n * WEEK, now=AS_OF - n * WEEK) for n in (2, 1)
    )
    await _publish(store, first, edition="2026-W46")
    await _publish(store, second, edition="2026-W47")
    assert await previous_snapshot(store, "board", before=AS_OF) == second
    assert await previous_snapshot(store, "board", before=second.as_of) == first
    assert await previous_snapshot(store, "board", before=first.as_of) is None
    assert await previous_snapshot(store, "others", before=AS_OF) is None


async def test_a_kept_snapshot_is_never_written_again(store: Store) -> None:
    snapshot = ROLLER.roll_up(KNOWN, as_of=AS_OF, now=AS_OF)
    async with store.write() as session:
        await keep_snapshot(session, snapshot, at=AS_OF, weekly=True)
        await keep_snapshot(session, snapshot, at=AS_OF, weekly=False)
    async with store.read() as session:
        weekly = await latest_snapshot(session, sorts=[SnapshotSort.WEEKLY])
        other = await latest_snapshot(session, sorts=[SnapshotSort.ON_DEMAND])
    assert (weekly, other) == (snapshot, None)
