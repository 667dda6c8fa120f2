"""Clocks: aware, in UTC, and running or standing as their name says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
import time_machine

from syncer.clock import Clock, FixedClock, ShiftedClock, SystemClock, as_utc

BERLIN_WINTER = timezone(timedelta(hours=1))
MONDAY = datetime(2026, 11, 23, 5, 30, tzinfo=BERLIN_WINTER)


def test_the_system_clock_tells_the_machines_time_in_utc() -> None:
    with time_machine.travel(MONDAY, tick=False):
        now = SystemClock().now()
    assert now == MONDAY
    assert now.tzinfo is UTC


def test_a_fixed_clock_stands_still() -> None:
    clock = FixedClock(MONDAY)
    assert clock.now() is clock.now()
    assert clock.now().isoformat() == "2026-11-23T04:30:00+00:00"


def test_a_shifted_clock_starts_where_told_and_runs_on() -> None:
    counted = iter([1000.0, 1000.0, 6400.0])
    clock = ShiftedClock(MONDAY, monotonic=lambda: next(counted))
    assert clock.now().isoformat() == "2026-11-23T04:30:00+00:00"
    assert clock.now().isoformat() == "2026-11-23T06:00:00+00:00"


def test_a_shifted_clock_runs_by_itself_and_ignores_the_machines_date() -> None:
    clock = ShiftedClock(MONDAY)
    first = clock.now()
    with time_machine.travel(datetime(1999, 1, 1, tzinfo=UTC), tick=False):
        second = clock.now()
    assert as_utc(MONDAY) <= first <= second
    assert second - first < timedelta(days=1)


@pytest.mark.parametrize("make", [FixedClock, ShiftedClock, as_utc])
def test_a_time_without_a_zone_is_refused(make: type[FixedClock | ShiftedClock]) -> None:
    with pytest.raises(ValueError, match="without a zone: 2026-11-23T05:30:00"):
        make(datetime(2026, 11, 23, 5, 30))  # noqa: DTZ001  the naive value is the case


@pytest.mark.parametrize("clock", [SystemClock(), FixedClock(MONDAY), ShiftedClock(MONDAY)])
def test_every_clock_is_a_clock(clock: Clock) -> None:
    assert clock.now().utcoffset() == timedelta(0)
