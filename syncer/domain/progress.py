"""How far a project is by the estimates of its items, where it asks for that (rollup.md 2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProgressMeasure(StrEnum):
    """By what the done share of a project is weighted."""

    COUNT = "count"
    ESTIMATE = "estimate"


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateProgress:
    """What the estimates of the countable items add up to, in one unit.

    `unit` is the tracker's word, empty where it names none. `done` and `total` are sums in that
    unit; `estimated` of the `countable` items have such an estimate, the others count nothing.
    `refused` tells why progress is by count all the same, empty where it is by estimate.
    """

    unit: str
    done: float
    total: float
    estimated: int
    countable: int
    refused: str = ""

    @property
    def share(self) -> float | None:
        """The done share of the estimates, None where they do not serve."""
        return None if self.refused else self.done / self.total

    @property
    def unestimated(self) -> int:
        """How many countable items have no estimate in this unit."""
        return self.countable - self.estimated
