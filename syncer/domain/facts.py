"""The facts records from which colours follow (rollup.md 3.2 and 3.3).

A colour is a pure function of one of these records and the thresholds: no detector, store
or clock stands between the record and the colour, so every colour can be recomputed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from syncer.domain.health import Confidence, Health
from syncer.domain.portfolio import Criticality, ProjectState
from syncer.domain.statement import OwnerWord


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastInputs:
    """All that a forecast is made from. `as_of` and `target` are report-local dates.

    `throughput`: completed countable items per complete ISO week, oldest first.
    `scope_growth`: net non-decomposition growth over the window as a share (0..0.5) of the
    scope at its start; `scope_added` and `scope_at_start` are its numerator and denominator.
    `withheld` names why no forecast may be shown, empty when one may.
    """

    as_of: date
    target: date | None
    throughput: tuple[int, ...]
    remaining: int
    scope_growth: float = 0.0
    scope_added: int = 0
    scope_at_start: int = 0
    withheld: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFacts:
    """What the colour table of one project reads. Days are working days unless said.

    `source_age_hours` is the age of the oldest required source, None if never read.
    `lost_target` and `lost_owner` hold the last known value where one was taken away.
    `lateness_own` is the worst lateness of a dependency whose waiting end is in the project,
    `lateness_must` the worst of those whose waiting item is a must-have, None if none is late.
    `warnings` are the ids of firing rules that darken by A5 (FLW-2, SCP-1, SCP-3, RES-2).
    `owner_word` is what was last reported, by `owner_word_by` where that was not the owner.
    `owner_word_age` and `days_since_start` are calendar days. `slip_days` count from the latest
    approved baseline, `total_slip_days` from the first target there ever was.
    """

    state: ProjectState = ProjectState.ACTIVE
    total: int = 1
    remaining: int = 1
    cancelled_only: bool = False
    start_in_future: bool = False
    wip: int = 0
    days_since_start: int | None = 60
    source_age_hours: float | None = 0.0
    source_name: str = ""
    target: date | None = None
    has_owner: bool = True
    lost_target: date | None = None
    lost_owner: str = ""
    target_past_days: int = 0
    probability: float | None = None
    p85: date | None = None
    withheld: str = ""
    planned: float | None = None
    spi: float | None = None
    top_risk_score: int = 0
    top_risk: str = ""
    unowned_high_risk_days: int = 0
    slip_days: int = 0
    total_slip_days: int = 0
    pushes: int = 0
    baseline_duration_days: int = 0
    rebaseline_approved: bool = False
    first_edition_after_rebaseline: bool = False
    must_gate_missed_days: int = 0
    lateness_own: int | None = None
    lateness_must: int | None = None
    lateness_text: str = ""
    warnings: tuple[str, ...] = ()
    confidence: Confidence = Confidence.HIGH
    owner_word: OwnerWord | None = None
    owner_word_age: int = 0
    owner_word_by: str = ""
    too_early_weeks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFacts:
    """One member project as the program's colour table sees it; `reason` is its own colour's.

    `computed_red` says that it computes Red, whatever a person shows instead.
    """

    key: str
    name: str
    health: Health
    criticality: Criticality = Criticality.SHOULD
    weight: float = 1.0
    in_joint: bool = True
    reason: str = ""
    computed_red: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramFacts:
    """What the colour table of a program or product reads.

    `joint` is P(all members of the joint on time) at their targets, None when withheld.
    `top_risk_score` counts only risks whose scope is the program itself. `lost_target` and
    `lost_owner` hold what the program itself had and lost; `owner_word` is its owner's own, or of
    `owner_word_by` where somebody else reported the scope.
    """

    members: tuple[MemberFacts, ...]
    joint: float | None
    withheld: str = ""
    top_risk_score: int = 0
    top_risk: str = ""
    lost_target: date | None = None
    lost_owner: str = ""
    owner_word: OwnerWord | None = None
    owner_word_age: int = 0
    owner_word_by: str = ""
