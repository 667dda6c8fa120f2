"""Runs the long campaigns again and again, each time with another seed, until the hours are over.

    make test-long HOURS=8

A campaign is a folder of tests that reads `SYNCER_TEST_SEED` (which examples, kills and faults)
and `SYNCER_TEST_ROUNDS` (how many times as many as in an ordinary run). What has been done stands
in `.long/done.json`, so that a run that was broken off goes on with the next seed; the output of a
round that failed lies beside it. The exit code is 1 if any round of this run failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

ROOT: Final = Path(__file__).resolve().parent.parent
CAMPAIGNS: Final = (
    "tests/convergence",
    "tests/kill",
    "tests/dispatch_kill",
    "tests/faults",
)
SEED: Final = "SYNCER_TEST_SEED"
ROUNDS: Final = "SYNCER_TEST_ROUNDS"
_PASSED: Final = 0
_INTERRUPTED: Final = 2

Done = dict[str, dict[str, str]]
"""What became of each seed of each campaign: `passed` or `failed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to run: folders of tests, how many times their ordinary size, and where to note it.

    `workers` is how many processes pytest shares the tests out to.
    """

    campaigns: Sequence[str]
    rounds: int
    folder: Path
    workers: str = "auto"

    @property
    def state(self) -> Path:
        """The file that holds what has been done."""
        return self.folder / "done.json"

    def done(self) -> Done:
        """What has been done so far."""
        if not self.state.exists():
            return {}
        told: Done = orjson.loads(self.state.read_bytes())
        return told

    def note(self, campaign: str, seed: int, word: str) -> None:
        """Keep what became of a round, all or nothing."""
        done = self.done()
        done.setdefault(campaign, {})[str(seed)] = word
        fresh = self.state.with_suffix(".new")
        fresh.write_bytes(orjson.dumps(done, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
        fresh.replace(self.state)

    def next_seed(self, campaign: str) -> int:
        """The first seed that the campaign has not had."""
        return max(map(int, self.done().get(campaign, {})), default=0) + 1

    def log(self, campaign: str, seed: int) -> Path:
        """Where the output of a round goes."""
        return self.folder / f"{campaign.replace('/', '-')}-{seed}.log"


def run(plan: Plan, *, more: Callable[[], bool], tell: Callable[[str], None] = print) -> list[str]:
    """Run campaign after campaign while there is `more` time; the rounds that failed."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    failed: list[str] = []
    for campaign in _in_turn(plan, more):
        seed = plan.next_seed(campaign)
        begun = time.monotonic()
        code = _round(plan, campaign, seed)
        if code == _INTERRUPTED:
            raise KeyboardInterrupt
        word = "passed" if code == _PASSED else "failed"
        plan.note(campaign, seed, word)
        tell(f"{campaign}, seed {seed}: {word} after {time.monotonic() - begun:.0f} s")
        if code == _PASSED:
            plan.log(campaign, seed).unlink()
        else:
            failed.append(f"{SEED}={seed} {ROUNDS}={plan.rounds} python -m pytest {campaign}")
    return failed


def _in_turn(plan: Plan, more: Callable[[], bool]) -> Iterator[str]:
    """Always the one that has had the fewest rounds in all runs: so short runs starve none."""
    while more():
        done = plan.done()
        yield min(plan.campaigns, key=lambda campaign: len(done.get(campaign, {})))


def _round(plan: Plan, campaign: str, seed: int) -> int:
    variables: Mapping[str, str] = {SEED: str(seed), ROUNDS: str(plan.rounds)}
    with plan.log(campaign, seed).open("wb") as log:
        done = subprocess.run(  # noqa: S603  our own tests by our own interpreter
            [
                sys.executable,
                "-m",
                "pytest",
                "-n",
                plan.workers,
                "-q",
                "-p",
                "no:cacheprovider",
                campaign,
            ],
            check=False,
            cwd=ROOT,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    return done.returncode


def summary(done: Done) -> Iterator[str]:
    """How many rounds each campaign has had in all runs so far."""
    for campaign, seeds in sorted(done.items()):
        failed = sorted((int(seed) for seed, word in seeds.items() if word == "failed"))
        told = f"; failed with seeds {', '.join(map(str, failed))}" if failed else ""
        yield f"{campaign}: {len(seeds)} rounds in all{told}"


def main() -> int:
    """Run as the command line says; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=3, help="times the ordinary size")
    parser.add_argument("--folder", type=Path, default=ROOT / ".long")
    parser.add_argument("campaigns", nargs="*", default=CAMPAIGNS)
    told = parser.parse_args()
    there = [one for one in told.campaigns if (ROOT / one).exists()]
    if not there:
        print("None of these campaigns is there.", file=sys.stderr)
        return 2
    plan = Plan(campaigns=there, rounds=told.rounds, folder=told.folder)
    deadline = time.monotonic() + 3600 * told.hours
    failed = run(plan, more=lambda: time.monotonic() < deadline)
    print("\n".join(summary(plan.done())))
    for command in failed:
        print(f"again: {command}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
