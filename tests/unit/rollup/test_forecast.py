from __future__ import annotations

from datetime import date, timedelta

import pytest

from syncer.domain.portfolio import Freeze
from syncer.rollup.calendar import WorkCalendar, working_days
from syncer.rollup.display import show_probability
from syncer.rollup.forecast import (
    completion_cdf,
    date_reached,
    expected_overrun,
    joint_cdf,
    probability_on_time,
    weeks_until,
)
from syncer.rollup.forecasting.convolution import rates, scope_range
from syncer.rollup.risks.scoring import exposure_money
from tests.unit.rollup.samples import AS_OF, NET, OUT, PHN, REG, Sample

FOUR_DIGITS = 5e-5
PLAIN_CDF = completion_cdf([0, 1, 2], 3, rate_uncertainty=False)


def test_e17_plain_example_by_weeks() -> None:
    expected = [0, 0, 0.333333, 0.629630, 0.814815, 0.913580]
    assert PLAIN_CDF[:6] == pytest.approx(expected, abs=5e-7)


def test_e18_without_spread_nothing_is_uncertain() -> None:
    cdf = completion_cdf([2] * 6, 7)
    assert cdf[:5] == [0.0, 0.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("cdf", "p50", "p85"),
    [
        pytest.param(PLAIN_CDF, date(2026, 12, 9), date(2026, 12, 22), id="E17"),
        pytest.param(completion_cdf([2] * 6, 7), date(2026, 12, 16), date(2026, 12, 18), id="E18"),
        pytest.param(NET.cdf(), date(2027, 3, 26), date(2027, 4, 13), id="E19"),
        pytest.param(OUT.cdf(), date(2027, 1, 14), date(2027, 1, 25), id="E20"),
        pytest.param(REG.cdf(), date(2026, 12, 16), date(2026, 12, 24), id="E21"),
        pytest.param(PHN.cdf(), date(2027, 2, 9), date(2027, 2, 16), id="E22"),
    ],
)
def test_dates_reached(cdf: list[float], p50: date, p85: date) -> None:
    assert date_reached(cdf, AS_OF, 0.5) == p50
    assert date_reached(cdf, AS_OF, 0.85) == p85


@pytest.mark.parametrize(
    ("sample", "weeks", "probability"),
    [
        pytest.param(NET, 17.0, 0.3017, id="E19"),
        pytest.param(OUT, 9.0, 0.8281, id="E20"),
        pytest.param(REG, 9.0, 1.0, id="E21"),
        pytest.param(PHN, 14.0, 0.9972, id="E22"),
    ],
)
def test_probability_on_time(sample: Sample, weeks: float, probability: float) -> None:
    x = weeks_until(AS_OF, sample.target, horizon_weeks=104, calendar=WorkCalendar())
    assert x == weeks
    found = probability_on_time(sample.cdf(), AS_OF, sample.target)
    assert found == pytest.approx(probability, abs=FOUR_DIGITS)


@pytest.mark.parametrize(
    ("sample", "scope"),
    [
        pytest.param(NET, range(82, 87), id="E19"),
        pytest.param(OUT, range(20, 21), id="E20"),
        pytest.param(PHN, range(52, 54), id="E22"),
    ],
)
def test_scope_may_grow(sample: Sample, scope: range) -> None:
    assert scope_range(sample.remaining, sample.growth) == scope


@pytest.mark.parametrize("growth", [-1.0, 0.0])
def test_scope_never_shrinks_by_itself(growth: float) -> None:
    assert scope_range(10, growth) == range(10, 11)


def test_scope_growth_is_clamped() -> None:
    assert scope_range(10, 3.0) == range(10, 16)


@pytest.mark.parametrize(
    ("sample", "overrun", "late"),
    [
        pytest.param(NET, 7.652, 17, id="E19"),
        pytest.param(OUT, 0.900, 1, id="E20"),
        pytest.param(REG, 0.0, -21, id="E21"),
    ],
)
def test_expected_overrun(sample: Sample, overrun: float, late: int) -> None:
    cdf = sample.cdf()
    assert expected_overrun(cdf, AS_OF, sample.target) == pytest.approx(overrun, abs=5e-4)
    p85 = date_reached(cdf, AS_OF, 0.85)
    assert p85 is not None
    assert working_days(sample.target, p85) == late


def test_e19_cost_of_the_overrun() -> None:
    overrun = expected_overrun(NET.cdf(), AS_OF, NET.target)
    assert exposure_money(overrun, 120_000) == pytest.approx(184_000, abs=500)


def test_e29_overrun_of_the_plain_example() -> None:
    target = AS_OF + timedelta(days=18)
    assert expected_overrun(PLAIN_CDF, AS_OF, target) == pytest.approx(2.801, abs=5e-4)


@pytest.mark.parametrize(
    ("sample", "shown"),
    [
        pytest.param(NET, "30 %", id="E19"),
        pytest.param(OUT, "83 %", id="E20"),
        pytest.param(REG, ">95 %", id="E21"),
        pytest.param(PHN, ">95 %", id="E22"),
    ],
)
def test_chance_as_shown(sample: Sample, shown: str) -> None:
    assert show_probability(probability_on_time(sample.cdf(), AS_OF, sample.target)) == shown


def test_e23_joint_of_three_teams() -> None:
    joint = joint_cdf([[NET.cdf()], [OUT.cdf()], [REG.cdf()]])
    found = probability_on_time(joint, AS_OF, date(2027, 3, 19))
    assert found == pytest.approx(0.3017, abs=FOUR_DIGITS)
    assert date_reached(joint, AS_OF, 0.5) == date(2027, 3, 26)
    assert date_reached(joint, AS_OF, 0.85) == date(2027, 4, 13)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        pytest.param([[[0.9], [0.8]], [[0.7]]], 0.56, id="E24-shared-team"),
        pytest.param([[[0.9]], [[0.8]]], 0.72, id="E24-disjoint"),
        pytest.param([[[0.9]], [[0.9]]], 0.81, id="V18-two"),
        pytest.param([[[0.87]]] * 5, 0.4984, id="V18-five"),
    ],
)
def test_joint_of_teams(groups: list[list[list[float]]], expected: float) -> None:
    assert joint_cdf(groups) == pytest.approx([expected], abs=FOUR_DIGITS)


@pytest.mark.parametrize("groups", [[], [[]], [[[0.5]], []], [[[0.5]], [[0.5, 0.6]]]])
def test_a_joint_of_nothing_is_refused(groups: list[list[list[float]]]) -> None:
    with pytest.raises(ValueError, match="joint"):
        joint_cdf(groups)


@pytest.mark.parametrize(
    ("remaining", "probability"),
    [pytest.param(1, 0.0, id="E26-open"), pytest.param(0, 1.0, id="E26-done")],
)
def test_target_yesterday(remaining: int, probability: float) -> None:
    cdf = completion_cdf([1, 2, 1, 2], remaining)
    assert probability_on_time(cdf, AS_OF, AS_OF - timedelta(days=1)) == probability


def test_e11_all_done_is_certain_at_once() -> None:
    cdf = completion_cdf([], 0)
    assert cdf == [1.0] * 105
    assert date_reached(cdf, AS_OF, 0.85) == AS_OF
    assert expected_overrun(cdf, AS_OF, AS_OF - timedelta(days=30)) == 0.0


@pytest.mark.parametrize(
    ("sample", "remaining", "gate", "shown"),
    [
        pytest.param(NET, 9, date(2026, 12, 4), "59 %", id="E28-NET"),
        pytest.param(REG, 1, date(2026, 11, 27), "90 %", id="E28-REG"),
        pytest.param(OUT, 7, date(2026, 12, 11), "68 %", id="E28-OUT"),
        pytest.param(PHN, 8, date(2026, 12, 4), "89 %", id="E28-PHN"),
    ],
)
def test_gates(sample: Sample, remaining: int, gate: date, shown: str) -> None:
    cdf = completion_cdf(sample.throughput, remaining)
    assert show_probability(probability_on_time(cdf, AS_OF, gate)) == shown


@pytest.mark.parametrize(
    ("sample", "remaining", "growth", "probability"),
    [
        pytest.param(NET, 85, 8 / 229, 0.3390, id="NET"),
        pytest.param(OUT, 22, 0.0, 0.9007, id="OUT"),
        pytest.param(REG, 8, 0.0, 0.9995, id="REG"),
        pytest.param(PHN, 56, 0.02, 0.9988, id="PHN"),
    ],
)
def test_edition_of_the_week_before(
    sample: Sample, remaining: int, growth: float, probability: float
) -> None:
    oldest = {NET: 4, OUT: 3, REG: 1, PHN: 5}[sample]
    cdf = completion_cdf((oldest, *sample.throughput[:-1]), remaining, growth)
    found = probability_on_time(cdf, AS_OF - timedelta(days=7), sample.target)
    assert found == pytest.approx(probability, abs=FOUR_DIGITS)


def test_a_weekend_changes_nothing() -> None:
    """Unchanged facts keep their chance from Friday night to Monday morning."""
    cdf = completion_cdf([4, 5, 6, 4, 5, 3], 10)
    weekend = {
        probability_on_time(cdf, day, date(2026, 12, 4))
        for day in (date(2026, 11, 21), date(2026, 11, 22), AS_OF)
    }
    assert len(weekend) == 1


def test_a_holiday_takes_a_fifth_of_a_week() -> None:
    target = date(2026, 12, 4)
    x = weeks_until(
        AS_OF, target, horizon_weeks=104, calendar=WorkCalendar.of([date(2026, 11, 26)])
    )
    assert x == pytest.approx(1.8)
    holidays = {date(2026, 11, 26)}
    with_holiday = probability_on_time(PLAIN_CDF, AS_OF, target, holidays=holidays)
    assert with_holiday == pytest.approx(0.8 * 1 / 3)


def test_a_freeze_delays_by_what_it_takes() -> None:
    freezes = [Freeze(first=date(2026, 12, 24), last=date(2027, 1, 3), capacity=0.0)]
    open_days = date_reached(OUT.cdf(), AS_OF, 0.85)
    frozen = date_reached(OUT.cdf(), AS_OF, 0.85, freezes=freezes)
    assert open_days == date(2027, 1, 25)
    assert frozen == date(2027, 2, 3)  # seven frozen working days later
    overrun = expected_overrun(OUT.cdf(), AS_OF, OUT.target, freezes=freezes)
    assert overrun > expected_overrun(OUT.cdf(), AS_OF, OUT.target) + 2


def test_half_a_freeze_takes_half() -> None:
    freezes = [Freeze(first=AS_OF, last=date(2026, 12, 4), capacity=0.5)]
    x = weeks_until(
        AS_OF, date(2026, 12, 11), horizon_weeks=104, calendar=WorkCalendar.of((), freezes)
    )
    assert x == 2.0


def test_a_freeze_without_end_has_no_date() -> None:
    freezes = [Freeze(first=AS_OF, last=date.max, capacity=0.0)]
    cdf = NET.cdf()
    assert date_reached(cdf, AS_OF, 0.5, freezes=freezes) is None
    assert probability_on_time(cdf, AS_OF, date(9999, 12, 31), freezes=freezes) == 0.0


def test_a_late_start_is_beyond_the_horizon() -> None:
    cdf = completion_cdf([1, 0, 1, 0, 1, 0], 500)
    assert date_reached(cdf, AS_OF, 0.5) is None
    assert probability_on_time(cdf, AS_OF, date(9999, 12, 31)) == cdf[-1]
    assert expected_overrun(cdf, AS_OF, date(9999, 12, 31)) == 0.0


def test_a_past_target_is_late_by_the_days_since_then() -> None:
    today = expected_overrun(NET.cdf(), AS_OF, AS_OF - timedelta(days=3))
    week_ago = expected_overrun(NET.cdf(), AS_OF, AS_OF - timedelta(days=10))
    assert week_ago - today == pytest.approx(5.0)


def test_dates_near_the_end_of_time() -> None:
    cdf = completion_cdf([1, 2], 3)
    assert probability_on_time(cdf, date(9999, 12, 30), date.max) < 1.0
    assert date_reached(cdf, date.max, 0.99) is None


def test_pace_is_never_taken_below_a_fifth() -> None:
    slowest = min(rates([0, 0, 0, 0, 0, 12]), key=lambda rate: rate.factor)
    assert slowest.factor == 0.2


def test_horizon_is_as_asked() -> None:
    assert len(completion_cdf([1, 2], 3, 0.0, 7)) == 8
    assert completion_cdf([1, 2], 3, 0.0, 0) == [0.0]


def test_plain_needs_no_pace() -> None:
    assert completion_cdf([0, 0], 1, 0.0, 2, rate_uncertainty=False) == [0.0, 0.0, 0.0]
    assert completion_cdf([1], 1, 0.0, 1, rate_uncertainty=False) == [0.0, 1.0]


@pytest.mark.parametrize(
    ("throughput", "remaining", "horizon"),
    [
        ([], 1, 104),
        ([3], 1, 104),
        ([0, 0, 0], 1, 104),
        ([1, -1], 1, 104),
        ([1, 2], -1, 104),
        ([1, 2], 1, -1),
    ],
)
def test_what_carries_no_forecast_is_refused(
    throughput: list[int], remaining: int, horizon: int
) -> None:
    with pytest.raises(ValueError, match=r"\d|no week"):
        completion_cdf(throughput, remaining, 0.0, horizon)


def test_a_plain_forecast_needs_a_week_too() -> None:
    with pytest.raises(ValueError, match="no week"):
        completion_cdf([], 1, rate_uncertainty=False)


def test_an_empty_curve_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        probability_on_time([], AS_OF, AS_OF)
