"""Print how often 85 % dates held: on the demo's history and on made-up teams (`make backtest`).

    python scripts/backtest.py [--teams N] [--weeks N] [--no-demo]

Beside each stands the plain bootstrap, which draws the observed weeks again and again and takes
their pace for exact. The teams are drawn with fixed seeds: every run prints the same table. What
counts as finished, and which forecasts are judged, stands in
`syncer/rollup/forecasting/backtest.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import math
import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from syncer.clock import FixedClock
from syncer.demo.clock import AS_OF
from syncer.demo.run import make_demo
from syncer.domain.backtest import Backtest
from syncer.domain.report import Snapshot
from syncer.log import configure
from syncer.rollup.calendar import WorkCalendar
from syncer.rollup.forecasting.backtest import Life, summary, trials
from syncer.service.core import Service
from syncer.settings.load import load_settings

TEAMS: Final = 300
WEEKS: Final = 75
FIRST_MONDAY: Final = date(2025, 1, 6)
PACE: Final = 4.5
SWELL: Final = 3.0
DRIFT: Final = 0.06
WORK_DAYS: Final = 5

Weeks = Iterator[int]


def poisson(rng: random.Random, mean: float) -> int:
    """A count with this mean and as much variance."""
    limit, drawn, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        drawn += 1
        product *= rng.random()
    return drawn


def steady(rng: random.Random) -> Weeks:
    """A constant pace: each week as likely as any other."""
    while True:
        yield poisson(rng, PACE)


def over_dispersed(rng: random.Random) -> Weeks:
    """A constant mean with four times its variance: feasts and famines."""
    while True:
        yield poisson(rng, rng.gammavariate(PACE / SWELL, SWELL))


def drifting(rng: random.Random) -> Weeks:
    """A pace that wanders: its logarithm takes a step up or down every week."""
    pace = PACE
    while True:
        yield poisson(rng, pace)
        pace = min(max(pace * math.exp(rng.gauss(0.0, DRIFT)), PACE / 3), PACE * 3)


GENERATORS: Final[dict[str, Callable[[random.Random], Weeks]]] = {
    "steady": steady,
    "over-dispersed": over_dispersed,
    "drifting": drifting,
}


def lives(rng: random.Random, counts: Weeks, weeks: int) -> list[Life]:
    """A large backlog of one day, worked off on random working days of each week."""
    done = [
        FIRST_MONDAY + timedelta(weeks=week, days=rng.randrange(WORK_DAYS))
        for week in range(weeks)
        for _ in range(next(counts))
    ]
    written = FIRST_MONDAY - timedelta(days=7)
    finished = [Life(created=written, done=day) for day in done]
    return finished + [Life(created=written)] * len(done)


def judged(name: str, *, teams: int, weeks: int) -> Backtest:
    """The backtest of so many teams of one sort together."""
    today, found = FIRST_MONDAY + timedelta(weeks=weeks), []
    for team in range(teams):
        rng = random.Random(f"{name} {team}")
        work = lives(rng, GENERATORS[name](rng), weeks)
        found += trials(work, today=today, began=FIRST_MONDAY, calendar=WorkCalendar())
    return summary(found)


async def demo_snapshot(folder: Path) -> Snapshot:
    """The demo's portfolio on its Monday."""
    made = await make_demo(folder, past_editions=0)
    settings = load_settings(made.configuration, {})
    async with Service(settings, clock=FixedClock(AS_OF)) as service:
        return (await service.snapshots()).current


def row(name: str, found: Backtest) -> str:
    """One line of the table."""
    if not found.total:
        return f"{name:<34}{'–':>9}{'none can be judged':>40}"
    ours, plain = (
        f"{part:>6} of {found.total:<6} ({100 * part / found.total:.0f} %)"
        for part in (found.held, found.plain_held)
    )
    return f"{name:<34}{ours:>26}{plain:>26}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Judge past 85 % forecasts.")
    parser.add_argument("--teams", type=int, default=TEAMS, help="made-up teams of each sort")
    parser.add_argument("--weeks", type=int, default=WEEKS, help="weeks of their history")
    parser.add_argument("--no-demo", action="store_true", help="made-up teams only")
    told = parser.parse_args()
    configure(level=logging.WARNING)
    print(f"{'85 % dates that held':<34}{'ours':>26}{'plain bootstrap':>26}")
    if not told.no_demo:
        with TemporaryDirectory(prefix="syncer-backtest-") as folder:
            snapshot = asyncio.run(demo_snapshot(Path(folder)))
        for project in snapshot.projects:
            print(row(f"demo: {project.name}", project.backtest))
        print(row("demo: all projects", snapshot.backtest))
    for name in GENERATORS:
        teams = judged(name, teams=told.teams, weeks=told.weeks)
        print(row(f"{told.teams} {name} teams", teams))


if __name__ == "__main__":
    main()
