"""The thresholds of the roll-up: every number of rollup.md 2.7 to 3.3 that a company may change.

Shipped values stand in `config/health.toml`; the defaults here are the same, so that the pure
core works without a file. Days are working days unless a name says otherwise.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class _Thresholds(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ColourRules(_Thresholds):
    """Thresholds of a project's colour (rollup.md 3.2)."""

    amber_below: float = Field(0.85, description="A chance of the target below this is Amber")
    red_below: float = Field(0.50, description="A chance of the target below this is Red")
    plan_red_from: float = Field(0.20, description="Without forecast: Red only from this plan on")
    spi_red: float = Field(0.80, description="Without forecast: Red below this SPI")
    plan_amber_from: float = Field(0.10, description="Without forecast: Amber only from here on")
    spi_amber: float = Field(0.95, description="Without forecast: Amber below this SPI")
    risk_red: int = Field(20, description="A risk of this score is Red")
    risk_red_unowned: int = Field(15, description="Red if unowned for longer than unowned_days")
    unowned_days: int = Field(7, description="Calendar days a high risk may stay unowned")
    risk_amber: int = Field(10, description="A risk of this score is Amber")
    slip_red_days: int = Field(10, description="A slip longer than this may be Red")
    slip_red_share: float = Field(0.20, description="… and longer than this share of the baseline")
    slip_amber_days: int = Field(5, description="A slip of this length is Amber")
    pushes_amber: int = Field(2, description="So many date pushes are Amber")
    gate_missed_days: int = Field(5, description="A must gate missed by so much is Red")
    lateness_red_days: int = Field(10, description="A must dependency later than this is Red")
    no_plan_days: int = Field(14, description="Calendar days after start to set target and owner")
    too_early_weeks: int = Field(6, description="Weeks that TOO EARLY may last")
    owner_word_days: int = Field(14, description="Calendar days an owner's status stays fresh")
    source_unknown_hours: float = Field(72, description="Data older than this is UNKNOWN")
    arrow_points: float = Field(0.10, description="A move of the chance that draws an arrow")


class GroupRules(_Thresholds):
    """Thresholds of a program's or product's colour (rollup.md 3.3)."""

    red_share: float = Field(1 / 3, description="Red members of this weight make it Red")
    amber_share: float = Field(1 / 3, description="Amber, Red, unknown members of this weight")
    joint_red: float = Field(0.50, description="A joint chance below this is Red")
    joint_amber: float = Field(0.85, description="A joint chance below this is Amber")
    risk_red: int = Field(20, description="A risk of the program itself that makes it Red")
    risk_amber: int = Field(15, description="A risk of the program itself that makes it Amber")


class DetectorRules(_Thresholds):
    """Thresholds at which a risk rule fires (rollup.md 2.7, 2.8, 2.10, 2.11)."""

    sch3_pushes: int = 2
    sch3_slip_days: int = 5
    sch4_gate_below: float = 0.50
    sch4_within_days: int = 28
    scp1_creep: float = 0.15
    scp1_creep_high: float = 0.30
    scp2_removed: float = 0.15
    res2_load: float = 1.2
    res2_weeks: int = 4
    res4_unassigned: float = 0.25
    res4_due_days: int = 14
    stale_days: int = 14
    dq3_stale: float = 0.30
    dq4_contradictions: float = 0.05
    dq5_undecomposed: float = 0.20
    dq6_source_hours: float = 24
    dep5_within_days: int = 30
    cls1_projects: int = 2
    cls1_within_days: int = 30
    unclassified_share: float = 0.10
    cycle_days: int = Field(90, description="Calendar days of history for cycle times")
    cycle_min_items: int = Field(10, description="Fewer completed items give the defaults")
    cycle_p50_default: int = 5
    cycle_p85_default: int = 10


class HealthRules(_Thresholds):
    """All thresholds together, as `config/health.toml` holds them."""

    colour: ColourRules = ColourRules()
    group: GroupRules = GroupRules()
    detectors: DetectorRules = DetectorRules()
