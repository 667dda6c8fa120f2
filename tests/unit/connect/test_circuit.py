from __future__ import annotations

from datetime import timedelta

from syncer.connect.circuit import LONGEST_REST, Circuit
from tests.unit.connect.servers import NOON

MINUTE = timedelta(minutes=1)


def broken() -> Circuit:
    circuit = Circuit()
    for _ in range(3):
        circuit.failed(container="", why="503", at=NOON)
    return circuit


def test_it_opens_when_calls_fail_in_a_row() -> None:
    circuit = Circuit()
    assert not circuit.failed(container="A", why="503", at=NOON - MINUTE)
    assert not circuit.failed(container="B", why="503", at=NOON)
    assert circuit.failed(container="A", why="503", at=NOON)
    assert circuit.outage is not None
    assert circuit.outage.since == NOON - MINUTE
    assert circuit.outage.next_at == NOON + MINUTE


def test_one_container_that_fails_is_no_outage() -> None:
    circuit = Circuit()
    for _ in range(20):
        assert not circuit.failed(container="A", why="500", at=NOON)
    assert circuit.outage is None


def test_an_answer_in_between_begins_the_count_anew() -> None:
    circuit = Circuit()
    for _ in range(20):
        circuit.failed(container="", why="500", at=NOON)
        circuit.failed(container="", why="500", at=NOON)
        assert not circuit.succeeded()
    assert circuit.outage is None


def test_the_rests_double_up_to_a_quarter_of_an_hour() -> None:
    circuit, now, rests = broken(), NOON + MINUTE, []
    for _ in range(8):
        assert circuit.is_due(now)
        circuit.probe(now)
        assert not circuit.is_due(now)  # nobody else looks meanwhile
        circuit.failed(container="", why="503", at=now, probe=True)
        assert circuit.outage is not None
        assert circuit.outage.since == NOON
        rests.append(circuit.outage.next_at - now)
        now = circuit.outage.next_at
    assert rests == [2 * MINUTE, 4 * MINUTE, 8 * MINUTE, *[LONGEST_REST] * 5]


def test_what_began_before_the_rest_does_not_prolong_it() -> None:
    circuit = broken()
    assert not circuit.failed(container="", why="503", at=NOON + timedelta(seconds=5))
    assert circuit.outage is not None
    assert circuit.outage.next_at == NOON + MINUTE


def test_a_probe_that_never_ends_lets_another_look_after_a_while() -> None:
    circuit = broken()
    circuit.probe(NOON + MINUTE)
    assert circuit.is_due(NOON + 2 * MINUTE)


def test_an_answer_ends_the_outage() -> None:
    circuit = broken()
    assert circuit.succeeded()
    assert circuit.outage is None
    assert not circuit.succeeded()
