"""What people do to lower a risk, and what they expect to be left (rollup.md 2.9)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from syncer.domain.item import StatusCategory, WorkItem
from syncer.domain.report import Risk, Snapshot
from syncer.domain.statement import HumanRisk, RiskResponse, Roam, Statements
from tests.unit.rollup.builders import CANCELLED, DOING, DONE, TODAY, TODO, make_item
from tests.unit.rollup.scenes import SAID, portfolio, run, steady

DAY = timedelta(days=1)
FRIDAY = TODAY - 3 * DAY
RISK = HumanRisk(
    id="H-1", scope="net", title="Supplier", probability=3, impact=5, owner="Ann", provenance=SAID
)


def mitigated(**more: object) -> RiskResponse:
    known = {"rule": "HUMAN", "scope": "net", "roam": Roam.MITIGATED, "provenance": SAID}
    return RiskResponse(**{**known, **more})  # type: ignore[arg-type]  # names of fields


def told(response: RiskResponse, *items: WorkItem) -> Snapshot:
    said = Statements(risks=(RISK,), responses=(response,))
    return run([*steady("NET", weekly=3, remaining=12), *items], portfolio("net"), statements=said)


def risk_of(snapshot: Snapshot) -> Risk:
    (risk,) = (risk for risk in snapshot.risks if risk.rule == "HUMAN")
    return risk


def labels(risk: Risk) -> Sequence[str]:
    return [entry.label for entry in risk.evidence]


@pytest.mark.parametrize(
    ("status", "more", "roam"),
    [
        pytest.param(TODO, {}, Roam.MITIGATED, id="planned"),
        pytest.param(DOING, {"due_date": TODAY}, Roam.MITIGATED, id="due today"),
        pytest.param(DOING, {"due_date": TODAY - DAY}, Roam.OWNED, id="overdue since Sunday"),
        pytest.param(DONE, {"due_date": FRIDAY}, Roam.MITIGATED, id="done"),
        pytest.param(CANCELLED, {}, Roam.OWNED, id="cancelled: nothing mitigates it"),
    ],
)
def test_a_mitigation_is_an_item_that_is_done_or_in_time(
    status: StatusCategory, more: dict[str, object], roam: Roam
) -> None:
    item = make_item("NET-900", status, **more)
    assert risk_of(told(mitigated(mitigations=("jira:NET-900",)), item)).roam is roam


def test_an_item_that_nobody_knows_mitigates_nothing() -> None:
    assert risk_of(told(mitigated(mitigations=("jira:NET-999",)))).roam is Roam.OWNED


def test_what_is_done_is_in_time_whatever_was_said() -> None:
    done = make_item("NET-900", DONE)
    late = mitigated(mitigations=("jira:NET-900",), by=FRIDAY)
    assert risk_of(told(late, done)).roam is Roam.MITIGATED
    assert risk_of(told(late, make_item("NET-900"))).roam is Roam.OWNED


def test_the_residual_is_shown_and_lightens_no_colour() -> None:
    response = mitigated(
        mitigations=("jira:NET-900", "jira:NET-901"), residual_probability=1, residual_impact=4
    )
    snapshot = told(response, make_item("NET-900", DONE), make_item("NET-901"))
    risk = risk_of(snapshot)
    assert (risk.residual_probability, risk.residual_impact) == (1, 4)
    assert [item.key for item in risk.mitigations] == ["NET-900", "NET-901"]
    (entry,) = (entry for entry in risk.evidence if entry.label == "residual")
    assert entry.value == "low: probability 1 of 5, impact 4 of 5"
    assert entry.formula == "mitigated by 2 items, 1 done; the score is without it"
    assert entry.items == ("jira:NET-900", "jira:NET-901")
    assert (risk.score, snapshot.projects[0].computed.rule) == (15, "A3")


def test_without_a_residual_it_is_said_what_is_done() -> None:
    risk = risk_of(told(mitigated(next_step="Second supplier", by=TODAY)))
    assert (risk.residual_probability, risk.residual_impact) == (None, None)
    assert [e.value for e in risk.evidence if e.label == "mitigated by"] == ["Second supplier"]


def test_an_overdue_mitigation_says_since_when() -> None:
    item = make_item("NET-900", due_date=FRIDAY)
    response = mitigated(
        mitigations=("jira:NET-900",), by=TODAY - DAY, residual_probability=1, residual_impact=1
    )
    risk = risk_of(told(response, item))
    assert "residual" not in labels(risk)
    assert risk.residual_probability is None
    (entry,) = (entry for entry in risk.evidence if entry.label.startswith("mitigation overdue"))
    assert (entry.value, entry.items) == ("20 Nov", ("jira:NET-900",))
