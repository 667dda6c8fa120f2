"""Runs in turns, so that a busy machine disturbs all variants alike.

Beside the seconds that pass stand those of the processor, of all threads of the measured process
and of the processes that it started and that have ended: others on the machine stretch the first
far more than the second. What a database server or the made-up tracker works meanwhile is in
neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from time import perf_counter, process_time


@dataclass(frozen=True, slots=True)
class Spent:
    """What one run took: seconds by the clock, and seconds of the processor."""

    seconds: float
    processor: float

    def times(self, factor: float) -> Spent:
        """So many such runs."""
        return Spent(self.seconds * factor, self.processor * factor)


class Stopwatch:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self._begun = perf_counter()
        self._worked = _worked()

    def spent(self) -> Spent:
        """What has been spent so far."""
        return Spent(perf_counter() - self._begun, _worked() - self._worked)


def _worked() -> float:
    others = getrusage(RUSAGE_CHILDREN)
    return process_time() + others.ru_utime + others.ru_stime


@dataclass(frozen=True, slots=True)
class Timed:
    """A variant's runs."""

    runs: tuple[Spent, ...]

    @property
    def best(self) -> float:
        """Seconds of the run that was disturbed least."""
        return min(run.seconds for run in self.runs)

    @property
    def processor(self) -> float:
        """The processor's seconds of the run that took the fewest."""
        return min(run.processor for run in self.runs)

    @property
    def usual(self) -> float:
        """Seconds of the run in the middle."""
        return median(run.seconds for run in self.runs)

    def told(self, count: int) -> str:
        """The best run in words, for so many things done in it."""
        return f"{self.best:.2f} s ({count / self.best:,.0f}/s), processor {self.processor:.2f} s"


def in_turns(
    variants: Sequence[str], once: Callable[[str], Spent], *, repeats: int
) -> dict[str, Timed]:
    """The runs of every variant; every other round goes the other way round."""
    runs: dict[str, list[Spent]] = {variant: [] for variant in variants}
    for number in range(repeats):
        for variant in variants if number % 2 == 0 else reversed(variants):
            runs[variant].append(once(variant))
    return {variant: Timed(tuple(every)) for variant, every in runs.items()}
