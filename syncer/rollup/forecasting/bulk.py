"""Bulk closures: far more closed at once, by one person, than gets done (rollup.md 3.6).

Whoever closes a backlog on a Friday makes a pace that nobody has. The items count as done; that
they were closed at once is said, and the forecast does not take them for a pace.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from syncer.domain.change import Change, ChangeField
from syncer.domain.gaming import BulkClosure
from syncer.domain.item import StatusCategory, WorkItem
from syncer.rollup.calendar import report_date, week_start
from syncer.rollup.forecasting.throughput import WINDOW_WEEKS, window_eve

TIMES: Final = 3
WITHIN: Final = timedelta(hours=24)

Changes = Mapping[str, Sequence[Change]]
_Done = tuple[datetime, str]


def bulk_closures(
    items: Iterable[WorkItem], changes: Changes, *, today: date, zone: ZoneInfo
) -> tuple[BulkClosure, ...]:
    """The bulk closures of the forecast's window and of the week that runs, oldest first.

    `items` are the countable items of one scope. An item whose history names nobody is nobody's.
    """
    since, eve = week_start(today) - timedelta(weeks=WINDOW_WEEKS), window_eve(today, zone)
    done = [
        (item.done_at, item.uid)
        for item in items
        if item.status_category is StatusCategory.DONE and item.done_at is not None
        if item.done_at >= eve and report_date(item.done_at, zone) >= since
    ]
    weeks = Counter(week_start(report_date(at, zone)) for at, _ in done)
    by_actor: dict[str, list[_Done]] = defaultdict(list)
    for at, uid in sorted(done):
        actor = _closed_by(changes.get(uid, ()), at)
        if actor:
            by_actor[actor].append((at, uid))
    found = (
        closure
        for actor, mine in by_actor.items()
        for closure in _of_one(actor, mine, weeks=weeks, zone=zone)
    )
    return tuple(sorted(found, key=lambda one: (one.on, one.actor)))


def bulk_weeks(
    closures: Iterable[BulkClosure], items: Iterable[WorkItem], zone: ZoneInfo
) -> frozenset[date]:
    """The Mondays of the weeks in which items of bulk closures were done."""
    closed = {uid for closure in closures for uid in closure.uids}
    if not closed:
        return frozenset()
    ends = (item.done_at for item in items if item.uid in closed)
    return frozenset(week_start(report_date(at, zone)) for at in ends if at is not None)


def _closed_by(changes: Sequence[Change], at: datetime) -> str:
    """Who entered the status in which the item is done since."""
    entered = [c for c in changes if c.field is ChangeField.STATUS and c.at == at]
    return entered[-1].actor if entered else ""


def _of_one(
    actor: str, done: Sequence[_Done], *, weeks: Mapping[date, int], zone: ZoneInfo
) -> Iterator[BulkClosure]:
    """The runs of one person that are too large; no item belongs to two of them."""
    first = 0
    while first < len(done):
        last = first
        while last + 1 < len(done) and done[last + 1][0] - done[first][0] < WITHIN:
            last += 1
        run = done[first : last + 1]
        most = _most_of_others(run, weeks, zone)
        if len(run) > TIMES * max(1, most):
            yield BulkClosure(
                on=report_date(run[0][0], zone),
                actor=actor,
                uids=tuple(sorted(uid for _, uid in run)),
                weekly_most=most,
            )
            first = last
        first += 1


def _most_of_others(run: Sequence[_Done], weeks: Mapping[date, int], zone: ZoneInfo) -> int:
    """The most that was done in a week in which none of the run was."""
    own = {week_start(report_date(at, zone)) for at, _ in run}
    return max((count for week, count in weeks.items() if week not in own), default=0)


def told(closure: BulkClosure) -> str:
    """`bulk closure: 40 items by one person within a day on 24 Nov`; nobody is named."""
    day = f"{closure.on.day} {closure.on:%b}"
    return f"bulk closure: {len(closure.uids)} items by one person within a day on {day}"
