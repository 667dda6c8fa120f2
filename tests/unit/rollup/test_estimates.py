"""Progress by estimate, where a project asks for it (roll-up spec, section 2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from syncer.domain.item import WorkItem
from syncer.domain.portfolio import Project
from syncer.domain.progress import ProgressMeasure
from syncer.domain.report import ProjectResult, Snapshot
from syncer.publish.progress import progress_line
from syncer.rollup.evaluate import evaluate
from tests.unit.rollup.builders import (
    CANCELLED,
    DONE,
    make_epic,
    make_inputs,
    make_item,
    make_portfolio,
    make_project,
    many,
)

POINTS: Mapping[str, Any] = {"estimate_unit": "points"}


def snapshot(*items: WorkItem, project: Project | None = None) -> Snapshot:
    asking = project or make_project("net", progress=ProgressMeasure.ESTIMATE)
    return evaluate(make_inputs(items, make_portfolio(asking)))


def rolled(*items: WorkItem, project: Project | None = None) -> ProjectResult:
    return snapshot(*items, project=project).projects[0]


def by_points(*, done: int, to_do: int, unestimated: int) -> list[WorkItem]:
    """Done items of 1 point, open ones of 3, and open ones that nobody has estimated."""
    return [
        *many("NET-1", done, DONE, estimate=1.0, **POINTS),
        *many("NET-2", to_do, estimate=3.0, **POINTS),
        *many("NET-3", unestimated),
    ]


def refused(result: ProjectResult) -> str:
    """Why the estimates do not serve; progress must then be the share of the items."""
    assert result.by_estimate is not None
    assert result.by_estimate.share is None
    expected = result.done / result.total if result.total else None
    assert result.progress == expected
    return result.by_estimate.refused


def test_exactly_four_fifths_estimated_give_the_done_share_of_the_estimates() -> None:
    result = rolled(*by_points(done=6, to_do=2, unestimated=2))
    assert result.progress == 6 / 12
    assert (result.done, result.total) == (6, 10)
    assert progress_line(result) == (
        "50 % of the estimated points done, 6 of 12; "
        "2 of 10 items are not estimated in points and count nothing"
    )


def test_just_below_four_fifths_it_stays_by_count_and_says_why() -> None:
    result = rolled(*by_points(done=5, to_do=2, unestimated=2))
    assert refused(result) == "7 of 9 items are estimated; 80 % in one unit serve"
    assert progress_line(result) == f"progress by count, not by estimate: {refused(result)}"


def test_two_units_do_not_add_up_to_four_fifths() -> None:
    hours = many("NET-4", 5, DONE, estimate=8.0, estimate_unit="hours")
    result = rolled(*by_points(done=3, to_do=2, unestimated=0), *hours)
    assert refused(result) == (
        "10 of 10 items are estimated in 2 units, 5 of them in the commonest; "
        "80 % in one unit serve"
    )


def test_what_is_estimated_in_another_unit_counts_nothing() -> None:
    other = make_item("NET-40", DONE, estimate=400.0, estimate_unit="hours")
    result = rolled(*by_points(done=3, to_do=3, unestimated=0), other)
    assert result.progress == 3 / 12
    assert "1 of 7 items is not estimated in points and counts nothing" in progress_line(result)


def test_one_unit_in_two_notations_is_one_unit() -> None:
    result = rolled(
        make_item("NET-1", DONE, estimate=1.0, estimate_unit="Points"),
        make_item("NET-2", estimate=3.0, estimate_unit="points "),
    )
    assert result.progress == 0.25


def test_nothing_estimated_stays_by_count() -> None:
    assert refused(rolled(*many("NET", 4, DONE), make_item("NET-9"))) == (
        "none of the items is estimated"
    )


def test_nothing_countable_has_no_progress() -> None:
    assert refused(rolled(*many("NET", 4, CANCELLED, estimate=1.0, **POINTS))) == (
        "no countable work"
    )


def test_cancelled_items_and_epics_neither_weigh_nor_lower_the_estimated_share() -> None:
    children = [
        make_item("NET-51", DONE, parent="NET-50", estimate=2.0, **POINTS),
        make_item("NET-52", parent="NET-50", estimate=6.0, **POINTS),
    ]
    outside = [
        make_epic("NET-50", estimate=100.0, **POINTS),
        make_item("NET-53", CANCELLED, estimate=50.0, **POINTS),
        *many("NET-6", 9, CANCELLED),
    ]
    result = rolled(*children, *outside)
    assert result.progress == 0.25
    assert "all 2 items estimated" in progress_line(result)


@pytest.mark.parametrize("estimate", [0.0, 1.7e308])
def test_estimates_that_cannot_be_shared_stay_by_count(estimate: float) -> None:
    result = rolled(
        *many("NET-1", 2, DONE, estimate=estimate, **POINTS),
        make_item("NET-2", estimate=estimate, **POINTS),
    )
    assert refused(result) == "the estimates add up to nothing that can be shared"


def test_a_negative_estimate_is_none() -> None:
    wrong = make_item("NET-9", DONE, estimate=-50.0, **POINTS)
    assert rolled(*by_points(done=2, to_do=2, unestimated=0), wrong).progress == 2 / 8


def test_plan_and_colour_go_on_counting_items() -> None:
    items = by_points(done=6, to_do=2, unestimated=2)
    counted = rolled(*items, project=make_project("net"))
    weighted = rolled(*items)
    assert counted.by_estimate is None
    assert progress_line(counted) == ""
    assert (counted.progress, weighted.progress) == (0.6, 0.5)
    assert (weighted.facts, weighted.computed) == (counted.facts, counted.computed)
    assert weighted.forecast == counted.forecast


def test_a_kept_snapshot_knows_by_what_it_was_measured() -> None:
    made = snapshot(*by_points(done=6, to_do=2, unestimated=2))
    assert msgspec.json.decode(msgspec.json.encode(made), type=Snapshot) == made
