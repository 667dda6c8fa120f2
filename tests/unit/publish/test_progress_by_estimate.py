"""Progress by estimate says everywhere what it is a share of; by count nothing is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from syncer.cli.machine import status_document
from syncer.cli.why import explanation
from syncer.domain.progress import EstimateProgress
from syncer.domain.report import Snapshot
from syncer.publish.progress import progress_line
from syncer.rollup.rules import HealthRules
from tests.unit.publish.portfolios import example

POINTS = EstimateProgress(unit="points", done=34.0, total=85.0, estimated=200, countable=240)


def measured(found: EstimateProgress | None) -> Snapshot:
    """The example whose Network project asks for progress by estimate."""
    given = example()
    network, *others = given.projects
    share = network.progress if found is None or found.share is None else found.share
    return replace(given, projects=(replace(network, progress=share, by_estimate=found), *others))


def why(found: EstimateProgress | None) -> str:
    return "\n".join(explanation("network", measured(found), HealthRules()))


def machine(found: EstimateProgress | None) -> dict[str, Any]:
    project: dict[str, Any] = status_document(measured(found), None)["projects"][0]
    return project


def test_why_tells_the_share_its_sums_and_what_counts_nothing() -> None:
    told = why(POINTS)
    assert (
        "  40 % of the estimated points done, 34 of 85; "
        "40 of 240 items are not estimated in points and count nothing\n" in told
    )
    assert "Done: 158 of 240, 82 open; 40 % of the estimated points" in told
    assert "80 % of the items estimated in one unit" in told


def test_planned_progress_stands_beside_the_items_done() -> None:
    assert "66 % of the items done, 60 % planned" in why(POINTS)
    assert "67 % done, 60 % planned" in why(None)


def test_the_share_of_the_baseline_stands_beside_that_of_the_items() -> None:
    network = replace(measured(POINTS).projects[0], baseline_progress=0.5)
    given = replace(measured(POINTS), projects=(network,))
    told = "\n".join(explanation("network", given, HealthRules()))
    assert "66 % of the items done; 50 % of what the baseline held" in told


def test_what_does_not_serve_is_told_with_its_reason() -> None:
    told = why(replace(POINTS, refused="7 of 9 items are estimated; 80 % in one unit serve"))
    assert "progress by count, not by estimate: 7 of 9 items are estimated" in told
    assert "66 % of the items done, by count" in told
    assert "of the estimated" not in told


def test_scripts_read_by_what_it_is_measured() -> None:
    found = machine(POINTS)
    assert found["progress"] == 0.4
    assert found["progress_measure"] == {
        "by": "estimate",
        "unit": "points",
        "done": 34.0,
        "total": 85.0,
        "estimated": 200,
        "unestimated": 40,
        "refused": None,
    }
    refused = machine(replace(POINTS, refused="too few"))["progress_measure"]
    assert (refused["by"], refused["refused"]) == ("count", "too few")


def test_by_count_no_output_changes() -> None:
    assert "estimate" not in why(None)
    assert "progress_measure" not in machine(None)


@pytest.mark.parametrize(
    ("unit", "said"),
    [("hours", "40 % of the estimated hours"), ("", "40 % of what is estimated")],
)
def test_the_unit_is_the_trackers_word(unit: str, said: str) -> None:
    network = measured(replace(POINTS, unit=unit)).projects[0]
    assert progress_line(network).startswith(said)
