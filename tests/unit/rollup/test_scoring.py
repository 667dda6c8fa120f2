from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import permutations

import pytest

from syncer.domain.report import RiskChange
from syncer.rollup.risks.scoring import (
    Band,
    PreviousRisk,
    RiskDelta,
    band,
    delta,
    exposure_money,
    impact_bucket,
    is_resolved,
    probability_bucket,
    raised,
    ranked,
    risk_id,
    score,
    score_change,
    top,
)

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("probability", "bucket"),
    [
        (0.0, 1),
        (0.0999, 1),
        (0.1, 2),
        (0.3, 3),
        (0.1 + 0.2, 3),
        (0.4999, 3),
        (0.5, 4),
        (0.7999, 4),
        (0.8, 5),
        (0.8 - 1e-12, 5),
        (1.0, 5),
    ],
)
def test_probability_bucket(probability: float, bucket: int) -> None:
    assert probability_bucket(probability) == bucket


@pytest.mark.parametrize(
    ("days", "bucket"),
    [(-21, 1), (0, 1), (1, 2), (5, 2), (6, 3), (10, 3), (11, 4), (20, 4), (21, 5), (999, 5)],
)
def test_impact_bucket(days: int, bucket: int) -> None:
    assert impact_bucket(days) == bucket
    assert impact_bucket(days, must=True) == min(5, bucket + 1)


@pytest.mark.parametrize(
    ("probability", "impact", "expected", "in_band"),
    [
        pytest.param(
            probability_bucket(0.6983), impact_bucket(17, must=True), 20, Band.CRITICAL, id="E47"
        ),
        pytest.param(probability_bucket(0.1719), impact_bucket(1), 4, Band.LOW, id="E48"),
        pytest.param(4, impact_bucket(9, must=True), 16, Band.CRITICAL, id="E49"),
        pytest.param(3, impact_bucket(2, must=True), 9, Band.MEDIUM, id="E50"),
    ],
)
def test_score_and_band(probability: int, impact: int, expected: int, in_band: Band) -> None:
    assert score(probability, impact) == expected
    assert band(expected) is in_band


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, "low"),
        (4, "low"),
        (5, "medium"),
        (9, "medium"),
        (10, "high"),
        (12, "high"),
        (15, "critical"),
        (25, "critical"),
    ],
)
def test_bands(value: int, expected: str) -> None:
    assert band(value) == expected


@pytest.mark.parametrize(("probability", "impact"), [(0, 3), (3, 6)])
def test_a_bucket_that_does_not_exist(probability: int, impact: int) -> None:
    with pytest.raises(ValueError, match=r"1\.\.5"):
        score(probability, impact)


def test_a_default_impact_is_raised_only_by_hand() -> None:
    assert (raised(5, must=True), raised(3, must=True), raised(3, must=False)) == (5, 4, 3)


@pytest.mark.parametrize(
    ("rule", "scope", "subjects", "expected"),
    [
        pytest.param("DEP-2", "prog:5g", ["jira:NET-87", "ado:REG-112"], "R-9b55296d23", id="E51"),
        pytest.param(
            "DEP-2", "prog:5g", ["ado:REG-112", "jira:NET-87"], "R-9b55296d23", id="E51-reversed"
        ),
        pytest.param("SCH-1", "proj:NET", [], "R-a8d9fb2c50", id="E52"),
    ],
)
def test_risk_id(rule: str, scope: str, subjects: list[str], expected: str) -> None:
    assert risk_id(rule, scope, subjects) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(9, 12, RiskChange.WORSENED, id="E53-three-points-up"),
        pytest.param(12, 9, RiskChange.IMPROVED, id="E53-three-points-down"),
        pytest.param(9, 10, RiskChange.WORSENED, id="E53-band-up"),
        pytest.param(8, 9, RiskChange.UNCHANGED, id="E53-same-band"),
        pytest.param(10, 9, RiskChange.IMPROVED, id="band-down"),
        pytest.param(16, 25, RiskChange.WORSENED, id="within-critical"),
    ],
)
def test_score_change(before: int, after: int, expected: RiskChange) -> None:
    assert score_change(before, after) is expected


@pytest.mark.parametrize(
    ("previous", "current", "expected"),
    [
        (None, 9, RiskDelta(RiskChange.NEW)),
        (None, None, None),
        (PreviousRisk(score=9), None, RiskDelta(RiskChange.CLOSED)),
        (PreviousRisk(score=9), 9, RiskDelta(RiskChange.UNCHANGED, 1)),
        (PreviousRisk(score=9, unchanged_weeks=3), 8, RiskDelta(RiskChange.UNCHANGED, 4)),
        (PreviousRisk(score=9, unchanged_weeks=3), 12, RiskDelta(RiskChange.WORSENED)),
        (
            PreviousRisk(score=9, closed_on=TODAY - timedelta(days=28)),
            9,
            RiskDelta(RiskChange.REOPENED),
        ),
        (PreviousRisk(score=9, closed_on=TODAY - timedelta(days=29)), 9, RiskDelta(RiskChange.NEW)),
        (PreviousRisk(score=9, closed_on=TODAY - timedelta(days=7)), None, None),
    ],
)
def test_delta_since_the_last_edition(
    previous: PreviousRisk | None, current: int | None, expected: RiskDelta | None
) -> None:
    assert delta(previous, current, today=TODAY) == expected


@pytest.mark.parametrize(("snapshots", "resolved"), [(0, False), (1, False), (2, True)])
def test_two_quiet_snapshots_resolve_a_risk(snapshots: int, resolved: bool) -> None:
    assert is_resolved(snapshots) is resolved


def test_money_of_an_overrun() -> None:
    assert exposure_money(2.5, 120_000) == 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    id: str
    score: int = 9
    exposure_money: float | None = None
    change: RiskChange | None = None
    proximity: date | None = None
    first_seen: date | None = None
    projects: tuple[str, ...] = ()


ORDER = [
    Sample(id="score", score=12),
    Sample(id="money", exposure_money=1000.0),
    Sample(id="worsened", change=RiskChange.WORSENED),
    Sample(id="near", proximity=TODAY),
    Sample(id="far", proximity=TODAY + timedelta(days=9)),
    Sample(id="old", first_seen=TODAY - timedelta(days=9)),
    Sample(id="young", first_seen=TODAY),
    Sample(id="z-last"),
]


def test_rank_never_depends_on_the_order_given() -> None:
    for shuffled in permutations(ORDER[3:]):
        assert ranked([*shuffled, *reversed(ORDER[:3])]) == ORDER


def test_two_risks_a_project_in_the_top_five() -> None:
    risks = [Sample(id=f"net{n}", score=20 - n, projects=("network", "phone")) for n in range(4)]
    others = [Sample(id=f"x{n}", score=4 - n, projects=("phone",)) for n in range(2)]
    scopeless = [Sample(id=f"y{n}", score=2) for n in range(3)]
    chosen = [risk.id for risk in top([*scopeless, *others, *risks])]
    assert chosen == ["net0", "net1", "x0", "x1", "y0"]
