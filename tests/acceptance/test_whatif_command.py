"""`syncer whatif`: the figures of a decision before anyone takes it."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta

import pytest

from tests.acceptance.cli_world import NOW, Cli, JiraThread, configuration, small_world

PROJECT = f"""
[[projects]]
key = "net"
items = ["jira:NET"]
owner = "Ann Ash"
start = {(NOW - timedelta(days=120)).date()}
target = {(NOW + timedelta(days=14)).date()}
"""


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cli]:
    """A synced project with ten open items that will not be done in time."""
    with JiraThread(small_world()) as jira:
        made = Cli(tmp_path_factory.mktemp("whatif"), {"JIRA_TOKEN": jira.account.secret})
        made.write(configuration(jira, PROJECT))
        made.ok("sync")
        yield made


def test_dropping_items_shows_both_sides(cli: Cli) -> None:
    done = cli.ok("whatif", "net", "--drop", "NET-31", "--drop", "5", "--format", "json").json
    (net,) = (one for one in done["scopes"] if one["scope"] == "proj:net")
    assert net["now"]["remaining"] - net["then"]["remaining"] in {5, 6}  # NET-31 may be of the five
    assert net["then"]["probability"] >= net["now"]["probability"]


def test_the_table_has_a_line_for_now_and_one_for_then(cli: Cli) -> None:
    lines = cli.ok("whatif", "net", "--pace", "+300%").out.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("proj:net")] == ["now"]
    assert any(line.strip().startswith("then") for line in lines)


def test_nothing_is_stored(cli: Cli) -> None:
    before = cli.ok("status", "--format", "json").json["projects"]
    cli.ok("whatif", "net", "--target", f"{(NOW + timedelta(days=300)).date()}")
    assert cli.ok("status", "--format", "json").json["projects"] == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Nothing is assumed"),
        (["--drop", "NET-9999"], "no open item is called 'NET-9999'"),
        (["--drop", "999"], "can be spared"),
        (["--pace", "fast"], "Write +20% or -10%"),
        (["--pace", "-100%"], "Write +20% or -10%"),
        (["--target", "soon"], "no date"),
    ],
)
def test_what_cannot_be_assumed_is_a_clear_error(cli: Cli, arguments: list[str], told: str) -> None:
    done = cli("whatif", "net", *arguments)
    assert done.code == 2
    assert told in done.err


def test_only_a_project_can_be_asked_about(cli: Cli) -> None:
    done = cli("whatif", "portfolio", "--pace", "+10%")
    assert done.code == 2
    assert "is no project" in done.err
