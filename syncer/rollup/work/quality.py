"""Data quality and the confidence it allows (roll-up spec, section 2.8).

Ratios lie in 0..1, None means not applicable. Ages are hours.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Final

from syncer.domain.health import Confidence
from syncer.rollup.tolerance import above, at_least, below, round_half_up

_LADDER: Final = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRatios:
    """The six parts of data quality, each the sound share of what it looks at."""

    dated: float | None = None
    owned: float | None = None
    fresh: float | None = None
    consistent: float | None = None
    decomposed: float | None = None
    synced: float | None = None


_WEIGHTS: Final = {
    "dated": 25,
    "owned": 20,
    "fresh": 20,
    "consistent": 15,
    "decomposed": 10,
    "synced": 10,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityThresholds:
    """Where the levels of confidence begin and what caps them; shares 0..1, ages in hours."""

    high: float = 80.0
    medium: float = 60.0
    unassigned_share: float = 0.25
    unclassified_share: float = 0.10
    aged_hours: float = 24.0
    stale_hours: float = 72.0
    backtest_least: int = 10
    backtest_hit_rate: float = 0.70


DEFAULTS: Final = QualityThresholds()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceInputs:
    """What may lower confidence besides the score.

    ``source_age_hours`` is the age of the oldest source, None if it was never read.
    ``backtest_held`` of ``backtest_total`` past P85 forecasts held.
    """

    source_age_hours: float | None
    forecast_withheld: bool = False
    unassigned_share: float = 0.0
    unclassified_share: float = 0.0
    backtest_held: int = 0
    backtest_total: int = 0


def data_quality(ratios: QualityRatios) -> float | None:
    """Return the score 0..100: the weighted mean of the applicable ratios, None if there is none.

    The weight of what is not applicable spreads over the rest.
    """
    parts = [(_WEIGHTS[f.name], getattr(ratios, f.name)) for f in fields(ratios)]
    known = [(weight, ratio) for weight, ratio in parts if ratio is not None]
    whole = sum(weight for weight, _ in known)
    return 100.0 * math.fsum(weight * ratio for weight, ratio in known) / whole if known else None


def synced_ratio(source_age_hours: float | None, thresholds: QualityThresholds = DEFAULTS) -> float:
    """Return 1 if the oldest source is fresh, 0.5 if it is a little aged, else 0."""
    if source_age_hours is None or above(source_age_hours, thresholds.stale_hours):
        return 0.0
    return 0.5 if above(source_age_hours, thresholds.aged_hours) else 1.0


def level_of(score: float | None, thresholds: QualityThresholds = DEFAULTS) -> Confidence:
    """Return the confidence that a score alone allows; without a score it is Low."""
    if score is None or below(score, thresholds.medium):
        return Confidence.LOW
    return Confidence.HIGH if at_least(score, thresholds.high) else Confidence.MEDIUM


def confidence(
    score: float | None, inputs: ConfidenceInputs, thresholds: QualityThresholds = DEFAULTS
) -> tuple[Confidence, tuple[str, ...]]:
    """Return the confidence and, in words with their numbers, everything that lowers it."""
    caps = [*_source_caps(inputs, thresholds), *_share_caps(inputs, thresholds)]
    level = lowest([level_of(score, thresholds), *(cap for cap, _ in caps)])
    reasons = [reason for _, reason in caps]
    if level_of(score, thresholds) is not Confidence.HIGH:
        reasons.insert(
            0, "data quality unknown" if score is None else f"data quality {round_half_up(score)}"
        )
    rate = _poor_backtest(inputs, thresholds)
    if rate is not None:
        level = one_lower(level)
        reasons.append(rate)
    return level, tuple(reasons)


def _source_caps(
    inputs: ConfidenceInputs, thresholds: QualityThresholds
) -> Iterable[tuple[Confidence, str]]:
    hours = inputs.source_age_hours
    if hours is None:
        yield Confidence.LOW, "a source was never read"
    elif above(hours, thresholds.stale_hours):
        yield Confidence.LOW, f"a source is {round_half_up(hours)} h old"
    elif above(hours, thresholds.aged_hours):
        yield Confidence.MEDIUM, f"a source is {round_half_up(hours)} h old"


def _share_caps(
    inputs: ConfidenceInputs, thresholds: QualityThresholds
) -> Iterable[tuple[Confidence, str]]:
    if inputs.forecast_withheld:
        yield Confidence.MEDIUM, "forecast withheld"
    if at_least(inputs.unassigned_share, thresholds.unassigned_share):
        share = 100 * inputs.unassigned_share
        yield Confidence.MEDIUM, f"{round_half_up(share)} % of work in progress has no owner"
    if above(inputs.unclassified_share, thresholds.unclassified_share):
        share = 100 * inputs.unclassified_share
        yield Confidence.MEDIUM, f"{round_half_up(share)} % of open items are unclassified"


def _poor_backtest(inputs: ConfidenceInputs, thresholds: QualityThresholds) -> str | None:
    held, total = inputs.backtest_held, inputs.backtest_total
    if total < thresholds.backtest_least or at_least(held / total, thresholds.backtest_hit_rate):
        return None
    return f"our 85 % held {held} of {total} times"


def lowest(levels: Iterable[Confidence]) -> Confidence:
    """Return the lowest of at least one level."""
    return min(levels, key=_LADDER.index)


def one_lower(level: Confidence) -> Confidence:
    """Return the next lower level; Low stays Low."""
    return _LADDER[max(0, _LADDER.index(level) - 1)]


def program_confidence(
    must: Sequence[Confidence], others: Sequence[Confidence] = ()
) -> Confidence | None:
    """Return the confidence of a program: its lowest must-project's.

    The other projects can pull that down by one level at most. Without any must-project all
    count alike, as in the joint forecast; without any project there is none.
    """
    if not must:
        return lowest(others) if others else None
    floor = lowest(must)
    return one_lower(floor) if others and lowest([floor, *others]) is not floor else floor
