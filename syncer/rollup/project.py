"""The figures of one project: counts, plan, target, slip, scope and forecast."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fnmatch import fnmatchcase
from typing import Final
from zoneinfo import ZoneInfo

from syncer.domain.backtest import Backtest
from syncer.domain.facts import ForecastInputs
from syncer.domain.gaming import BulkClosure
from syncer.domain.item import ItemState, WorkItem
from syncer.domain.portfolio import Criticality, Project
from syncer.domain.report import Forecast
from syncer.domain.selector import InContainer, is_plain
from syncer.domain.statement import DateMove, DecisionState
from syncer.rollup.calendar import report_date
from syncer.rollup.display import overrun_is_open
from syncer.rollup.forecast import (
    completion_cdf,
    date_reached,
    expected_overrun,
    probability_on_time,
)
from syncer.rollup.forecasting.backtest import lives_of, summary, trials
from syncer.rollup.forecasting.bulk import bulk_closures, bulk_weeks
from syncer.rollup.forecasting.flow import nearest_rank
from syncer.rollup.forecasting.plan import planned_by_due_dates, planned_share, schedule_performance
from syncer.rollup.forecasting.throughput import (
    completed_since,
    first_activity,
    window_eve,
    winsorised,
)
from syncer.rollup.forecasting.validity import forecast_validity
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.past.scope import ScopeChange
from syncer.rollup.past.scope_since import (
    approved_plan,
    growth_in_window,
    local_midnight,
    scope_since_baseline,
)
from syncer.rollup.past.slip import Remark, Slip, target_slip
from syncer.rollup.past.targets import TargetRecord, resolve_target
from syncer.rollup.past.views import PastViews
from syncer.rollup.rules import DetectorRules
from syncer.rollup.view import View
from syncer.rollup.work.counting import Countable
from syncer.rollup.work.dependencies import CycleTime

_LIVE: Final = ItemState.LIVE
_SAFE: Final = 0.85
_EVEN: Final = 0.50
NO_WORK: Final = "no countable work"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectBasis:
    """Everything about one project that needs no other project.

    `target` is the one in force, or the last known one where it was taken away. `curve` is the
    completion curve, None where the forecast is withheld. `began` is the day of the first activity,
    `weekly` what was finished in each of the last complete weeks since, bulk closures included.
    """

    project: Project
    items: Sequence[WorkItem]
    count: Countable
    start: date | None
    began: date | None
    weekly: tuple[int, ...]
    record: TargetRecord
    target: date | None
    slip: Slip
    planned: float | None
    spi: float | None
    growth: ScopeChange | None
    scope: ScopeChange | None
    source_age_hours: float | None
    source_name: str
    forecast: Forecast
    curve: tuple[float, ...] | None
    cycle: CycleTime
    bulk_closures: tuple[BulkClosure, ...]
    backtest: Backtest

    @property
    def must(self) -> bool:
        """Whether delay here weighs more: a must project or a contract."""
        return self.project.criticality is Criticality.MUST or self.project.contractual


def _read_for(project: Project, read: Collection[str]) -> Iterator[str]:
    """The sources that a project's selectors name, of all that we read."""
    for selector in project.items:
        if not isinstance(selector, InContainer):
            continue
        if is_plain(selector.pattern):
            yield from (name for name in (selector.pattern,) if name in read)
        else:
            yield from (name for name in read if fnmatchcase(name, selector.pattern))


def source_age(
    project: Project, items: Sequence[WorkItem], inputs: RollupInputs
) -> tuple[float | None, str]:
    """Age in hours and name of the oldest source that the project needs.

    Needed are the containers that its selectors name, with or without items, and those of its
    items. The age is None where one was never read: what we do not know is not fresh.
    """
    read = {f"{s.connection}:{s.container}": s.last_success_at for s in inputs.sources}
    live = (item.container for item in items if item.state is _LIVE)
    needed = {f"{name}:{key}" for name, key in {(one.connection, one.key) for one in live}}
    needed.update(_read_for(project, read))
    ages: dict[str, float] = {}
    for name in sorted(needed):
        at = read.get(name)
        if at is None:
            return None, name
        ages[name] = max(0.0, (inputs.as_of - at).total_seconds() / 3600)
    if not ages:
        return None, ""
    oldest = max(ages, key=lambda name: ages[name])
    return ages[oldest], oldest


def _start(project: Project, items: Sequence[WorkItem], zone: ZoneInfo) -> date | None:
    if project.start is not None:
        return project.start
    live = (item for item in items if item.state is _LIVE)
    return min((report_date(item.created_at, zone) for item in live), default=None)


def cycle_times(
    count: Countable, *, today: date, zone: ZoneInfo, view: View, rules: DetectorRules
) -> CycleTime:
    """P50 and P85 of the working days from start to done of recent items, else the defaults."""
    since = today - timedelta(days=rules.cycle_days)
    times: list[int] = []
    for item in count.ended_since(local_midnight(since, zone) - timedelta(days=1)):
        if item.done_at is None or item.started_at is None or item.hierarchy_level != 0:
            continue
        done = report_date(item.done_at, zone)
        if since <= done <= today:
            eve = report_date(item.started_at, zone) - timedelta(days=1)
            times.append(max(1, view.calendar.working_days(eve, done)))
    if len(times) < rules.cycle_min_items:
        return CycleTime(p50=rules.cycle_p50_default, p85=rules.cycle_p85_default)
    return CycleTime(
        p50=nearest_rank(times, _EVEN) or rules.cycle_p50_default,
        p85=nearest_rank(times, _SAFE) or rules.cycle_p85_default,
    )


def forecast_of(inputs: ForecastInputs, view: View) -> tuple[Forecast, tuple[float, ...] | None]:
    """The forecast that some inputs give, with its completion curve.

    Where everything is done there is nothing to forecast: the chance is 1 and no date is given.
    """
    if inputs.withheld:
        return Forecast(inputs=inputs, pace=_pace(inputs)), None
    curve = tuple(completion_cdf(inputs.throughput, inputs.remaining, inputs.scope_growth))
    made = Forecast(inputs=inputs, pace=_pace(inputs))
    if inputs.remaining:
        made = _with_dates(made, curve, view)
    return _with_target(made, curve, view), curve


def _with_dates(made: Forecast, curve: Sequence[float], view: View) -> Forecast:
    as_of, holidays, freezes = made.inputs.as_of, view.calendar.holidays, view.calendar.freezes
    p85 = date_reached(curve, as_of, _SAFE, holidays=holidays, freezes=freezes)
    return replace(
        made,
        p50=date_reached(curve, as_of, _EVEN, holidays=holidays, freezes=freezes),
        p85=p85,
        beyond_horizon=p85 is None,
    )


def _with_target(made: Forecast, curve: Sequence[float], view: View) -> Forecast:
    as_of, target = made.inputs.as_of, made.inputs.target
    if target is None:
        return made
    holidays, freezes = view.calendar.holidays, view.calendar.freezes
    return replace(
        made,
        probability=probability_on_time(curve, as_of, target, holidays=holidays, freezes=freezes),
        overrun_days=expected_overrun(curve, as_of, target, holidays=holidays, freezes=freezes),
        overrun_open=overrun_is_open(curve[-1]),
        late_days=view.calendar.working_days(target, made.p85) if made.p85 else None,
    )


def _pace(inputs: ForecastInputs) -> float | None:
    weeks = inputs.throughput
    return sum(weeks) / len(weeks) if weeks else None


def _undecomposed_share(count: Countable, view: View) -> float | None:
    epics = sum(view.tree.by_uid[uid].hierarchy_level == 1 for uid in count.undecomposed)
    return epics / count.level_one if count.level_one else None


def _planned(
    count: Countable, *, start: date | None, target: date | None, view: View
) -> float | None:
    dues = [item.due_date for item in count.items if item.due_date is not None]
    by_items = planned_by_due_dates(dues, count.total, view.today)
    if by_items is not None:
        return by_items
    if start is None or target is None:
        return None
    return planned_share(start, target, view.today, holidays=view.calendar.holidays)


def _forecast_inputs(
    count: Countable,
    growth: ScopeChange | None,
    *,
    weekly: Sequence[int],
    target: date | None,
    age: float | None,
    bulk: Sequence[BulkClosure],
    view: View,
) -> ForecastInputs:
    zone = ZoneInfo(view.portfolio.timezone)
    weeks = winsorised(weekly, as_of=view.today, bulk=bulk_weeks(bulk, count.items, zone))
    withheld = None if count.total else NO_WORK
    if count.remaining:
        share = _undecomposed_share(count, view)
        withheld = forecast_validity(weeks, undecomposed_share=share, source_age_hours=age)
    return ForecastInputs(
        as_of=view.today,
        target=target,
        throughput=weeks,
        remaining=count.remaining,
        scope_growth=growth.growth if growth else 0.0,
        scope_added=growth.added - growth.decomposed - growth.removed if growth else 0,
        scope_at_start=growth.baseline if growth else count.total,
        withheld=withheld or "",
    )


def _remembered(record: TargetRecord, project: Project, inputs: RollupInputs) -> TargetRecord:
    """The record with a target that the previous snapshot knew and nobody recorded as removed."""
    before = inputs.previous.project(project.key) if inputs.previous else None
    if before is None or record.current is not None or record.lost is not None:
        return record
    lost = before.target or before.facts.lost_target
    if lost is None:
        return record
    removal = DateMove(at=inputs.as_of, before=lost, after=None)
    return replace(record, history=(*record.history, removal))


def project_basis(
    project: Project, *, view: View, past: PastViews, inputs: RollupInputs
) -> ProjectBasis:
    """Work out one project at the view's instant."""
    zone = ZoneInfo(inputs.portfolio.timezone)
    items, count = view.members[project.key], view.countables[project.key]
    start = _start(project, items, zone)
    record = _remembered(resolve_target(project, inputs, view.items), project, inputs)
    target = record.current or record.lost
    began = first_activity(count.items, zone)
    growth = growth_in_window(project, began, view=view, past=past, zone=zone)
    age, source = source_age(project, items, inputs)
    ended = count.ended_since(window_eve(view.today, zone))
    weekly = completed_since(began, ended, as_of=view.today, zone=zone)
    bulk = bulk_closures(ended, inputs.changes, today=view.today, zone=zone)
    wanted = _forecast_inputs(
        count, growth, weekly=weekly, target=target, age=age, bulk=bulk, view=view
    )
    if pace := inputs.paces.get(project.key):  # as if so many fewer items were left
        wanted = replace(wanted, remaining=math.ceil(wanted.remaining / pace))
    forecast, curve = forecast_of(wanted, view)
    planned = _planned(count, start=start, target=target, view=view)
    return ProjectBasis(
        project=project,
        items=items,
        count=count,
        start=start,
        began=began,
        weekly=weekly,
        record=record,
        target=target,
        slip=_slip(project, record, start=start, view=view, inputs=inputs),
        planned=planned,
        spi=None
        if planned is None or count.progress is None
        else schedule_performance(count.progress, planned),
        growth=growth,
        scope=scope_since_baseline(project, view=view, past=past, inputs=inputs),
        source_age_hours=age,
        source_name=source,
        forecast=forecast,
        curve=curve,
        cycle=cycle_times(
            count, today=view.today, zone=zone, view=view, rules=inputs.rules.detectors
        ),
        bulk_closures=bulk,
        backtest=_backtest(count, items, began=began, view=view, inputs=inputs),
    )


def _backtest(
    count: Countable,
    items: Sequence[WorkItem],
    *,
    began: date | None,
    view: View,
    inputs: RollupInputs,
) -> Backtest:
    zone = ZoneInfo(inputs.portfolio.timezone)
    return summary(
        trials(
            lives_of(count, items, inputs.changes, zone=zone),
            today=view.today,
            began=began,
            calendar=view.calendar,
        )
    )


def beyond_safe(basis: ProjectBasis) -> list[WorkItem]:
    """Open items whose own due date lies after the date by which all is safely done."""
    safe = basis.forecast.p85
    if safe is None:
        return []
    late = [i for i in basis.count.open_items if i.due_date is not None and i.due_date > safe]
    return sorted(late, key=lambda item: (item.due_date or date.max, item.uid), reverse=True)


def _slip(
    project: Project,
    record: TargetRecord,
    *,
    start: date | None,
    view: View,
    inputs: RollupInputs,
) -> Slip:
    zone = ZoneInfo(inputs.portfolio.timezone)
    begin = start or report_date(inputs.as_of, zone)
    return target_slip(
        record.history,
        active_since=local_midnight(begin, zone),
        as_of=inputs.as_of,
        standing=record.current,
        approved=approved_plan(project, inputs, lambda b: b.target is not None),
        remarks=_decided(project, view, inputs) if record.history else (),
        holidays=inputs.portfolio.holidays,
    )


def _decided(project: Project, view: View, inputs: RollupInputs) -> list[Remark]:
    """The decisions on the project or its group: what moved a target is explained by them."""
    zone = ZoneInfo(inputs.portfolio.timezone)
    return [
        Remark(at=local_midnight(one.decided_on, zone), text=one.outcome, decision=True)
        for one in inputs.statements.decisions
        if one.state is DecisionState.DECIDED and one.decided_on is not None
        if one.decided_on <= view.today and project.key in view.projects_in(one.scope)
    ]


def bases(view: View, past: PastViews, inputs: RollupInputs) -> Mapping[str, ProjectBasis]:
    """The basis of every project, by key."""
    return {
        project.key: project_basis(project, view=view, past=past, inputs=inputs)
        for project in view.portfolio.projects
    }
