"""The greatest memory of a full sync against that of an idle daemon; then a pass without changes.

The tracker makes its issues as they are asked for. With `--million` the same with a million issues,
which takes long. Run: `make bench ARGS="--only memory"`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import Any, Final

from bench.bench_idle import CONTAINERS, FEW_CONTAINERS, idle
from bench.daemon import daemon
from bench.databases import SQLITE, databases
from bench.figures import Figure, Options, run
from bench.pull_once import pulled
from bench.tracker import Tracker, tracker

USUAL: Final = 100_000
TINY: Final = 500
MILLION: Final = 1_000_000
MOST_MB: Final = 90.0
MOST_GROWTH: Final = 1.2
IDLE_SECONDS: Final = 8
"""How long a daemon with next to nothing to do is left alone before its memory is read."""


def measure(options: Options) -> Iterator[Figure]:
    """All figures of memory, and of the idle poll of the portfolio that it leaves."""
    containers = options.sized(CONTAINERS, FEW_CONTAINERS)
    with databases((SQLITE,)) as fresh:
        with fresh.fresh(SQLITE) as database, tracker("dc", issues=1) as one:
            alone = idle_daemon_mb(one, database, options.sized(IDLE_SECONDS, 0))
        sizes = [options.sized(USUAL, TINY), *([MILLION] if options.million else ())]
        peaks: list[float] = []
        for issues in sizes:
            with (
                fresh.fresh(SQLITE) as database,
                tracker("dc", issues=issues, containers=containers) as one,
            ):
                told = pulled(one, database)
                peaks.append(told["peak_mb"])
                yield _memory(issues, told, alone)
                yield from idle(one, database)
    yield _growth(peaks)


def _memory(issues: int, told: dict[str, Any], alone: float) -> Figure:
    if told["errors"] or told["stored"] != issues:
        raise RuntimeError(f"the sync of {issues} issues told {told}")
    return Figure(
        what=f"memory, full sync of {issues:,} issues: beyond an idle daemon",
        value=told["peak_mb"] - alone,
        unit="MB",
        most=MOST_MB,
        beside=(
            f"peak {told['peak_mb']:.0f} MB, idle daemon {alone:.0f} MB; "
            f"{told['seconds']:.0f} s ({issues / told['seconds']:,.0f}/s)"
        ),
    )


def _growth(peaks: list[float]) -> Figure:
    what = f"memory, {MILLION:,} issues against {USUAL:,}"
    if len(peaks) == 1:
        return Figure(what=what, value=None, most=MOST_GROWTH, beside="not measured: --million")
    return Figure(what=what, value=peaks[1] / peaks[0], most=MOST_GROWTH)


def idle_daemon_mb(one: Tracker, database: str, seconds: int) -> float:
    """The memory of a daemon that has served for a while and has nothing to do."""
    with daemon(one, database) as running:
        sleep(seconds)
        return rss_mb(running.pid)


def rss_mb(pid: int) -> float:
    """The memory of a process now."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    run(measure)
