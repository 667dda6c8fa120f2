"""`syncer inbox`: deliveries that were set aside are seen and put back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syncer.domain.ref import ItemRef
from syncer.store import inbox, migrate
from syncer.store.engine import Store
from tests.acceptance.cli_world import Cli

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def _two_deliveries(folder: Path) -> None:
    async with Store("sqlite:///syncer.db", folder=folder) as store:
        await migrate.upgrade(store)
        async with store.write() as session:
            for number, state in ((1, inbox.InboxState.QUARANTINED), (2, inbox.InboxState.DONE)):
                await inbox.accept(
                    session,
                    [
                        inbox.Arrival(
                            connection="jira",
                            delivery_id=f"d-{number}",
                            body=b"{%d}" % number,
                            headers={},
                            event="jira:issue_updated",
                            refs=[ItemRef("jira", "10001")],
                            state=state,
                            note="a reason\x1b[31m",
                            at=NOON,
                        )
                    ],
                )


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    asyncio.run(_two_deliveries(tmp_path))
    made = Cli(tmp_path)
    made.write("")
    return made


def states(cli: Cli) -> dict[int, str]:
    return {one["number"]: one["state"] for one in cli.ok("inbox", "list", "--format", "json").json}


def test_what_is_set_aside_is_listed_and_put_back(cli: Cli) -> None:
    listed = cli.ok("inbox", "list", "--state", "quarantined")
    assert "jira:issue_updated" in listed.out
    assert "\x1b" not in listed.out

    assert "1 delivery will be worked off anew." in cli.ok("inbox", "replay").err
    assert states(cli) == {1: "pending", 2: "done"}


def test_named_ones_and_those_since_an_instant(cli: Cli) -> None:
    cli.ok("inbox", "replay", "--number", "2")
    assert states(cli) == {1: "quarantined", 2: "pending"}
    assert "1 delivery" in cli.ok("inbox", "replay", "--since", "2026-11-23").err
    assert states(cli) == {1: "pending", 2: "pending"}
    assert cli("inbox", "replay", "--number", "1", "--since", "2026-11-23").code == 2


def test_those_of_a_connection_a_state_and_a_span_and_only_counted_at_first(cli: Cli) -> None:
    assert (
        "2 deliveries would" in cli.ok("inbox", "replay", "--until", "2026-11-23", "--dry-run").err
    )
    assert (
        "0 deliveries would" in cli.ok("inbox", "replay", "--until", "2026-11-22", "--dry-run").err
    )
    assert (
        "0 deliveries would" in cli.ok("inbox", "replay", "--since", "2026-11-24", "--dry-run").err
    )
    assert "1 delivery would" in cli.ok("inbox", "replay", "--dry-run").err
    assert "0 deliveries will" in cli.ok("inbox", "replay", "--connection", "github").err
    assert states(cli) == {1: "quarantined", 2: "done"}

    told = ("--connection", "jira", "--state", "done", "--since", "2026-11-23T11:00Z")
    assert "1 delivery will" in cli.ok("inbox", "replay", *told).err
    assert states(cli) == {1: "quarantined", 2: "pending"}
    assert cli("inbox", "replay", "--until", "yesterday").code == 2
