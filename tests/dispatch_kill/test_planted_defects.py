"""The check that the real outbox passes catches those that look right and are not.

Each defect plays the shortest scene in which it does wrong. The real outbox plays the same scenes
to the same check: what is told of the one and not of the other is the defect.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest

from syncer.failpoints import Edge
from syncer.store.dispatches import InDoubt
from tests.dispatch_kill.checker import faults, summary
from tests.dispatch_kill.defects import Defect
from tests.dispatch_kill.scene import Scene, scene
from tests.dispatch_kill.stage import House, Plan

MAILS: Final = 6
LANES: Final = 4
"""Dispatches that one replica claims at a time."""

Play = Callable[[Scene], Awaitable[None]]


async def dies_before_the_dot(on: Scene) -> None:
    """One replica ends between its intent and the end of the message; another does the rest."""
    await on.falls(Edge.DISPATCH_INTENDED)
    await on.others_work()


async def dies_after_the_dot(on: Scene) -> None:
    """One replica ends between the server's answer and the record of it."""
    await on.falls(Edge.DISPATCH_ANSWERED)
    await on.others_work()


async def is_overtaken_before_its_intent(on: Scene) -> None:
    """One replica stands still before its intent until another has sent all, and then goes on."""
    late = await on.stands_still(Edge.DISPATCH_PREPARED)
    await on.others_work()
    await on.wakes_up(late)


async def is_refused_after_it_was_overtaken(on: Scene) -> None:
    """The same before it prepares; by then the server takes nothing of what it had begun."""
    late = await on.stands_still(Edge.DISPATCH_CLAIMED, at=LANES)
    await on.others_work()
    await on.wakes_up_refused(late)


PLANTED: Final = [
    (Defect.FLAG_BEFORE_SEND, dies_before_the_dot, "missing"),
    (Defect.FLAG_AFTER_SEND, dies_after_the_dot, "duplicate"),
    (Defect.ROW_LOCK, dies_after_the_dot, "duplicate"),
    (Defect.LEADER, dies_after_the_dot, "duplicate"),
    (Defect.NO_FENCING, is_overtaken_before_its_intent, "duplicate"),
    (Defect.NO_FENCING_OF_RECORDS, is_refused_after_it_was_overtaken, "duplicate"),
]


@pytest.mark.parametrize(("defect", "play", "kind"), PLANTED)
async def test_f31_f32_the_check_catches_each_planted_defect(
    house: House, tmp_path: Path, defect: Defect, play: Play, kind: str
) -> None:
    plan = Plan(audiences=1, mails=MAILS, defect=defect)
    async with scene(house, tmp_path / "scene", plan) as on:
        await play(on)
        caught = faults(await on.found(), InDoubt.RESEND)
    print(f"\n{defect}: {len(caught)} caught, such as: {next(iter(caught), 'none')}")
    assert any(one.startswith(kind) for one in caught)


async def test_f31_the_check_catches_one_who_sends_again_what_is_to_be_held(
    house: House, tmp_path: Path
) -> None:
    plan = Plan(audiences=1, mails=MAILS, policy=InDoubt.HOLD, defect=Defect.NEVER_HOLDS)
    async with scene(house, tmp_path / "scene", plan) as on:
        await dies_after_the_dot(on)
        found = await on.found()
    caught = faults(found, InDoubt.HOLD)
    print(f"\n{plan.defect}: {len(caught)} caught, such as: {next(iter(caught), 'none')}")
    assert any("copies, though" in one for one in caught)
    assert any("in doubt, though" in one for one in caught)
    assert faults(found, InDoubt.RESEND) == []  # under the other policy nothing is wrong with it


async def test_f31_f32_the_real_outbox_passes_in_the_same_scenes(
    house: House, tmp_path: Path
) -> None:
    async with scene(house, tmp_path / "scene", Plan(audiences=1, mails=MAILS)) as on:
        for play in dict.fromkeys(play for _, play, _ in PLANTED):
            await play(on)
            on.next_week()
        await on.others_work()
        found = await on.found()
    print(f"\nreal: {summary(found)}")
    assert faults(found, InDoubt.RESEND) == []
