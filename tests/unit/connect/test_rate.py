from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.connect.rate import LONGEST_PAUSE, Pause, asked_pause
from syncer.errors import RateLimited
from tests.unit.connect.servers import NOON, SleepingClock


@pytest.mark.parametrize(
    ("status", "headers", "pause"),
    [
        (200, {}, None),
        (429, {}, None),
        (200, {"Retry-After": "30"}, 30),
        (503, {"Retry-After": " 2.5 "}, 2.5),
        (429, {"Retry-After": "99999999999999999999"}, 900),
        (429, {"Retry-After": "Mon, 23 Nov 2026 12:00:45 GMT"}, 45),
        (429, {"Retry-After": "Mon, 23 Nov 2026 11:00:00 GMT"}, 0),
        (429, {"Retry-After": "²"}, None),
        (429, {"X-RateLimit-Reset": "2026-11-23T12:00:20Z"}, 20),
        (429, {"X-RateLimit-Reset": "2026-11-23T12:00:20"}, 20),
        (429, {"X-RateLimit-Reset": str(int(NOON.timestamp()) + 8)}, 8),
        (429, {"X-RateLimit-Reset": "99999999999999999999"}, None),
        (200, {"X-RateLimit-Reset": "2026-11-23T12:00:20Z"}, None),
    ],
)
def test_the_pause_that_headers_ask_for(
    status: int, headers: dict[str, str], pause: float | None
) -> None:
    expected = None if pause is None else timedelta(seconds=pause)
    assert asked_pause(status, headers, now=NOON) == expected


@given(st.text(), st.text(), st.sampled_from([200, 429, 503]))
def test_whatever_headers_hold_the_pause_is_within_bounds(
    after: str, reset: str, status: int
) -> None:
    headers = {"Retry-After": after, "X-RateLimit-Reset": reset, "Date": reset}
    pause = asked_pause(status, headers, now=NOON)
    assert pause is None or timedelta() <= pause <= LONGEST_PAUSE


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001  made UTC below
def test_a_date_gives_the_time_until_then(at: datetime) -> None:
    whole = at.replace(microsecond=0, tzinfo=UTC)
    pause = asked_pause(429, {"Retry-After": format_datetime(whole, usegmt=True)}, now=NOON)
    assert pause == min(max(whole - NOON, timedelta()), LONGEST_PAUSE)


async def test_a_later_end_is_not_brought_forward() -> None:
    clock = SleepingClock()
    pause = Pause(clock=clock, sleep=clock.sleep, jitter=lambda: 0.5)
    pause.postpone(timedelta(seconds=30))
    pause.postpone(timedelta(seconds=10))
    await pause.over()
    assert clock.slept == [30.5]


async def test_a_pause_prolonged_meanwhile_is_waited_for_to_its_end() -> None:
    clock = SleepingClock()

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        if len(clock.slept) == 1:
            pause.postpone(timedelta(seconds=20))

    pause = Pause(clock=clock, sleep=sleep, jitter=lambda: 0.0)
    pause.postpone(timedelta(seconds=5))
    await pause.over()
    assert clock.instant == NOON + timedelta(seconds=25)


async def test_beyond_patience_the_caller_is_told_when_to_come_back() -> None:
    clock = SleepingClock()
    pause = Pause(clock=clock, sleep=clock.sleep, patience=timedelta(seconds=10))
    pause.postpone(timedelta(seconds=11))
    with pytest.raises(RateLimited) as limited:
        await pause.over()
    assert limited.value.retry_at == NOON + timedelta(seconds=11)
    assert clock.slept == []
