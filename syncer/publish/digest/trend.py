"""The arrow of a status row (roll-up spec, section 3.2)."""

from __future__ import annotations

from syncer.domain.report import GroupResult, ProjectResult, Risk, RiskChange, Snapshot
from syncer.publish.digest.context import Context, severity
from syncer.publish.digest.figures import probability_of
from syncer.publish.digest.model import Trend
from syncer.rollup.colours.overrides import own_colour
from syncer.rollup.tolerance import at_least

_BANDS = ("", "low", "medium", "high", "critical")


def trend(
    now: ProjectResult | GroupResult, before: ProjectResult | GroupResult | None, context: Context
) -> Trend:
    """Better or worse by colour, else by chance, else by the highest risk's band.

    How far the chance must have moved, the thresholds say (10 points).
    """
    if before is None or context.previous is None:
        return Trend.NONE
    least = context.rules.colour.arrow_points
    steps = (
        _colour_step(now, before),
        _chance_step(probability_of(now), probability_of(before), least=least),
        _top_band(before, context.previous) - _top_band(now, context.snapshot),
    )
    step = next((step for step in steps if step), 0)
    if step == 0:
        return Trend.SAME
    return Trend.BETTER if step > 0 else Trend.WORSE


def _colour_step(now: ProjectResult | GroupResult, before: ProjectResult | GroupResult) -> int:
    """By how much the colour got better; nobody's override makes anything better."""
    step = severity(before.shown.health) - severity(now.shown.health)
    if step > 0 and now.override is not None and now.override.is_shown:
        return severity(own_colour(before).health) - severity(own_colour(now).health)
    return step


def _chance_step(now: float | None, before: float | None, *, least: float) -> int:
    if now is None or before is None or not at_least(abs(now - before), least):
        return 0
    return 1 if now > before else -1


def _top_band(entry: ProjectResult | GroupResult, snapshot: Snapshot) -> int:
    keys = set(entry.projects) if isinstance(entry, GroupResult) else {entry.key}
    scopes = {entry.scope} | {f"proj:{key}" for key in keys}
    hits = (r for r in snapshot.unmerged if r.scope in scopes or not keys.isdisjoint(r.projects))
    bands = (_rank(risk) for risk in hits if risk.change is not RiskChange.CLOSED)
    return max(bands, default=0)


def _rank(risk: Risk) -> int:
    return _BANDS.index(risk.band) if risk.band in _BANDS else 0
