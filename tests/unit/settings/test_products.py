"""Products in the configuration: customers, releases, gates, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest

from syncer.domain.release import CustomerMarks, Function, GateState, Release, ReleaseGate
from syncer.domain.selector import InVersion, WithLabel
from syncer.settings.faults import ConfigurationFaults
from syncer.settings.portfolio import to_portfolio
from tests.unit.settings.conftest import Folder

BASE = """
[[connections]]
name = "jira"
kind = "jira"
url = "https://acme.example"
auth = { type = "basic", email = "bot@acme.example", token_env = "JIRA_TOKEN" }
[[projects]]
key = "phone"
items = ["jira:PHN"]
[[products]]
key = "phone"
projects = ["phone"]
bugs = [{ label = "defect" }]
benefits = [{ name = "Phones sold", now = 3, target = 9 }]
[products.customers]
labels = ["customer-*"]
fields = ["Customer"]
told = ["told-*"]
weights = { harbour = 2, alpina = 5.5 }
"""
RELEASE = """
[[releases]]
product = "phone"
name = "1.0"
date = 2027-02-26
items = [{ version = "jira:PHN/1.0" }]
must = [{ label = "must" }]
must_fix = [{ label = "blocker" }]
"""


def test_a_product_with_customers_bugs_benefits_and_a_release(folder: Folder) -> None:
    gates = """gates = [
        { function = "qa", state = "ready", by = "I. Novak", on = 2026-11-20 },
        { function = "legal", state = "waived", by = "GC", until = 2027-03-01, reason = "leaflet" },
        { function = "docs", item = "jira:PHN-7" },
        { function = "marketing", state = "not_ready", must = false },
    ]"""
    (product,) = to_portfolio(folder.settings(BASE + RELEASE + gates)).products
    assert product.customers == CustomerMarks(
        labels=("customer-*",),
        fields=("Customer",),
        told=("told-*",),
        weights=(("alpina", 5.5), ("harbour", 2.0)),
    )
    assert product.bugs == (WithLabel("defect"),)
    assert [one.name for one in product.benefits] == ["Phones sold"]
    assert product.releases == (
        Release(
            name="1.0",
            on=date(2027, 2, 26),
            items=(InVersion("jira:PHN/1.0"),),
            must=(WithLabel("must"),),
            must_fix=(WithLabel("blocker"),),
            gates=(
                ReleaseGate(
                    function=Function.QA,
                    state=GateState.READY,
                    by="I. Novak",
                    on=date(2026, 11, 20),
                ),
                ReleaseGate(
                    function=Function.LEGAL,
                    state=GateState.WAIVED,
                    by="GC",
                    until=date(2027, 3, 1),
                    reason="leaflet",
                ),
                ReleaseGate(function=Function.DOCS, item="jira:PHN-7"),
                ReleaseGate(function=Function.MARKETING, state=GateState.NOT_READY, must=False),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("gate", "told"),
    [
        ('{ function = "legal", state = "waived", by = "GC", until = 2027-03-01 }', "reason"),
        ('{ function = "legal", state = "waived", until = 2027-03-01, reason = "x" }', "by"),
        ('{ function = "legal", state = "waived", by = "GC", reason = "x" }', "until"),
        ('{ function = "qa", state = "ready" }', "names who says so"),
        ('{ function = "qa", state = "unsaid" }', "leave"),
        ('{ function = "qa", state = "not_ready", item = "jira:PHN-1" }', "by"),
        ('{ function = "qa", item = "gira:PHN-1" }', "there is no connection 'gira'"),
        ('{ function = "sales" }', "sales"),
        ('{ function = "qa", item = "jira:A-1" }, { function = "qa" }', "given twice"),
    ],
)
def test_a_gate_that_says_too_little_or_two_things_is_refused(
    folder: Folder, gate: str, told: str
) -> None:
    with pytest.raises(ConfigurationFaults, match=told):
        folder.settings(f"{BASE}{RELEASE}gates = [{gate}]")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (RELEASE.replace('"phone"', '"phnoe"'), "there is no product 'phnoe'"),
        (RELEASE + RELEASE, "the release '1.0' is defined twice"),
        (RELEASE.replace("jira:PHN/1.0", "gira:PHN/1.0"), "there is no connection 'gira'"),
    ],
)
def test_a_release_names_a_product_that_is_there_and_is_defined_once(
    folder: Folder, more: str, told: str
) -> None:
    with pytest.raises(ConfigurationFaults, match=told):
        folder.settings(BASE + more)
