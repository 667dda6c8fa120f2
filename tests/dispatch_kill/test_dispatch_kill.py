"""Exactly once, whoever dies: reliability spec, section 4, "Test that shows it" (F28, F31, F32).

`SYNCER_TEST_ROUNDS=n` makes the campaigns n times as long, `SYNCER_TEST_SEED` makes them others.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from syncer.failpoints import Edge
from syncer.store.dispatches import DispatchState, InDoubt
from tests.dispatch_kill.campaign import EDGES, Campaign, kills_at, scripts
from tests.dispatch_kill.checker import faults, summary
from tests.dispatch_kill.stage import House, Plan

ROUNDS: Final = int(os.environ.get("SYNCER_TEST_ROUNDS", "1"))
SEED: Final = int(os.environ.get("SYNCER_TEST_SEED", "1"))
KILLS: Final = 50
STOPS: Final = 6
DATABASE_STOPS: Final = 3
EACH: Final = 3


async def test_f31_f32_nobody_misses_a_digest_or_gets_a_second_one_that_does_not_say_so(
    house: House, tmp_path: Path
) -> None:
    campaign = Campaign(
        folder=tmp_path / "resend",
        house=house,
        scripts=scripts(rounds=ROUNDS, each=EACH, stops=STOPS, kills=KILLS, seed=SEED),
        plan=Plan(seed=SEED),
        database_stops=DATABASE_STOPS * ROUNDS,
    )
    found = await campaign.run()
    tell("resend", campaign, summary(found))
    assert faults(found, InDoubt.RESEND) == []
    assert campaign.tally.kills >= KILLS * ROUNDS
    assert campaign.tally.stops >= STOPS * ROUNDS
    assert campaign.tally.database_stops == DATABASE_STOPS * ROUNDS
    assert {
        edge: campaign.tally.hits[edge] for edge in EDGES if campaign.tally.hits[edge] < EACH
    } == {}


DOUBTFUL: Final = (Edge.DISPATCH_INTENDED, Edge.DISPATCH_DOT_SENT, Edge.DISPATCH_ANSWERED)
DOUBTFUL_KILLS: Final = 10
DOUBTFUL_STOPS: Final = 2


async def test_f31_f32_with_hold_nobody_gets_two_and_every_doubt_is_there_for_a_person(
    house: House, tmp_path: Path
) -> None:
    kills, stops = DOUBTFUL_KILLS * ROUNDS, DOUBTFUL_STOPS * ROUNDS
    campaign = Campaign(
        folder=tmp_path / "hold",
        house=house,
        scripts=kills_at(DOUBTFUL, kills=kills, stops=stops, seed=SEED),
        plan=Plan(audiences=3, policy=InDoubt.HOLD, seed=SEED),
    )
    found = await campaign.run()
    tell("hold", campaign, summary(found))
    assert faults(found, InDoubt.HOLD) == []
    held = sum(one.state is DispatchState.HELD for one in found.dispatches)
    assert held >= kills // len(DOUBTFUL)  # each that died between a mail's dot and its answer
    assert len(found.arrivals) == len({one.message_id for one in found.arrivals})
    assert campaign.tally.kills >= kills
    assert campaign.tally.stops >= stops
    assert {edge for edge in DOUBTFUL if campaign.tally.hits[edge] < EACH} == set()


def tell(name: str, campaign: Campaign, text: str) -> None:
    """Counts for whoever reads the log of the tests."""
    tally = campaign.tally
    hits = ", ".join(f"{edge} {count}" for edge, count in sorted(tally.hits.items()))
    print(
        f"\n{name}: {tally.kills} kills, {tally.stops} stops, {tally.database_stops} of the "
        f"database; {text}; {hits}"
    )
