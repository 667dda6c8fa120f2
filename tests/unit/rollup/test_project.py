from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import ItemState, StatusCategory, WorkItem
from syncer.domain.link import LinkKind
from syncer.domain.portfolio import FixedTarget, Project
from syncer.domain.report import SourceState
from syncer.domain.statement import Baseline, Statements
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.past.scope import ScopeChange
from syncer.rollup.project import ProjectBasis, source_age
from syncer.rollup.work.dependencies import CycleTime
from tests.unit.rollup.builders import (
    AS_OF,
    CANCELLED,
    DONE,
    TODAY,
    TODO,
    basis_of,
    finished,
    linked,
    make_change,
    make_epic,
    make_inputs,
    make_item,
    make_portfolio,
    make_project,
    many,
    moved,
    noon,
)
from tests.unit.rollup.samples import NET, OUT

START = date(2026, 4, 1)
PLANNED, SINCE = datetime(2026, 3, 2, 9, tzinfo=UTC), noon(date(2026, 6, 1))
MARCH = date(2027, 3, 19)


def inputs_of(
    items: Sequence[WorkItem],
    changes: Mapping[str, Sequence[Change]] | None = None,
    *,
    project: Project | None = None,
    **more: Any,
) -> RollupInputs:
    wanted = project or make_project("net", start=START, target=FixedTarget(MARCH))
    return make_inputs(items, make_portfolio(wanted), changes=changes, **more)


def scope_of(inputs: RollupInputs) -> ScopeChange:
    scope = basis_of(inputs, "net").scope
    assert scope is not None
    return scope


def planned(prefix: str, count: int, status: StatusCategory = TODO) -> list[WorkItem]:
    return many(prefix, count, status, created_at=PLANNED)


def cancelled_since(items: Sequence[WorkItem]) -> dict[str, Sequence[Change]]:
    return {item.uid: [moved(SINCE, TODO, CANCELLED)] for item in items}


# --- scope against the baseline ------------------------------------------------------------------


def test_e13_cancelling_the_rest_raises_progress_and_shows_as_removed() -> None:
    gone = planned("NET-9", 8, CANCELLED)
    items = [*planned("NET-1", 8, DONE), *planned("NET-5", 4), *gone]
    basis = basis_of(inputs_of(items, cancelled_since(gone)), "net")
    assert basis.count.progress == pytest.approx(8 / 12)
    assert basis.scope is not None
    assert (basis.scope.baseline, basis.scope.removed_share) == (20, 0.4)


def test_e36_the_network_against_its_baseline() -> None:
    gone = planned("NET-9", 6, CANCELLED)
    epics = [make_epic(f"NET-8{n}", created_at=PLANNED) for n in range(2)]
    stories = [make_item(f"NET-7{n}", created_at=SINCE, parent=f"NET-8{n % 2}") for n in range(8)]
    extra = [make_item(f"NET-6{n}", created_at=SINCE) for n in range(14)]
    items = [*planned("NET-1", 218), *gone, *epics, *stories, *extra]
    scope = scope_of(inputs_of(items, cancelled_since(gone)))
    assert (scope.baseline, scope.now, scope.added, scope.decomposed) == (226, 240, 22, 8)
    assert (scope.removed, scope.replaced) == (6, 2)
    assert scope.creep == pytest.approx(0.062, abs=5e-4)
    assert scope.net == pytest.approx(0.062, abs=5e-4)
    assert scope.churn == pytest.approx(0.133, abs=5e-4)


def test_e37_breaking_an_epic_down_is_no_creep() -> None:
    epic = make_epic("NET-1", created_at=PLANNED)
    stories = [make_item(f"NET-2{n}", created_at=SINCE, parent="NET-1") for n in range(6)]
    scope = scope_of(inputs_of([epic, *stories]))
    assert (scope.creep, scope.removed_share, scope.decomposed) == (0.0, 0.0, 6)


def test_moving_out_is_removed_and_moving_in_is_added() -> None:
    items = [*planned("NET-1", 2), *planned("OUT-1", 1)]
    changes = {
        "jira:NET-1-2": [make_change(SINCE, ChangeField.CONTAINER, "ELSE", "NET")],
        "jira:OUT-1-1": [make_change(SINCE, ChangeField.CONTAINER, "NET", "OUT")],
    }
    scope = scope_of(inputs_of(items, changes))
    assert (scope.baseline, scope.now, scope.added, scope.removed) == (2, 2, 1, 1)


def test_a_copy_found_out_later_was_not_removed() -> None:
    original, copy = planned("NET-1", 2)
    copy = linked(copy, (LinkKind.DUPLICATES, original.key))
    told = make_change(SINCE, ChangeField.LINK, None, f"duplicates>{original.uid}")
    scope = scope_of(inputs_of([original, copy], {copy.uid: [told]}))
    assert (scope.baseline, scope.now, scope.removed) == (1, 1, 0)


def test_without_a_declared_start_no_scope_was_promised() -> None:
    items = [*planned("NET-1", 1), *many("NET-2", 9, created_at=SINCE)]
    assert basis_of(inputs_of(items, project=make_project("net")), "net").scope is None


@pytest.mark.parametrize("start", [TODAY, date(2026, 2, 1)])
def test_a_start_today_or_before_all_items_holds_no_baseline(start: date) -> None:
    project = make_project("net", start=start)
    assert basis_of(inputs_of(planned("NET-1", 3), project=project), "net").scope is None


def test_an_approved_baseline_wins_over_the_start() -> None:
    items = [*planned("NET-1", 2), *many("NET-2", 2, created_at=SINCE)]
    uids = frozenset(item.uid for item in items[:3])
    approved = Baseline(project="net", approved_by="CTO", at=noon(date(2026, 7, 1)), item_uids=uids)
    later = replace(approved, at=noon(date(2026, 8, 1)), item_uids=frozenset(), target=MARCH)
    told = Statements(baselines=(approved, later))
    scope = scope_of(inputs_of(items, statements=told))
    assert (scope.baseline, scope.added, scope.removed) == (3, 1, 0)


def test_the_latest_baseline_with_a_target_is_the_one_to_slip_from() -> None:
    first = Baseline(
        project="net", approved_by="CTO", at=noon(date(2026, 7, 1)), target=date(2027, 2, 19)
    )
    scope_only = replace(
        first, at=noon(date(2026, 8, 1)), target=None, item_uids=frozenset({"jira:NET-1-1"})
    )
    told = Statements(baselines=(scope_only, first))
    basis = basis_of(inputs_of(planned("NET-1", 1), statements=told), "net")
    assert (basis.slip.baseline, basis.slip.days) == (date(2027, 2, 19), 20)


# --- the forecast --------------------------------------------------------------------------------


def test_e20_the_forecast_of_the_outreach_comes_from_its_items() -> None:
    items = [*finished(OUT.throughput, "NET"), *planned("NET-X", OUT.remaining)]
    project = make_project("net", target=FixedTarget(OUT.target))
    forecast = basis_of(inputs_of(items, project=project), "net").forecast
    assert forecast.inputs.throughput == OUT.throughput
    assert forecast.probability == pytest.approx(0.8281, abs=5e-5)
    assert (forecast.p50, forecast.p85) == (date(2027, 1, 14), date(2027, 1, 25))
    assert forecast.late_days == 1
    assert forecast.overrun_days == pytest.approx(0.900, abs=5e-4)


def test_e19_growth_over_the_window_counts_what_nobody_broke_down() -> None:
    epic = make_epic("NET-E", created_at=PLANNED)
    stories = [make_item(f"NET-S{n}", created_at=SINCE, parent="NET-E") for n in range(4)]
    window = noon(date(2026, 9, 15))
    late = [replace(story, created_at=window) for story in stories]
    added = [make_item(f"NET-A{n}", created_at=window) for n in range(10)]
    done = finished(NET.throughput, "NET")
    items = [*done, epic, *late, *planned("NET-X", 228 - len(done)), *added]
    inputs = basis_of(inputs_of(items), "net").forecast.inputs
    assert (inputs.scope_added, inputs.scope_at_start) == (10, 229)
    assert inputs.scope_growth == pytest.approx(10 / 229)


def test_e11_when_all_is_done_there_is_nothing_to_forecast() -> None:  # E11, E26
    project = make_project("net", target=FixedTarget(TODAY - timedelta(days=1)))
    basis = basis_of(inputs_of(many("NET", 12, DONE), project=project), "net")
    forecast = basis.forecast
    assert (forecast.probability, forecast.p50, forecast.p85) == (1.0, None, None)
    assert (forecast.inputs.withheld, forecast.overrun_days, forecast.beyond_horizon) == (
        "", 0.0, False,
    )  # fmt: skip
    assert basis.curve is not None


@pytest.mark.parametrize("items", [[], many("NET", 7, CANCELLED)])
def test_e10_an_empty_project_has_no_chance_at_all(items: list[WorkItem]) -> None:
    basis = basis_of(inputs_of(items), "net")
    assert (basis.forecast.probability, basis.curve) == (None, None)
    assert basis.forecast.inputs.withheld == "no countable work"


def test_e25_thin_history_gives_no_forecast() -> None:
    basis = basis_of(inputs_of([*finished((2,) * 5, "NET"), *planned("NET-X", 4)]), "net")
    assert basis.forecast.inputs.withheld == "needs 6 weeks of history, has 5"
    assert (basis.forecast.probability, basis.forecast.pace) == (None, 2.0)


def test_e26_a_target_of_the_past_is_missed_while_anything_is_open() -> None:
    project = make_project("net", target=FixedTarget(TODAY - timedelta(days=3)))
    items = [*finished((2,) * 8, "NET"), *planned("NET-X", 1)]
    assert basis_of(inputs_of(items, project=project), "net").forecast.probability == 0.0


# --- cycle times ---------------------------------------------------------------------------------


def cycle_of(items: Sequence[WorkItem]) -> CycleTime:
    return basis_of(inputs_of(items), "net").cycle


def lasted(days: int, name: str, end: date = date(2026, 11, 20)) -> WorkItem:
    return make_item(name, DONE, done_at=noon(end), started_at=noon(end - timedelta(days=days - 1)))


def test_cycle_times_are_working_days_with_both_ends() -> None:
    # Friday back to Monday is five days; two weeks and a weekend more are fifteen.
    items = [lasted(5, f"NET-{n}") for n in range(8)] + [lasted(19, f"NET-9{n}") for n in range(2)]
    assert cycle_of(items) == CycleTime(p50=5, p85=15)


def test_few_or_old_items_give_the_defaults() -> None:
    few = [lasted(5, f"NET-{n}") for n in range(9)]
    old = [lasted(5, f"NET-9{n}", date(2026, 8, 21)) for n in range(9)]
    assert cycle_of([*few, *old]) == CycleTime(p50=5, p85=10)


# --- sources -------------------------------------------------------------------------------------


def source(container: str, hours: float | None) -> SourceState:
    at = None if hours is None else AS_OF - timedelta(hours=hours)
    return SourceState(connection="jira", container=container, last_success_at=at)


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        pytest.param([source("NET", 1), source("OUT", 90)], (1.0, "jira:NET"), id="only its own"),
        pytest.param([source("NET", 1), source("NET2", 30)], (30.0, "jira:NET2"), id="the oldest"),
        pytest.param([source("NET", 1), source("NET2", None)], (None, "jira:NET2"), id="unread"),
        pytest.param([], (None, "jira:NET"), id="nobody knows"),
        pytest.param([source("NET", -5)], (0.0, "jira:NET"), id="read after the instant"),
    ],
)
def test_a_project_is_as_old_as_its_oldest_source(
    sources: list[SourceState], expected: tuple[float | None, str]
) -> None:
    project = make_project("net", "jira:NET*")
    items = [make_item("NET-1"), make_item("OUT-1", state=ItemState.DELETED)]
    inputs = inputs_of(items, project=project, sources=sources)
    assert source_age(project, items, inputs) == expected


def test_an_empty_container_that_was_read_is_known_to_be_empty() -> None:
    project = make_project("net")
    inputs = inputs_of([], project=project, sources=[source("NET", 2)])
    assert source_age(project, [], inputs) == (2.0, "jira:NET")
    assert source_age(project, [], replace(inputs, sources=())) == (None, "")


# --- start and plan ------------------------------------------------------------------------------


def test_a_project_starts_with_its_first_item_that_still_exists() -> None:
    deleted = make_item("NET-1", state=ItemState.DELETED, created_at=PLANNED)
    items = [deleted, make_item("NET-2", created_at=SINCE)]
    basis: ProjectBasis = basis_of(inputs_of(items, project=make_project("net")), "net")
    assert basis.start == date(2026, 6, 1)


def test_e16_plan_and_progress_of_the_network() -> None:
    items = [*planned("NET-1", 158, DONE), *planned("NET-2", 82)]
    basis = basis_of(inputs_of(items), "net")
    assert basis.planned == pytest.approx(169 / 253)
    assert basis.count.progress == pytest.approx(0.6583, abs=5e-5)
    assert basis.spi == pytest.approx(0.986, abs=5e-4)
