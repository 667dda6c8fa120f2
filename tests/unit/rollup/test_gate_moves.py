"""The first date of a gate and its slip (digest specification, section 4.3, gates)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from syncer.domain.report import Snapshot
from syncer.domain.statement import GateDefinition, Statements
from tests.unit.rollup.builders import AS_OF
from tests.unit.rollup.scenes import SAID, portfolio, run, steady

NET = steady("NET", weekly=3, remaining=12)
FIRST, LATER = date(2026, 12, 4), date(2026, 12, 18)


def gate(on: date, *, days_ago: int = 1, name: str = "Freeze") -> GateDefinition:
    said = replace(SAID, at=AS_OF - timedelta(days=days_ago))
    return GateDefinition(scope="net", name=name, on=on, provenance=said)


def told(*gates: GateDefinition, previous: Snapshot | None = None) -> tuple[date | None, int]:
    found = run(NET, portfolio("net"), statements=Statements(gates=gates), previous=previous)
    (one,) = found.gates
    return one.baseline, one.slip_days


def test_a_gate_that_nobody_moved_has_no_slip() -> None:
    assert told(gate(FIRST)) == (FIRST, 0)


def test_a_date_said_anew_is_a_slip_from_the_one_said_first() -> None:
    moved = (gate(LATER, days_ago=1), gate(FIRST, days_ago=20))
    assert told(*moved) == told(*moved[::-1]) == (FIRST, 10)


def test_a_date_changed_in_a_file_is_told_by_the_edition_before() -> None:
    """The configuration knows no past: what the last edition knew as the first date stands."""
    once = run(NET, portfolio("net"), statements=Statements(gates=(gate(FIRST),)))
    again = run(NET, portfolio("net"), statements=Statements(gates=(gate(LATER),)), previous=once)
    assert told(gate(LATER), previous=once) == (FIRST, 10)
    assert told(gate(date(2026, 12, 11)), previous=again) == (FIRST, 5)


def test_a_gate_that_was_pulled_in_has_a_negative_slip() -> None:
    assert told(gate(FIRST, days_ago=1), gate(LATER, days_ago=20)) == (LATER, -10)
