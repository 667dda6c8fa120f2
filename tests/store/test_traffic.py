"""What replicas tell each other of a tracker's limits, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from syncer.domain.traffic import UNREACHABLE, TrafficNote
from syncer.store.engine import Store
from syncer.store.traffic import (
    claim_look,
    forget_notes,
    forget_old_notes,
    keep_note,
    load_notes,
    load_outages,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAUSE = TrafficNote(
    reason="endpoint:GET /x", noted_at=NOW, paused_until=NOW + timedelta(minutes=9), why="burst"
)
OUTAGE = TrafficNote(
    reason=UNREACHABLE,
    noted_at=NOW,
    paused_until=NOW + timedelta(minutes=1),
    why="answered 503.",
    since=NOW - timedelta(minutes=3),
    tries=1,
)
QUOTA = TrafficNote(
    reason="quota:core/",
    noted_at=NOW,
    quota=5000,
    remaining=17,
    resets_at=NOW + timedelta(minutes=40),
)


async def keep(store: Store, *notes: TrafficNote, connection: str = "jira") -> None:
    async with store.write() as session:
        for note in notes:
            await keep_note(session, connection, note)


async def known(store: Store, connection: str = "jira") -> list[TrafficNote]:
    async with store.read() as session:
        return await load_notes(session, connection)


async def test_notes_are_read_as_they_were_kept(store: Store) -> None:
    await keep(store, PAUSE, OUTAGE, QUOTA)
    assert {note.reason: note for note in await known(store)} == {
        note.reason: note for note in (PAUSE, OUTAGE, QUOTA)
    }
    assert await known(store, "other") == []
    async with store.read() as session:
        assert await load_outages(session) == {"jira": OUTAGE}


async def test_of_two_pauses_the_later_end_stays(store: Store) -> None:
    sooner = replace(PAUSE, noted_at=NOW + timedelta(minutes=1), paused_until=NOW)
    later = replace(PAUSE, paused_until=NOW + timedelta(minutes=12))
    for note, kept in ((PAUSE, PAUSE), (sooner, PAUSE), (later, later)):
        await keep(store, note)
        assert await known(store) == [kept]


async def test_of_two_words_on_a_quota_the_newer_stays(store: Store) -> None:
    older = replace(QUOTA, noted_at=NOW - timedelta(minutes=1), remaining=900)
    newer = replace(QUOTA, noted_at=NOW + timedelta(minutes=1), remaining=4000)
    for note, kept in ((QUOTA, QUOTA), (older, QUOTA), (newer, newer)):
        await keep(store, note)
        assert await known(store) == [kept]


async def test_one_of_many_takes_on_the_look(store: Store) -> None:
    await keep(store, OUTAGE)
    mine = replace(OUTAGE, tries=2, paused_until=NOW + timedelta(minutes=5))

    async def claim() -> bool:
        async with store.write() as session:
            return await claim_look(session, "jira", mine)

    assert sorted(await asyncio.gather(*(claim() for _ in range(5)))) == [False] * 4 + [True]
    assert await known(store) == [mine]


async def test_what_is_over_is_forgotten_and_an_outage_is_not(store: Store) -> None:
    await keep(store, PAUSE, OUTAGE, QUOTA)
    async with store.write() as session:
        await forget_old_notes(session, before=NOW + timedelta(minutes=20))
    assert {note.reason for note in await known(store)} == {UNREACHABLE, QUOTA.reason}
    async with store.write() as session:
        await forget_notes(session, "jira", [UNREACHABLE])
    assert await known(store) == [QUOTA]
