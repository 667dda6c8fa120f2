"""How many countable items a scope finishes in each complete ISO week (rollup.md 2.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from syncer.domain.item import StatusCategory, WorkItem
from syncer.rollup.calendar import complete_weeks, report_date, week_start

_DONE: Final = StatusCategory.DONE
WINDOW_WEEKS: Final = 12


def first_activity(items: Iterable[WorkItem], zone: ZoneInfo) -> date | None:
    """The local date on which the first item was started or done."""
    instants = (item.started_at or item.done_at for item in items)
    first = min((instant for instant in instants if instant is not None), default=None)
    return report_date(first, zone) if first is not None else None


def winsorised(weeks: Sequence[int], *, as_of: date, bulk: AbstractSet[date]) -> tuple[int, ...]:
    """The weeks with those of a bulk closure cut down to the most of the others (rollup.md 3.6).

    `weeks` are the last complete ones before `as_of`, oldest first; `bulk` are Mondays. What was
    closed at once stays done, but nobody will finish as much again.
    """
    if not weeks or not bulk:
        return tuple(weeks)
    dated = list(zip(complete_weeks(as_of, len(weeks)), weeks, strict=True))
    most = max((count for monday, count in dated if monday not in bulk), default=0)
    return tuple(min(count, most) if monday in bulk else count for monday, count in dated)


def window_eve(as_of: date, zone: ZoneInfo, *, weeks: int = WINDOW_WEEKS) -> datetime:
    """An instant shortly before the last complete weeks: nothing of theirs ended earlier.

    To compare instants costs less than to tell days. A day is spared for zones that move midnight.
    """
    first = complete_weeks(as_of, weeks)[0]
    return datetime.combine(first, time.min, tzinfo=zone) - timedelta(days=1)


def weekly_completions(
    items: Sequence[WorkItem], *, as_of: date, zone: ZoneInfo, weeks: int = WINDOW_WEEKS
) -> tuple[int, ...]:
    """Completions in the last complete weeks, oldest first; see `completed_since`."""
    eve = window_eve(as_of, zone, weeks=weeks)
    late = [item for item in items if item.done_at is not None and item.done_at >= eve]
    return completed_since(first_activity(items, zone), late, as_of=as_of, zone=zone, weeks=weeks)


def completed_since(
    began: date | None,
    ended: Iterable[WorkItem],
    *,
    as_of: date,
    zone: ZoneInfo,
    weeks: int = WINDOW_WEEKS,
) -> tuple[int, ...]:
    """Completions in the last complete weeks, oldest first, of what `ended` since `window_eve`.

    Weeks before the scope's first activity (`began`) are left out; empty weeks after it are kept.
    An item that was reopened counts in the week in which it was done for the last time.
    """
    if began is None:
        return ()
    done = Counter(
        week_start(report_date(item.done_at, zone))
        for item in ended
        if item.status_category is _DONE and item.done_at is not None
    )
    first = week_start(began)
    return tuple(done[monday] for monday in complete_weeks(as_of, weeks) if monday >= first)
