"""`syncer sync` works off the deliveries that wait: a stopped `serve` or a replay has left them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from syncer.store import inbox, migrate
from syncer.store.engine import Store
from tests.acceptance.cli_world import Cli
from tests.connectors.push.plant import item, push, secret

NAMES = ("plant", "yard", "gone")
CONNECTIONS = """
[[connections]]
name = "plant"
kind = "push"
endpoint_id = "plant-endpoint-for-tests"
webhook_secret_env = "PLANT_SECRET"

[[connections]]
name = "yard"
kind = "push"
endpoint_id = "yard-endpoint-for-tests"
webhook_secret_env = "YARD_SECRET"
"""


def _arrival(connection: str) -> inbox.Arrival:
    return inbox.Arrival(
        connection=connection,
        delivery_id=f"msg-{connection}",
        body=orjson.dumps(push(item())),
        headers={},
        event="push",
        at=datetime(2026, 11, 23, 12, tzinfo=UTC),
    )


async def _deliveries_for_all(folder: Path) -> None:
    """One for each connection, and one for a connection that is configured no more."""
    async with Store("sqlite:///syncer.db", folder=folder) as store:
        await migrate.upgrade(store)
        async with store.write() as session:
            await inbox.accept(session, [_arrival(name) for name in NAMES])


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    asyncio.run(_deliveries_for_all(tmp_path))
    word = secret().get_secret_value()
    made = Cli(tmp_path, {"PLANT_SECRET": word, "YARD_SECRET": word})
    made.write(CONNECTIONS)
    return made


def deliveries(cli: Cli) -> dict[str, tuple[str, int]]:
    told: list[dict[str, Any]] = cli.ok("inbox", "list", "--format", "json").json
    return {one["connection"]: (one["state"], one["tries"]) for one in told}


def test_what_waits_is_worked_off_and_told(cli: Cli) -> None:
    assert "2 deliveries worked off" in cli.ok("sync").out
    assert deliveries(cli) == {
        "plant": ("done", 1),
        "yard": ("done", 1),
        "gone": ("pending", 0),  # of no connection that is configured: left to whoever knows it
    }
    sources = cli.ok("status", "--sources", "--format", "json").json["sources"]
    assert {one["connection"] for one in sources} == {"plant", "yard"}
    assert "worked off" not in cli.ok("sync").out


def test_what_a_replay_put_back_is_worked_off_by_the_next_sync(cli: Cli) -> None:
    cli.ok("sync")
    cli.ok("inbox", "replay", "--connection", "plant", "--state", "done")
    assert deliveries(cli)["plant"] == ("pending", 0)
    assert "1 delivery worked off" in cli.ok("sync", "--connection", "plant").out
    assert deliveries(cli)["plant"] == ("done", 1)


def test_one_connection_leaves_the_others_deliveries_alone(cli: Cli) -> None:
    assert "1 delivery worked off" in cli.ok("sync", "--connection", "yard").out
    assert deliveries(cli) == {
        "plant": ("pending", 0),
        "yard": ("done", 1),
        "gone": ("pending", 0),
    }


def test_a_secret_that_this_shell_does_not_know_costs_no_try(cli: Cli) -> None:
    del cli.environment["PLANT_SECRET"]
    cli("sync")
    assert deliveries(cli)["plant"] == ("pending", 0)
    assert deliveries(cli)["yard"] == ("done", 1)
