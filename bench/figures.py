"""What was measured, against what it should be: the one table that `make bench` prints."""

from __future__ import annotations

import argparse
import logging
import os
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import orjson

from syncer.log import configure

_WIDTHS: Final = (78, 9, 9, 7)
_HEADS: Final = ("what", "measured", "goal", "")
_PERCENT: Final = "%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure and its goal; `value` None says in `beside` why nothing was measured.

    A figure in % is a fraction here. Ratios stand on their own: what `beside` tells in seconds
    depends on the machine and is never a goal.
    """

    what: str
    value: float | None
    unit: str = "×"
    least: float | None = None
    most: float | None = None
    beside: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a goal or a value."""
        if self.value is None or (self.least is None and self.most is None):
            return None
        enough = self.least is None or self.value >= self.least
        return enough and (self.most is None or self.value <= self.most)

    def row(self) -> tuple[str, ...]:
        """The figure as the table shows it."""
        word = {True: "met", False: "MISSED", None: ""}[self.met]
        measured = "–" if self.value is None else self._shown(self.value)
        return self.what, measured, self._goal(), word, self.beside

    def _goal(self) -> str:
        if self.least is not None:
            return f"≥ {self._shown(self.least)}"
        return "" if self.most is None else f"≤ {self._shown(self.most)}"

    def _shown(self, value: float) -> str:
        if self.unit == _PERCENT:
            return f"{100 * value:.0f} %"
        digits = 1 if self.unit == "×" and value < 100 else 0  # noqa: PLR2004  three digits tell enough
        return f"{value:,.{digits}f} {self.unit}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to measure. `tiny` sizes only show that everything runs; their figures say nothing."""

    only: tuple[str, ...] = ()
    tiny: bool = False
    repeats: int = 3
    peers: bool = False
    million: bool = False
    burst: int = 5000
    out: Path | None = None

    def sized(self, usual: int, tiny: int) -> int:
        """One size or the other."""
        return tiny if self.tiny else usual


Measure = Callable[[Options], Iterable[Figure]]


def options_of(arguments: Sequence[str] | None = None) -> Options:
    """The options that a command line names."""
    parser = argparse.ArgumentParser(prog="make bench", description="See bench/README.md.")
    parser.add_argument("--only", default="", help="benches by name, with commas between")
    parser.add_argument(
        "--tiny", action="store_true", help="show that all runs; figures say nothing"
    )
    parser.add_argument("--repeats", type=int, default=3, help="how often each variant is run")
    parser.add_argument(
        "--peers", action="store_true", help="install other tools beside and run them"
    )
    parser.add_argument(
        "--million", action="store_true", help="also with a million issues (an hour)"
    )
    parser.add_argument("--burst", type=int, default=5000, help="deliveries of the burst")
    parser.add_argument("--out", type=Path, help="also write the figures as JSON")
    told = parser.parse_args(arguments)
    return Options(**{**vars(told), "only": tuple(filter(None, told.only.split(",")))})


def run(measure: Measure) -> None:
    """Measure as the command line says; print the table and keep the figures where asked for."""
    options = options_of()
    configure(level=logging.WARNING)
    figures = []
    for figure in measure(options):
        figures.append(figure)
        print("  " + _line(figure.row()), file=sys.stderr, flush=True)
    if options.out is not None:
        options.out.write_bytes(orjson.dumps([asdict(one) for one in figures]))
    else:
        print(table(figures))


def read(file: Path) -> list[Figure]:
    """The figures that a run has kept."""
    return [Figure(**one) for one in orjson.loads(file.read_bytes())]


def table(figures: Iterable[Figure]) -> str:
    """All figures, one a line."""
    lines = [_line((*_HEADS, "beside")), "-" * (sum(_WIDTHS) + len(_WIDTHS) + 30)]
    return "\n".join([*lines, *(_line(one.row()) for one in figures)])


def _line(cells: Sequence[str]) -> str:
    what, measured, goal, met, beside = cells
    shown = (what.ljust(_WIDTHS[0]), measured.rjust(_WIDTHS[1]), goal.rjust(_WIDTHS[2]))
    return " ".join((*shown, " " + met.ljust(_WIDTHS[3]), beside)).rstrip()


def machine() -> str:
    """What it was measured on, and how busy that was."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"Python {platform.python_version()} on {platform.system()}, {os.cpu_count()} CPUs; "
        f"load over 1, 5 and 15 minutes: {load}"
    )
