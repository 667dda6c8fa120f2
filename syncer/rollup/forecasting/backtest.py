"""How often a project's 85 % dates held: its own past forecasts, made anew and judged.

On every fourth Monday of the past the forecast is made from what was known by then: the weeks of
throughput before it, and a piece of the work that was open, as much as eight weeks finish at that
pace, or all of it where less was left (roll-up spec, section 2.4).

*Finish* is the day by which so many of the items that were open on that Monday were done. Items
that came later never count, however urgent they were; items dropped since are taken out of the
piece only where otherwise too few are left of it. A forecast is judged once its 85 % date has
passed, whatever the outcome: to count those that finished early before their date has come would
flatter. It held if the finish came no later than the date. Forecasts whose work was finished within
four weeks are left out: near the end everybody is right.

What items tell by their dates is enough, no history is rolled back: membership is the present one,
and an item that was reopened was open until it was done for the last time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from syncer.domain.backtest import Backtest
from syncer.domain.change import Change, ChangeField
from syncer.domain.item import StatusCategory, WorkItem
from syncer.rollup.calendar import WorkCalendar, complete_weeks, report_date, week_start
from syncer.rollup.forecast import HORIZON_WEEKS, date_reached
from syncer.rollup.forecasting.convolution import (
    PLAIN,
    completions,
    rates,
    scope_range,
    unfinished_shares,
)
from syncer.rollup.forecasting.throughput import WINDOW_WEEKS
from syncer.rollup.forecasting.validity import forecast_validity
from syncer.rollup.tolerance import round_half_up
from syncer.rollup.work.counting import Countable, is_live_work

SAFE: Final = 0.85
EVERY_WEEKS: Final = 4
LOOK_BACK_WEEKS: Final = 80
PIECE_WEEKS: Final = 8
LEAD: Final = timedelta(weeks=4)
_DONE: Final = StatusCategory.DONE
_CANCELLED: Final = StatusCategory.CANCELLED
_LARGEST_GROWTH: Final = 0.5
_ONE_DAY: Final = timedelta(days=1)


class Life(NamedTuple):
    """One countable item by its report-local days; a tuple, since every item has one.

    `dropped` is when it was cancelled. `planned` is when the epic above it was written down and
    `split` when that was first broken down, both None without one: such work was no growth.
    """

    created: date
    done: date | None = None
    dropped: date | None = None
    planned: date | None = None
    split: date | None = None

    def is_open(self, on: date) -> bool:
        """Whether it was open at the beginning of a day."""
        return self.created < on and not _before(self.done, on) and not _before(self.dropped, on)

    def is_in_scope(self, on: date) -> bool:
        """Whether it counted, open or done, at the beginning of a day."""
        return self.created < on and not _before(self.dropped, on)

    def grew(self, first: date) -> bool:
        """Whether it came since a day, other than by breaking down what was planned before."""
        if self.created < first:
            return False
        return self.planned is None or self.split is None or not self.planned < first <= self.split


def _before(day: date | None, limit: date) -> bool:
    return day is not None and day < limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One past forecast with what came of it: `items` were forecast on the Monday `made_on`.

    `p85` is its 85 % date and `plain` that of the plain bootstrap; `finished` is None where the
    work is not finished yet.
    """

    made_on: date
    items: int
    p85: date
    plain: date
    finished: date | None

    @property
    def held(self) -> bool:
        """Whether the work was finished by the 85 % date."""
        return self.finished is not None and self.finished <= self.p85

    @property
    def plain_held(self) -> bool:
        """Whether it was finished by the date that the plain bootstrap gave."""
        return self.finished is not None and self.finished <= self.plain


def lives_of(
    count: Countable,
    items: Iterable[WorkItem],
    changes: Mapping[str, Sequence[Change]],
    *,
    zone: ZoneInfo,
) -> list[Life]:
    """The lives of a project's countable items, and of what was cancelled among its `items`.

    Items that are done without a date say nothing and are left out.
    """
    every = {item.uid: item for item in items}
    days = [(item, report_date(item.created_at, zone)) for item in count.items]
    plans = _plans(days, every, zone)
    found = [_life(item, day, plans, zone=zone) for item, day in days if _is_dated(item)]
    for item in every.values():
        if item.status_category is _CANCELLED and _would_count(item):
            day = _cancelled_on(item, changes.get(item.uid, ()), zone)
            found.append(Life(created=report_date(item.created_at, zone), dropped=day))
    return found


def _is_dated(item: WorkItem) -> bool:
    return item.done_at is not None or item.status_category is not _DONE


def _would_count(item: WorkItem) -> bool:
    """Whether an item would count, had it not been cancelled."""
    return item.hierarchy_level == 0 and is_live_work(item)


def _cancelled_on(item: WorkItem, changes: Sequence[Change], zone: ZoneInfo) -> date:
    """The day of the last change of status or resolution, else of any change."""
    fields = (ChangeField.STATUS, ChangeField.RESOLUTION)
    ends = [change.at for change in changes if change.field in fields]
    return report_date(max(ends, default=item.updated_at), zone)


def _plans(
    days: Iterable[tuple[WorkItem, date]], every: Mapping[str, WorkItem], zone: ZoneInfo
) -> Mapping[str, _Plan]:
    """The plan behind each epic of a project that was broken down, by uid.

    `days` are the items with the days on which they were created.
    """
    split: dict[str, date] = {}
    for item, day in days:
        if item.parent is not None:
            uid = item.parent.uid
            if uid not in split or day < split[uid]:
                split[uid] = day
    parents = ((every.get(uid), day) for uid, day in split.items())
    return {
        parent.uid: _Plan(report_date(parent.created_at, zone), day)
        for parent, day in parents
        if parent is not None and parent.hierarchy_level > 0
    }


class _Plan(NamedTuple):
    """When an epic was written down, and when it got the first of its items."""

    planned: date | None
    split: date | None


_UNPLANNED: Final = _Plan(None, None)


def _life(item: WorkItem, created: date, plans: Mapping[str, _Plan], *, zone: ZoneInfo) -> Life:
    is_done = item.status_category is _DONE
    plan = plans.get(item.parent.uid, _UNPLANNED) if item.parent else _UNPLANNED
    return Life(
        created=created,
        done=report_date(item.done_at, zone) if is_done and item.done_at else None,
        planned=plan.planned,
        split=plan.split,
    )


def mondays(today: date) -> Iterator[date]:
    """The Mondays of the past on which a forecast is made anew, latest first.

    They are the same ones whenever one looks, so that an opinion changes by new facts alone.
    """
    monday = week_start(today)
    for _ in range(LOOK_BACK_WEEKS):
        monday -= timedelta(weeks=1)
        if monday.toordinal() // 7 % EVERY_WEEKS == 0:
            yield monday


def trials(
    lives: Sequence[Life], *, today: date, began: date | None, calendar: WorkCalendar
) -> list[Trial]:
    """Every judged forecast of a project's past, latest first; `began` is its first activity."""
    if began is None:
        return []
    done = Counter(week_start(life.done) for life in lives if life.done is not None)
    past = Past.of(lives)
    found = (
        _trial(past, monday, _weeks(done, monday, began), today=today, calendar=calendar)
        for monday in mondays(today)
    )
    return [trial for trial in found if trial is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The lives of a project in the orders that the questions of one Monday need.

    `created` and `ended` are days, sorted; an end before the beginning counts on the beginning.
    `born` and `finished` are lives by creation and, as far as done, by that; `dropped` the rest.
    """

    created: Sequence[date]
    ended: Sequence[date]
    born: Sequence[Life]
    finished: Sequence[Life]
    dropped: Sequence[Life]

    @classmethod
    def of(cls, lives: Sequence[Life]) -> Past:
        """Sort the lives once for all Mondays."""
        ends = ((life, life.done or life.dropped) for life in lives)
        born = sorted(lives, key=lambda life: life.created)
        done = (life for life in lives if life.done is not None and life.dropped is None)
        return cls(
            created=[life.created for life in born],
            ended=sorted(max(end, life.created) for life, end in ends if end is not None),
            born=born,
            finished=sorted(done, key=_done_day),
            dropped=[life for life in lives if life.dropped is not None],
        )

    def open_on(self, day: date) -> int:
        """How many were open at the beginning of a day."""
        return bisect_left(self.created, day) - bisect_left(self.ended, day)

    def dropped_since(self, day: date) -> int:
        """How many of those that were open then have been dropped."""
        return sum(life.is_open(day) for life in self.dropped)

    def finish(self, day: date, items: int) -> date | None:
        """When so many of those that were open on a day were done; None where they are not yet."""
        first = bisect_left(self.finished, day, key=_done_day)
        cohort = (one for one in islice(self.finished, first, None) if one.created < day)
        last = next(islice(cohort, items - 1, None), None)
        return last.done if last else None

    def growth(self, monday: date, weeks: int) -> float:
        """The net growth of scope over the weeks before a Monday: no breaking down; 0..0.5."""
        first = monday - timedelta(weeks=weeks)
        start, end = (bisect_left(self.created, day) for day in (first, monday))
        gone = [life for life in self.dropped if life.created < first]
        before = start - sum(not life.is_in_scope(first) for life in gone)
        if not before:
            return 0.0
        removed = sum(life.is_in_scope(first) and not life.is_in_scope(monday) for life in gone)
        fresh = islice(self.born, start, end)
        added = sum(life.is_in_scope(monday) and life.grew(first) for life in fresh)
        return min(max((added - removed) / before, 0.0), _LARGEST_GROWTH)


def _done_day(life: Life) -> date:
    return life.done or date.max


def _weeks(done: Mapping[date, int], monday: date, began: date) -> tuple[int, ...]:
    """What was finished in each complete week before a Monday, oldest first."""
    first = week_start(began)
    return tuple(
        done.get(week, 0) for week in complete_weeks(monday, WINDOW_WEEKS) if week >= first
    )


def _trial(
    past: Past,
    monday: date,
    weeks: tuple[int, ...],
    *,
    today: date,
    calendar: WorkCalendar,
) -> Trial | None:
    """The forecast of one Monday, None where none was valid, or none can be judged yet."""
    if forecast_validity(weeks, source_age_hours=0.0) is not None:
        return None
    left = past.open_on(monday)
    piece = min(left, round_half_up(PIECE_WEEKS * sum(weeks) / len(weeks)))
    staying = left - past.dropped_since(monday)
    if not piece or not staying:
        return None
    finished = past.finish(monday, min(piece, staying))
    if (finished or today) - monday < LEAD:
        return None
    growth = past.growth(monday, len(weeks))
    p85, plain = (_reached(curve, monday, calendar) for curve in _curves(weeks, piece, growth))
    if p85 is None or plain is None or p85 >= today:
        return None
    return Trial(made_on=monday, items=piece, p85=p85, plain=plain, finished=finished)


def _curves(weeks: Sequence[int], piece: int, growth: float) -> list[list[float]]:
    """Our completion curve and that of the plain bootstrap, both up to 85 %."""
    ours = unfinished_shares(scope_range(piece, growth), rates(weeks))
    plain = unfinished_shares(scope_range(piece, 0.0), PLAIN)
    return completions(weeks, (ours, plain), HORIZON_WEEKS, until=SAFE)


def _reached(curve: Sequence[float], monday: date, calendar: WorkCalendar) -> date | None:
    """The 85 % date of a curve."""
    return date_reached(curve, monday, SAFE, holidays=calendar.holidays, freezes=calendar.freezes)


def summary(judged: Iterable[Trial]) -> Backtest:
    """How many of the forecasts held, the plain bootstrap's beside it."""
    every = list(judged)
    return Backtest(
        held=sum(trial.held for trial in every),
        plain_held=sum(trial.plain_held for trial in every),
        total=len(every),
    )
