"""Full syncs against a bare client, the `jira` package and, with --peers, other tools.

Every variant reads the same made-up tracker, which runs beside it; variants take turns, each has a
process of its own that is warm, and the best of its runs counts.
Run: `make bench ARGS="--only sync"`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from bench.databases import BOTH, SQLITE, Databases, databases
from bench.figures import Figure, Options, run
from bench.peers import PEERS, NotMeasured, spent
from bench.processes import Worker
from bench.sample_issues import Style
from bench.sync_worker import job, worker
from bench.timing import Spent, Timed, in_turns
from bench.tracker import Tracker, ceiling, tracker

ISSUES = 10_000
TINY = 100
LATENCIES = (0, 50)
STYLES: Sequence[Style] = ("dc", "cloud")
NAMES = {"dc": "Data Center", "cloud": "Cloud"}
LEAST_OF_FLOOR = {0: 0.5, 50: 0.7}
LEAST_OF_OBJECTS = 3.0
LEAST_OF_PEERS = 7.0
MOST_PEER_RUNS = 2
OBJECTS = "jira objects"
ALONE = "jira objects alone"
VARIANTS = ("ours", "floor", OBJECTS, ALONE)


@dataclass(frozen=True, slots=True)
class Bench:
    """The running processes of one bench."""

    options: Options
    made: Databases
    workers: dict[str, Worker]
    kinds: Sequence[str]

    def timed(self, variants: Sequence[str], one: Tracker, kind: str) -> dict[str, Timed]:
        """Every variant's runs."""
        return in_turns(
            variants, lambda variant: self._once(variant, one, kind), repeats=self.options.repeats
        )

    def _once(self, variant: str, one: Tracker, kind: str) -> Spent:
        with self.made.fresh(kind) as database:
            answer = self.workers[variant](job(one, database))
        items, changes, names = answer["rows"]
        if variant != ALONE and not items == names == one.issues <= changes:
            raise RuntimeError(f"{variant} stored {items} items, {changes} changes, {names} names")
        return Spent(answer["seconds"], answer["processor"])


def measure(options: Options) -> Iterator[Figure]:
    """All figures of full syncs."""
    issues = options.sized(ISSUES, TINY)
    kinds = (SQLITE,) if options.tiny else BOTH
    latencies = LATENCIES[:1] if options.tiny else LATENCIES
    with databases(kinds) as made, ExitStack() as stack:
        workers = {variant: stack.enter_context(worker(variant)) for variant in VARIANTS}
        bench = Bench(options, made, workers, kinds)
        for style in STYLES:
            with tracker(style, issues=issues) as one:
                yield _ceiling(one)
            for latency in latencies:
                with tracker(style, issues=issues, latency_ms=latency) as one:
                    yield from _of_tracker(bench, one)


def _ceiling(one: Tracker) -> Figure:
    told = asyncio.run(ceiling(one))
    return Figure(
        what=f"made-up tracker, {NAMES[one.style]}: its own ceiling",
        value=None,
        beside=(
            f"{told.issues_a_second:,.0f} issues/s, {told.requests_a_second:,.0f} requests/s "
            "by a client that only reads the bytes"
        ),
    )


def _of_tracker(bench: Bench, one: Tracker) -> Generator[Figure]:
    best: dict[str, Timed] = {}
    for kind in bench.kinds:
        timed = bench.timed(("ours", "floor"), one, kind)
        ours, floor = timed["ours"], timed["floor"]
        best[kind] = ours
        yield Figure(
            what=f"{_place(one)}, {kind}: share of the floor's speed",
            value=floor.best / ours.best,
            unit="%",
            least=LEAST_OF_FLOOR[round(one.latency_ms)],
            beside=(
                f"{_by_processor(floor, ours):.0%} by processor; "
                f"ours {ours.told(one.issues)}; floor {floor.told(one.issues)}"
            ),
        )
    # In turns with ours once more: a machine's pace may change from one table line to the next.
    timed = bench.timed(("ours", OBJECTS, ALONE), one, SQLITE)
    ours, objects, alone = timed["ours"], timed[OBJECTS], timed[ALONE]
    yield Figure(
        what=f"{_place(one)}, {SQLITE}: times the `jira` package's speed",
        value=objects.best / ours.best,
        least=LEAST_OF_OBJECTS,
        beside=(
            f"{_by_processor(objects, ours):.1f} × by processor; ours {ours.told(one.issues)}; "
            f"its objects, stored as the floor stores: {objects.told(one.issues)}; "
            f"objects that nobody stores: {alone.told(one.issues)}"
        ),
    )
    yield from _of_peers(bench, one, ours=best[SQLITE])


def _of_peers(bench: Bench, one: Tracker, *, ours: Timed) -> Generator[Figure]:
    """Other tools, which know this tracker as a Data Center."""
    runs = min(bench.options.repeats, MOST_PEER_RUNS)
    for peer in PEERS if one.style == "dc" else ():
        what = f"{_place(one)}, {SQLITE}: times the speed of {peer.name}"
        if not bench.options.peers:
            yield Figure(
                what=what, value=None, least=LEAST_OF_PEERS, beside="not measured: --peers"
            )
            continue
        try:
            times = Timed(tuple(spent(peer, one) for _ in range(runs)))
        except NotMeasured as why:
            yield Figure(what=what, value=None, least=LEAST_OF_PEERS, beside=str(why))
            continue
        yield Figure(
            what=what,
            value=times.best / ours.best,
            least=LEAST_OF_PEERS,
            beside=(
                f"{_by_processor(times, ours):.1f} × by processor; "
                f"{peer.work}: {times.told(one.issues)}, best of {runs}"
            ),
        )


def _by_processor(other: Timed, ours: Timed) -> float:
    """What the table tells of speed, by processor time: that is believable on a busy machine."""
    return other.processor / ours.processor


def _place(one: Tracker) -> str:
    return f"sync, {NAMES[one.style]}, {one.latency_ms:.0f} ms"


if __name__ == "__main__":
    run(measure)
