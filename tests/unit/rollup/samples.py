"""The four projects of the specification's examples, as of Monday 2026-11-23."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from syncer.rollup.forecast import completion_cdf

AS_OF = date(2026, 11, 23)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    throughput: tuple[int, ...]
    remaining: int
    growth: float
    target: date

    def cdf(self) -> list[float]:
        return completion_cdf(self.throughput, self.remaining, self.growth)


NET = Sample(
    throughput=(5, 6, 4, 7, 3, 5, 6, 4, 2, 5, 4, 5),
    remaining=82,
    growth=10 / 229,
    target=date(2027, 3, 19),
)
OUT = Sample(
    throughput=(2, 3, 4, 2, 3, 2, 3, 3, 2, 4, 1, 2),
    remaining=20,
    growth=0.0,
    target=date(2027, 1, 22),
)
REG = Sample(
    throughput=(1, 2, 1, 2, 2, 1, 3, 1, 2, 2, 1, 2),
    remaining=6,
    growth=0.0,
    target=date(2027, 1, 22),
)
PHN = Sample(
    throughput=(4, 5, 6, 4, 5, 3, 5, 6, 4, 5, 5, 4),
    remaining=52,
    growth=0.02,
    target=date(2027, 2, 26),
)
