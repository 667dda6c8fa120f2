"""The dependency graph over all trackers: who waits for whom, and how late (rollup.md 2.7).

An edge runs from predecessor to waiting item. A dependency belongs to its waiting end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Final

import networkx as nx

from syncer.domain.item import ItemState, StatusCategory, WorkItem
from syncer.domain.link import LinkKind
from syncer.domain.report import DependencyFinding
from syncer.rollup.calendar import report_date
from syncer.rollup.view import View

_BLOCKING: Final = frozenset({LinkKind.BLOCKS, LinkKind.REQUIRES})
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleTime:
    """Working days from start to done, both counted, that 50 and 85 % of items stay within."""

    p50: int
    p85: int


def edges(items: Iterable[WorkItem]) -> Iterator[tuple[str, str]]:
    """Every declared dependency as (predecessor uid, waiting uid); `requires` runs backwards.

    Trackers record an edge at one end or at both, so the same pair may appear twice.
    """
    for item in items:
        for link in item.links:
            if link.kind in _BLOCKING:
                first_is_self = (link.kind is LinkKind.BLOCKS) is not link.inward
                yield (item.uid, link.to.uid) if first_is_self else (link.to.uid, item.uid)


def _is_open(item: WorkItem | None) -> bool:
    return item is not None and item.is_open


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """When a predecessor is expected, whose delay that is, and over how many edges it came."""

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
    def graph(self) -> nx.DiGraph[str]:
        """Edges whose both ends are known and open."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        by_uid = self.view.tree.by_uid
        graph.add_edges_from(
            sorted(
                {
                    (u, v)
                    for u, v in edges(self.view.items)
                    if u != v and _is_open(by_uid.get(u)) and _is_open(by_uid.get(v))
                }
            )
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
        day = item.due_date
        left = self._cycle(item).p50
        while left > 0:
            left -= self.view.calendar.is_working_day(day)
            day -= _ONE_DAY
        return day

    def own_arrival(self, item: WorkItem) -> Arrival | None:
        """The item's own expected date: its due date, or for a parent its project's forecast."""
        today = self.view.today
        if item.due_date is not None:
            return Arrival(on=max(item.due_date, today), root=item.uid, hops=0)
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
        end = calendar.nth_working_day_after(begin, days)
        return Arrival(on=end, root=latest.root, hops=latest.hops + 1)

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
        """Every open dependency with its lateness, the latest first."""
        found = [self._finding(u, v) for u, v in sorted(self.acyclic.edges)]
        return sorted(found, key=lambda f: (-(f.lateness or -999), f.waiting.uid, f.root.uid))

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
            for u, v in sorted(set(edges(self.view.items)))
            if u in by_uid
            and by_uid[u].status_category is StatusCategory.CANCELLED
            and _is_open(by_uid.get(v))
        ]

    def unknown_predecessors(self) -> list[tuple[str, WorkItem]]:
        """Open items that wait for something not synced or not visible: (uid, waiting)."""
        by_uid = self.view.tree.by_uid

        def unknown(uid: str) -> bool:
            return uid not in by_uid or by_uid[uid].state is ItemState.HIDDEN

        pairs = sorted(set(edges(self.view.items)))
        return [(u, by_uid[v]) for u, v in pairs if unknown(u) and _is_open(by_uid.get(v))]
