"""Our clock was wrong and is put back: nothing waits for as long as it was wrong (F35)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncer.clock import CLOCKS_APART, is_ahead
from syncer.connect.circuit import Circuit
from syncer.connect.rate import LONGEST_PAUSE, Pause
from syncer.errors import AuthFailed
from tests.unit.connect.servers import NOON, SleepingClock, asking, says

BACK = timedelta(hours=24)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("ahead", "waits"),
    [
        (timedelta(), False),
        (MINUTE, True),
        (MINUTE + CLOCKS_APART, True),
        (MINUTE + CLOCKS_APART + timedelta(seconds=1), False),
        (BACK, False),
    ],
)
def test_f35_what_lies_further_ahead_than_it_can_is_not_waited_for(
    ahead: timedelta, *, waits: bool
) -> None:
    assert is_ahead(NOON + ahead, now=NOON, within=MINUTE) is waits


async def test_f35_a_pause_ends_when_the_clock_is_put_back() -> None:
    clock = SleepingClock()
    pause = Pause(clock=clock, sleep=clock.sleep, jitter=lambda: 0.0)
    pause.postpone(LONGEST_PAUSE)
    clock.instant -= BACK
    assert pause.is_over
    await pause.over()
    assert clock.slept == []
    pause.postpone(timedelta(seconds=9))
    await pause.over()
    assert clock.slept == [9.0]


async def test_f35_credentials_are_tried_again_when_the_clock_is_put_back() -> None:
    async with asking(says(status=401), says({"ok": True})) as (client, script):
        with pytest.raises(AuthFailed):
            await client.get("/x")
        script.clock.instant -= BACK
        assert (await client.get("/x")).object() == {"ok": True}


def test_f35_a_silent_tracker_is_asked_again_when_the_clock_is_put_back() -> None:
    circuit = Circuit()
    for _ in range(3):
        circuit.failed(container="", why="503", at=NOON)
    assert not circuit.is_due(NOON)
    assert circuit.is_due(NOON - BACK)
