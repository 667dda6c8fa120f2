"""Size, identity and change of risks (roll-up spec, section 2.9).

Days are working days. Probability and impact are buckets 1..5, their product is the score.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, Protocol, TypeVar

from syncer.domain.report import RiskChange
from syncer.rollup.tolerance import at_least

_HIGHEST_BUCKET: Final = 5
_DAYS_PER_WEEK: Final = 5
_ID_DIGITS: Final = 10


class Band(StrEnum):
    """How people read a score."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringThresholds:
    """Edges of the buckets and bands.

    ``probability``: from each edge on the next bucket. ``impact_days``: up to each edge the
    bucket. ``bands``: from each score on medium, high, critical. ``change`` is the difference
    in score that counts as worse or better; ``reopen_within`` the time after closing within
    which a risk that fires again is the old one.
    """

    probability: tuple[float, float, float, float] = (0.10, 0.30, 0.50, 0.80)
    impact_days: tuple[int, int, int, int] = (0, 5, 10, 20)
    bands: tuple[int, int, int] = (5, 10, 15)
    change: int = 3
    reopen_within: timedelta = timedelta(days=28)
    quiet_snapshots: int = 2


DEFAULTS: Final = ScoringThresholds()


def probability_bucket(probability: float, thresholds: ScoringThresholds = DEFAULTS) -> int:
    """Return the bucket 1..5 of a probability 0..1."""
    return 1 + sum(at_least(probability, edge) for edge in thresholds.probability)


def impact_bucket(
    days_late: int, *, must: bool = False, thresholds: ScoringThresholds = DEFAULTS
) -> int:
    """Return the bucket 1..5 of a delay; one more where the scope is must or contractual."""
    return raised(1 + bisect_left(thresholds.impact_days, days_late), must=must)


def raised(impact: int, *, must: bool) -> int:
    """Return an impact one higher for a must or contractual scope, never above 5."""
    return min(_HIGHEST_BUCKET, impact + must)


def score(probability: int, impact: int) -> int:
    """Return the product of two buckets.

    Raises:
        ValueError: if a bucket lies outside 1..5.
    """
    if not (1 <= probability <= _HIGHEST_BUCKET and 1 <= impact <= _HIGHEST_BUCKET):
        raise ValueError(f"probability {probability} and impact {impact} must lie in 1..5")
    return probability * impact


def band(value: int, thresholds: ScoringThresholds = DEFAULTS) -> Band:
    """Return the band of a score."""
    return tuple(Band)[sum(value >= edge for edge in thresholds.bands)]


def exposure_money(overrun_days: float, cost_of_delay_per_week: float) -> float:
    """Return what an expected overrun costs. Money adds up over projects, days do not."""
    return overrun_days / _DAYS_PER_WEEK * cost_of_delay_per_week


def risk_id(rule: str, scope: str, subjects: Iterable[str] = ()) -> str:
    """Return the stable id of a detected risk: the same rule, scope and subjects, the same id.

    ``subjects`` are item uids in any order. The id survives restarts and reordering.
    """
    text = "|".join((rule, scope, *sorted(subjects)))
    return f"R-{hashlib.sha256(text.encode()).hexdigest()[:_ID_DIGITS]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousRisk:
    """A risk as the last published edition knew it.

    ``closed_on`` is None while it was open; ``unchanged_weeks`` how long it had not moved then.
    """

    score: int
    closed_on: date | None = None
    unchanged_weeks: int = 0


@dataclass(frozen=True, slots=True)
class RiskDelta:
    """What happened to a risk since the last published edition, and since when nothing did."""

    change: RiskChange
    unchanged_weeks: int = 0


def delta(
    previous: PreviousRisk | None,
    current: int | None,
    *,
    today: date,
    thresholds: ScoringThresholds = DEFAULTS,
) -> RiskDelta | None:
    """Compare one risk with the last published edition, both given as scores.

    ``current`` is None where the risk no longer fires. None comes back for a risk that was
    closed before and still is. ``unchanged_weeks`` counts editions, which are weekly.
    """
    if previous is None or previous.closed_on is not None:
        return (
            None if current is None else RiskDelta(_first_seen_again(previous, today, thresholds))
        )
    if current is None:
        return RiskDelta(RiskChange.CLOSED)
    change = score_change(previous.score, current, thresholds)
    same = change is RiskChange.UNCHANGED
    return RiskDelta(change, previous.unchanged_weeks + 1 if same else 0)


def _first_seen_again(
    previous: PreviousRisk | None, today: date, thresholds: ScoringThresholds
) -> RiskChange:
    closed = previous.closed_on if previous else None
    recent = closed is not None and today - closed <= thresholds.reopen_within
    return RiskChange.REOPENED if recent else RiskChange.NEW


def score_change(before: int, after: int, thresholds: ScoringThresholds = DEFAULTS) -> RiskChange:
    """Return whether a score got worse or better by three points or by a band."""
    bands = tuple(Band)
    step = bands.index(band(after, thresholds)) - bands.index(band(before, thresholds))
    if step > 0 or after - before >= thresholds.change:
        return RiskChange.WORSENED
    if step < 0 or before - after >= thresholds.change:
        return RiskChange.IMPROVED
    return RiskChange.UNCHANGED


def is_resolved(snapshots_without: int, thresholds: ScoringThresholds = DEFAULTS) -> bool:
    """Return whether a risk that did not fire in so many snapshots in a row is cleared."""
    return snapshots_without >= thresholds.quiet_snapshots


class Rankable(Protocol):
    """What the order of risks looks at."""

    @property
    def id(self) -> str:
        """The stable id: the last tie-breaker, so that the order never depends on the input."""

    @property
    def score(self) -> int:
        """Probability times impact."""

    @property
    def exposure_money(self) -> float | None:
        """Money at stake, if known."""

    @property
    def change(self) -> RiskChange | None:
        """What happened since the last published edition."""

    @property
    def proximity(self) -> date | None:
        """When it would strike."""

    @property
    def first_seen(self) -> date | None:
        """When it was found."""

    @property
    def projects(self) -> tuple[str, ...]:
        """Keys of the projects hit, the one that owns it first."""


R = TypeVar("R", bound=Rankable)


def ranked(risks: Iterable[R]) -> list[R]:
    """Return risks in order: score, money, worsened first, nearest, oldest."""
    return sorted(risks, key=_rank)


def _rank(risk: Rankable) -> tuple[int, float, bool, date, int, str]:
    return (
        -risk.score,
        -(risk.exposure_money or 0.0),
        risk.change is not RiskChange.WORSENED,
        risk.proximity or date.max,
        risk.first_seen.toordinal() if risk.first_seen else date.max.toordinal(),
        risk.id,
    )


def top(risks: Iterable[R], count: int = 5, *, per_project: int = 2) -> list[R]:
    """Return the first ``count`` risks, at most ``per_project`` that belong to one project."""
    chosen: list[R] = []
    for risk in ranked(risks):
        owner = risk.projects[:1]
        if not owner or sum(other.projects[:1] == owner for other in chosen) < per_project:
            chosen.append(risk)
    return chosen[:count]
