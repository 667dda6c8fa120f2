"""`syncer quarantine`: what could not be read is seen, asked for again, and given up."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syncer.connect.testing.world import uniform_world
from syncer.domain.item import Unreadable
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.store.codec import encode
from syncer.store.engine import Store
from syncer.store.items import load_items, save_records
from syncer.store.quarantine import quarantine
from tests.acceptance.cli_world import Cli, JiraThread
from tests.store.samples import record

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NET = ContainerKey("jira", "NET")
SECRET = "Acquire Falcon"
FORGED = "labels: no list\x1b[31m\nNET-9 is fine"


def _unreadable(id_: str, key: str, *, raw: str = '{"id": "1"}') -> Unreadable:
    return Unreadable(ref=ItemRef("jira", id_, key), key=key, reason=FORGED, raw=raw)


async def _fill(folder: Path) -> None:
    """One that can be read by now, one that is gone, a restricted one, one without an id."""
    async with Store("sqlite:///syncer.db", folder=folder) as store, store.write() as session:
        restricted = record(3, restricted=True, ref=ItemRef("jira", "30003"), key="NET-903")
        await save_records(session, [encode(restricted)], known={}, at=NOON)
        waiting = [
            _unreadable("20001", "NET-1", raw='{"a": "\x1b[31m"}'),
            _unreadable("29999", "NET-999"),
            _unreadable("30003", "NET-903", raw=SECRET),
            _unreadable("unknown-abc", ""),
        ]
        await quarantine(session, waiting, container=NET, at=NOON)


@pytest.fixture
def cli(tmp_path: Path) -> Generator[Cli]:
    with JiraThread(uniform_world(count=3, container="NET")) as jira:
        made = Cli(tmp_path, {"JIRA_TOKEN": jira.account.secret})
        made.write(
            f"""
            [[connections]]
            name = "jira"
            kind = "jira"
            url = "{jira.url}"
            auth = {{ email = "{jira.account.user}", token_env = "JIRA_TOKEN" }}
            """
        )
        made.ok("sync")
        asyncio.run(_fill(tmp_path))
        yield made


def test_it_is_listed_with_reasons_that_forge_nothing(cli: Cli) -> None:
    listed = cli.ok("quarantine", "list")
    rows = {one["item"]: one for one in cli.ok("quarantine", "list", "--format", "json").json}

    assert "\x1b" not in listed.out
    assert "NET-999" in listed.out
    assert len([line for line in listed.out.splitlines() if line.startswith("jira:")]) == 4
    assert rows["jira:20001"]["reason"] == FORGED
    assert rows["jira:20001"]["container"] == "jira:NET"
    assert (rows["jira:30003"]["key"], rows["jira:30003"]["reason"]) == ("restricted item", None)


def test_what_was_sent_is_shown_harmless_and_never_of_a_restricted_item(cli: Cli) -> None:
    shown = cli.ok("quarantine", "show", "NET-1")
    assert '{"a": "' in shown.out
    assert "\x1b" not in shown.out

    for flags in ((), ("--raw",), ("--raw", "--format", "json")):
        hidden = cli.ok("quarantine", "show", "jira:30003", *flags)
        assert SECRET not in hidden.out
        assert "NET-903" not in hidden.out


def test_what_nobody_could_ever_read_is_shown_only_when_told_to(cli: Cli) -> None:
    assert '{"id"' not in cli.ok("quarantine", "show", "NET-999").out
    assert '{"id"' in cli.ok("quarantine", "show", "NET-999", "--raw").out


def test_asked_for_again_each_comes_to_its_own_end(cli: Cli) -> None:
    done = cli("quarantine", "retry", "--format", "json")

    assert done.code == 1
    assert {one["item"]: one["outcome"] for one in done.json} == {
        "jira:20001": "read",
        "jira:29999": "absent",
        "jira:30003": "absent",
        "jira:unknown-abc": "failed",
    }
    left = cli.ok("quarantine", "list", "--format", "json").json
    assert [one["item"] for one in left] == ["jira:unknown-abc"]
    [source] = cli.ok("status", "--format", "json").json["sources"]
    assert source["quarantined"] == 1


def test_one_may_be_named_and_given_up(cli: Cli) -> None:
    assert cli.ok("quarantine", "retry", "jira:NET-1").out.count("jira:") == 1
    assert "1 item given up." in cli.ok("quarantine", "drop", "jira:unknown-abc").err
    wrong = cli("quarantine", "show", "NET-404")
    assert (wrong.code, "'NET-404' is not in quarantine" in wrong.err) == (2, True)
    left = {one["item"] for one in cli.ok("quarantine", "list", "--format", "json").json}
    assert left == {"jira:29999", "jira:30003"}


def test_nothing_stored_is_lost_by_it(cli: Cli) -> None:
    async def keys() -> set[str]:
        async with (
            Store("sqlite:///syncer.db", folder=cli.folder) as store,
            store.read() as session,
        ):
            return {item.key for item in await load_items(session)}

    before = asyncio.run(keys())
    cli("quarantine", "retry")
    assert asyncio.run(keys()) == before
