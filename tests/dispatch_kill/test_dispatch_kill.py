"""Exactly once, whoever dies: reliability spec, section 4, "Test that shows it" (F28, F31, F32).

`SYNCER_TEST_ROUNDS=n` makes the campaigns n times as long.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Final

import pytest

from syncer.store.dispatches import InDoubt
from tests.dispatch_kill.campaign import EDGES, Campaign, scripts
from tests.dispatch_kill.checker import faults, summary
from tests.dispatch_kill.cluster import Cluster, running_cluster

ROUNDS: Final = int(os.environ.get("SYNCER_TEST_ROUNDS", "1"))
KILLS: Final = 50
STOPS: Final = 6
DATABASE_STOPS: Final = 3
EACH: Final = 3


@pytest.fixture(scope="module")
def cluster() -> Generator[Cluster]:
    with running_cluster() as running:
        yield running


async def test_f31_f32_nobody_misses_a_digest_or_gets_a_second_one_that_does_not_say_so(
    cluster: Cluster, tmp_path: Path
) -> None:
    campaign = Campaign(
        folder=tmp_path / "resend",
        cluster=cluster,
        scripts=scripts(rounds=ROUNDS, each=EACH, stops=STOPS, kills=KILLS, seed=1),
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


def tell(name: str, campaign: Campaign, text: str) -> None:
    """Counts for whoever reads the log of the tests."""
    tally = campaign.tally
    hits = ", ".join(f"{edge} {count}" for edge, count in sorted(tally.hits.items()))
    print(
        f"\n{name}: {tally.kills} kills, {tally.stops} stops, {tally.database_stops} of the "
        f"database; {text}; {hits}"
    )
