"""How a project's work flows: cycle times, age and blockages of its items (rollup.md 2.6).

Days are calendar days in the report's zone, both ends counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple

from syncer.domain.flow import Flow
from syncer.domain.item import StatusCategory, WorkItem
from syncer.rollup.calendar import report_date
from syncer.rollup.forecasting.flow import (
    age,
    aging_limit,
    blocked_days,
    cycle_time,
    flow_efficiency,
    nearest_rank,
)
from syncer.rollup.rules import DetectorRules
from syncer.rollup.work.blocked import Blockages
from syncer.rollup.work.counting import Countable

_DONE: Final = StatusCategory.DONE
_EVEN: Final = 0.50
_SAFE: Final = 0.85
_ALMOST_ALL: Final = 0.95


class Finished(NamedTuple):
    """An item that was done lately: its cycle time, and on how many of its days it was blocked."""

    item: WorkItem
    cycle: int
    blocked: int


class Blocked(NamedTuple):
    """An item in progress that cannot go on, and the day since when (None: nobody knows)."""

    item: WorkItem
    since: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedFlow:
    """What is finished and what is in progress; `limits` are the ages of aging by level."""

    finished: tuple[Finished, ...]
    limits: Mapping[int, int]
    default_limit: int
    aging: tuple[WorkItem, ...]
    blocked: tuple[Blocked, ...]
    blocked_days: int

    @property
    def figures(self) -> Flow:
        """The same as a report keeps it; percentiles and efficiency are of items of level 0."""
        times = [one.cycle for one in self.finished if one.item.hierarchy_level == 0]
        stopped = sum(one.blocked for one in self.finished if one.item.hierarchy_level == 0)
        return Flow(
            finished=len(times),
            cycle_p50=nearest_rank(times, _EVEN),
            cycle_p85=nearest_rank(times, _SAFE),
            cycle_p95=nearest_rank(times, _ALMOST_ALL),
            aging_limit=self.limit_of(0),
            aging=tuple(item.uid for item in self.aging),
            blocked=tuple(one.item.uid for one in self.blocked),
            blocked_days=self.blocked_days,
            efficiency=flow_efficiency(sum(times), stopped),
        )

    def limit_of(self, level: int) -> int:
        """The age in days beyond which an item of a hierarchy level is aging."""
        return self.limits.get(level, self.default_limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowReader:
    """Reads the flow of projects off their items and histories."""

    blockages: Blockages
    rules: DetectorRules
    today: date

    def _day(self, item: WorkItem) -> date | None:
        return report_date(item.started_at, self.blockages.zone) if item.started_at else None

    def _stopped(self, item: WorkItem, started: date, until: date) -> int:
        return blocked_days(self.blockages.days(item), started=started, until=until)

    def _finished(self, count: Countable) -> list[Finished]:
        since, zone = self.today - timedelta(days=self.rules.cycle_days), self.blockages.zone
        eve = datetime.combine(since, time.min, tzinfo=zone) - timedelta(days=1)
        found: list[Finished] = []
        for item in count.ended_since(eve):
            started = self._day(item)
            if item.status_category is not _DONE or not (started and item.done_at):
                continue
            done = report_date(item.done_at, zone)
            if since <= done <= self.today:
                cycle = cycle_time(started, done)
                found.append(Finished(item, cycle, self._stopped(item, started, done)))
        return found

    def _limits(self, finished: Sequence[Finished]) -> Mapping[int, int]:
        times: dict[int, list[int]] = defaultdict(list)
        for one in finished:
            times[one.item.hierarchy_level].append(one.cycle)
        rules = self.rules
        return {
            level: aging_limit(some, least=rules.cycle_min_items, default=rules.aging_days_default)
            for level, some in times.items()
        }

    def _is_aging(self, item: WorkItem, limits: Mapping[int, int]) -> bool:
        started = self._day(item)
        limit = limits.get(item.hierarchy_level, self.rules.aging_days_default)
        return started is not None and age(started, self.today) > limit

    def _blocked(self, item: WorkItem) -> Blocked:
        since = self.blockages.since(item)
        return Blocked(item, report_date(since, self.blockages.zone) if since else None)

    def of(self, count: Countable) -> ObservedFlow:
        """The flow of a countable set."""
        finished = self._finished(count)
        limits, wip = self._limits(finished), count.wip
        stopped = sum(
            self._stopped(item, started, self.today)
            for item in wip
            if (started := self._day(item)) is not None
        )
        return ObservedFlow(
            finished=tuple(finished),
            limits=limits,
            default_limit=self.rules.aging_days_default,
            aging=tuple(item for item in wip if self._is_aging(item, limits)),
            blocked=tuple(self._blocked(i) for i in wip if self.blockages.is_blocked(i)),
            blocked_days=stopped + sum(one.blocked for one in finished),
        )
