"""A clock that runs fast, and that several processes share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from syncer.clock import TEST_CLOCK, ScaledClock, SystemClock, clock_from, pace_of

START = datetime(2027, 3, 22, 8, tzinfo=UTC)


def test_it_runs_at_its_speed() -> None:
    passed = [0.0]
    clock = ScaledClock(START, 600, monotonic=lambda: passed[0])
    passed[0] = 60.0

    assert clock.now() == START + timedelta(hours=10)
    assert pace_of(clock) == 600


def test_an_anchor_lets_processes_that_start_later_share_the_time() -> None:
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    clock = ScaledClock(START, 2, anchor=an_hour_ago, monotonic=lambda: 0.0)

    assert timedelta() <= clock.now() - (START + timedelta(hours=2)) < timedelta(minutes=5)


@pytest.mark.parametrize("speed", [0, -1])
def test_a_clock_does_not_stand_or_go_back(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        ScaledClock(START, speed)


def test_the_machine_s_clock_unless_a_test_says_otherwise() -> None:
    assert clock_from({}) == SystemClock()
    assert pace_of(SystemClock()) == 1

    shifted = clock_from({TEST_CLOCK: START.isoformat()})
    assert timedelta() <= shifted.now() - START < timedelta(minutes=5)
    fast = clock_from({TEST_CLOCK: f"{START.isoformat()} 600 {datetime.now(UTC).isoformat()}"})
    assert pace_of(fast) == 600
