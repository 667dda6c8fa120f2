"""How forecast numbers are worded, so that no page claims more than the forecast knows.

Roll-up spec, section 2.4.
"""

from __future__ import annotations

import math
from typing import Final

from syncer.rollup.tolerance import TOLERANCE, above, at_least, below, round_half_up

BEYOND_HORIZON: Final = "beyond 2 years"
"""Shown instead of a date that the forecast does not reach."""

_NEARLY_SURE: Final = 0.95
_HARDLY: Final = 0.05
_CURVE_COMPLETE: Final = 0.999
_HALF_A_DAY: Final = 0.5


def show_probability(probability: float) -> str:
    """Word a chance: whole per cent, halves up, but nothing beyond 95 or below 5 %."""
    if above(probability, _NEARLY_SURE):
        return ">95 %"
    if below(probability, _HARDLY):
        return "<5 %"
    return f"{round_half_up(100 * probability)} %"


def overrun_is_open(chance_at_horizon: float) -> bool:
    """Return whether the overrun counted up to the horizon misses a part worth mentioning."""
    return below(chance_at_horizon, _CURVE_COMPLETE)


def show_overrun(days: float, *, chance_at_horizon: float = 1.0) -> str:
    """Word an expected overrun in working days.

    ``chance_at_horizon`` is the last value of the completion curve. Where it is too low, only a
    lower bound is known.
    """
    if overrun_is_open(chance_at_horizon):
        return f"more than {_days(math.floor(days + TOLERANCE))}"
    if not at_least(days, _HALF_A_DAY):
        return "less than 1 day" if days > TOLERANCE else "0 days"
    return _days(round_half_up(days))


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
