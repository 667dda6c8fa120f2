"""`syncer plan` over a small simulated Jira: what a change would do, told before it is used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.jira.simulator import JiraSimulator
from tests.acceptance.cli_world import Cli, JiraThread, configuration, small_world

BEFORE = """
[[projects]]
key = "network"
items = ["jira:NET"]
target = 2035-01-05
"""
AFTER = """
[[projects]]
key = "network"
items = ["jira:NET"]
except = [{ label = "site" }]
target = 2026-01-05

[[projects]]
key = "sites"
items = [{ label = "site" }]

[[projects]]
key = "everything"
items = ["jira:*"]

[[projects]]
key = "nothing"
items = [{ label = "no-such-label" }]

[[programs]]
key = "5g"
projects = ["network", "sites"]
"""


@pytest.fixture(scope="module")
def jira() -> Iterator[JiraSimulator]:
    with JiraThread(small_world()) as simulator:
        yield simulator


@pytest.fixture
def cli(jira: JiraSimulator, tmp_path: Path) -> Cli:
    synced = Cli(tmp_path, {"JIRA_TOKEN": jira.account.secret})
    synced.write(configuration(jira, BEFORE))
    synced.ok("sync")
    return synced


def test_the_configuration_in_use_changes_nothing(cli: Cli) -> None:
    result = cli.ok("plan")

    assert "Nothing would change." in result.out
    assert "used last" in result.err


def test_what_a_change_would_do(cli: Cli, jira: JiraSimulator) -> None:
    cli.write(configuration(jira, AFTER))
    found = cli.ok("plan", "--format", "json").json

    changed = {one["key"]: one for one in found["projects"]}
    assert changed["network"]["left"] == 30
    assert changed["sites"] | {"name": ""} == {
        "key": "sites", "name": "", "before": None, "after": 30, "came": 30, "left": 0,
    }  # fmt: skip
    assert {"from": "network", "to": "sites", "items": 30} in found["moved"]
    assert found["empty"] == ["nothing"]
    assert {"projects": ["sites", "everything"], "items": 30} in [
        {key: one[key] for key in ("projects", "items")} for one in found["doubled"]
    ]
    assert found["groups"][0]["came"] == ["network", "sites"]
    turned = {one["scope"]: one for one in found["turns"]}
    assert turned["proj:network"]["after"] == "RED"
    assert turned["prog:5g"]["before"] is None
    assert found["unmapped"] == []


def test_for_people_and_nothing_is_written(cli: Cli, jira: JiraSimulator) -> None:
    before = cli.ok("status", "--format", "json").json["projects"]
    cli.write(configuration(jira, AFTER))
    stored = (cli.folder / "syncer.db").read_bytes()
    out = cli.ok("plan", "--all").out

    assert "sites: none → 30 items (+30 −0)" in out
    assert "30 items from network to sites" in out
    assert "Projects without a single item:\n  nothing\n" in out
    short = cli.ok("plan").out
    assert short.startswith("45 items: projects 2 → 4, programs 0 → 1, products 0.\n")
    assert "34 items would move, 41 be in several projects, 0 in none" in short
    assert "prog:5g (5g): new, 2 projects, 41 items" in short
    assert "30 items to prog:5g from network 30" in short
    cli.write(configuration(jira, BEFORE))
    assert "\nNothing would change.\n" in cli.ok("plan").out
    assert (cli.folder / "syncer.db").read_bytes() == stored
    after = cli.ok("status", "--format", "json").json["projects"]
    assert [one["key"] for one in after] == [one["key"] for one in before]


def test_against_another_file(cli: Cli, jira: JiraSimulator) -> None:
    cli.write(configuration(jira, AFTER), "next.toml")
    out = cli.ok("--config", "next.toml", "plan", "--against", "syncer.toml", "--all").out

    assert "30 items from network to sites" in out


def test_before_the_first_sync(jira: JiraSimulator, tmp_path: Path) -> None:
    cli = Cli(tmp_path, {"JIRA_TOKEN": jira.account.secret})
    cli.write(configuration(jira, BEFORE))

    assert "No configuration has been used yet" in cli.ok("plan").err
