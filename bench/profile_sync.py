"""One full sync for a profiler: `py-spy record -o sync.svg -- python -m bench.profile_sync`.

Data Center, no latency, SQLite; `--cloud` and `--issues` say otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
from time import perf_counter

from bench.databases import SQLITE, databases
from bench.sync_worker import ours
from bench.tracker import tracker


def main() -> None:
    """Sync as the command line says, and tell how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cloud", action="store_true")
    parser.add_argument("--issues", type=int, default=10_000)
    told = parser.parse_args()
    with (
        databases((SQLITE,)) as made,
        made.fresh(SQLITE) as database,
        tracker("cloud" if told.cloud else "dc", issues=told.issues) as one,
    ):
        begun = perf_counter()
        asyncio.run(ours(one, database))
        print(f"{told.issues / (perf_counter() - begun):,.0f} issues/s")


if __name__ == "__main__":
    main()
