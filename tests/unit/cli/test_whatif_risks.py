"""Which risks `syncer whatif` says end and begin."""

from __future__ import annotations

from syncer.cli.whatif import risk_changes
from syncer.service.whatif import Supposed
from tests.unit.publish.builders import risk, snapshot

DATE = risk("SCH-1", "proj:network", "Network misses 19 Mar", 20, "critical")
GATE = risk("SCH-4", "proj:network", "Gate Core freeze of 4 Dec is unlikely", 12, "high")
TEAM = risk("RES-2", "team:network", "Network team overbooked", 9, "medium")


def test_a_risk_that_stood_under_another_of_its_cause_neither_ends_nor_begins() -> None:
    now = snapshot(risks=(DATE, TEAM), unmerged=(DATE, GATE))
    then = snapshot(risks=(GATE,), unmerged=(DATE, GATE))
    assert list(risk_changes(Supposed(now=now, then=then))) == ["no more: Network team overbooked"]


def test_one_that_is_gone_ends_and_one_that_was_not_there_begins() -> None:
    now = snapshot(risks=(DATE,), unmerged=(DATE,))
    then = snapshot(risks=(GATE,), unmerged=(GATE,))
    assert list(risk_changes(Supposed(now=now, then=then))) == [
        "no more: Network misses 19 Mar",
        "new: Gate Core freeze of 4 Dec is unlikely",
    ]
