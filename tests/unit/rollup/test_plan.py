from __future__ import annotations

from datetime import date

import pytest

from syncer.rollup.forecasting.plan import (
    planned_by_due_dates,
    planned_share,
    progress,
    schedule_performance,
    schedule_variance,
)

START, TARGET = date(2026, 11, 2), date(2026, 11, 27)


@pytest.mark.parametrize(
    ("as_of", "planned"),
    [
        pytest.param(date(2026, 11, 13), 0.5, id="E14-friday"),
        pytest.param(date(2026, 11, 14), 0.5, id="E14-saturday"),
        pytest.param(date(2026, 11, 1), 0.0, id="E14-eve"),
        pytest.param(date(2026, 12, 5), 1.0, id="E14-after"),
        pytest.param(date(2026, 10, 1), 0.0, id="long-before"),
        pytest.param(date(2026, 11, 2), 0.05, id="first-day"),
    ],
)
def test_planned_share(as_of: date, planned: float) -> None:
    assert planned_share(START, TARGET, as_of) == pytest.approx(planned)


def test_e15_progress_against_plan() -> None:
    done = progress(15, 40)
    assert done == 0.375
    assert schedule_performance(done, 0.5) == 0.75
    assert schedule_variance(done, 0.5) == -12.5


def test_e16_plan_of_the_network() -> None:
    planned = planned_share(date(2026, 4, 1), date(2027, 3, 19), date(2026, 11, 23))
    done = progress(158, 240)
    assert done is not None
    assert planned == pytest.approx(169 / 253)
    assert planned == pytest.approx(0.6680, abs=5e-5)
    assert done == pytest.approx(0.6583, abs=5e-5)
    assert schedule_performance(done, planned) == pytest.approx(0.986, abs=5e-4)


def test_holidays_are_not_planned() -> None:
    holidays = {date(2026, 11, day) for day in range(9, 14)}
    planned = planned_share(START, TARGET, date(2026, 11, 13), holidays=holidays)
    assert planned == pytest.approx(5 / 15)


@pytest.mark.parametrize(("as_of", "planned"), [(date(2026, 11, 1), 0.0), (TARGET, 1.0)])
def test_a_plan_without_a_working_day(as_of: date, planned: float) -> None:
    assert planned_share(date(2026, 12, 1), TARGET, as_of) == planned


@pytest.mark.parametrize(("planned", "spi"), [(0.0999, None), (0.1, 1.0), (0.0, None)])
def test_no_spi_before_a_tenth_is_planned(planned: float, spi: float | None) -> None:
    assert schedule_performance(0.1, planned) == spi


def test_e10_no_countable_work_has_no_progress() -> None:
    assert progress(0, 0) is None


@pytest.mark.parametrize(("dated", "planned"), [(5, None), (6, 0.3), (10, 0.3)])
def test_due_dates_make_a_plan_when_most_items_have_one(dated: int, planned: float | None) -> None:
    due = [date(2026, 11, 13)] * 3 + [date(2026, 11, 14)] * (dated - 3)
    assert planned_by_due_dates(due, 10, date(2026, 11, 13)) == planned


def test_no_plan_without_items() -> None:
    assert planned_by_due_dates([], 0, TARGET) is None


@pytest.mark.parametrize(("start", "target"), [(date.min, date.max), (date.min, date.min)])
def test_a_plan_may_reach_to_the_calendars_ends(start: date, target: date) -> None:
    assert 0.0 <= planned_share(start, target, date(2026, 11, 23)) <= 1.0
