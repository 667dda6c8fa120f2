"""Feature forecasts: whose work lies ahead, at the whole project's pace (rollup.md 2.4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from syncer.domain.item import WorkItem
from syncer.domain.portfolio import Portfolio, Product
from syncer.domain.report import FeatureForecast
from syncer.rollup.forecast import completion_cdf, date_reached, probability_on_time
from syncer.rollup.forecasting.features import feature_forecasts
from tests.unit.rollup.builders import (
    DONE,
    TODAY,
    basis_of,
    make_epic,
    make_inputs,
    make_item,
    view_of,
)
from tests.unit.rollup.scenes import planned, run, steady

OF = Portfolio(
    projects=(planned("phn"),), products=(Product(key="p", name="P", projects=("phn",)),)
)


def feature(name: str, children: int, **more: Any) -> list[WorkItem]:
    """An epic `PHN-900` with so many open children and one that is done."""
    number = int(name.rpartition("-")[2])
    epic = make_epic(name, **more)
    left = [make_item(f"PHN-{number + n}", parent=name) for n in range(1, children + 1)]
    return [epic, *left, make_item(f"PHN-{number + 50}", DONE, parent=name)]


def forecasts(items: list[WorkItem], **ranks: str) -> tuple[FeatureForecast, ...]:
    every = [*steady("PHN", weekly=3, remaining=5), *items]
    inputs = make_inputs(every, OF)
    named = {f"jira:{key.replace('_', '-')}": rank for key, rank in ranks.items()}
    return feature_forecasts(basis_of(inputs, "phn"), view_of(inputs), ranks=named)


def order(found: tuple[FeatureForecast, ...]) -> list[tuple[str, int, int]]:
    return [(one.item.key, one.remaining, one.ahead) for one in found]


def test_rank_comes_before_priority_and_that_before_the_due_date() -> None:
    soon, later = TODAY + timedelta(days=20), TODAY + timedelta(days=40)
    items = [
        *feature("PHN-1000", 4, priority=1, due_date=later),
        *feature("PHN-1100", 3, priority=1, due_date=soon),
        *feature("PHN-1200", 2, priority=0),
        *feature("PHN-1300", 5),
    ]
    by_priority = order(forecasts(items))
    assert by_priority == [
        ("PHN-1200", 2, 2), ("PHN-1100", 3, 5), ("PHN-1000", 4, 9), ("PHN-1300", 5, 14),
    ]  # fmt: skip
    ranked = order(forecasts(items, PHN_1300="0|a", PHN_1000="0|b"))
    assert [key for key, _, _ in ranked] == ["PHN-1300", "PHN-1000", "PHN-1200", "PHN-1100"]


def test_dates_are_those_of_all_work_ahead_at_the_projects_pace() -> None:
    due = TODAY + timedelta(days=25)
    items = [*feature("PHN-1000", 4, priority=0), *feature("PHN-1100", 5, priority=1, due_date=due)]
    first, second = forecasts(items)
    throughput = basis_of(
        make_inputs([*steady("PHN", weekly=3, remaining=5), *items], OF), "phn"
    ).forecast.inputs.throughput
    for one, size in ((first, 4), (second, 9)):
        curve = completion_cdf(throughput, size)
        assert one.p50 == date_reached(curve, TODAY, 0.5)
        assert one.p85 == date_reached(curve, TODAY, 0.85)
    assert first.probability is None
    assert second.probability == probability_on_time(curve, TODAY, due)


def test_one_that_nobody_broke_down_is_one_piece_and_done_ones_are_no_feature() -> None:
    found = forecasts([
        make_epic("PHN-1000", priority=0),
        make_epic("PHN-1100", DONE),
        *feature("PHN-1200", 0, priority=1),
    ])  # fmt: skip
    assert order(found) == [("PHN-1000", 1, 1), ("PHN-1200", 0, 1)]


def test_without_a_forecast_of_the_project_there_is_none_of_its_features() -> None:
    inputs = make_inputs(feature("PHN-1000", 4), OF)
    (only,) = feature_forecasts(basis_of(inputs, "phn"), view_of(inputs))
    assert (only.p50, only.p85, only.ahead) == (None, None, 4)
    assert "needs 6 weeks" in only.withheld


def test_a_products_project_tells_its_features_and_another_does_not() -> None:
    items = [
        *steady("PHN", weekly=3, remaining=5),
        *feature("PHN-1000", 4, due_date=date(2027, 1, 8)),
    ]
    (project,) = run(items, OF).projects
    assert [one.item.key for one in project.features] == ["PHN-1000"]
    assert run(items, replace(OF, products=())).projects[0].features == ()
