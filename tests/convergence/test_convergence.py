"""The store equals the tracker, whatever happened before it became quiet.

What it drives are the real connector, store, pull, census, look back and inbox worker against a
simulated Jira Cloud or Data Center, under one time that passes only when a step says so. Each
campaign is cut into shards with seeds of their own, so that workers share them; an ordinary run has
always the same examples, and `SYNCER_TEST_SEED` has others.

Left out: GitHub, and parents that were out of the account's sight at some time, since nothing tells
that a child's parent is back.
"""

from __future__ import annotations

from typing import Final

import pytest

from tests.convergence.campaign import ROUNDS, SEED, campaign
from tests.convergence.tally import Tally

ON_SQLITE: Final = (12, 25)
ON_POSTGRESQL: Final = (3, 20)
"""How many shards there are, and how many examples each has."""

RULES: Final = (
    "pull", "inbox", "webhook in", "webhook twice", "webhook lost", "create", "edit",
    "edit within a second", "move", "delete", "hide", "restore", "rename container",
    "hide container", "our clock turns", "token expires", "time passes", "fault", "search lags",
    "search finds late", "search shows empty pages",
)  # fmt: skip


@pytest.mark.parametrize("shard", range(ON_SQLITE[0]))
def test_the_store_equals_the_tracker_on_sqlite(sqlite_url: str, shard: int) -> None:
    tally = campaign(sqlite_url, seed=1000 * SEED + shard, examples=ON_SQLITE[1] * ROUNDS)
    _check(tally, examples=ON_SQLITE[1])


@pytest.mark.parametrize("shard", range(ON_POSTGRESQL[0]))
def test_the_store_equals_the_tracker_on_postgresql(postgres_url: str, shard: int) -> None:
    seed = 1000 * SEED + 500 + shard
    tally = campaign(postgres_url, seed=seed, examples=ON_POSTGRESQL[1] * ROUNDS)
    _check(tally, examples=ON_POSTGRESQL[1])


def _check(tally: Tally, *, examples: int) -> None:
    """A run that did nothing must be visible: nearly every rule had its turn, and faults hit.

    Which rules, and how often, hypothesis chooses: a shard may well go without one or two.
    """
    print(tally.told())
    assert tally.total("begin") >= examples
    assert tally.total("rule") >= 30 * examples  # of at most fifty: some examples end early
    assert len([rule for rule in RULES if not tally.counts["rule"][rule]]) <= len(RULES) // 4
    assert tally.total("fault") + tally.total("crash") > 0
