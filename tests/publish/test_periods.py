"""One edition for each audience and civil period, whoever ticks and however late."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncer.clock import SystemClock
from syncer.errors import Rejected, SyncerError
from syncer.publish.snapshot import snapshot_schedule
from syncer.service.core import Service
from syncer.service.periods import told_late
from syncer.service.portfolio import Loaded
from syncer.service.publishing import Publisher
from syncer.settings.load import load_settings
from syncer.store.audit import load_events
from syncer.store.editions import list_editions, load_edition
from syncer.store.engine import Store
from syncer.store.periods import list_periods
from tests.publish.world import (
    MONDAY,
    SERVICE,
    SUNDAY,
    WEEK,
    HandClock,
    audience,
    dispatches,
    publisher_at,
    service_at,
    written,
)

BOARD = audience("board@example.com", "cto@example.com")
HOUR = timedelta(hours=1)


async def _editions(store: Store) -> list[tuple[str, str, int]]:
    async with store.read() as session:
        return [(e.audience, e.edition, e.version) for e in await list_editions(session)]


async def _periods(store: Store, schedule: str = "leadership") -> list[tuple[str, str, str]]:
    async with store.read() as session:
        found = await list_periods(session, schedule)
    return [(one.period, one.state, one.note) for one in found if one.state != "started"]


async def test_an_edition_is_published_once_when_it_is_due(
    database_url: str, store: Store, tmp_path: Path
) -> None:
    clock = HandClock(SUNDAY)
    async with publisher_at(database_url, tmp_path, BOARD, clock=clock) as publisher:
        assert publisher.next_due() == MONDAY - 1.5 * HOUR  # the snapshot at 05:30
        assert await publisher.publish_due() == []
        clock.instant = MONDAY - timedelta(seconds=1)
        assert await publisher.publish_due() == []
        assert publisher.next_due() == MONDAY
        clock.instant = MONDAY + timedelta(seconds=20)
        (published,) = await publisher.publish_due()
        assert (published.edition, published.late, published.dispatches) == (
            "2026-W48",
            timedelta(),
            2,
        )
        assert await publisher.publish_due() == []
    assert await _editions(store) == [("leadership", "2026-W48", 1)]
    assert {one.state for one in await dispatches(store)} == {"pending"}


async def test_the_edition_freezes_the_snapshot_of_that_morning(
    database_url: str, store: Store, tmp_path: Path
) -> None:
    clock = HandClock(SUNDAY)
    morning = MONDAY - 1.5 * HOUR
    async with publisher_at(database_url, tmp_path, BOARD, clock=clock) as publisher:
        await publisher.publish_due()
        clock.instant = morning + timedelta(seconds=25)
        assert await publisher.publish_due() == []
        ((period, state, snapshot),) = await _periods(store, snapshot_schedule("leadership"))
        assert (period, state) == ("2026-W48", "taken")
        clock.instant = MONDAY
        await publisher.publish_due()
    async with store.read() as session:
        edition = await load_edition(session, "leadership", "2026-W48")
    assert (edition.as_of, edition.snapshot_id) == (morning, snapshot)
    assert "05:30" in edition.contents["txt"]
    assert "reconstructed" not in edition.contents["txt"].casefold()


class CountedLoads(Service):
    """A service that tells how often everything was read."""

    loads = 0

    async def load(self) -> Loaded:
        self.loads += 1
        return await super().load()


async def test_a_planned_moment_reads_the_store_once_for_all_audiences(
    database_url: str, tmp_path: Path
) -> None:
    clock, both = HandClock(SUNDAY), BOARD + audience("cto@example.com", key="cto")
    file = written(tmp_path, SERVICE + both)
    settings = load_settings(file, {"SYNCER_SERVICE__DATABASE_URL": database_url})
    async with CountedLoads(settings, clock=clock) as service:
        publisher = Publisher(service, owner="serve a")
        await publisher.publish_due()
        assert service.loads == 0
        clock.instant = MONDAY - 1.5 * HOUR
        assert await publisher.publish_due() == []
        assert service.loads == 1
        clock.instant = MONDAY
        assert len(await publisher.publish_due()) == 2
        assert service.loads == 2
        clock.instant = MONDAY + WEEK - 1.5 * HOUR
        await publisher.publish_due()
        assert service.loads == 3
        clock.instant = MONDAY + WEEK
        assert len(await publisher.publish_due()) == 2
        assert service.loads == 3  # the morning's snapshot and the edition before say it all


async def test_without_a_snapshot_of_the_morning_the_figures_are_those_of_the_sending(
    database_url: str, store: Store, tmp_path: Path
) -> None:
    clock = HandClock(SUNDAY)
    async with publisher_at(database_url, tmp_path, BOARD, clock=clock) as publisher:
        await publisher.publish_due()
        clock.instant = MONDAY + 4 * HOUR
        (published,) = await publisher.publish_due()
    assert published.late == 4 * HOUR
    async with store.read() as session:
        edition = await load_edition(session, "leadership", "2026-W48")
    assert edition.as_of == MONDAY + 4 * HOUR
    assert "late" not in edition.contents["txt"].casefold()


async def test_a_fresh_installation_publishes_nothing_that_was_due_before_it(
    database_url: str, store: Store, tmp_path: Path
) -> None:
    clock = HandClock(MONDAY + 2 * 24 * HOUR + 9 * HOUR)  # Wednesday afternoon
    async with publisher_at(database_url, tmp_path, BOARD, clock=clock) as publisher:
        for _ in range(3):
            assert await publisher.publish_due() == []
            clock.instant += HOUR
        clock.instant = MONDAY + WEEK
        (published,) = await publisher.publish_due()
    assert published.edition == "2026-W49"
    assert await _editions(store) == [("leadership", "2026-W49", 1)]


async def test_f34_of_missed_periods_the_newest_is_published_late_and_older_ones_are_skipped(
    database_url: str, store: Store, tmp_path: Path
) -> None:
    clock = HandClock(SUNDAY - 2 * WEEK)
    async with publisher_at(database_url, tmp_path, BOARD, clock=clock) as publisher:
        await publisher.publish_due()
        clock.instant = MONDAY + 4 * HOUR
        assert [one.edition for one in await publisher.publish_due()] == ["2026-W48"]
        assert await publisher.publish_due() == []
    assert await _periods(store) == [
        ("2026-W48", "published", "late by 4 h"),
        ("2026-W47", "skipped", "2026-W48 was due as well"),
        ("2026-W46", "skipped", "2026-W48 was due as well"),
    ]
    async with store.read() as session:
        (event,) = await load_events(session, what="edition.publish")
    assert (event.who, event.why) == ("schedule", "late by 4 h")


async def test_f34_however_late_somebody_is_there_again_the_last_edition_goes_out_once(
    database_url: str, store: Store, tmp_path: Path
) -> None:
    down = {
        timedelta(seconds=1): "",
        timedelta(minutes=11): "late by 11 min",
        timedelta(hours=4): "late by 4 h",
        timedelta(days=3): "late by 3 days",
        timedelta(days=6, hours=23): "late by 6 days",
    }
    clock = HandClock(SUNDAY)
    async with publisher_at(database_url, tmp_path, BOARD, clock=clock) as publisher:
        await publisher.publish_due()
    for week, late in enumerate(down):
        clock.instant = MONDAY + week * WEEK + late
        async with publisher_at(database_url, tmp_path, BOARD, clock=clock) as publisher:
            assert len(await publisher.publish_due()) == 1
            assert await publisher.publish_due() == []
    told = [note for _, state, note in await _periods(store) if state == "published"]
    assert told == [*down.values()][::-1]


@dataclass(frozen=True, slots=True)
class WildClock(SystemClock):
    """The clock of a machine that is wrong by so much."""

    by: timedelta

    def now(self) -> datetime:
        return datetime.now(UTC) + self.by


@pytest.mark.parametrize("by", [timedelta(days=365), -timedelta(hours=1), timedelta(minutes=6)])
async def test_f35_a_machine_whose_clock_is_wild_publishes_nothing_and_says_so(
    database_url: str, store: Store, tmp_path: Path, by: timedelta
) -> None:
    settings = load_settings(
        written(tmp_path, BOARD), {"SYNCER_SERVICE__DATABASE_URL": database_url}
    )
    async with Service(settings, clock=WildClock(by)) as service:
        with pytest.raises(SyncerError, match=f"{round(by.total_seconds() / 60)} minutes apart"):
            await Publisher(service, owner="serve").publish_due()
    assert await _editions(store) == []
    async with store.read() as session:
        assert await list_periods(session, "leadership") == []


async def test_an_edition_late_into_the_next_week_keeps_its_own_name(
    database_url: str, store: Store, tmp_path: Path
) -> None:
    friday = audience("board@example.com", more='schedule = "Fri 16:00"')
    clock = HandClock(SUNDAY - 3 * 24 * HOUR)  # Thursday of week 47
    async with publisher_at(database_url, tmp_path, friday, clock=clock) as publisher:
        await publisher.publish_due()
        clock.instant = MONDAY
        assert [one.edition for one in await publisher.publish_due()] == ["2026-W47"]
        clock.instant = MONDAY + 5 * 24 * HOUR
        assert [one.edition for one in await publisher.publish_due()] == ["2026-W48"]
    assert {name for _, name, _ in await _editions(store)} == {"2026-W47", "2026-W48"}


async def test_f35_a_clock_that_steps_back_publishes_nothing_twice(
    database_url: str, store: Store, tmp_path: Path
) -> None:
    clock = HandClock(SUNDAY)
    async with publisher_at(database_url, tmp_path, BOARD, clock=clock) as publisher:
        await publisher.publish_due()
        for instant in (MONDAY, MONDAY - HOUR, MONDAY, MONDAY - WEEK, MONDAY + HOUR):
            clock.instant = instant
            await publisher.publish_due()
    assert await _editions(store) == [("leadership", "2026-W48", 1)]
    assert len(await dispatches(store)) == 2


async def test_two_replicas_at_once_make_one_edition_and_one_dispatch_each(
    database_url: str, store: Store, tmp_path: Path
) -> None:
    clock = HandClock(SUNDAY)
    async with (
        service_at(database_url, tmp_path, BOARD, clock=clock) as service,
        service_at(database_url, tmp_path, BOARD, clock=clock) as other,
    ):
        replicas = [Publisher(one, owner=f"serve {n}") for n, one in enumerate((service, other))]
        for week in range(3):
            clock.instant = SUNDAY + week * WEEK
            await asyncio.gather(*(one.publish_due() for one in replicas))
            clock.instant = MONDAY + week * WEEK
            made = await asyncio.gather(*(one.publish_due() for one in replicas))
            assert sum(map(len, made)) == 1
    assert len(await _editions(store)) == 3
    assert len(await dispatches(store)) == 6


async def test_an_edition_sent_by_command_takes_the_period(
    database_url: str, store: Store, tmp_path: Path
) -> None:
    clock = HandClock(SUNDAY)
    folder = BOARD.replace(
        '{ kind = "email", to = ["board@example.com", "cto@example.com"] }',
        '{ kind = "file", path = "digests" }',
    )
    async with service_at(database_url, tmp_path, folder, clock=clock) as service:
        publisher = Publisher(service, owner="serve")
        await publisher.publish_due()
        clock.instant = MONDAY - HOUR
        (one,) = await service.audiences()
        (sent,) = await publisher.send([await service.draft(one)], author="Bob")
        assert sent.complete
        assert [path.suffix for path in sent.files] == [".md", ".html", ".txt", ".json"]
        assert all(path.is_file() for path in sent.files)
        clock.instant = MONDAY
        assert await publisher.publish_due() == []
        with pytest.raises(Rejected, match="has been published"):
            await publisher.send([await service.draft(one)], author="Bob")
    assert await _periods(store) == [("2026-W48", "published", "by command")]


async def test_an_audience_that_came_later_begins_with_its_own_next_period(
    database_url: str, store: Store, tmp_path: Path
) -> None:
    clock = HandClock(SUNDAY)
    async with publisher_at(database_url, tmp_path, BOARD, clock=clock) as publisher:
        await publisher.publish_due()
    clock.instant = MONDAY + HOUR
    both = BOARD + audience("late@example.com", key="late")
    async with publisher_at(database_url, tmp_path, both, clock=clock) as publisher:
        assert [one.audience for one in await publisher.publish_due()] == ["leadership"]
        assert await publisher.publish_due() == []


def test_lateness_is_told_in_the_largest_unit_that_says_enough() -> None:
    told = [told_late(timedelta(minutes=minutes)) for minutes in (0, 10, 25, 250, 60 * 40, 60 * 72)]
    assert told == ["", "", "late by 25 min", "late by 4 h", "late by 40 h", "late by 3 days"]
