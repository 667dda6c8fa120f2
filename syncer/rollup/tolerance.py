"""Threshold comparisons and rounding that do not depend on the last bits of a float.

Every comparison of a probability or ratio with a threshold in the roll-up goes through this
module, so that 0.85 reached by two different sums gives one colour (roll-up spec, section 3.2).
"""

from __future__ import annotations

import math
from typing import Final

TOLERANCE: Final = 1e-9
"""Two numbers closer than this count as equal when one of them is a threshold."""


def at_least(value: float, threshold: float) -> bool:
    """Return whether ``value`` is the threshold or more, within the tolerance."""
    return value >= threshold - TOLERANCE


def below(value: float, threshold: float) -> bool:
    """Return whether ``value`` is less than the threshold by more than the tolerance."""
    return not at_least(value, threshold)


def at_most(value: float, threshold: float) -> bool:
    """Return whether ``value`` is the threshold or less, within the tolerance."""
    return value <= threshold + TOLERANCE


def above(value: float, threshold: float) -> bool:
    """Return whether ``value`` is more than the threshold by more than the tolerance."""
    return not at_most(value, threshold)


def round_half_up(value: float) -> int:
    """Round to the nearest whole number, halves upwards (Python's ``round`` goes to even)."""
    return math.floor(value + 0.5 + TOLERANCE)


def ceil_tolerant(value: float) -> int:
    """Round up, but take a number that exceeds a whole one only by float noise as that one."""
    return math.ceil(value - TOLERANCE)
