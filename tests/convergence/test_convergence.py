"""The store equals the tracker, whatever happened before it became quiet.

Left out for now: PostgreSQL, the look-back lane, a container that is quiet for hours while a
reading of it stands still, and parents that were out of the account's sight at some time: nothing
tells that a child's parent is back.
"""

from __future__ import annotations

from tests.convergence.campaign import ROUNDS, campaign

SEED = 3
EXAMPLES = 12


def test_the_store_equals_the_tracker_on_sqlite(sqlite_url: str) -> None:
    tally = campaign(sqlite_url, seed=SEED, examples=EXAMPLES * ROUNDS)
    print(tally.told())
    assert min(tally.total(sort) for sort in ("rule", "fault", "crash")) > 0
