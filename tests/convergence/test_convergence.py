"""The store equals the tracker, whatever happened before it became quiet.

What it drives are the real connector, store, pull, census, look back and inbox worker against a
simulated Jira Cloud or Data Center, under one time that passes only when a step says so. Each
campaign is cut into shards with seeds of their own, so that workers share them; an ordinary run has
always the same examples, and `SYNCER_TEST_SEED` has others.

Some examples leave all to one lane alone, so that none can hide what another omits.

Left out: GitHub, and parents that were out of the account's sight at some time, since nothing tells
that a child's parent is back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pytest

from tests.convergence.campaign import ROUNDS, SEED, campaign
from tests.convergence.tally import Tally

ON_SQLITE: Final = (12, 25)
ON_POSTGRESQL: Final = (3, 20)
"""How many shards there are, and how many examples each has."""

SORTS: Final[Mapping[str, Sequence[str]]] = {
    "lanes": ("pull", "inbox", "census"),
    "webhooks": ("webhook in", "webhook twice", "webhook lost"),
    "changes": ("create", "edit", "edit within a second", "move", "delete"),
}
LEAST: Final[Mapping[str, int]] = {"lanes": 20, "webhooks": 5, "changes": 50}


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
    """A run that did nothing must be visible: work was done, told of and changed all the time.

    Which single rules have their turn in a shard, and how often something strikes, is hypothesis's
    choice, which turns with what a crash hits. That what may happen does happen often enough, the
    planted defects show.
    """
    print(tally.told())
    rules = tally.counts["rule"]
    done = {sort: sum(rules[rule] for rule in some) for sort, some in SORTS.items()}
    assert tally.total("begin") >= examples
    assert tally.total("rule") >= 30 * examples  # of at most fifty: some examples end early
    assert {sort: done[sort] for sort in LEAST if done[sort] < LEAST[sort]} == {}
