"""An override moves an item from the program's digest to the product's, and undo moves it back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.jira.simulator import JiraSimulator
from syncer.connect.testing.script import Container, ItemState, ScriptedItem
from syncer.connect.testing.world import World
from tests.acceptance.cli_world import NOW, Cli, JiraThread, ago, configuration, small_world

TITLE = "Paying by wallet"
SOON = (NOW + timedelta(days=14)).date()
LATER = (NOW + timedelta(days=35)).date()

WORK = f"""
[[projects]]
key = "network"
name = "Network upgrade"
items = ["jira:NET"]

[[projects]]
key = "phone"
name = "Phone"
kind = "product"
items = ["jira:PHN"]

[[programs]]
key = "5g"
name = "5G"
projects = ["network"]

[[products]]
key = "phone"
name = "5G Smartphone"
projects = ["phone"]

[[releases]]
product = "phone"
name = "1.0"
date = {(NOW + timedelta(days=2)).date()}

[[audiences]]
key = "leadership"
lens = "executive"

[[audiences]]
key = "phone-team"
lens = "product"
programs = []
"""


def _world() -> World:
    """An epic of the phone, due later since three days ago, most of it to be done by Network."""
    world = small_world()
    world.add_container(Container(id="3", key="PHN", name="Project PHN"))
    epic = ItemState(container="PHN", key="PHN-1", title=TITLE, type="Epic", due=SOON)
    _create(world, "30001", epic)
    world.edit("30001", ago(3), actor="ann", due=LATER)
    for number in range(2, 8):
        container = "NET" if number % 2 else "PHN"
        part = f"Part {number}"
        state = ItemState(
            container=container, key=f"{container}-9{number}", title=part, parent="30001"
        )
        _create(world, f"3000{number}", state)
    for number in range(100, 124):
        state = ItemState(container="PHN", key=f"PHN-{number}", title=f"Screen {number}")
        _create(world, f"30{number}", state)
        done = ago(3 + 3 * (number - 100))
        world.edit(f"30{number}", done, actor="ann", status="Done", resolution="Done")
    return world


def _create(world: World, identity: str, state: ItemState) -> None:
    world.create(ScriptedItem(id=identity, created_at=ago(120), reporter="bob", initial=state))


@pytest.fixture
def synced(tmp_path: Path) -> Iterator[Cli]:
    with JiraThread(_world()) as jira:
        yield _synced(jira, tmp_path)


def _synced(jira: JiraSimulator, folder: Path) -> Cli:
    cli = Cli(folder, {"JIRA_TOKEN": jira.account.secret})
    cli.write(configuration(jira, WORK))
    cli.ok("sync")
    return cli


def _digest(cli: Cli, audience: str) -> str:
    return cli.ok("digest", "--audience", audience, "--format", "text").out


def _shown(cli: Cli) -> tuple[bool, bool]:
    """Whether leadership and the phone's team read of the item by its name."""
    return TITLE in _digest(cli, "leadership"), TITLE in _digest(cli, "phone-team")


def _ledger(cli: Cli) -> dict[str, int]:
    [product] = cli.ok("status", "--format", "json").json["products"]
    return {name: one["open"] for name, one in product["ledgers"].items()}


def test_an_override_moves_an_item_between_digests_and_undo_moves_it_back(synced: Cli) -> None:
    before, ledger = _shown(synced), _ledger(synced)
    assert before == (True, False)

    made = synced.ok("override", "add", "PHN-1", "--level", "product", "--author", "Ann Ash")

    assert _shown(synced) == (False, True)
    moved = {"program": ledger["program"] - 1, "product": ledger["product"] + 1}
    assert _ledger(synced) == ledger | moved

    synced.ok("override", "undo", made.out.partition(":")[0])

    assert (_shown(synced), _ledger(synced)) == (before, ledger)
