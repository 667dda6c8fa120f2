"""The dependency graph over all trackers: who waits for whom, and how late (rollup.md 2.7).

An edge runs from predecessor to waiting item. A dependency belongs to its waiting end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Final

import networkx as nx

from syncer.domain.item import StatusCategory, WorkItem
from syncer.domain.report import DependencyFinding
from syncer.rollup.calendar import WorkCalendar, report_date
from syncer.rollup.view import View

_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleTime:
    """Working days from start to done, both counted, that 50 and 85 % of items stay within."""

    p50: int
    p85: int


def _nth_working_day(calendar: WorkCalendar, after: date, days: int) -> date:
    """The n-th working day after a day; the last day of all where the calendar ends before."""
    if (date.max - after).days < 2 * days + len(calendar.holidays):
        return date.max
    return calendar.nth_working_day_after(after, days)


def _working_day_before(calendar: WorkCalendar, day: date, days: int) -> date:
    """The last working day from which so many working days lead up to and including a day."""
    earliest = date.min.toordinal()
    for ordinal in range(day.toordinal(), earliest - 1, -1):
        found = date.fromordinal(ordinal)
        if days <= 0 and calendar.is_working_day(found):
            return found
        days -= calendar.is_working_day(found)
    return date.min


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """When an item is expected, whose delay that is, and over how many edges it came."""

    on: date
    root: str
    hops: int


@dataclass(frozen=True)
class Dependencies:
    """Open dependencies with their expected dates.

    `cycle_times` are by project key; `forecasts` give the 85 % date of a project, which is the
    expected date of a parent item there without a date of its own.
    """

    view: View
    cycle_times: Mapping[str, CycleTime]
    forecasts: Mapping[str, date | None]
    default: CycleTime

    @cached_property
    def _declared(self) -> Sequence[tuple[str, str]]:
        """Every dependency once, between the items that stand for its ends, in uid order.

        A copy stands aside for its open original: waiting for the one is waiting for the other.
        """
        pairs = {(self._stands_for(u), self._stands_for(v)) for u, v in self.view.edges}
        return sorted((u, v) for u, v in pairs if u != v)

    @cached_property
    def predecessors(self) -> Mapping[str, Sequence[str]]:
        """The uids that each item waits for, open or not, known or not, by its uid."""
        found: dict[str, list[str]] = defaultdict(list)
        for first, waiting in self._declared:
            found[waiting].append(first)
        return found

    def _stands_for(self, uid: str) -> str:
        canonical = self.view.tree.canonical_uid(uid)
        return canonical if self._is_open(canonical) else uid

    def _is_open(self, uid: str) -> bool:
        item = self.view.tree.by_uid.get(uid)
        return item is not None and item.is_open

    @cached_property
    def graph(self) -> nx.DiGraph[str]:
        """Edges whose both ends are known and open."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_edges_from(
            (u, v) for u, v in self._declared if self._is_open(u) and self._is_open(v)
        )
        return graph

    @cached_property
    def cycles(self) -> tuple[tuple[str, ...], ...]:
        """Sets of items that wait for each other in a circle, each once, in uid order."""
        found = (tuple(sorted(c)) for c in nx.strongly_connected_components(self.graph))
        return tuple(sorted(c for c in found if len(c) > 1))

    @cached_property
    def acyclic(self) -> nx.DiGraph[str]:
        """The graph without the edges inside cycles: those carry no expected date."""
        inside = {uid: index for index, cycle in enumerate(self.cycles) for uid in cycle}
        graph = self.graph.copy()
        graph.remove_edges_from(
            [(u, v) for u, v in self.graph.edges if u in inside and inside[u] == inside.get(v)]
        )
        return graph

    def _item(self, uid: str) -> WorkItem:
        return self.view.tree.by_uid[uid]

    def _cycle(self, item: WorkItem) -> CycleTime:
        return self.cycle_times.get(self.view.homes.get(item.uid, ""), self.default)

    def need_by(self, item: WorkItem) -> date | None:
        """When the waiting item needs its predecessors: its start, else its due date less P50."""
        if item.start_date is not None:
            return item.start_date
        if item.due_date is None:
            return None
        return _working_day_before(self.view.calendar, item.due_date, self._cycle(item).p50)

    def own_arrival(self, item: WorkItem) -> Arrival | None:
        """The item's own expected date: its due date, or for a parent its project's forecast.

        A due date before the item's start is no promise that anybody could keep: it is ignored.
        """
        due, start = item.due_date, item.start_date
        if due is not None and (start is None or start <= due):
            return Arrival(on=max(due, self.view.today), root=item.uid, hops=0)
        if item.hierarchy_level > 0:
            forecast = self.forecasts.get(self.view.homes.get(item.uid, ""))
            return Arrival(on=forecast, root=item.uid, hops=0) if forecast else None
        return None

    def _after(self, item: WorkItem, latest: Arrival) -> Arrival:
        """The item's end once its latest predecessor has arrived.

        An item already started needs only what is left of its P85 days, at least one.
        """
        calendar, today = self.view.calendar, self.view.today
        begin, days = latest.on, self._cycle(item).p85
        if item.started_at is not None:
            began = report_date(item.started_at, self.view.portfolio.timezone)
            begin = max(begin, today)
            days = max(1, days - calendar.working_days(began - _ONE_DAY, today))
        return Arrival(
            on=_nth_working_day(calendar, begin, days), root=latest.root, hops=latest.hops + 1
        )

    @cached_property
    def arrivals(self) -> Mapping[str, Arrival | None]:
        """The expected end of every open item in the graph, delays carried along chains."""
        found: dict[str, Arrival | None] = {}
        for uid in nx.lexicographical_topological_sort(self.acyclic):
            item = self._item(uid)
            own = self.own_arrival(item)
            before = [a for p in self.acyclic.predecessors(uid) if (a := found[p]) is not None]
            if before:
                latest = max(before, key=lambda a: (a.on, a.root))
                carried = self._after(item, latest)
                own = carried if own is None or carried.on > own.on else own
            found[uid] = own
        return found

    def findings(self) -> list[DependencyFinding]:
        """Every open dependency with its lateness: the latest first, those without dates last."""
        found = [self._finding(u, v) for u, v in sorted(self.acyclic.edges)]
        return sorted(
            found,
            key=lambda f: (
                f.lateness is None,
                -(f.lateness or 0),
                f.waiting.uid,
                f.predecessor.uid,
            ),
        )

    def _finding(self, predecessor: str, waiting: str) -> DependencyFinding:
        item, arrival = self._item(waiting), self.arrivals[predecessor]
        need = self.need_by(item)
        late = self.view.calendar.working_days(need, arrival.on) if need and arrival else None
        return DependencyFinding(
            root=self.view.mention(self._item(arrival.root if arrival else predecessor)),
            predecessor=self.view.mention(self._item(predecessor)),
            waiting=self.view.mention(item),
            project=self.view.homes.get(waiting, ""),
            hops=(arrival.hops if arrival else 0) + 1,
            need_by=need,
            eta=arrival.on if arrival else None,
            lateness=late,
            must=item.must_have,
        )

    def cancelled_predecessors(self) -> list[tuple[WorkItem, WorkItem]]:
        """Open items that wait for something cancelled: (predecessor, waiting)."""
        by_uid = self.view.tree.by_uid
        return [
            (by_uid[u], by_uid[v])
            for u, v in self._declared
            if u in by_uid
            and by_uid[u].status_category is StatusCategory.CANCELLED
            and self._is_open(v)
        ]
