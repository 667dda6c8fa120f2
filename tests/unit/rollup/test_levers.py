from __future__ import annotations

from datetime import date, timedelta

import pytest

from syncer.rollup.calendar import working_days
from syncer.rollup.display import show_probability
from syncer.rollup.forecasting.levers import LeverFigures, levers
from tests.unit.rollup.samples import AS_OF, NET, OUT, REG, Sample


def pull(sample: Sample, **changed: object) -> LeverFigures:
    arguments = {"as_of": AS_OF, "target": sample.target, "scope_growth": sample.growth}
    return levers(sample.throughput, sample.remaining, **(arguments | changed))  # type: ignore[arg-type] # keywords by name


def test_e27_levers_of_the_network() -> None:
    found = pull(NET)
    assert (found.drop, found.keep, found.raise_percent) == (14, 68, 21)
    assert found.p_drop == pytest.approx(0.874, abs=5e-4)
    assert found.p85_date == date(2027, 4, 13)
    assert found.p_at_p85 == pytest.approx(0.862, abs=5e-4)
    assert found.items_per_week_needed == pytest.approx(5.6, abs=0.05)
    assert found.items_per_week_now == pytest.approx(4.7, abs=0.05)


def test_e27_levers_as_a_decision_prints_them() -> None:  # E27, the options A and B
    found = pull(NET)
    assert found.p_drop is not None
    assert found.p_at_p85 is not None
    assert found.p85_date is not None
    assert show_probability(found.p_drop) == "87 %"
    assert show_probability(found.p_at_p85) == "86 %"
    assert working_days(NET.target, found.p85_date) == 17


def test_e27_levers_of_the_outreach() -> None:
    found = pull(OUT)
    assert (found.drop, found.keep, found.raise_percent) == (1, 19, 6)
    assert found.p85_date == date(2027, 1, 25)


def test_a_safe_target_needs_no_lever() -> None:
    found = pull(REG)
    assert (found.drop, found.raise_percent) == (0, 0)
    assert found.items_per_week_needed == found.items_per_week_now


@pytest.mark.parametrize(("candidates", "drop"), [(13, None), (14, 14), (31, 14)])
def test_too_few_candidates_are_no_option(candidates: int, drop: int | None) -> None:
    found = pull(NET, candidates=candidates)
    assert found.drop == drop
    assert (found.p_drop is None) == (drop is None)
    assert found.raise_percent == 21


def test_a_past_target_can_only_move() -> None:
    found = pull(NET, target=AS_OF - timedelta(days=1))
    assert (found.drop, found.keep, found.raise_percent) == (None, 0, None)
    assert found.items_per_week_needed is None
    assert found.p85_date == date(2027, 4, 13)


def test_a_date_beyond_the_horizon_is_none() -> None:
    found = levers([1, 0, 1, 0, 1, 1], 300, as_of=AS_OF, target=AS_OF + timedelta(days=90))
    assert found.p85_date is None
    assert found.p_at_p85 is None


def test_a_target_beyond_the_horizon() -> None:
    found = pull(NET, target=date(9999, 12, 31))
    assert found.drop == 0


def test_nothing_left_needs_nothing() -> None:
    found = levers([1, 2], 0, as_of=AS_OF, target=AS_OF)
    assert (found.drop, found.p_drop) == (0, 1.0)
