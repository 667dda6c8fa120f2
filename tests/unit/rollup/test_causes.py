"""Every change of colour names the one input that turned it (rollup.md 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from syncer.domain.colour_change import ColourChange
from syncer.domain.health import Health
from syncer.domain.item import WorkItem
from syncer.domain.portfolio import Criticality, FixedTarget, Portfolio, Program
from syncer.domain.report import Snapshot
from syncer.domain.statement import OwnerStatus, OwnerWord, Statements
from syncer.rollup.calendar import WorkCalendar
from syncer.rollup.colours.causes import colour_changes
from syncer.rollup.rules import ColourRules
from tests.unit.rollup.builders import DONE, TODAY, blocked_by, make_item, noon
from tests.unit.rollup.scenes import SAID, TARGET, planned, portfolio, run, steady

NET = steady("NET", weekly=3, remaining=40)
MUST = Portfolio(projects=(planned("net", criticality=Criticality.MUST),))


def changes(before: Snapshot, now: Snapshot) -> list[ColourChange]:
    return colour_changes(now, before, calendar=WorkCalendar.of(), rules=ColourRules())


def only(before: Snapshot, now: Snapshot) -> ColourChange:
    (found,) = changes(before, now)
    return found


def slowed(items: Sequence[WorkItem]) -> list[WorkItem]:
    """Two thirds of what was done, at the same end: as many left, at a lower pace."""
    return [item for n, item in enumerate(items) if item.is_open or n % 3 == 0]


@pytest.mark.parametrize("of", [portfolio("net"), MUST], ids=["should", "must"])
def test_a_lower_pace_is_the_cause_also_where_the_risk_alone_would_darken(of: Portfolio) -> None:
    change = only(run(NET, of), run(slowed(NET), of))
    assert (change.before, change.after, change.cause) == (Health.GREEN, Health.RED, "pace")
    assert change.text.startswith("Net turned Red by pace: 2 items done in two weeks, ")


@pytest.mark.parametrize("of", [portfolio("net"), MUST], ids=["should", "must"])
def test_more_open_work_is_scope(of: Portfolio) -> None:
    more = [*NET, *(make_item(f"NET-{n}") for n in range(400, 440))]
    change = only(run(NET, of), run(more, of))
    assert (change.cause, change.after) == ("scope", Health.RED)
    assert change.text == "Net turned Red by scope: 40 items more than before."


def test_an_earlier_target_is_the_date() -> None:
    of = portfolio("net")
    near = replace(of.projects[0], target=FixedTarget(date(2027, 1, 15)))
    change = only(run(NET, of), run(NET, replace(of, projects=(near,))))
    assert (change.cause, change.after) == ("date", Health.RED)
    assert change.text == "Net turned Red by date: target moved from 19 Mar to 15 Jan."


def test_a_target_moved_into_the_past_is_the_date() -> None:
    of = portfolio("net")
    gone = replace(of.projects[0], target=FixedTarget(TODAY - timedelta(days=7)))
    change = only(run(NET, of), run(NET, replace(of, projects=(gone,))))
    assert (change.cause, change.after) == ("date", Health.RED)


def test_a_late_predecessor_is_the_dependency() -> None:
    of = portfolio("net", "reg")
    root = make_item("REG-1", due_date=date(2026, 11, 24))
    waiting = replace(NET[-1], start_date=date(2026, 11, 25), must_have=True)
    before = [*NET[:-1], blocked_by(waiting, "REG-1"), root]
    after = [*before[:-1], replace(root, due_date=date(2026, 12, 4))]
    change = next(c for c in changes(run(before, of), run(after, of)) if c.scope == "proj:net")
    assert (change.cause, change.after) == ("dependency", Health.AMBER)


def test_an_owners_word_is_the_owner() -> None:
    of = portfolio("net")
    word = OwnerStatus(scope="net", text="", value=OwnerWord.AT_RISK, provenance=SAID)
    after = run(NET, of, statements=Statements(owner_statuses=(word,)))
    assert only(run(NET, of), after).cause == "owner"


def test_a_week_without_a_forecast_before_breaks_nothing() -> None:
    """The pace of then would be no pace at all."""
    of = portfolio("net")
    thin = [make_item("NET-500", DONE, done_at=noon(TODAY - timedelta(days=9)))]
    items = [item for item in NET if item.is_open]
    change = only(run([*thin, *items], of), run(NET, of))
    assert (change.before, change.after, change.cause) == (Health.RED, Health.GREEN, "several")


def test_two_causes_that_did_it_together_are_both_named() -> None:
    of = portfolio("net")
    near = replace(of.projects[0], target=FixedTarget(date(2026, 12, 11)))
    change = only(run(NET, of), run(slowed(NET), replace(of, projects=(near,))))
    assert change.cause == "date and pace"
    assert change.text == (
        "Net turned Red by date and pace: target moved from 19 Mar to 11 Dec; "
        "2 items done in two weeks, 13.3 a week needed."
    )


def test_more_than_two_causes_are_several() -> None:
    of = portfolio("net")
    near = replace(of.projects[0], target=FixedTarget(date(2026, 12, 11)))
    word = OwnerStatus(scope="net", text="", value=OwnerWord.OFF_TRACK, provenance=SAID)
    after = run(
        slowed(NET),
        replace(of, projects=(near,)),
        statements=Statements(owner_statuses=(word,)),
    )
    change = only(run(NET, of), after)
    assert change.cause == "several"
    assert change.text.startswith("Net turned Red: ")


def test_a_program_of_one_project_tells_the_projects_cause_another_its_members() -> None:
    programs = (
        Program(key="a", name="A", projects=("net",)),
        Program(key="b", name="B", projects=("net", "out")),
    )
    of = portfolio("net", "out", programs=programs)
    calm = steady("OUT", weekly=3, remaining=6)
    found = changes(run([*NET, *calm], of), run([*slowed(NET), *calm], of))
    assert {c.scope: c.cause for c in found} == {
        "proj:net": "pace", "prog:a": "pace", "prog:b": "members",
    }  # fmt: skip


def test_what_did_not_turn_is_not_told() -> None:
    snapshot = run(NET, portfolio("net"))
    assert snapshot.projects[0].target == TARGET
    assert changes(snapshot, snapshot) == []
    assert colour_changes(snapshot, None, calendar=WorkCalendar.of(), rules=ColourRules()) == []
