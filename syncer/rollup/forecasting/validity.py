"""When the data is too thin for a forecast: then none is shown (roll-up spec, section 2.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from syncer.rollup.tolerance import above, ceil_tolerant, round_half_up

LEAST_WEEKS: Final = 6
LEAST_ACTIVE_WEEKS: Final = 4
LEAST_FINISHED: Final = 8
LARGEST_UNDECOMPOSED_SHARE: Final = 0.20
OLDEST_SOURCE_HOURS: Final = 72.0


def forecast_validity(
    weekly_throughput: Sequence[int],
    *,
    undecomposed_share: float | None = None,
    source_age_hours: float | None,
) -> str | None:
    """Return why no forecast may be shown, or None if one may.

    ``undecomposed_share`` is the share (0..1) of level-1 items without children, None if there
    are no level-1 items. ``source_age_hours`` is the age of the oldest required source, None
    if it was never read. The first reason found is given, history before data age.
    """
    return _thin_history(weekly_throughput) or _unsound_data(undecomposed_share, source_age_hours)


def _thin_history(weekly_throughput: Sequence[int]) -> str | None:
    weeks = len(weekly_throughput)
    active = sum(count > 0 for count in weekly_throughput)
    finished = sum(weekly_throughput)
    if weeks < LEAST_WEEKS:
        return f"needs {LEAST_WEEKS} weeks of history, has {weeks}"
    if active == 0:
        return f"nothing finished in {weeks} weeks"
    if active < LEAST_ACTIVE_WEEKS:
        return f"needs {LEAST_ACTIVE_WEEKS} active weeks, has {active} of {weeks}"
    if finished < LEAST_FINISHED:
        return f"needs {LEAST_FINISHED} finished items, has {finished}"
    return None


def _unsound_data(undecomposed_share: float | None, source_age_hours: float | None) -> str | None:
    if undecomposed_share is not None and above(undecomposed_share, LARGEST_UNDECOMPOSED_SHARE):
        share = round_half_up(100 * undecomposed_share)
        limit = round_half_up(100 * LARGEST_UNDECOMPOSED_SHARE)
        return f"{share} % of epics are not broken down, at most {limit} %"
    if source_age_hours is None:
        return "the source was never read"
    if above(source_age_hours, OLDEST_SOURCE_HOURS):
        return (
            f"data is {ceil_tolerant(source_age_hours)} h old, at most {OLDEST_SOURCE_HOURS:.0f} h"
        )
    return None
