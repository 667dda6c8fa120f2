"""Runs all benches, each in a process of its own, and prints their figures as one table.

`make bench`, with options by `ARGS`: see bench/README.md. A goal that is missed is shown and fails
nothing; a bench that breaks is shown and makes the exit code 1.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.figures import Figure, machine, options_of, read, table

BENCHES: Final = (
    "forecast", "writes", "sync", "connectors", "memory", "hooks", "rollup", "classify",
)  # fmt: skip
ON_DEMAND: Final = ("idle",)
"""`memory` ends with the idle poll of what it has synced."""


def run_all(arguments: list[str]) -> int:
    """Run what the arguments ask for; the exit code."""
    options = options_of(arguments)
    unknown = {*options.only} - {*BENCHES, *ON_DEMAND}
    if unknown:
        print(f"No such bench: {', '.join(sorted(unknown))}.", file=sys.stderr)
        return 2
    print(f"Before: {machine()}", flush=True)
    figures: list[Figure] = []
    broken = 0
    with TemporaryDirectory(prefix="syncer-bench-") as folder:
        for name in options.only or BENCHES:
            out = Path(folder) / f"{name}.json"
            print(f"measuring {name} …", flush=True)
            code = _run_one(name, [*arguments, f"--out={out}"])
            broken += code != 0
            figures += read(out) if code == 0 else [_broken(name)]
    print(f"After:  {machine()}; best of {options.repeats} runs each\n")
    print(table(figures))
    return 1 if broken else 0


def _run_one(name: str, arguments: list[str]) -> int:
    command = [sys.executable, "-m", f"bench.bench_{name}", *arguments]
    return subprocess.run(command, check=False).returncode  # noqa: S603  our own module


def _broken(name: str) -> Figure:
    return Figure(what=name, value=None, beside="BROKE: see above")


if __name__ == "__main__":
    sys.exit(run_all(sys.argv[1:]))
