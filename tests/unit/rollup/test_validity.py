from __future__ import annotations

import pytest

from syncer.rollup.forecasting.validity import forecast_validity

GOOD = [2] * 6


@pytest.mark.parametrize(
    ("throughput", "reason"),
    [
        pytest.param([2] * 5, "needs 6 weeks of history, has 5", id="E25-short"),
        pytest.param([3, 3, 3] + [0] * 9, "needs 4 active weeks, has 3 of 12", id="E25-idle"),
        pytest.param([], "needs 6 weeks of history, has 0", id="nothing"),
        pytest.param([0] * 12, "nothing finished in 12 weeks", id="asleep"),
        pytest.param([2, 2, 2, 1, 0, 0], "needs 8 finished items, has 7", id="few-items"),
        pytest.param([2, 2, 2, 2, 0, 0], None, id="just-enough"),
    ],
)
def test_history(throughput: list[int], reason: str | None) -> None:
    assert forecast_validity(throughput, source_age_hours=0.0) == reason


@pytest.mark.parametrize(
    ("share", "reason"),
    [
        (None, None),
        (0.2, None),
        (0.1 + 0.1 + 1e-12, None),
        (0.25, "25 % of epics are not broken down, at most 20 %"),
    ],
)
def test_undecomposed_work(share: float | None, reason: str | None) -> None:
    assert forecast_validity(GOOD, undecomposed_share=share, source_age_hours=0.0) == reason


@pytest.mark.parametrize(
    ("hours", "reason"),
    [
        (72.0, None),
        (72.01, "data is 73 h old, at most 72 h"),
        (73.0, "data is 73 h old, at most 72 h"),
        (None, "the source was never read"),
    ],
)
def test_source_age(hours: float | None, reason: str | None) -> None:
    assert forecast_validity(GOOD, source_age_hours=hours) == reason
