from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.domain.portfolio import Freeze
from syncer.rollup.calendar import (
    WorkCalendar,
    complete_weeks,
    days_overdue,
    due_date,
    is_overdue,
    iso_week,
    report_date,
    week_start,
    working_days,
)

NOVEMBER_26 = frozenset({date(2026, 11, 26)})
DAYS = st.dates(min_value=date(2023, 1, 1), max_value=date(2029, 12, 31))
HOLIDAYS = st.frozensets(DAYS, max_size=40)


def nov(day: int) -> date:
    return date(2026, 11, day)


@pytest.mark.parametrize(
    ("start", "end", "holidays", "expected"),
    [
        pytest.param(nov(20), nov(23), frozenset(), 1, id="E1-friday-to-monday"),
        pytest.param(nov(21), nov(22), frozenset(), 0, id="E1-saturday-to-sunday"),
        pytest.param(nov(23), nov(27), frozenset(), 4, id="E1-monday-to-friday"),
        pytest.param(nov(23), nov(27), NOVEMBER_26, 3, id="E1-with-holiday"),
        pytest.param(nov(23), nov(20), frozenset(), -1, id="E1-backwards"),
        pytest.param(date(2028, 2, 28), date(2028, 3, 1), frozenset(), 2, id="leap-day"),
        pytest.param(date(2026, 12, 31), date(2027, 1, 4), frozenset(), 2, id="turn-of-year"),
        pytest.param(nov(20), nov(23), {nov(21), nov(20)}, 1, id="holidays-that-do-not-count"),
    ],
)
def test_working_days(start: date, end: date, holidays: frozenset[date], expected: int) -> None:
    assert working_days(start, end, holidays) == expected


@given(DAYS, DAYS, HOLIDAYS)
def test_working_days_are_antisymmetric(a: date, b: date, holidays: frozenset[date]) -> None:
    assert working_days(a, b, holidays) == -working_days(b, a, holidays)


@given(DAYS, DAYS, DAYS, HOLIDAYS)
def test_working_days_add_up(a: date, b: date, c: date, holidays: frozenset[date]) -> None:
    parts = working_days(a, b, holidays) + working_days(b, c, holidays)
    assert parts == working_days(a, c, holidays)


@given(DAYS, st.integers(0, 400), HOLIDAYS)
def test_working_days_equal_counting_each_day(
    start: date, length: int, holidays: frozenset[date]
) -> None:
    days = (start + timedelta(days=n) for n in range(1, length + 1))
    counted = sum(day.weekday() < 5 and day not in holidays for day in days)
    assert working_days(start, start + timedelta(days=length), holidays) == counted


@pytest.mark.parametrize(
    ("zone", "expected", "overdue"),
    [
        pytest.param("Europe/Berlin", nov(24), 1, id="E2-berlin"),
        pytest.param("America/New_York", nov(23), 0, id="E2-new-york"),
    ],
)
def test_overdue_follows_the_reports_zone(zone: str, expected: date, overdue: int) -> None:
    today = report_date(datetime(2026, 11, 23, 23, 30, tzinfo=UTC), zone)
    assert today == expected
    assert days_overdue(nov(23), today) == overdue


@pytest.mark.parametrize(
    ("today", "overdue"),
    [
        pytest.param(nov(22), False, id="E3-sunday"),
        pytest.param(nov(23), True, id="E3-monday"),
    ],
)
def test_a_saturday_is_overdue_on_monday(today: date, overdue: bool) -> None:
    assert is_overdue(nov(21), today) is overdue


def test_the_holiday_after_a_due_date_does_not_make_it_overdue() -> None:
    assert not is_overdue(nov(25), nov(26), NOVEMBER_26)
    assert is_overdue(nov(25), nov(27), NOVEMBER_26)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (datetime(2026, 11, 22, 22, 59, tzinfo=UTC), nov(22)),
        (datetime(2026, 11, 22, 23, 0, tzinfo=UTC), nov(23)),
        (datetime(2026, 10, 24, 22, 30, tzinfo=UTC), date(2026, 10, 25)),  # summer time, +2
        (datetime(2026, 10, 25, 22, 30, tzinfo=UTC), date(2026, 10, 25)),  # winter time, +1
        (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), date(2026, 10, 26)),
        (datetime(2027, 3, 27, 23, 0, tzinfo=UTC), date(2027, 3, 28)),
        (datetime(2027, 3, 28, 21, 59, tzinfo=UTC), date(2027, 3, 28)),
        (datetime(2027, 3, 28, 22, 0, tzinfo=UTC), date(2027, 3, 29)),
    ],
)
def test_local_midnight_in_berlin(instant: datetime, expected: date) -> None:
    assert report_date(instant, ZoneInfo("Europe/Berlin")) == expected


def test_an_instant_is_converted_and_a_date_is_not() -> None:
    assert due_date(nov(23), "America/New_York") == nov(23)
    midnight = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    assert due_date(midnight, "America/New_York") == nov(22)


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        report_date(datetime(2026, 11, 23, 12, 0), "UTC")  # noqa: DTZ001 - the fault under test


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (nov(23), "2026-W48"),
        (date(2026, 12, 28), "2026-W53"),
        (date(2027, 1, 3), "2026-W53"),
        (date(2027, 1, 4), "2027-W01"),
    ],
)
def test_iso_week(day: date, week: str) -> None:
    assert iso_week(day) == week
    assert iso_week(week_start(day)) == week


def test_complete_weeks_stop_before_the_running_one() -> None:
    assert complete_weeks(date(2027, 1, 10), 2) == (date(2026, 12, 21), date(2026, 12, 28))
    assert complete_weeks(date(2027, 1, 11), 2) == (date(2026, 12, 28), date(2027, 1, 4))


def test_complete_weeks_pass_the_change_of_clocks() -> None:
    assert complete_weeks(date(2026, 11, 2), 2) == (date(2026, 10, 19), date(2026, 10, 26))


def test_capacity_is_lowest_where_freezes_overlap() -> None:
    calendar = WorkCalendar.of(
        NOVEMBER_26,
        [
            Freeze(first=nov(23), last=nov(26), capacity=0.5),
            Freeze(first=nov(25), last=nov(27), capacity=0.2),
        ],
    )
    week = [calendar.capacity(nov(day)) for day in range(23, 31)]
    assert week == [0.5, 0.5, 0.2, 0.0, 0.2, 0.0, 0.0, 1.0]


def test_a_frozen_day_is_still_a_working_day() -> None:
    calendar = WorkCalendar.of(freezes=[Freeze(first=nov(23), last=nov(27), capacity=0.0)])
    assert calendar.working_days(nov(22), nov(27)) == 5


def test_nth_working_day() -> None:
    calendar = WorkCalendar.of(NOVEMBER_26)
    assert calendar.nth_working_day_after(nov(21), 0) == nov(21)
    assert calendar.nth_working_day_after(nov(21), 1) == nov(23)
    assert calendar.nth_working_day_after(nov(25), 2) == nov(30)


@pytest.mark.parametrize(("day", "n"), [(nov(23), -1), (date.max, 1), (date(9999, 12, 27), 9)])
def test_a_working_day_that_does_not_exist(day: date, n: int) -> None:
    with pytest.raises(ValueError, match="working day after"):
        WorkCalendar().nth_working_day_after(day, n)
