"""Gates of projects, programs and products: what counts, how likely, what is missed (2.4, 2.10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from syncer.domain.health import Health
from syncer.domain.item import Version, WorkItem
from syncer.domain.portfolio import Portfolio, Product, Program, ProjectState
from syncer.domain.report import GateResult, Snapshot, SourceState
from syncer.domain.selector import WithLabel
from syncer.domain.statement import Door, GateDefinition, Statements
from tests.unit.rollup.builders import AS_OF, TODAY
from tests.unit.rollup.scenes import SAID, portfolio, run, steady

SOON = date(2026, 12, 4)
NET = steady("NET", weekly=3, remaining=12)
OUT = steady("OUT", weekly=2, remaining=6)


def gate(
    name: str = "Freeze", on: date = SOON, scope: str = "net", **more: object
) -> GateDefinition:
    known = {"provenance": SAID}
    return GateDefinition(scope=scope, name=name, on=on, **{**known, **more})  # type: ignore[arg-type]  # names of fields


def due(items: Sequence[WorkItem], count: int, on: date = TODAY) -> list[WorkItem]:
    """The items, of which so many open ones are due."""
    chosen = [item.uid for item in items if item.is_open][:count]
    return [replace(item, due_date=on) if item.uid in chosen else item for item in items]


def gates(
    items: Sequence[WorkItem], *said: GateDefinition, of: Portfolio | None = None
) -> Snapshot:
    return run(items, of or portfolio("net"), statements=Statements(gates=said))


def only(snapshot: Snapshot) -> GateResult:
    (found,) = snapshot.gates
    return found


GROUPED = portfolio(
    "net",
    "out",
    programs=(Program(key="5g", name="5G", projects=("net", "out")),),
    products=(Product(key="phone", name="Phone", projects=("out",)),),
)


@pytest.mark.parametrize("scope", ["5g", "prog:5g"])
def test_a_gate_of_a_program_is_the_work_of_all_members_each_at_its_own_pace(scope: str) -> None:
    uneven = [item for n, item in enumerate([*NET, *OUT]) if item.is_open or n % 5]
    items = due(uneven, 18)
    found = only(gates(items, gate(scope=scope, on=date(2026, 12, 18)), of=GROUPED))
    alone = [
        only(gates(items, gate(scope=key, on=date(2026, 12, 18)), of=GROUPED)).probability or 0.0
        for key in ("net", "out")
    ]
    assert (found.scope, found.remaining) == ("prog:5g", 18)
    assert 0 < (found.probability or 0.0) < min(alone)


def test_a_gate_of_a_product_is_that_of_its_project() -> None:
    items = due(NET, 4) + due(OUT, 3)
    found = only(gates(items, gate(scope="prod:phone"), of=GROUPED))
    assert (found.scope, found.remaining) == ("prod:phone", 3)
    assert found.probability == only(gates(items, gate(scope="out"), of=GROUPED)).probability


def test_a_gate_of_nothing_known_is_told_and_not_forecast() -> None:
    found = only(gates(NET, gate(scope="gone")))
    assert (found.probability, found.withheld) == (None, "no project gone")


def test_a_gate_that_nothing_belongs_to_is_not_certain() -> None:
    found = only(gates(NET, gate()))
    assert (found.probability, found.withheld) == (None, "no countable work")


def test_a_gate_whose_work_is_done_is_certain_only_while_the_data_is_fresh() -> None:
    done = [replace(i, labels=("g",)) if not i.is_open else i for i in NET]
    wanted = gate(items=(WithLabel("g"),))
    assert only(gates(done, wanted)).probability == 1.0
    old = SourceState(
        connection="jira", container="NET", last_success_at=AS_OF - timedelta(hours=73)
    )
    stale = run(done, portfolio("net"), statements=Statements(gates=(wanted,)), sources=[old])
    assert only(stale).probability is None
    assert "no data from jira:NET" in only(stale).withheld


def versioned(items: Sequence[WorkItem], *versions: Version) -> list[WorkItem]:
    """The open items, spread over some versions."""
    left = [item for item in items if item.is_open]
    done = [item for item in items if not item.is_open]
    return done + [
        replace(item, fix_versions=(versions[n % len(versions)],)) for n, item in enumerate(left)
    ]


def test_a_gate_by_its_version_takes_earlier_versions_too() -> None:
    first, later = Version(id="1", name="1.0", due=TODAY), Version(id="2", name="Freeze")
    last = Version(id="3", name="3.0", due=date(2027, 3, 1))
    items = versioned(NET, first, later, last)
    assert only(gates(items, gate())).remaining == 8


def test_without_a_version_of_its_name_dated_versions_decide_before_due_dates() -> None:
    early, late = Version(id="1", name="1.0", due=SOON), Version(id="2", name="2.0", due=None)
    items = due(versioned(NET, early, late), 12)
    assert only(gates(items, gate())).remaining == 6


def test_a_version_that_is_over_says_nothing_of_a_gate_by_date() -> None:
    old = Version(id="1", name="0.9", due=date(2026, 9, 1), closed=True)
    items = [replace(i, fix_versions=(old,)) if not i.is_open else i for i in due(NET, 5)]
    assert only(gates(items, gate())).remaining == 5


def test_one_gate_said_through_two_doors_is_the_commands() -> None:
    told = gate(on=date(2026, 12, 18), provenance=replace(SAID, door=Door.TRACKER))
    spelled = gate(scope="proj:net", on=SOON)
    for order in ((told, spelled), (spelled, told)):
        assert only(gates(due(NET, 2), *order)).on == SOON


def test_a_past_gate_is_told_only_while_work_is_open() -> None:
    past = TODAY - timedelta(days=3)
    assert gates(due(NET, 1, on=past), gate(on=past)).gates[0].probability == 0.0
    assert gates(NET, gate(on=past)).gates == ()


@pytest.mark.parametrize(("days", "rule"), [(4, "A3"), (5, "R6")])
def test_r6_a_gate_missed_by_five_working_days(days: int, rule: str) -> None:
    past = date(2026, 11, 17) if days == 4 else date(2026, 11, 16)
    snapshot = gates(due(NET, 1, on=past), gate(on=past))
    assert snapshot.projects[0].computed.rule == rule


@pytest.mark.parametrize(
    ("on", "open_items", "fires"),
    [
        pytest.param(TODAY + timedelta(days=28), 20, True, id="28 days"),
        pytest.param(TODAY + timedelta(days=29), 20, False, id="29 days"),
        pytest.param(TODAY + timedelta(days=28), 5, False, id="likely"),
    ],
)
def test_sch_4_an_unlikely_gate_within_four_weeks(
    on: date, open_items: int, *, fires: bool
) -> None:
    items = due(steady("NET", weekly=3, remaining=24), open_items)
    snapshot = gates(items, gate(on=on))
    assert ("SCH-4" in {risk.rule for risk in snapshot.unmerged}) is fires


def test_two_unlikely_gates_are_two_risks_that_keep_their_ids_when_a_date_moves() -> None:
    items = due(steady("NET", weekly=3, remaining=40), 30)
    one = gates(items, gate("A"), gate("B"))
    two = gates(items, gate("A"), gate("B", on=SOON + timedelta(days=3)))
    ids = [{r.id for r in s.unmerged if r.rule == "SCH-4"} for s in (one, two)]
    assert len(ids[0]) == 2
    assert ids[0] == ids[1]


def test_a_project_on_hold_has_no_gate_risk() -> None:
    of = portfolio("net")
    held = replace(of, projects=(replace(of.projects[0], state=ProjectState.ON_HOLD),))
    snapshot = gates(due(NET, 12), gate(on=TODAY), of=held)
    assert snapshot.projects[0].shown.health is Health.ON_HOLD
    assert "SCH-4" not in {risk.rule for risk in snapshot.unmerged}


@pytest.mark.parametrize("on", [date(1, 1, 1), date(9999, 12, 31)])
def test_a_gate_at_the_end_of_all_calendars(on: date) -> None:
    assert len(gates(due(NET, 1, on=date(1, 1, 1)), gate(on=on)).gates) == 1


def test_a71_two_thousand_gates_that_anybody_may_write_are_counted_once_each() -> None:
    """Ends in time only where no gate picks the items of all earlier ones again."""
    every = tuple(gate(f"G{n}", SOON + timedelta(days=n)) for n in range(2000))
    found = gates(due(NET, 12), *every).gates
    assert [len(found), found[0].remaining, found[-1].remaining] == [2000, 12, 12]


@pytest.mark.parametrize(("on", "since"), [(date(2026, 11, 20), date(2026, 11, 20)), (SOON, None)])
def test_a_missed_gate_has_come_true_and_an_unlikely_one_not(on: date, since: date | None) -> None:
    uneven = [item for n, item in enumerate(NET) if item.is_open or n % 5]
    snapshot = gates(due(uneven, 12, on), gate(on=on))
    (risk,) = [one for one in snapshot.unmerged if one.rule == "SCH-4"]
    assert risk.materialised_at == since
