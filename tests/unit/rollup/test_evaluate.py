"""The whole roll-up on small portfolios: what only shows when every part works together."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import TypeAdapter

from syncer.domain.change import Change, ChangeField
from syncer.domain.health import Health
from syncer.domain.item import WorkItem
from syncer.domain.portfolio import FixedTarget, Portfolio, Product, Program
from syncer.domain.report import Snapshot, SourceState
from syncer.domain.statement import (
    GateDefinition,
    HumanRisk,
    OwnerStatus,
    OwnerWord,
    RiskResponse,
    Roam,
    Statements,
)
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.evaluate import evaluate
from syncer.rollup.inputs import RollupInputs
from tests.unit.rollup.builders import (
    AS_OF,
    TODAY,
    TODO,
    blocked_by,
    make_change,
    make_inputs,
    make_item,
    verdicts,
)
from tests.unit.rollup.scenes import SAID, portfolio, run, steady

SNAPSHOT = TypeAdapter(Snapshot)


def test_a_steady_project_with_little_left_is_green() -> None:
    project = run(steady("NET", weekly=3, remaining=12), portfolio("net")).project("net")
    assert project is not None
    assert (project.shown.health, project.total, project.done) == (Health.GREEN, 48, 36)
    assert project.forecast.inputs.throughput == (3,) * 12
    assert project.levers is None


def test_too_much_left_is_red_with_levers_and_candidates() -> None:
    snapshot = run(steady("NET", weekly=3, remaining=70), portfolio("net"))
    project = snapshot.projects[0]
    assert (project.shown.health, project.shown.rule) == (Health.RED, "R2")
    assert project.levers is not None
    assert project.levers.drop is not None
    assert len(project.levers.candidates) == 70
    assert [risk.rule for risk in snapshot.risks][:1] == ["SCH-1"]


def test_permuted_inputs_give_identical_bytes() -> None:
    items = steady("NET", weekly=3, remaining=20) + steady("OUT", weekly=2, remaining=30)
    items[40] = blocked_by(replace(items[40], start_date=TODAY), items[-1].uid)
    of = portfolio("net", "out")
    straight = SNAPSHOT.dump_json(run(items, of))
    for seed in range(5):
        shuffled = items[:]
        random.Random(seed).shuffle(shuffled)
        assert SNAPSHOT.dump_json(run(shuffled, of)) == straight


def test_v19_a_shared_project_counts_in_both_programs_once_in_each() -> None:
    items = steady("NET", weekly=3, remaining=12) + steady("OUT", weekly=2, remaining=8)
    programs = (
        Program(key="a", name="A", projects=("net", "out")),
        Program(key="b", name="B", projects=("net",)),
    )
    snapshot = run(items, portfolio("net", "out", programs=programs))
    assert [program.total for program in snapshot.programs] == [48 + 32, 48]


def test_a_container_without_project_becomes_one() -> None:
    snapshot = run(steady("OPS", weekly=2, remaining=4), Portfolio())
    assert [(p.key, p.shown.health) for p in snapshot.projects] == [("OPS", Health.NO_PLAN)]


def test_equal_keys_of_two_connections_become_two_projects() -> None:
    other = [
        replace(i, ref=replace(i.ref, connection="ado"))
        for i in steady("OPS", weekly=2, remaining=4)
    ]
    other = [replace(i, container=replace(i.container, connection="ado")) for i in other]
    snapshot = run([*steady("OPS", weekly=2, remaining=4), *other], Portfolio())
    assert sorted(p.key for p in snapshot.projects) == ["ado:OPS", "jira:OPS"]


def test_source_never_read_is_unknown_and_not_empty() -> None:
    items = steady("NET", weekly=3, remaining=12)
    sources = [SourceState(connection="jira", container="NET", last_success_at=None)]
    snapshot = run(items, portfolio("net"), sources=sources)
    assert snapshot.projects[0].shown.health is Health.UNKNOWN
    assert "jira:NET" in snapshot.projects[0].shown.reason


def test_data_of_73_hours_is_unknown() -> None:
    old = SourceState(
        connection="jira", container="NET", last_success_at=AS_OF - timedelta(hours=73)
    )
    snapshot = run(steady("NET", weekly=3, remaining=12), portfolio("net"), sources=[old])
    assert snapshot.projects[0].shown.health is Health.UNKNOWN
    assert snapshot.projects[0].quality.confidence.value == "Low"


def with_target(of: Portfolio, target: date | None) -> Portfolio:
    """The portfolio with another target for its first project."""
    first = replace(of.projects[0], target=FixedTarget(target) if target else None)
    return replace(of, projects=(first, *of.projects[1:]))


def test_removing_the_target_never_brightens_and_is_said() -> None:
    items, of = steady("NET", weekly=3, remaining=70), portfolio("net")
    before = run(items, of)
    after = run(items, with_target(of, None), previous=before)
    assert before.projects[0].shown.health is Health.RED
    assert after.projects[0].shown.health is Health.RED
    assert after.projects[0].shown.rule == "R0"
    assert "target removed (was 19 Mar)" in after.projects[0].shown.reason


def test_removing_the_owner_never_brightens() -> None:
    items, of = steady("NET", weekly=3, remaining=12), portfolio("net")
    before = run(items, of)
    bare = replace(of, projects=(replace(of.projects[0], owner=""),))
    after = run(items, bare, previous=before)
    assert before.projects[0].shown.health is Health.GREEN
    assert (after.projects[0].shown.health, after.projects[0].shown.rule) == (Health.AMBER, "R0")


def test_an_improvement_waits_for_a_second_week_unless_the_target_moved() -> None:
    of = portfolio("net")
    red = run(steady("NET", weekly=3, remaining=70), of)
    faster = steady("NET", weekly=8, remaining=70)
    better = run(faster, of, previous=red)
    again = run(faster, of, previous=better)
    assert [s.projects[0].shown.health for s in (red, better, again)] == [
        Health.RED,
        Health.RED,
        Health.GREEN,
    ]
    moved = run(faster, with_target(of, date(2027, 6, 1)), previous=red)
    assert moved.projects[0].shown.health is not Health.RED


def test_an_owner_may_darken() -> None:
    said = OwnerStatus(
        scope="proj:net", text="We lost our supplier.", value=OwnerWord.AT_RISK, provenance=SAID
    )
    snapshot = run(
        steady("NET", weekly=3, remaining=12),
        portfolio("net"),
        statements=Statements(owner_statuses=(said,)),
    )
    assert (snapshot.projects[0].shown.health, snapshot.projects[0].shown.rule) == (
        Health.AMBER,
        "A9",
    )


def gate(name: str, on: date, **more: object) -> GateDefinition:
    """A gate of the network project."""
    return GateDefinition(scope="net", name=name, on=on, provenance=SAID, **more)  # type: ignore[arg-type]  # names of fields


def test_a_gate_counts_its_own_and_earlier_items_and_is_said_once() -> None:
    items = steady("NET", weekly=3, remaining=12)
    dated = [
        replace(item, due_date=date(2026, 12, 1 + n)) if item.status_category is TODO else item
        for n, item in enumerate(items, start=-35)
    ]
    gates = (
        gate("Late", date(2026, 12, 9)),
        gate("Early", date(2026, 12, 4)),
        gate("Late", date(2026, 12, 9)),
    )
    snapshot = run(dated, portfolio("net"), statements=Statements(gates=gates))
    counted = [(g.name, g.remaining) for g in snapshot.gates]
    assert counted == [("Early", 3), ("Late", 8)]
    assert snapshot.gates[0].probability is not None
    assert snapshot.gates[0].probability > (snapshot.gates[1].probability or 0.0)


def test_a_missed_gate_is_red() -> None:
    items = [
        replace(item, due_date=TODAY - timedelta(days=20)) if item.uid == "jira:NET-1" else item
        for item in steady("NET", weekly=3, remaining=12)
    ]
    snapshot = run(
        items, portfolio("net"), statements=Statements(gates=(gate("Gone", date(2026, 11, 10)),))
    )
    assert (snapshot.projects[0].shown.health, snapshot.projects[0].shown.rule) == (
        Health.RED,
        "R6",
    )


def test_people_answer_risks_and_add_their_own() -> None:
    answer = RiskResponse(
        rule="SCH-1", scope="net", owner="M. Okafor", ask="decide", by=TODAY, provenance=SAID
    )
    own = HumanRisk(
        id="H-1", scope="net", title="Regulator delays", probability=3, impact=4, provenance=SAID
    )
    snapshot = run(
        steady("NET", weekly=3, remaining=70),
        portfolio("net"),
        statements=Statements(responses=(answer,), risks=(own,)),
    )
    first = snapshot.risks[0]
    assert (first.rule, first.owner, first.ask, first.roam) == (
        "SCH-1",
        "M. Okafor",
        "decide",
        Roam.OWNED,
    )
    assert ("H-1", 12) in [(risk.id, risk.score) for risk in snapshot.risks]


def test_risks_keep_their_id_and_age_and_tell_what_changed() -> None:
    of = portfolio("net")
    first = run(steady("NET", weekly=3, remaining=70), of)
    later = evaluate(
        replace(make_inputs(steady("NET", weekly=3, remaining=70), of), previous=first)
    )
    assert first.risks[0].change is None
    assert (later.risks[0].id, later.risks[0].first_seen) == (first.risks[0].id, TODAY)
    assert later.risks[0].change is not None
    assert later.risks[0].change.value == "unchanged"


def test_two_ledgers_follow_the_verdict_and_denominators_do_not() -> None:
    items = steady("NET", weekly=3, remaining=12)
    levels = {item.uid: VerdictLevel.PROGRAM for item in items[:5]}
    levels |= {item.uid: VerdictLevel.PRODUCT for item in items[5:]}
    programs = (Program(key="a", name="A", projects=("net",)),)
    of = portfolio("net", programs=programs)
    one = run(items, of, verdicts=verdicts(levels))
    two = run(items, of, verdicts=verdicts({**levels, items[-1].uid: VerdictLevel.PROGRAM}))
    first, second = one.programs[0].ledgers, two.programs[0].ledgers
    assert (first.program.done, first.product.open) == (5, 12)
    assert (second.program.open, second.product.open) == (1, 11)
    assert one.programs[0].total == two.programs[0].total == 48


@pytest.mark.parametrize(
    ("due", "fires"), [(TODAY + timedelta(days=30), True), (TODAY + timedelta(days=31), False)]
)
def test_cls_1_unclaimed_program_work_due_soon(due: date, *, fires: bool) -> None:
    items = steady("OPS", weekly=2, remaining=4)
    items[-1] = replace(items[-1], due_date=due)
    snapshot = run(items, Portfolio(), verdicts=verdicts({items[-1].uid: VerdictLevel.PROGRAM}))
    assert [m.uid for m in snapshot.unclaimed] == [items[-1].uid]
    assert ("CLS-1" in {risk.rule for risk in snapshot.risks}) is fires


def test_cls_1_unclaimed_program_work_that_blocks_two_projects() -> None:
    items = [
        *steady("OPS", weekly=2, remaining=4),
        *steady("NET", weekly=2, remaining=4),
        *steady("OUT", weekly=2, remaining=4),
    ]
    levels = verdicts({"jira:OPS-1": VerdictLevel.PROGRAM})

    def waiting(*uids: str) -> list[WorkItem]:
        return [blocked_by(item, "jira:OPS-1") if item.uid in uids else item for item in items]

    of = portfolio("net", "out")
    one = run(waiting("jira:NET-1"), of, verdicts=levels)
    two = run(waiting("jira:NET-1", "jira:OUT-1"), of, verdicts=levels)
    assert "CLS-1" not in {risk.rule for risk in one.risks}
    assert "CLS-1" in {risk.rule for risk in two.risks}


def test_work_of_a_program_is_claimed_also_through_an_ancestor() -> None:
    items = [*steady("NET", weekly=2, remaining=4), make_item("PHN-1", TODO, parent="NET-1")]
    programs = (Program(key="a", name="A", projects=("net",)),)
    of = portfolio("net", programs=programs)
    snapshot = run(items, of, verdicts=verdicts({"jira:PHN-1": VerdictLevel.PROGRAM}))
    assert snapshot.unclaimed == ()


def test_a_source_that_was_read_and_holds_nothing_has_no_countable_work() -> None:
    read = SourceState(connection="jira", container="NET", last_success_at=AS_OF)
    project = run([], portfolio("net"), sources=[read]).projects[0]
    assert (project.shown.health, project.shown.reason) == (Health.UNKNOWN, "no countable work")


def test_an_empty_store_says_unknown_for_what_is_configured() -> None:
    of = portfolio("net", products=(Product(key="p", name="P", projects=("net",)),))
    snapshot = run([], of)
    assert snapshot.projects[0].shown.health is Health.UNKNOWN
    assert snapshot.products[0].shown.health is Health.UNKNOWN


def test_everything_done_is_done() -> None:
    snapshot = run(steady("NET", weekly=3, remaining=0), portfolio("net"))
    assert snapshot.projects[0].shown.health is Health.DONE


def test_an_earlier_instant_knows_nothing_of_later_work() -> None:
    items = steady("NET", weekly=3, remaining=12)
    early = datetime(2026, 10, 5, 5, 30, tzinfo=UTC)
    snapshot = evaluate(
        replace(make_inputs(items, portfolio("net")), as_of=early, changes=_histories(items))
    )
    assert snapshot.projects[0].done == 3 * 5
    assert snapshot.projects[0].forecast.inputs.throughput == (0, 3, 3, 3, 3, 3)


def _histories(items: Sequence[WorkItem]) -> dict[str, tuple[Change, ...]]:
    return {
        item.uid: (make_change(item.done_at, ChangeField.STATUS, "TODO", "DONE"),)
        for item in items
        if item.done_at is not None
    }


def test_inputs_are_not_changed() -> None:
    inputs: RollupInputs = make_inputs(steady("NET", weekly=3, remaining=3), portfolio("net"))
    before = repr(inputs)
    evaluate(inputs)
    assert repr(inputs) == before
