from __future__ import annotations

import pytest

from syncer.domain.health import Confidence
from syncer.rollup.tolerance import round_half_up
from syncer.rollup.work.quality import (
    ConfidenceInputs,
    QualityRatios,
    QualityThresholds,
    confidence,
    data_quality,
    level_of,
    program_confidence,
    synced_ratio,
)

HIGH, MEDIUM, LOW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW


@pytest.mark.parametrize(
    ("ratios", "score", "level"),
    [
        pytest.param((0.92, 0.95, 0.80, 0.97, 0.90, 1.0), 92, HIGH, id="E44"),
        pytest.param((0.60, 0.70, 0.55, 0.90, None, 1.0), 71, MEDIUM, id="E45"),
        pytest.param((0.2, 0.5, 0.4, 0.8, 0.5, 0.0), 40, LOW, id="E46"),
    ],
)
def test_data_quality(ratios: tuple[float, ...], score: int, level: Confidence) -> None:
    names = ("dated", "owned", "fresh", "consistent", "decomposed", "synced")
    found = data_quality(QualityRatios(**dict(zip(names, ratios, strict=True))))
    assert found is not None
    assert round_half_up(found) == score
    assert level_of(found) is level


def test_nothing_known_has_no_score_and_no_confidence() -> None:
    assert data_quality(QualityRatios()) is None
    assert level_of(None) is LOW


def test_zero_is_a_ratio() -> None:
    assert data_quality(QualityRatios(dated=0.0, synced=1.0)) == pytest.approx(100 * 10 / 35)


@pytest.mark.parametrize(
    ("score", "level"),
    [(80.0, HIGH), (80 - 1e-12, HIGH), (79.9, MEDIUM), (60.0, MEDIUM), (59.9, LOW)],
)
def test_levels(score: float, level: Confidence) -> None:
    assert level_of(score) is level


@pytest.mark.parametrize(
    ("hours", "ratio"), [(0.0, 1.0), (24.0, 1.0), (24.1, 0.5), (72.0, 0.5), (72.1, 0.0), (None, 0)]
)
def test_synced_ratio(hours: float | None, ratio: float) -> None:
    assert synced_ratio(hours) == ratio


@pytest.mark.parametrize(
    ("score", "inputs", "level", "reasons"),
    [
        (92.0, ConfidenceInputs(source_age_hours=1), HIGH, ()),
        (71.0, ConfidenceInputs(source_age_hours=1), MEDIUM, ("data quality 71",)),
        (None, ConfidenceInputs(source_age_hours=1), LOW, ("data quality unknown",)),
        (92.0, ConfidenceInputs(source_age_hours=25), MEDIUM, ("a source is 25 h old",)),
        (92.0, ConfidenceInputs(source_age_hours=73), LOW, ("a source is 73 h old",)),
        (92.0, ConfidenceInputs(source_age_hours=None), LOW, ("a source was never read",)),
        (
            92.0,
            ConfidenceInputs(source_age_hours=1, forecast_withheld=True),
            MEDIUM,
            ("forecast withheld",),
        ),
        (
            92.0,
            ConfidenceInputs(source_age_hours=1, unassigned_share=0.25),
            MEDIUM,
            ("25 % of work in progress has no owner",),
        ),
        (92.0, ConfidenceInputs(source_age_hours=1, unassigned_share=0.24), HIGH, ()),
        (
            92.0,
            ConfidenceInputs(source_age_hours=1, unclassified_share=0.11),
            MEDIUM,
            ("11 % of open items are unclassified",),
        ),
        (92.0, ConfidenceInputs(source_age_hours=1, unclassified_share=0.10), HIGH, ()),
        (
            40.0,
            ConfidenceInputs(source_age_hours=25),
            LOW,
            ("data quality 40", "a source is 25 h old"),
        ),
        (
            92.0,
            ConfidenceInputs(source_age_hours=1, backtest_held=6, backtest_total=10),
            MEDIUM,
            ("our 85 % held 6 of 10 times",),
        ),
        (
            92.0,
            ConfidenceInputs(source_age_hours=1, backtest_held=7, backtest_total=10),
            HIGH,
            (),
        ),
        (92.0, ConfidenceInputs(source_age_hours=1, backtest_held=0, backtest_total=9), HIGH, ()),
        (
            40.0,
            ConfidenceInputs(source_age_hours=1, backtest_held=0, backtest_total=10),
            LOW,
            ("data quality 40", "our 85 % held 0 of 10 times"),
        ),
    ],
)
def test_confidence(
    score: float | None, inputs: ConfidenceInputs, level: Confidence, reasons: tuple[str, ...]
) -> None:
    assert confidence(score, inputs) == (level, reasons)


def test_thresholds_can_be_set() -> None:
    strict = QualityThresholds(high=95.0, unassigned_share=0.5)
    inputs = ConfidenceInputs(source_age_hours=1, unassigned_share=0.4)
    assert confidence(94.0, inputs, strict) == (MEDIUM, ("data quality 94",))


@pytest.mark.parametrize(
    ("must", "others", "level"),
    [
        ([HIGH, MEDIUM], [], MEDIUM),
        ([HIGH, HIGH], [LOW], MEDIUM),
        ([MEDIUM], [LOW, LOW], LOW),
        ([MEDIUM], [HIGH], MEDIUM),
        ([LOW], [LOW], LOW),
        ([], [HIGH, LOW], LOW),
        ([], [], None),
    ],
)
def test_confidence_of_a_program(
    must: list[Confidence], others: list[Confidence], level: Confidence | None
) -> None:
    assert program_confidence(must, others) is level
