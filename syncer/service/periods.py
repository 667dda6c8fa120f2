"""The civil periods of an audience: when its editions are due, and what became of one.

Everything here is pure.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from syncer.jobs.civil import Period, WeeklySchedule
from syncer.publish.audiences import Audience
from syncer.publish.editions import Draft
from syncer.rollup.calendar import report_date
from syncer.store.periods import DecidedPeriod, PeriodState

LATE: Final = timedelta(minutes=10)
"""Later than this is said; a tick may always come a little after its time."""

_BY_COMMAND: Final = "by command"
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


def schedule_of(audience: Audience) -> WeeklySchedule:
    """When the audience gets its editions."""
    return WeeklySchedule.parse(audience.schedule, audience.view.timezone)


def snapshots_of(audience: Audience) -> WeeklySchedule:
    """When the figures of its editions are taken."""
    return schedule_of(audience).at_time(time.fromisoformat(audience.snapshot_at))


def decided(
    schedule: str, period: Period, state: PeriodState, *, at: datetime, note: str = ""
) -> DecidedPeriod:
    """What became of a period of a schedule at the instant `at`, in UTC."""
    return DecidedPeriod(
        schedule=schedule,
        period=period.key,
        due_at=period.due_at,
        decided_at=at,
        state=state,
        note=note,
    )


def taken_by(draft: Draft, now: datetime) -> DecidedPeriod:
    """The period that a draft takes: its week's, or for a correction one of its own."""
    digest, audience = draft.digest, draft.audience
    if digest.version > 1:
        own = Period(now, f"{digest.edition}-v{digest.version}")
        schedule = f"{digest.audience}/correction"
        return decided(schedule, own, PeriodState.PUBLISHED, at=now, note=digest.correction)
    week = schedule_of(audience).period_of(report_date(digest.as_of, audience.view.timezone))
    return decided(
        digest.audience,
        Period(week.due_at, digest.edition),
        PeriodState.PUBLISHED,
        at=now,
        note=_BY_COMMAND,
    )


def told_late(late: timedelta) -> str:
    """`late by 4 h`, `late by 25 min`, `late by 3 days`; empty where nobody would notice."""
    if late <= LATE:
        return ""
    if late < _HOUR:
        return f"late by {late // timedelta(minutes=1)} min"
    if late < 2 * _DAY:
        return f"late by {late // _HOUR} h"
    return f"late by {late // _DAY} days"
