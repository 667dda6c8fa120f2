"""`syncer check` beside the trackers' answers: webhooks, selectors, queries, exit codes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.jira.simulator import JiraSimulator
from tests.acceptance.cli_world import Cli, JiraThread, configuration, small_world

WORK = """
[[projects]]
key = "network"
items = ["jira:NET", "jira:NETT", { label = "no-such-label" }]
except = [{ connection = "jira", jql = "project = NET AND (" }]
"""
SECRET = {"webhook_secret_env": '"HOOK_SECRET"'}


@pytest.fixture(scope="module")
def jira() -> Iterator[JiraSimulator]:
    with JiraThread(small_world()) as simulator:
        yield simulator


@pytest.fixture
def cli(jira: JiraSimulator, tmp_path: Path) -> Cli:
    made = Cli(tmp_path, {"JIRA_TOKEN": jira.account.secret, "HOOK_SECRET": "0123456789abcdef"})
    made.write(configuration(jira))
    return made


def test_without_a_secret_it_tells_that_changes_are_only_polled(cli: Cli) -> None:
    out = cli.ok("check").out
    assert "jira: no webhook secret, so it is only polled." in out
    assert "webhook_secret_env" in out


def test_the_address_for_webhooks_stays_the_same(cli: Cli, jira: JiraSimulator) -> None:
    cli.write(
        configuration(jira, settings=SECRET).replace(
            "[service]", '[service]\nhooks = { public_url = "https://hooks.example.com" }'
        )
    )
    told = [line for line in cli.ok("check").out.splitlines() if "/hooks/" in line]
    assert told[0].startswith(
        "jira: register this address for webhooks: https://hooks.example.com/hooks/"
    )
    assert told == [line for line in cli.ok("check").out.splitlines() if "/hooks/" in line]


def test_a_secret_that_is_missing_is_a_fault(cli: Cli, jira: JiraSimulator) -> None:
    cli.write(configuration(jira, settings=SECRET))
    del cli.environment["HOOK_SECRET"]
    result = cli("check")
    assert (result.code, "HOOK_SECRET" in result.out) == (2, True)


def test_selectors_that_pick_nothing_are_told_once_there_are_items(
    cli: Cli, jira: JiraSimulator
) -> None:
    cli.write(configuration(jira, WORK.replace(" AND (", "")))
    assert "picks no item" not in cli.ok("check").out
    cli.ok("sync")
    warned = [line for line in cli.ok("check").out.splitlines() if "picks no item" in line]
    assert [line.partition("warning: ")[2] for line in warned] == [
        "jira:NETT picks no item; correct or remove it.",
        'label "no-such-label" picks no item; correct or remove it.',
    ]
    assert all(line.startswith("syncer.toml:") for line in warned)


RELEASE = """
[[products]]
key = "phone"
projects = ["network"]

[[releases]]
product = "phone"
name = "1.0"
items = [{ version = "jira:NET/9.9" }]
must_fix = [{ label = "blocker" }]
gates = [{ function = "docs", item = "jira:NET-999" }]
"""


def test_what_a_release_names_and_is_not_there_is_told(cli: Cli, jira: JiraSimulator) -> None:
    cli.write(configuration(jira, WORK.replace(" AND (", "") + RELEASE))
    cli.ok("sync")
    told = cli.ok("check").out
    assert "version jira:NET/9.9 picks no item" in told
    assert "under jira:NET-999 picks no item" in told
    assert "blocker" not in told


def test_a_query_that_the_tracker_refuses_is_told_and_fails(cli: Cli, jira: JiraSimulator) -> None:
    cli.write(configuration(jira, WORK))
    cli("sync")
    result = cli("check")
    assert result.code == 1
    assert "the tracker did not answer the query of jira: project = NET AND (" in result.out
