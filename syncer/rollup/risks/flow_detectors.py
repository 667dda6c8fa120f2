"""The risk rules that look at how work flows: SCH-5, SCP-3, FLW-1 to FLW-3 (rollup.md 2.10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import ResolutionKind, StatusCategory, WorkItem
from syncer.domain.report import Evidence, Risk
from syncer.rollup.calendar import complete_weeks, report_date
from syncer.rollup.past.scope import ScopeChange
from syncer.rollup.past.scope_since import local_midnight
from syncer.rollup.project import ProjectBasis
from syncer.rollup.risks.detected import Size, counted, make_risk, percent, project_level, uids
from syncer.rollup.risks.project_detectors import AT_REST
from syncer.rollup.risks.scoring import DEFAULTS, ScoringThresholds
from syncer.rollup.rules import DetectorRules
from syncer.rollup.tolerance import above, at_least
from syncer.rollup.view import View
from syncer.rollup.work.flow_figures import ObservedFlow

_STANDSTILL: Final = Size(3, 3)
_OUTGROWN: Final = Size(4, 3)
_AGING: Final = Size(3, 2)
_BLOCKED: Final = Size(3, 3)
_CROWDED: Final = Size(2, 2)
_WEEK: Final = timedelta(days=7)
_LONGEST_LOOK: Final = 12
"""Weeks among which those are looked for in which anybody worked at all."""

_MEMBERSHIP: Final = frozenset({
    ChangeField.CONTAINER,
    ChangeField.PARENT,
    ChangeField.LABELS,
    ChangeField.VERSIONS,
})  # fmt: skip
"""Fields by which selectors pick items."""

_CAME_BACK: Final = frozenset({
    (ChangeField.STATUS, StatusCategory.CANCELLED.value),
    (ChangeField.RESOLUTION, ResolutionKind.NOT_DELIVERED.value),
})  # fmt: skip
"""What an item has left that is work again."""

Growth = Callable[[Sequence[date]], Sequence[ScopeChange | None]]
"""How a project's scope changed from the beginning of one day to that of the next, pair by pair.

None: there was no scope then.
"""


def may_have_joined(change: Change) -> bool:
    """Whether a change may have brought an item into a project's scope."""
    return change.field in _MEMBERSHIP or (change.field, change.before) in _CAME_BACK


@dataclass(frozen=True)
class FlowDetectors:
    """The rules on the flow of one project."""

    basis: ProjectBasis
    flow: ObservedFlow
    growth: Growth
    changes: Mapping[str, Sequence[Change]]
    view: View
    rules: DetectorRules
    scoring: ScoringThresholds = DEFAULTS

    def risks(self) -> list[Risk]:
        """Every risk that fires; none on a project that is declared over or on hold."""
        if self.basis.project.state in AT_REST:
            return []
        return [
            *self._standstill(),
            *self._outgrown(),
            *self._aging(),
            *self._blocked(),
            *self._crowded(),
        ]

    def _risk(self, rule: str, said: str, *, size: Size, evidence: Sequence[Evidence]) -> Risk:
        project = self.basis.project
        return make_risk(
            rule,
            project.scope,
            f"{project.name}: {said}",
            size=size,
            evidence=evidence,
            scoring=self.scoring,
            projects=(project.key,),
            owner=project.owner,
            level=project_level(self.view, project),
        )

    @property
    def _wip(self) -> Sequence[WorkItem]:
        return self.basis.count.wip

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.view.portfolio.timezone)

    def _share(self, part: int) -> float:
        return part / len(self._wip) if self._wip else 0.0

    def _worked_weeks(self) -> list[date]:
        """The Mondays of complete weeks in which somebody could have worked, oldest first."""
        capacity = self.view.calendar.capacity
        return [
            monday
            for monday in complete_weeks(self.view.today, _LONGEST_LOOK)
            if any(capacity(monday + timedelta(days=day)) > 0 for day in range(7))
        ]

    @cached_property
    def _done_in(self) -> Mapping[date, int]:
        """Completions of the last complete weeks, by Monday; none before the first activity."""
        weeks = complete_weeks(self.view.today, _LONGEST_LOOK)
        done = self.basis.weekly
        return dict.fromkeys(weeks, 0) | dict(
            zip(weeks[len(weeks) - len(done) :], done, strict=True)
        )

    def _standstill(self) -> Iterator[Risk]:
        """SCH-5; weeks of a full freeze or of holidays only are not counted."""
        last = self._worked_weeks()[-self.rules.sch5_weeks :]
        began = self.basis.began
        young = began is None or len(last) < self.rules.sch5_weeks or began > last[0]
        if not self._wip or young or any(self._done_in[monday] for monday in last):
            return
        weeks = counted(self.rules.sch5_weeks, "week")
        yield self._risk(
            "SCH-5",
            f"nothing done for {weeks} with {counted(len(self._wip), 'item')} in progress",
            size=_STANDSTILL,
            evidence=[
                Evidence(
                    label="done in the last weeks",
                    value="0 items",
                    formula=f"items done in {weeks} from {last[0].isoformat()} on; in progress > 0",
                    items=uids(self._wip),
                )
            ],
        )

    def _outgrown(self) -> Iterator[Risk]:
        """SCP-3: in each of the last weeks at least as much was added, unplanned, as was done."""
        weeks = complete_weeks(self.view.today, self.rules.scp3_weeks)
        began = self.basis.began
        if began is None or began >= weeks[0] or not self._may_have_outgrown(weeks):
            return
        changes = self.growth([*weeks, weeks[-1] + _WEEK])
        added = [len(change.unplanned) if change else 0 for change in changes]
        rows = list(zip(added, (self._done_in[monday] for monday in weeks), strict=True))
        if all(came and came >= went for came, went in rows):
            yield self._growing(rows)

    def _may_have_outgrown(self, weeks: Sequence[date]) -> bool:
        """A cheap look, since rolling a project back week by week costs too much for each one."""
        begin = local_midnight(weeks[0], self._zone)
        came = [
            report_date(instant, self._zone)
            for item in self.basis.count.items
            if item.updated_at >= begin
            for instant in self._joined(item)
            if instant >= begin
        ]
        return all(
            max(1, self._done_in[monday]) <= sum(monday <= day < monday + _WEEK for day in came)
            for monday in weeks
        )

    def _joined(self, item: WorkItem) -> Iterator[datetime]:
        """Every instant at which the item may have joined the project."""
        yield item.created_at
        yield from (c.at for c in self.changes.get(item.uid, ()) if may_have_joined(c))

    def _growing(self, rows: Sequence[tuple[int, int]]) -> Risk:
        added, done = (sum(column) for column in zip(*rows, strict=True))
        weeks = counted(len(rows), "week")
        told = ", ".join(f"+{came}/{went}" for came, went in rows)
        return self._risk(
            "SCP-3",
            f"scope grows faster than work gets done: {added} added, {done} done in {weeks}",
            size=_OUTGROWN,
            evidence=[
                Evidence(
                    label="added/done by week",
                    value=told,
                    formula=f"added without planned breakdown >= done in each of {weeks}",
                )
            ],
        )

    def _aging(self) -> Iterator[Risk]:
        """FLW-1."""
        aging, share = self.flow.aging, self._share(len(self.flow.aging))
        if aging and at_least(share, self.rules.flw1_aging):
            limit = counted(self.flow.limit_of(0), "day")
            said = f"{percent(share)} of work in progress is older than {limit}"
            usual = "P85 of the cycle times of its level" if self.flow.limits else "no history"
            yield self._risk(
                "FLW-1",
                said,
                size=_AGING,
                evidence=[
                    Evidence(
                        label="aging",
                        value=f"{len(aging)} of {counted(len(self._wip), 'item')}",
                        formula=f"age > {limit} ({usual}); from {percent(self.rules.flw1_aging)}",
                        items=uids(aging),
                    )
                ],
            )

    def _long_blocked(self) -> list[WorkItem]:
        days, today = self.view.calendar.working_days, self.view.today
        return [
            one.item
            for one in self.flow.blocked
            if one.item.must_have
            and one.since is not None
            and days(one.since, today) > self.rules.flw2_must_days
        ]

    def _blocked(self) -> Iterator[Risk]:
        """FLW-2."""
        blocked, long = [one.item for one in self.flow.blocked], self._long_blocked()
        share = self._share(len(blocked))
        facts: list[tuple[str, Evidence]] = []
        if blocked and at_least(share, self.rules.flw2_blocked):
            facts.append((
                f"{percent(share)} of work in progress is blocked",
                Evidence(
                    label="blocked",
                    value=f"{len(blocked)} of {counted(len(self._wip), 'item')}",
                    formula="waiting status, flag or open predecessor; "
                    f"from {percent(self.rules.flw2_blocked)}",
                    items=uids(blocked),
                ),
            ))  # fmt: skip
        if long:
            limit = counted(self.rules.flw2_must_days, "working day")
            facts.append((
                f"{counted(len(long), 'must item')} blocked for more than {limit}",
                Evidence(
                    label="must items blocked",
                    value=counted(len(long), "item"),
                    formula=f"working days since the block began > {self.rules.flw2_must_days}",
                    items=uids(long),
                ),
            ))  # fmt: skip
        if facts:
            said = facts[0][0]
            yield self._risk("FLW-2", said, size=_BLOCKED, evidence=[e for _, e in facts])

    def _crowded(self) -> Iterator[Risk]:
        """FLW-3; without any pace there is nothing to compare with, see SCH-5."""
        weeks = self.basis.forecast.inputs.throughput
        done = sum(weeks)
        if not done:
            return
        mean = done / len(weeks)
        needed = len(self._wip) / mean
        if above(needed, self.rules.flw3_weeks):
            yield self._risk(
                "FLW-3",
                f"{counted(len(self._wip), 'item')} in progress, {needed:.1f} weeks of work",
                size=_CROWDED,
                evidence=[
                    Evidence(
                        label="weeks of work in progress",
                        value=f"{needed:.1f}",
                        formula=f"in progress / {mean:.1f} items done a week; "
                        f"more than {self.rules.flw3_weeks:g}",
                        items=uids(self._wip),
                    )
                ],
            )
