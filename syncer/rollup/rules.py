"""The thresholds of the roll-up: every number of rollup.md 2.7 to 3.3 that a company may change.

Shipped values stand in `config/health.toml`; the defaults here are the same, so that the pure
core works without a file. Days are working days unless a name says otherwise.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveInt

from syncer.rollup.risks.scoring import ScoringThresholds
from syncer.rollup.work.quality import QualityThresholds

Share = Annotated[float, Field(ge=0, le=1)]
Growth = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""A share of a whole that may be exceeded, such as scope or load."""


class _Thresholds(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ColourRules(_Thresholds):
    """Thresholds of a project's colour (rollup.md 3.2)."""

    amber_below: Share = Field(0.85, description="A chance of the target below this is Amber")
    red_below: Share = Field(0.50, description="A chance of the target below this is Red")
    plan_red_from: Share = Field(0.20, description="Without forecast: Red only from this plan on")
    spi_red: Growth = Field(0.80, description="Without forecast: Red below this SPI")
    plan_amber_from: Share = Field(0.10, description="Without forecast: Amber only from here on")
    spi_amber: Growth = Field(0.95, description="Without forecast: Amber below this SPI")
    risk_red: PositiveInt = Field(20, description="A risk of this score is Red")
    risk_red_unowned: PositiveInt = Field(15, description="Red if unowned beyond unowned_days")
    unowned_days: NonNegativeInt = Field(7, description="Calendar days a risk may stay unowned")
    risk_amber: PositiveInt = Field(10, description="A risk of this score is Amber")
    slip_red_days: NonNegativeInt = Field(10, description="A slip longer than this may be Red")
    slip_red_share: Growth = Field(0.20, description="… and longer than this part of the baseline")
    slip_amber_days: PositiveInt = Field(5, description="A slip of this length is Amber")
    pushes_amber: PositiveInt = Field(2, description="So many date pushes are Amber")
    gate_missed_days: PositiveInt = Field(5, description="A must gate missed by so much is Red")
    lateness_red_days: NonNegativeInt = Field(10, description="A must item later than this is Red")
    no_plan_days: NonNegativeInt = Field(14, description="Calendar days to set target and owner")
    too_early_weeks: NonNegativeInt = Field(6, description="Weeks that TOO EARLY may last")
    owner_word_days: NonNegativeInt = Field(14, description="Calendar days a status stays fresh")
    source_unknown_hours: NonNegativeFloat = Field(72, description="Older data is UNKNOWN")
    arrow_points: Share = Field(0.10, description="A move of the chance that draws an arrow")


class GroupRules(_Thresholds):
    """Thresholds of a program's or product's colour (rollup.md 3.3)."""

    red_share: Share = Field(1 / 3, description="Red members of this weight make it Red")
    amber_share: Share = Field(1 / 3, description="Amber, Red, unknown members of this weight")
    joint_red: Share = Field(0.50, description="A joint chance below this is Red")
    joint_amber: Share = Field(0.85, description="A joint chance below this is Amber")
    risk_red: PositiveInt = Field(20, description="A risk of the program itself that makes it Red")
    risk_amber: PositiveInt = Field(15, description="A risk of the program that makes it Amber")


class DetectorRules(_Thresholds):
    """Thresholds at which a risk rule fires (rollup.md 2.7, 2.8, 2.10, 2.11)."""

    sch1_chance_below: Share = Field(0.85, description="SCH-1: chance of the target")
    sch3_pushes: PositiveInt = Field(2, description="SCH-3: pushes of the target")
    sch3_slip_days: PositiveInt = Field(5, description="SCH-3: slip")
    sch4_gate_below: Share = Field(0.50, description="SCH-4: chance of a gate")
    sch4_within_days: NonNegativeInt = Field(28, description="SCH-4: calendar days to the gate")
    sch5_weeks: PositiveInt = Field(2, description="SCH-5: complete weeks without anything done")
    scp1_creep: Growth = Field(0.15, description="SCP-1: unplanned part of the baseline")
    scp1_creep_high: Growth = Field(0.30, description="SCP-1: from here on its impact is 4")
    scp2_removed: Growth = Field(0.15, description="SCP-2: removed part of the baseline")
    scp3_weeks: PositiveInt = Field(3, description="SCP-3: weeks in which scope outgrew the work")
    flw1_aging: Share = Field(0.20, description="FLW-1: aging part of work in progress")
    flw2_blocked: Share = Field(0.25, description="FLW-2: blocked part of work in progress")
    flw2_must_days: NonNegativeInt = Field(5, description="FLW-2: a must item blocked for longer")
    flw3_weeks: Growth = Field(4, description="FLW-3: weeks of work in progress, above")
    aging_days_default: PositiveInt = Field(14, description="Age of aging without history")
    dep5_within_days: NonNegativeInt = Field(30, description="DEP-5: calendar days to the need")
    dep7_source_hours: NonNegativeFloat = Field(72, description="DEP-7: age of the other source")
    dep8_chain: PositiveInt = Field(4, description="DEP-8: open items in one chain")
    dep8_projects: PositiveInt = Field(2, description="DEP-8: projects that the chain runs through")
    res1_wip: PositiveInt = Field(6, description="RES-1: items in progress of one person")
    res1_projects: PositiveInt = Field(2, description="RES-1: projects that they belong to")
    res2_load: Growth = Field(1.2, description="RES-2: items due over items likely, above")
    res2_weeks: PositiveInt = Field(4, description="RES-2: weeks looked ahead")
    res3_share: Share = Field(0.50, description="RES-3: part of the work to cover, more than")
    res3_people: PositiveInt = Field(1, description="RES-3: so few people cover it")
    res3_items: PositiveInt = Field(10, description="RES-3: items needed to judge")
    res3_days: PositiveInt = Field(90, description="RES-3: calendar days of done items")
    res4_unassigned: Share = Field(0.25, description="RES-4: unassigned part of work in progress")
    res4_due_days: NonNegativeInt = Field(14, description="RES-4: calendar days to the due date")
    stale_days: NonNegativeInt = Field(14, description="Calendar days until an item is stale")
    dq1_after_days: NonNegativeInt = Field(14, description="DQ-1: calendar days without a target")
    dq3_stale: Share = Field(0.30, description="DQ-3: stale part of work in progress")
    dq4_contradictions: Share = Field(0.05, description="DQ-4: part of items that contradict")
    dq5_undecomposed: Share = Field(0.20, description="DQ-5: part of epics not broken down")
    dq6_source_hours: NonNegativeFloat = Field(24, description="DQ-6: age of the oldest source")
    cls1_projects: PositiveInt = Field(2, description="CLS-1: projects that unclaimed work blocks")
    cls1_within_days: NonNegativeInt = Field(30, description="CLS-1: calendar days to its date")
    cycle_days: PositiveInt = Field(90, description="Calendar days of history for cycle times")
    cycle_min_items: PositiveInt = Field(10, description="Fewer completed items: the defaults")
    cycle_p50_default: PositiveInt = Field(5, description="Median cycle time without history")
    cycle_p85_default: PositiveInt = Field(10, description="P85 cycle time without history")


class ScoringRules(_Thresholds):
    """Buckets and bands of risks, and what counts as a change (rollup.md 2.9)."""

    probability: tuple[Share, Share, Share, Share] = Field(
        (0.10, 0.30, 0.50, 0.80), description="From each edge on the next probability bucket"
    )
    impact_days: tuple[int, int, int, int] = Field(
        (0, 5, 10, 20), description="Up to each edge the impact bucket"
    )
    bands: tuple[PositiveInt, PositiveInt, PositiveInt] = Field(
        (5, 10, 15), description="Scores from which a risk is medium, high, critical"
    )
    change: PositiveInt = Field(3, description="A change of the score that is worse or better")
    reopen_within_days: NonNegativeInt = Field(28, description="Calendar days to fire again")
    quiet_snapshots: PositiveInt = Field(2, description="Snapshots without firing that clear it")

    @property
    def thresholds(self) -> ScoringThresholds:
        """The same as the plain value that `syncer.rollup.risks.scoring` takes."""
        return ScoringThresholds(
            probability=self.probability,
            impact_days=self.impact_days,
            bands=self.bands,
            change=self.change,
            reopen_within=timedelta(days=self.reopen_within_days),
            quiet_snapshots=self.quiet_snapshots,
        )


class QualityRules(_Thresholds):
    """Levels of confidence and what caps them (rollup.md 2.4, 2.8, 2.11)."""

    high: float = Field(80, ge=0, le=100, description="Data quality from which it is High")
    medium: float = Field(60, ge=0, le=100, description="Data quality from which it is Medium")
    unassigned_share: Share = Field(0.25, description="Unassigned work in progress caps at Medium")
    unclassified_share: Share = Field(0.10, description="More unclassified items cap at Medium")
    aged_hours: NonNegativeFloat = Field(24, description="An older source caps at Medium")
    stale_hours: NonNegativeFloat = Field(72, description="An older source caps at Low")
    backtest_least: PositiveInt = Field(10, description="Backtests needed to judge")
    backtest_hit_rate: Share = Field(0.70, description="Fewer 85 % dates held: one level lower")

    @property
    def thresholds(self) -> QualityThresholds:
        """The same as the plain value that `syncer.rollup.work.quality` takes."""
        return QualityThresholds(**self.model_dump())


class HealthRules(_Thresholds):
    """All thresholds together, as `config/health.toml` holds them."""

    colour: ColourRules = ColourRules()
    group: GroupRules = GroupRules()
    detectors: DetectorRules = DetectorRules()
    scoring: ScoringRules = ScoringRules()
    quality: QualityRules = QualityRules()
