"""`syncer discover` over a simulated Jira: a draft of programs and gates from the items."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.jira.simulator import JiraSimulator
from syncer.connect.testing.script import (
    Container,
    ItemState,
    Person,
    ScriptedItem,
    Version,
)
from syncer.connect.testing.world import World
from tests.acceptance.cli_world import NOW, Cli, JiraThread, ago, configuration

HOSTILE = 'Masts"\n[[connections]]\nname = "evil"'


def discoverable_world() -> World:
    """An initiative over A and B, a label over B and C, customers in P, a version due soon."""
    world = World()
    for number, key in enumerate("ABCP", start=1):
        world.add_container(Container(id=str(number), key=key, name=f"Project {key}"))
    world.add_person(Person(id="ann", name="Ann Ash", email="ann@example.com"))
    soon, late = NOW.date() + timedelta(days=20), NOW.date() + timedelta(days=200)
    world.add_version(Version(id="71", container="A", name="Core freeze", due=soon))
    world.add_version(Version(id="72", container="C", name="Far away", due=late))
    states: list[tuple[str, str, str, dict[str, Any]]] = [
        ("A-1", "Initiative", HOSTILE, {"assignee": "ann"}),
        ("A-2", "Story", "Mast one", {"parent": "1", "versions": ("Core freeze",)}),
        ("B-1", "Story", "Mast two", {"parent": "1"}),
        ("B-2", "Story", "Filing", {"labels": ("prog:permits", "team-field")}),
        ("C-1", "Story", "Permit", {"labels": ("prog:permits",), "versions": ("Far away",)}),
        ("P-1", "Story", "Night camera", {"labels": ("customer-alpina",)}),
    ]
    for number, (key, kind, title, more) in enumerate(states, start=1):
        state = ItemState(container=key[0], key=key, title=title, type=kind, **more)
        world.create(
            ScriptedItem(id=str(number), created_at=ago(100), reporter="ann", initial=state)
        )
    return world


@pytest.fixture(scope="module")
def jira() -> Iterator[JiraSimulator]:
    with JiraThread(discoverable_world()) as simulator:
        yield simulator


@pytest.fixture
def cli(jira: JiraSimulator, tmp_path: Path) -> Cli:
    made = Cli(tmp_path, {"JIRA_TOKEN": jira.account.secret})
    made.write(configuration(jira))
    return made


def test_before_the_first_sync_it_syncs_and_drafts(cli: Cli) -> None:
    result = cli.ok("discover")

    assert "4 of 4 containers read" in result.err
    assert "Found 2 programs, 1 product, 0 groups of containers, 1 team, 1 gate" in result.err
    assert 'items = [{ under = "jira:A-1" }]' in result.out
    assert 'items = [{ label = "prog:permits" }]' in result.out
    assert 'customers = { labels = ["customer-*"] }' in result.out
    assert 'scope = "prog:' in result.out
    assert "1 versions due later" in result.out


def test_the_draft_is_a_configuration_and_a_hostile_title_stays_a_title(
    cli: Cli, jira: JiraSimulator
) -> None:
    cli.ok("discover", "--out", "programs/found.toml")
    cli.write('include = ["programs/*.toml"]\n' + configuration(jira))

    assert "no fault in the configuration" in cli.ok("check").out
    planned = cli.ok("plan", "--format", "json").json
    assert {one["scope"] for one in planned["groups"]} >= {"prog:permits", "prod:project-p"}
    cli.ok("sync")
    programs = cli.ok("status", "--format", "json").json["programs"]
    assert {one["key"]: one["total"] for one in programs}["permits"] == 2


def test_an_existing_file_is_kept(cli: Cli) -> None:
    cli.ok("discover", "--out", "found.toml")
    refused = cli("discover", "--out", "found.toml")

    assert refused.code == 2
    assert "--force" in refused.err
    cli.ok("discover", "--out", "found.toml", "--force")


def test_what_the_configuration_says_is_not_drafted_again(cli: Cli, jira: JiraSimulator) -> None:
    cli.ok("discover", "--out", "programs/found.toml")
    cli.write('include = ["programs/*.toml"]\n' + configuration(jira))
    result = cli.ok("discover")

    assert "Found 0 programs, 0 products, 0 groups of containers, 0 teams, 0 gates" in result.err
    assert "[[" not in result.out.replace("# [[", "")


def test_a_file_in_use_is_never_overwritten(cli: Cli, jira: JiraSimulator) -> None:
    cli.ok("discover", "--out", "programs/found.toml")
    cli.write('include = ["programs/*.toml"]\n' + configuration(jira))
    refused = cli("discover", "--out", "programs/found.toml", "--force")

    assert refused.code == 2
    assert "part of the configuration" in refused.err


def test_one_connection_only(cli: Cli) -> None:
    assert "under = " in cli.ok("discover", "--connection", "jira").out
    unknown = cli("discover", "--connection", "github")
    assert (unknown.code, "There are: jira." in unknown.err) == (2, True)
