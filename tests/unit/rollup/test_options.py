"""Which items a cut may name, and what moving a date costs (rollup.md 2.4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncer.domain.link import LinkKind
from syncer.domain.portfolio import Portfolio
from syncer.rollup.forecasting.options import candidates, project_levers
from tests.unit.rollup.builders import (
    DOING,
    DONE,
    basis_of,
    blocks,
    linked,
    make_inputs,
    make_item,
    view_of,
)
from tests.unit.rollup.scenes import planned, portfolio, steady

LATE = steady("NET", weekly=3, remaining=70)


@pytest.mark.parametrize(
    ("items", "free"),
    [
        pytest.param([make_item("NET-1")], ["NET-1"], id="open"),
        pytest.param([make_item("NET-1", DOING)], [], id="started"),
        pytest.param([make_item("NET-1", must_have=True)], [], id="must"),
        pytest.param(
            [blocks(make_item("NET-1"), "NET-2"), make_item("NET-2")], ["NET-2"], id="blocks"
        ),
        pytest.param(
            [blocks(make_item("NET-1"), "NET-2"), make_item("NET-2", DONE)],
            ["NET-1"],
            id="blocked something that is done",
        ),
        pytest.param([blocks(make_item("NET-1"), "ado:7")], [], id="blocks what we cannot see"),
        pytest.param(
            [
                make_item("NET-1"),
                blocks(linked(make_item("OPS-9"), (LinkKind.MIRRORS, "NET-1")), "NET-2"),
                make_item("NET-2"),
            ],
            ["NET-2"],
            id="its copy blocks",
        ),
        pytest.param(
            [make_item("NET-1", priority=0), make_item("NET-2", priority=4), make_item("NET-3")],
            ["NET-3", "NET-2", "NET-1"],
            id="least urgent first",
        ),
    ],
)
def test_candidates(items: list[object], free: list[str]) -> None:
    inputs = make_inputs(items, portfolio("net"))  # type: ignore[arg-type]  # items, as parameters
    found = candidates(basis_of(inputs, "net"), view_of(inputs))
    assert [item.key for item in found] == free


def test_without_a_cost_of_delay_a_move_has_no_price() -> None:
    inputs = make_inputs(LATE, portfolio("net"))
    levers = project_levers(basis_of(inputs, "net"), view_of(inputs))
    assert levers is not None
    assert levers.move_days
    assert levers.move_money is None


def test_a_move_costs_its_days_at_the_cost_of_a_week() -> None:
    inputs = make_inputs(
        LATE, Portfolio(projects=(planned("net", cost_of_delay_per_week=100_000.0),))
    )
    levers = project_levers(basis_of(inputs, "net"), view_of(inputs))
    assert levers is not None
    assert levers.move_days is not None
    assert levers.move_money == pytest.approx(levers.move_days / 5 * 100_000)


@pytest.mark.parametrize("target", [True, False])
def test_no_lever_where_nothing_can_be_forecast_or_there_is_no_target(*, target: bool) -> None:
    project = planned("net") if target else replace(planned("net"), target=None)
    items = [item for item in LATE if item.is_open or not target]
    inputs = make_inputs(items, Portfolio(projects=(project,)))
    assert project_levers(basis_of(inputs, "net"), view_of(inputs)) is None
