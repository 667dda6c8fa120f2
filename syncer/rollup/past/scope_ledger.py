"""The scope of a project step by step: what came, was broken down, moved or went, and by whom.

Digest specification, section 4.3 (7). It names who did it, newest first, and counts nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import ItemState, StatusCategory, WorkItem
from syncer.domain.mention import ItemMention
from syncer.domain.portfolio import Project
from syncer.rollup.calendar import complete_weeks, report_date
from syncer.rollup.forecasting.throughput import WINDOW_WEEKS
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.past.scope import Counted, ScopeChange
from syncer.rollup.past.scope_since import approved_plan, change_since, local_midnight
from syncer.rollup.past.views import PastViews
from syncer.rollup.view import View

_MOVING: Final = frozenset(
    {
        ChangeField.CONTAINER,
        ChangeField.PARENT,
        ChangeField.LABELS,
        ChangeField.VERSIONS,
        ChangeField.LINK,
    }
)
_ENDING: Final = frozenset({ChangeField.STATUS, ChangeField.RESOLUTION})


class ScopeStep(StrEnum):
    """What happened to the scope with an item."""

    ADDED = "added"
    DECOMPOSED = "broken down from the plan"
    MOVED_IN = "moved in"
    MOVED_OUT = "moved out"
    CANCELLED = "cancelled"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeEntry:
    """One item that came or went; `by` is empty and `at` None (UTC) where nobody recorded it."""

    item: ItemMention
    step: ScopeStep
    at: datetime | None
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeLedger:
    """The scope of a project since a report-local day; `origin` says what that day was.

    `entries` are newest first and hold every item behind the counts of `change`.
    """

    since: date
    origin: str
    change: ScopeChange
    entries: Sequence[ScopeEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begin:
    """Where the ledger begins: the instant, its report-local day, what it was, how it compares."""

    at: datetime
    day: date
    origin: str
    compare: Callable[[Counted, View, str], ScopeChange] = change_since


def scope_ledger(project: Project, *, inputs: RollupInputs, past: PastViews) -> ScopeLedger | None:
    """The ledger of a project at the inputs' instant; None where it had no scope to begin with.

    It begins with the approved baseline, else with the project's start, else with the twelve weeks
    of the forecast.
    """
    today = report_date(inputs.as_of, inputs.portfolio.timezone)
    begin = _begin(project, inputs, today)
    then = past.counted(project, begin.at)
    now = past.at(project, inputs.as_of, today)
    change = begin.compare(then, now, project.key)
    if not change.baseline:
        return None
    reader = _Reader(
        inputs=inputs, now=now, items={one.uid: one for one in inputs.items}, begin=begin
    )
    found = [*reader.came(change), *reader.went(change)]
    found.sort(key=lambda one: (one.at is None, one.at or inputs.as_of, one.item.uid), reverse=True)
    return ScopeLedger(since=begin.day, origin=begin.origin, change=change, entries=found)


def _begin(project: Project, inputs: RollupInputs, today: date) -> _Begin:
    zone = ZoneInfo(inputs.portfolio.timezone)
    approved = approved_plan(project, inputs, lambda one: bool(one.item_uids))
    if approved is not None:
        return _Begin(
            at=approved.at,
            day=report_date(approved.at, zone),
            origin="the approved baseline",
            compare=lambda then, now, key: change_since(then, now, key, baseline=approved),
        )
    if project.start is not None and project.start < today:
        at = local_midnight(project.start + timedelta(days=1), zone)
        return _Begin(at=at, day=project.start, origin="the start of the project")
    first = complete_weeks(today, WINDOW_WEEKS)[0]
    return _Begin(at=local_midnight(first, zone), day=first, origin="twelve weeks ago")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Finds out what happened to an item, from its own history."""

    inputs: RollupInputs
    now: View
    items: dict[str, WorkItem]
    begin: _Begin

    def came(self, change: ScopeChange) -> Iterator[ScopeEntry]:
        for uid in sorted(change.unplanned | change.split):
            if (item := self.items.get(uid)) is not None:
                yield self._came(item, split=uid in change.split)

    def _came(self, item: WorkItem, *, split: bool) -> ScopeEntry:
        if item.created_at >= self.begin.at:
            step = ScopeStep.DECOMPOSED if split else ScopeStep.ADDED
            by = item.reporter.name if item.reporter else ""
            return self._entry(item, step, at=item.created_at, by=by)
        step = ScopeStep.DECOMPOSED if split else ScopeStep.MOVED_IN
        return self._by_change(item, step, self._last(item, lambda one: one.field in _MOVING))

    def went(self, change: ScopeChange) -> Iterator[ScopeEntry]:
        for uid in sorted(change.gone):
            if (item := self.items.get(uid)) is not None:
                yield self._went(item)

    def _went(self, item: WorkItem) -> ScopeEntry:
        if item.state is not ItemState.LIVE:
            return self._entry(item, ScopeStep.DELETED, at=None, by="")
        if item.status_category is StatusCategory.CANCELLED:
            ended = self._last(item, lambda one: one.field in _ENDING)
            return self._by_change(item, ScopeStep.CANCELLED, ended)
        moved = self._last(item, lambda one: one.field in _MOVING)
        return self._by_change(item, ScopeStep.MOVED_OUT, moved)

    def _last(self, item: WorkItem, wanted: Callable[[Change], bool]) -> Change | None:
        """The newest change of a sort since the ledger begins."""
        changes = reversed(self.inputs.changes.get(item.uid, ()))
        return next((one for one in changes if one.at >= self.begin.at and wanted(one)), None)

    def _by_change(self, item: WorkItem, step: ScopeStep, change: Change | None) -> ScopeEntry:
        at, by = (change.at, change.actor) if change else (None, "")
        return self._entry(item, step, at=at, by=by)

    def _entry(
        self, item: WorkItem, step: ScopeStep, *, at: datetime | None, by: str
    ) -> ScopeEntry:
        """What is hidden from us by now is told as restricted."""
        mention = self.now.mention(item)
        if item.state is ItemState.HIDDEN:
            mention = replace(mention, restricted=True)
        return ScopeEntry(item=mention, step=step, at=at, by=by)
