"""What the configuration says of risks reaches the roll-up whole."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from syncer.domain.portfolio import Benefit, Budget
from syncer.domain.statement import Roam
from syncer.errors import ConfigError
from syncer.settings.portfolio import to_portfolio
from syncer.settings.statements import to_statements
from tests.unit.settings.conftest import Folder

READ_AT = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
WORK = """
[[connections]]
name = "jira"
kind = "jira"

[[projects]]
key = "permits"
items = ["jira:REG"]
external = true

[[programs]]
key = "5g"
projects = ["permits"]
budget = { approved = 40000000, spent = 17000000.5, as_of = 2026-10-31 }

[[programs.benefits]]
name = "Sites"
baseline = 0
now = 12
target = 200
due = 2027-06-30
probability = 4
impact = 5

[[programs.benefits]]
name = "Calls"

[[risk_responses]]
rule = "DEP-2"
item = "jira:REG-112"
owner = "L. Brandt"
roam = "mitigated"
mitigations = ["jira:REG-118"]
residual_probability = 2
residual_impact = 3
"""


def test_who_works_outside_and_how_grave_a_missed_benefit_is(folder: Folder) -> None:
    portfolio = to_portfolio(folder.settings(WORK))
    assert [project.external for project in portfolio.projects] == [True]
    assert portfolio.programs[0].benefits == (
        Benefit(
            name="Sites", baseline=0, now=12, target=200, due=date(2027, 6, 30), probability=4,
            impact=5,
        ),
        Benefit(name="Calls", probability=3, impact=3),
    )  # fmt: skip


def test_a_budget_is_what_people_report_and_never_guessed(folder: Folder) -> None:
    (program,) = to_portfolio(folder.settings(WORK)).programs
    assert program.budget == Budget(
        approved=40_000_000, spent=17_000_000.5, forecast=None, as_of=date(2026, 10, 31)
    )
    without = [line for line in WORK.splitlines() if not line.startswith("budget")]
    (bare,) = to_portfolio(folder.settings("\n".join(without))).programs
    assert bare.budget is None
    with pytest.raises(ConfigError, match="approved"):
        folder.settings(WORK.replace("approved = 40000000", "approved = -1"))


def test_a_mitigation_with_its_residual(folder: Folder) -> None:
    (response,) = to_statements(folder.settings(WORK), READ_AT).responses
    assert (response.roam, response.mitigations) == (Roam.MITIGATED, ("jira:REG-118",))
    assert (response.residual_probability, response.residual_impact) == (2, 3)


@pytest.mark.parametrize("wrong", ["residual_impact = 6", "residual_probability = 0"])
def test_a_residual_lies_between_one_and_five(folder: Folder, wrong: str) -> None:
    name = wrong.partition(" ")[0]
    lines = [wrong if line.startswith(name) else line for line in WORK.splitlines()]
    with pytest.raises(ConfigError, match=name):
        folder.settings("\n".join(lines))


ACCEPTED = """
[[risk_responses]]
rule = "SCP-1"
scope = "permits"
roam = "accepted"
"""


def test_an_acceptance_has_a_name_and_two_days(folder: Folder) -> None:
    told = ACCEPTED + 'owner = "CTO"\non = 2026-10-01\naccept_until = 2026-12-30\n'
    _, accepted = to_statements(folder.settings(WORK + told), READ_AT).responses
    assert accepted.accept_until == date(2026, 12, 30)
    # A configuration that is read anew each day says nothing anew.
    assert accepted.provenance.at == datetime(2026, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "told",
    [
        'owner = "CTO"\naccept_until = 2026-12-30',
        'owner = "CTO"\non = 2026-10-01',
        "on = 2026-10-01\naccept_until = 2026-12-30",
        'owner = "CTO"\non = 2026-10-01\naccept_until = 2026-12-31',
        'owner = "CTO"\non = 2026-10-01\naccept_until = 2026-09-30',
    ],
    ids=["no day of its own", "no last day", "nobody", "91 days", "over before it began"],
)
def test_an_acceptance_by_nobody_or_for_ever_is_refused(folder: Folder, told: str) -> None:
    with pytest.raises(ConfigError, match="an acceptance needs"):
        folder.settings(f"{WORK}{ACCEPTED}{told}\n")
