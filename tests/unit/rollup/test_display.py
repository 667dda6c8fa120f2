from __future__ import annotations

import pytest

from syncer.rollup.display import show_overrun, show_probability


@pytest.mark.parametrize(
    ("probability", "shown"),
    [
        (0.0, "<5 %"),
        (0.0499, "<5 %"),
        (0.05, "5 %"),
        (0.005 + 0.3, "31 %"),
        (0.125, "13 %"),
        (0.145, "15 %"),
        (0.5, "50 %"),
        (0.8499, "85 %"),
        (0.95, "95 %"),
        (0.95 + 1e-12, "95 %"),
        (0.951, ">95 %"),
        (1.0, ">95 %"),
    ],
)
def test_chance(probability: float, shown: str) -> None:
    assert show_probability(probability) == shown


@pytest.mark.parametrize(
    ("days", "at_horizon", "shown"),
    [
        (7.652, 1.0, "8 days"),
        (0.9, 1.0, "1 day"),
        (0.5, 1.0, "1 day"),
        (0.2, 1.0, "less than 1 day"),
        (0.0, 1.0, "0 days"),
        (451.0, 0.9, "more than 451 days"),
        (451.9, 0.9989, "more than 451 days"),
        (451.9, 0.999, "452 days"),
    ],
)
def test_overrun(days: float, at_horizon: float, shown: str) -> None:
    assert show_overrun(days, chance_at_horizon=at_horizon) == shown
