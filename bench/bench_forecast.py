"""One exact completion curve against the plain-bootstrap simulation that other tools ship.

Both answer the same question (when will 82 items be done, given twelve weeks of history) in one
process, so that the ratio does not depend on the machine.
Run: `make bench ARGS="--only forecast"`.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import Final

from bench.figures import Figure, Options, run
from syncer.rollup.forecast import HORIZON_WEEKS, completion_cdf

THROUGHPUT: Final = (5, 6, 4, 7, 3, 5, 6, 4, 2, 5, 4, 5)
REMAINING: Final = 82
GROWTH: Final = 10 / 229
RUNS: Final = 10_000
TINY_RUNS: Final = 100
LARGE: Final = 240
PROJECTS: Final = 60
REPEATS: Final = 5


def simulate(weeks: Sequence[int], items: int, *, runs: int, rng: random.Random) -> list[float]:
    """Return the share of runs done after each week, drawing weeks until the items are done."""
    finished = [0] * (HORIZON_WEEKS + 1)
    for _ in range(runs):
        done = week = 0
        while done < items and week < HORIZON_WEEKS:
            done += rng.choice(weeks)
            week += 1
        finished[week] += done >= items
    return [sum(finished[: week + 1]) / runs for week in range(HORIZON_WEEKS + 1)]


def milliseconds(work: Callable[[], object]) -> float:
    """Return the median time of several runs."""
    times = []
    for _ in range(REPEATS):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return 1000 * statistics.median(times)


def measure(options: Options) -> Iterator[Figure]:
    """All figures of forecasts."""
    runs = options.sized(RUNS, TINY_RUNS)
    exact = milliseconds(lambda: completion_cdf(THROUGHPUT, REMAINING, GROWTH))
    large = milliseconds(lambda: completion_cdf(THROUGHPUT, LARGE, GROWTH))
    rng = random.Random(1)
    drawn = milliseconds(lambda: simulate(THROUGHPUT, REMAINING, runs=runs, rng=rng))
    yield Figure(
        what=f"forecast, {REMAINING} items: times the speed of a plain bootstrap",
        value=drawn / exact,
        beside=(
            f"exact curve of {HORIZON_WEEKS} weeks {exact:.2f} ms, {runs:,} draws {drawn:.2f} ms; "
            f"{PROJECTS} projects of {LARGE} items {PROJECTS * large:.0f} ms"
        ),
    )


if __name__ == "__main__":
    run(measure)
