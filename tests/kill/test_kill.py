"""Nothing that was acknowledged is lost, and nothing takes effect twice, whoever dies.

Reliability spec, section 5, G1 and G3 (F21, F22, F27, F28, F32). `SYNCER_TEST_SEED` chooses other
kills, `SYNCER_TEST_ROUNDS=n` makes the campaigns n times as long.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from tests.kill.campaign import Campaign
from tests.kill.checker import Found, faults, summary
from tests.kill.scripts import EDGES, scripts
from tests.replicas.cluster import Cluster
from tests.replicas.processes import Zygote

SEED: Final = int(os.environ.get("SYNCER_TEST_SEED", "1"))
ROUNDS: Final = int(os.environ.get("SYNCER_TEST_ROUNDS", "1"))
EACH: Final = 3
KILLS: Final = 50
STOPS: Final = 4
DATABASE_STOPS: Final = 3
DELIVERIES: Final = 10_200
ACKNOWLEDGED: Final = 10_000
MOST_SET_ASIDE: Final = 10
"""Deliveries that only a person lets out of quarantine: their own tries died with processes."""

SQLITE_KILLS: Final = 40
SQLITE_DELIVERIES: Final = 2_000


async def test_f21_f22_f28_f32_replicas_lose_nothing_and_do_nothing_twice(
    cluster: Cluster, zygote: Zygote, tmp_path: Path
) -> None:
    campaign = Campaign(
        folder=tmp_path / "postgres",
        database=await cluster.database(),
        zygote=zygote,
        cluster=cluster,
        scripts=scripts(kills=KILLS, each=EACH, stops=STOPS, rounds=ROUNDS, seed=SEED),
        deliveries=DELIVERIES * ROUNDS,
        replicas=3,
        database_stops=DATABASE_STOPS * ROUNDS,
        seed=SEED,
    )

    found = await campaign.run()

    tell("PostgreSQL", campaign, found)
    assert faults(found) == []
    assert len(found.acknowledged) >= ACKNOWLEDGED * ROUNDS
    assert campaign.tally.kills >= KILLS * ROUNDS
    assert campaign.tally.stops >= STOPS * ROUNDS
    assert campaign.tally.database_stops == DATABASE_STOPS * ROUNDS
    assert campaign.tally.let_out <= MOST_SET_ASIDE * ROUNDS
    assert rarely_hit(campaign) == {}


async def test_f27_f28_one_process_on_sqlite_loses_nothing_and_its_file_stays_whole(
    zygote: Zygote, sqlite_url: str, tmp_path: Path
) -> None:
    campaign = Campaign(
        folder=tmp_path / "sqlite",
        database=sqlite_url,
        zygote=zygote,
        scripts=scripts(kills=SQLITE_KILLS, each=EACH, rounds=ROUNDS, seed=SEED),
        deliveries=SQLITE_DELIVERIES * ROUNDS,
        seed=SEED,
    )

    found = await campaign.run()

    tell("SQLite", campaign, found)
    assert faults(found) == []
    assert campaign.tally.kills >= SQLITE_KILLS * ROUNDS
    assert campaign.tally.sound_files == campaign.tally.kills
    assert rarely_hit(campaign) == {}


def rarely_hit(campaign: Campaign) -> dict[str, int]:
    hits = campaign.tally.hits
    return {edge: hits[edge] for edge in EDGES if hits[edge] < EACH * ROUNDS}


def tell(name: str, campaign: Campaign, found: Found) -> None:
    """Counts for whoever reads the log of the tests."""
    tally = campaign.tally
    hits = ", ".join(f"{edge} {count}" for edge, count in sorted(tally.hits.items()))
    print(
        f"\n{name}: {tally.kills} kills, {tally.stops} stops, {tally.database_stops} of the "
        f"database; {summary(found)}; {tally.let_out} let out again; {hits}"
    )
