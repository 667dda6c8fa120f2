"""Runs in turns, so that a busy machine disturbs all variants alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds of a variant's runs."""

    seconds: tuple[float, ...]

    @property
    def best(self) -> float:
        """The run that was disturbed least."""
        return min(self.seconds)

    @property
    def usual(self) -> float:
        """The run in the middle."""
        return median(self.seconds)

    def told(self, count: int) -> str:
        """The best run in words, for so many things done in it."""
        return f"{self.best:.2f} s ({count / self.best:,.0f}/s)"


def in_turns(
    variants: Sequence[str], once: Callable[[str], float], *, repeats: int
) -> dict[str, Timed]:
    """The seconds of every variant's runs; every other round goes the other way round."""
    seconds: dict[str, list[float]] = {variant: [] for variant in variants}
    for number in range(repeats):
        for variant in variants if number % 2 == 0 else reversed(variants):
            seconds[variant].append(once(variant))
    return {variant: Timed(tuple(every)) for variant, every in seconds.items()}
