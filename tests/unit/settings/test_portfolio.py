"""The configuration as domain values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib.util import find_spec

import pytest

from syncer.domain.portfolio import FixedTarget, ItemTarget, ProjectKind, VersionTarget
from syncer.domain.progress import ProgressMeasure
from syncer.domain.ref import ContainerKey
from syncer.domain.release import CustomerMarks
from syncer.domain.selector import InContainer, InVersion, Under, WithField, WithLabel
from syncer.domain.statement import Door, OwnerWord
from syncer.errors import ConfigError
from syncer.settings.portfolio import to_portfolio
from syncer.settings.references import scope_of
from syncer.settings.statements import to_statements
from tests.unit.settings.conftest import Folder

READ_AT = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)

WORK = """
[[connections]]
name = "jira"
kind = "jira"

[[teams]]
key = "network"
items = ["jira:NET"]

[[projects]]
key = "network"
team = "network"
items = ["jira:NET", { under = "jira:INIT-1" }, { label = "5g" }]
except = [{ field = "Program", equals = "None" }, { version = "jira:NET/old" }]
target = { from = "jira:NET-1", field = "start" }
[[projects]]
key = "phone"
kind = "product"
items = ["jira:PHN*"]
target = 2027-02-26
[[projects]]
key = "release"
items = [{ version = "jira:REL/2.0" }]
target = { milestone = "jira:REL/2.0" }

[[programs]]
key = "5g"
projects = ["network"]
[[programs]]
key = "sites"
items = ["jira:SITE*"]
split = "container"
[[products]]
key = "phone"
projects = ["phone"]
customers = { labels = ["customer-*"] }

[[gates]]
scope = "network"
name = "Core freeze"
date = 2026-12-04
owner = "M. Okafor"
[[decisions]]
scope = "5g"
question = "Which date?"
decider = "CTO"
confirmed_by = "J. Roth"
[[risks]]
scope = "proj:phone"
title = "Late chips"
probability = 3
impact = 4
[[risk_responses]]
rule = "DEP-2"
item = "jira:REG-112"
ask = "Call the regulator"
[[statuses]]
scope = "5g"
text = "We hold it."
status = "at_risk"
by = "J. Roth"
on = 2026-11-20
[[baselines]]
scope = "network"
target = 2027-03-19
approved_by = "CTO"
on = 2026-11-02
"""


def container(key: str) -> ContainerKey:
    return ContainerKey("jira", key)


def test_projects_become_domain_projects(folder: Folder) -> None:
    network, phone, release = to_portfolio(folder.settings(WORK)).projects
    assert network.items == (InContainer("jira:NET"), Under("jira:INIT-1"), WithLabel("5g"))
    assert network.excluding == (WithField("Program", "None"), InVersion("jira:NET/old"))
    assert network.target == ItemTarget("jira:NET-1", "start")
    assert (phone.kind, phone.target) == (ProjectKind.PRODUCT, FixedTarget(date(2027, 2, 26)))
    assert release.target == VersionTarget("jira:REL/2.0")


def test_a_project_may_ask_for_progress_by_estimate(folder: Folder) -> None:
    text = WORK.replace('team = "network"', 'team = "network"\nprogress = "estimate"', 1)
    weighted, counted, _ = to_portfolio(folder.settings(text)).projects
    assert counted.progress is ProgressMeasure.COUNT
    assert weighted.progress is ProgressMeasure.ESTIMATE


def test_split_makes_a_project_of_each_container(folder: Folder) -> None:
    containers = {container("SITE1"): "North", container("SITE2"): "", container("NET"): "Net"}
    portfolio = to_portfolio(folder.settings(WORK), containers)
    assert portfolio.programs[1].projects == ("SITE1", "SITE2")
    assert [(p.key, p.name, p.items) for p in portfolio.projects if p.implicit] == [
        ("SITE1", "North", (InContainer("jira:SITE1"),)),
        ("SITE2", "SITE2", (InContainer("jira:SITE2"),)),
    ]


def test_a_program_may_list_containers_before_they_are_synced(folder: Folder) -> None:
    text = WORK.replace('projects = ["network"]', 'projects = ["network", "jira:OUT"]')
    portfolio = to_portfolio(folder.settings(text))
    assert portfolio.programs[0].projects == ("network", "OUT")
    assert [p.key for p in portfolio.projects if p.implicit] == ["OUT"]


def test_a_container_called_like_a_project_keeps_its_connection_in_its_key(folder: Folder) -> None:
    text = WORK.replace('projects = ["network"]', 'projects = ["network", "jira:phone"]')
    portfolio = to_portfolio(folder.settings(text))
    assert portfolio.programs[0].projects == ("network", "jira:phone")
    assert [p.key for p in portfolio.projects if p.implicit] == ["jira:phone"]


def test_customers_are_labels(folder: Folder) -> None:
    (product,) = to_portfolio(folder.settings(WORK)).products
    assert product.customers == CustomerMarks(labels=("customer-*",))


def test_holidays_are_dates(folder: Folder) -> None:
    settings = folder.settings('[service]\nholidays = [2026-12-25, "2027-01-01"]')
    days = {date(2026, 12, 25), date(2027, 1, 1)}
    assert to_portfolio(settings).holidays == days


def test_holidays_of_a_country_need_the_extra(folder: Folder) -> None:
    settings = folder.settings('[service]\nholidays = ["DE-BY"]')
    if find_spec("holidays") is None:
        with pytest.raises(ConfigError, match=r"syncer.toml:2: the holidays of DE-BY.*i18n"):
            to_portfolio(settings)
    else:
        assert date(2026, 1, 6) in to_portfolio(settings).holidays


def test_statements_name_their_line(folder: Folder) -> None:
    said = to_statements(folder.settings(WORK), READ_AT)
    (gate,), (decision,), (risk,) = said.gates, said.decisions, said.risks
    (response,) = said.responses
    assert (gate.scope, gate.on) == ("proj:network", date(2026, 12, 4))
    assert (decision.scope, decision.confirmed_by) == ("prog:5g", "J. Roth")
    assert (risk.scope, response.item) == ("proj:phone", "jira:REG-112")
    line = WORK.splitlines().index("[[decisions]]") + 1
    assert decision.provenance.source == f"syncer.toml:{line}"
    assert decision.provenance.author == "J. Roth"
    assert decision.provenance.at == READ_AT
    assert risk.provenance.author == "configuration"
    assert {one.provenance.door for one in (gate, decision, risk, response)} == {Door.CONFIGURATION}


def test_words_and_plans_are_of_the_day_that_they_name(folder: Folder) -> None:
    said = to_statements(folder.settings(WORK), READ_AT)
    (status,), (baseline,) = said.owner_statuses, said.baselines
    assert (status.scope, status.value, status.provenance.author) == (
        "prog:5g", OwnerWord.AT_RISK, "J. Roth",
    )  # fmt: skip
    assert status.provenance.at == datetime(2026, 11, 20, tzinfo=UTC)
    assert (baseline.project, baseline.target, baseline.approved_by, baseline.at) == (
        "network", date(2027, 3, 19), "CTO", datetime(2026, 11, 2, tzinfo=UTC),
    )  # fmt: skip


def test_the_id_of_a_statement_does_not_depend_on_its_line(folder: Folder) -> None:
    before = to_statements(folder.settings(WORK), READ_AT)
    after = to_statements(folder.settings("\n\n" + WORK), READ_AT)
    assert before.decisions[0].id == after.decisions[0].id
    assert before.risks[0].id == after.risks[0].id


KEYS = {
    "prog": frozenset({"5g", "both"}),
    "proj": frozenset({"network", "both", "OUT", "jira:phone"}),
    "prod": frozenset({"phone"}),
    "team": frozenset({"network", "ops"}),
}


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("portfolio", "portfolio"),
        ("prog:5g", "prog:5g"),
        ("5g", "prog:5g"),
        ("network", "proj:network"),
        ("team:network", "team:network"),
        ("ops", "team:ops"),
        ("OUT", "proj:OUT"),
        ("jira:OUT", "proj:OUT"),
        ("proj:jira:OUT", "proj:OUT"),
        ("jira:phone", "proj:jira:phone"),
    ],
)
def test_scope(text: str, scope: str) -> None:
    assert scope_of(text, KEYS) == scope


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("both", "can mean prog:both or proj:both"),
        ("5gg", 'Did you mean "5g"?'),
        ("prod:fone", "there is no product 'fone'. Did you mean \"phone\"?"),
        ("qqqqqq", "There are 5g, OUT, both"),
    ],
)
def test_scope_that_is_none(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("?", r"\?")):
        scope_of(text, KEYS)
