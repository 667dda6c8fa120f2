"""Replicas that die one after the other in the midst of an edition (reliability spec, F44)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from syncer.failpoints import Edge
from syncer.store.dispatches import Dispatch, DispatchState, InDoubt
from tests.dispatch_kill.checker import faults, summary
from tests.dispatch_kill.scene import scene
from tests.dispatch_kill.stage import House, Plan

DEATHS: Final = (
    (Edge.DISPATCH_RECORDED, 3),
    (Edge.DISPATCH_ANSWERED, 6),
    (Edge.DISPATCH_INTENDED, 6),
)
"""Where each of the three ends, and at the how-manieth pass."""

MAILS: Final = 30
LANES: Final = 4
"""Messages that one replica has on their way at a time."""


def sent(rows: Sequence[Dispatch]) -> dict[str, Dispatch]:
    """Those that are done with."""
    return {one.id: one for one in rows if one.state is DispatchState.SENT}


async def test_f44_three_replicas_die_one_after_the_other_and_only_the_rest_goes_out(
    house: House, tmp_path: Path
) -> None:
    async with scene(house, tmp_path / "scene", Plan(audiences=1, mails=MAILS)) as on:
        done = [sent(await on.falls(edge, at=at)) for edge, at in DEATHS]
        await on.others_work()
        found = await on.found()
    print(f"\nleft by each: {[len(one) for one in done]} sent; {summary(found)}")
    assert faults(found, InDoubt.RESEND) == []
    assert 0 < len(done[0]) < len(done[1]) <= len(done[2]) < MAILS
    rows = {one.id: one for one in found.dispatches}
    for before in done:
        assert {name: rows[name] for name in before} == before
    # Some had a message on its way when they died, and nobody can know of more than those.
    assert 0 < sum(one.in_doubt for one in rows.values()) <= len(DEATHS) * LANES
