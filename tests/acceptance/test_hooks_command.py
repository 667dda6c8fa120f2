"""`syncer hooks`: what is registered, what would be, and what was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.jira.simulator import JiraSimulator
from connectors.jira.simulator_register import OLD
from tests.acceptance.cli_world import Cli, JiraThread, configuration, small_world

SECRET = "a-made-up-webhook-secret"
PUSHED = """
[[connections]]
name = "plant"
kind = "push"
webhook_secret_env = "PLANT_SECRET"
"""


@pytest.fixture(scope="module")
def jira() -> Iterator[JiraSimulator]:
    with JiraThread(small_world()) as simulator:
        yield simulator


@pytest.fixture
def cli(jira: JiraSimulator, tmp_path: Path) -> Cli:
    jira.hooks.kept.clear()
    plant = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
    made = Cli(
        tmp_path,
        {"JIRA_TOKEN": jira.account.secret, "HOOK_SECRET": SECRET, "PLANT_SECRET": plant},
    )
    text = configuration(jira, settings={"webhook_secret_env": '"HOOK_SECRET"'})
    public = '[service]\nhooks = { public_url = "https://hooks.example.com" }'
    made.write(text.replace("[service]", public) + PUSHED)
    return made


def test_a_plan_a_dry_run_and_a_no_change_nothing_and_a_yes_registers(
    cli: Cli, jira: JiraSimulator
) -> None:
    planned = cli("hooks", "plan")
    assert planned.code == 1
    assert "  the site: missing" in planned.out
    assert "By hand: Give the address and the secret to whoever sends." in planned.out

    dry = cli("hooks", "apply", "--dry-run")
    assert (dry.code, "Would register the webhook of jira at the site" in dry.err) == (1, True)
    asked = cli.process("hooks", "apply", stdin="n\n")
    assert (asked.code, "Really change this" in asked.err) == (2, True)
    assert jira.hooks.at(OLD) == []

    done = cli.ok("hooks", "apply", "--yes", "--format", "json")
    told = {one["connection"]: one for one in done.json}
    assert [place["state"] for place in told["jira"]["places"]] == ["good"]
    assert told["plant"]["places"] == []
    assert [hook["secret"] for hook in jira.hooks.at(OLD)] == [SECRET]
    assert "Nothing was changed." in cli.ok("hooks", "apply", "--yes").err
    assert len(jira.hooks.at(OLD)) == 1
    assert SECRET not in "".join(one.out + one.err for one in (planned, dry, asked, done))


def test_the_status_asks_nobody(cli: Cli, jira: JiraSimulator) -> None:
    cli.ok("check")
    jira.server.forget_requests()
    rows = {one["connection"]: one for one in cli.ok("hooks", "status", "--format", "json").json}
    assert jira.server.requests == []
    assert rows["jira"]["url"].startswith("https://hooks.example.com/hooks/")
    assert (rows["jira"]["last_delivery_at"], rows["jira"]["found_by_reconcile"]) == (None, 0)
    assert rows["plant"]["kind"] == "push"
