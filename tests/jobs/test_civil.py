"""The civil calendar: one due instant a week, in every zone, through every change of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.jobs.civil import Period, WeeklySchedule, first_instant

FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
ZONES = sorted(available_timezones())
BERLIN = WeeklySchedule.parse("Mon 07:00", "Europe/Berlin")
STEP = timedelta(hours=12)


def utc(year: int, month: int, day: int, *time_of_day: int) -> datetime:
    hour, minute, second = (*time_of_day, 0, 0, 0)[:3]
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def test_the_newest_due_period_and_its_instant() -> None:
    assert BERLIN.newest_due(utc(2026, 11, 23, 6)) == Period(utc(2026, 11, 23, 6), "2026-W48")
    before = utc(2026, 11, 23, 5, 59, 59)
    assert BERLIN.newest_due(before) == Period(utc(2026, 11, 16, 6), "2026-W47")
    assert BERLIN.next_due(before).key == "2026-W48"
    assert BERLIN.next_due(utc(2026, 11, 23, 6)).key == "2026-W49"


def test_all_missed_periods_are_listed_oldest_first() -> None:
    missed = BERLIN.due_since(utc(2026, 11, 2, 6), utc(2026, 11, 25))
    assert [period.key for period in missed] == ["2026-W46", "2026-W47", "2026-W48"]
    assert BERLIN.due_since(utc(2026, 11, 23, 6), utc(2026, 11, 25)) == []


def test_a_week_of_another_year_is_named_by_its_iso_year() -> None:
    assert BERLIN.newest_due(utc(2027, 1, 1)).key == "2026-W53"
    assert BERLIN.newest_due(utc(2025, 12, 30)).key == "2026-W01"


@pytest.mark.parametrize(
    ("day", "at", "zone", "expected"),
    [
        pytest.param("2026-03-29", "02:30", "Europe/Berlin", utc(2026, 3, 29, 1), id="gap"),
        pytest.param("2026-10-25", "02:30", "Europe/Berlin", utc(2026, 10, 25, 0, 30), id="fold"),
        pytest.param("2026-10-04", "02:15", "Australia/Lord_Howe", utc(2026, 10, 3, 15, 30)),
        pytest.param("2011-12-30", "07:00", "Pacific/Apia", utc(2011, 12, 30, 10), id="no-day"),
    ],
)
def test_f33_a_gap_means_the_next_valid_instant_and_a_fold_the_first(
    day: str, at: str, zone: str, expected: datetime
) -> None:
    assert first_instant(date.fromisoformat(day), time.fromisoformat(at), zone) == expected


def transitions(zone: str) -> list[datetime]:
    """The instants, to the minute, at which the zone's clock is put forward or back."""
    tz, found, at = ZoneInfo(zone), [], FIRST
    while at < LAST:
        if at.astimezone(tz).utcoffset() != (at + STEP).astimezone(tz).utcoffset():
            found.append(_narrowed(at, tz))
        at += STEP
    return found


def _narrowed(at: datetime, tz: ZoneInfo) -> datetime:
    offset, span = at.astimezone(tz).utcoffset(), STEP
    while span > timedelta(minutes=1):
        span /= 2
        at = at + span if (at + span).astimezone(tz).utcoffset() == offset else at
    return (at + timedelta(minutes=1)).replace(second=0, microsecond=0)


def _holds_around(instant: datetime, zone: str) -> None:
    """Schedules at, before and after the hour of a transition: each week once, in order."""
    local = instant.astimezone(ZoneInfo(zone))
    for minutes in (-90, -30, 0, 30, 90):
        wall = (local + timedelta(minutes=minutes)).replace(tzinfo=None)
        schedule = WeeklySchedule(wall.weekday(), wall.time(), zone)
        periods = schedule.due_since(instant - timedelta(days=15), instant + timedelta(days=15))
        assert len(periods) in {4, 5}
        assert len({period.key for period in periods}) == len(periods)
        for earlier, later in pairwise(periods):
            assert timedelta(days=6, hours=20) <= later.due_at - earlier.due_at
            assert later.due_at - earlier.due_at <= timedelta(days=7, hours=4)
        for period in periods:
            assert schedule.newest_due(period.due_at) == period
            assert schedule.newest_due(period.due_at - timedelta(seconds=1)) != period
            shown = period.due_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            since = timedelta(days=(shown.weekday() - schedule.weekday) % 7)
            wanted = datetime.combine(shown.date() - since, schedule.at)
            assert timedelta() <= shown - wanted <= timedelta(hours=3)  # a gap may span midnight


def test_f33_each_civil_week_has_one_due_instant_in_every_zone_at_every_change_of_its_clock() -> (
    None
):
    seen: set[tuple[datetime, ...]] = set()
    checked = 0
    for zone in ZONES:
        changes = tuple(transitions(zone))
        tz = ZoneInfo(zone)
        shape = (*changes, FIRST + (tz.utcoffset(FIRST.replace(tzinfo=None)) or timedelta()))
        if shape in seen:
            continue  # a zone that keeps the same clock under another name
        seen.add(shape)
        for change in changes:
            _holds_around(change, zone)
            checked += 1
    assert checked > 800


@given(
    zone=st.sampled_from(ZONES),
    weekday=st.integers(0, 6),
    at=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    now=st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None)),
)
def test_f33_the_newest_due_is_the_last_of_all_and_the_next_follows_it(
    zone: str, weekday: int, at: time, now: datetime
) -> None:
    schedule, instant = WeeklySchedule(weekday, at, zone), now.replace(tzinfo=UTC)
    newest, after = schedule.newest_due(instant), schedule.next_due(instant)
    assert newest.due_at <= instant < after.due_at
    assert after.due_at - newest.due_at <= timedelta(days=7, hours=4)
    assert schedule.due_since(newest.due_at, instant) == []
    assert schedule.due_since(newest.due_at - timedelta(seconds=1), instant) == [newest]
