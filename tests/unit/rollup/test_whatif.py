"""What if: the roll-up over what is only assumed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from syncer.domain.health import Health
from syncer.domain.portfolio import Program
from syncer.domain.report import ProjectResult, Snapshot
from syncer.rollup.evaluate import evaluate
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.whatif import Assumption, suppose
from tests.unit.rollup.builders import make_inputs
from tests.unit.rollup.scenes import portfolio, steady

ITEMS = steady("NET", weekly=3, remaining=60)


def inputs() -> RollupInputs:
    program = Program(key="a", name="A", projects=("net",))
    return make_inputs(ITEMS, portfolio("net", programs=(program,)))


def net(snapshot: Snapshot) -> ProjectResult:
    (found,) = snapshot.projects
    return found


def supposed(assumed: Assumption) -> tuple[Snapshot, Snapshot]:
    given = inputs()
    now = evaluate(given)
    return now, evaluate(suppose(given, assumed, net(now)))


def test_assuming_nothing_changes_nothing_but_the_id() -> None:
    now, then = supposed(Assumption(project="net"))
    assert replace(then, id="") == replace(now, id="")


def test_dropped_items_are_open_no_more_and_the_chance_rises_up_to_the_program() -> None:
    open_ones = [one.uid for one in ITEMS if one.is_open]
    now, then = supposed(Assumption(project="net", drop=open_ones[:30]))
    assert net(then).remaining == net(now).remaining - 30
    assert (net(then).forecast.probability or 0) > (net(now).forecast.probability or 0)
    assert then.programs[0].remaining == now.programs[0].remaining - 30


def test_a_later_target_is_likelier_and_counts_as_moved() -> None:
    target = net(evaluate(inputs())).target
    assert target is not None
    later = target + timedelta(weeks=20)
    now, then = supposed(Assumption(project="net", target=later))
    assert net(then).target == later
    assert net(then).pushes == net(now).pushes + 1
    assert net(then).slip_days > net(now).slip_days
    assert (net(then).forecast.probability or 0) > (net(now).forecast.probability or 0)


def test_a_faster_pace_makes_it_likelier_without_hiding_what_is_open() -> None:
    now, then = supposed(Assumption(project="net", pace=2.0))
    assert net(then).remaining == net(now).remaining
    assert (net(then).forecast.probability or 0) > (net(now).forecast.probability or 0)
    assert net(now).computed.health is Health.RED
