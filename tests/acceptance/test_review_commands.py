"""`syncer review`, `override` and `rules suggest`: the classifier corrected, for good."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.jira.simulator import JiraSimulator
from syncer.connect.testing.script import ItemState, ScriptedItem
from syncer.connect.testing.world import World
from tests.acceptance.cli_world import Cli, JiraThread, ago, configuration, small_world

WORK = """
[[projects]]
key = "network"
name = "Network upgrade"
items = ["jira:NET"]

[[projects]]
key = "outreach"
name = "Outreach"
items = ["jira:OUT"]

[[programs]]
key = "5g"
name = "5G"
projects = ["network", "outreach"]
"""
LONGEST_WAIT = 120.0


def _world() -> World:
    """The small world, and tasks of which nobody can tell what they are."""
    world = small_world()
    for number in range(51, 54):
        state = ItemState(container="NET", key=f"NET-{number}", title="Weekly sync", type="Task")
        world.create(
            ScriptedItem(id=str(10_000 + number), created_at=ago(9), reporter="bob", initial=state)
        )
    return world


@pytest.fixture(scope="module")
def jira() -> Iterator[JiraSimulator]:
    with JiraThread(_world()) as running:
        yield running


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, jira: JiraSimulator) -> Path:
    made = Cli(tmp_path_factory.mktemp("synced"), {"JIRA_TOKEN": jira.account.secret})
    made.write(configuration(jira, WORK))
    made.ok("sync")
    return made.folder / "syncer.db"


@pytest.fixture
def synced(tmp_path: Path, jira: JiraSimulator, database: Path) -> Cli:
    made = Cli(tmp_path, {"JIRA_TOKEN": jira.account.secret})
    made.write(configuration(jira, WORK))
    for path in database.parent.glob("syncer.db*"):
        shutil.copy(path, made.folder)
    return made


def _waiting(cli: Cli) -> list[str]:
    return [line["key"] for line in cli.ok("review", "--format", "jsonl").lines]


def _level(cli: Cli, key: str) -> tuple[str, str]:
    [row] = [one for one in cli.ok("items", "--format", "jsonl").lines if one["key"] == key]
    return row["classification"]["level"], row["classification"]["decided_by"]


def _ledgers(cli: Cli, project: str) -> dict[str, int]:
    projects = cli.ok("status", "--format", "json").json["projects"]
    [row] = [one for one in projects if one["key"] == project]
    return {level: row["ledgers"][level]["open"] for level in ("program", "product")}


class TestReview:
    def test_the_queue_is_printed_where_nobody_can_press_a_key(self, synced: Cli) -> None:
        told = synced.process("review")
        first = _waiting(synced)[0]
        assert told.code == 0
        assert first == "NET-32"  # it blocks another item
        assert first in told.out
        assert "Unclassified, leaning" in told.out

    def test_one_key_answers_skips_undoes_and_ends(self, synced: Cli) -> None:
        before = _waiting(synced)

        told = _on_a_terminal(synced, "2u1s2q")

        assert _level(synced, before[0]) == ("program", "override")
        assert _level(synced, before[2]) == ("product", "override")
        assert _waiting(synced) == [key for key in before if key not in (before[0], before[2])]
        assert f"1 of {len(before)}  {before[0]}" in told
        assert f"2 answers; {len(before) - 2} items in the queue." in told
        assert "yes" in synced.ok("override", "list", "--all").out  # the answer that was undone

    def test_the_last_answer_can_be_taken_back_too(self, synced: Cli) -> None:
        before = _waiting(synced)

        told = _on_a_terminal(synced, "2" * len(before) + "uq")

        assert "Nothing is left." in told
        assert _waiting(synced) == before[-1:]

    def test_the_end_of_the_terminal_ends_the_review(self, synced: Cli) -> None:
        assert "0 answers" in _on_a_terminal(synced, "\x1b")


def _on_a_terminal(cli: Cli, keys: str) -> str:
    """What `syncer review` prints on a terminal where the keys are pressed, one after the other."""
    master, slave = pty.openpty()
    environment = {name: v for name, v in os.environ.items() if not name.startswith("SYNCER_")}
    with subprocess.Popen(
        [sys.executable, "-m", "syncer", "review", "--author", "Ann Ash"],
        cwd=cli.folder,
        env={**environment, **cli.environment},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    ) as process:
        os.close(slave)
        told = _read_until(master, b"[q] quit")
        os.write(master, keys.encode())
        told += _read_until(master, b"in the queue.")
        assert process.wait(LONGEST_WAIT) == 0
    os.close(master)
    return told.decode().replace("\r\n", "\n")


def _read_until(terminal: int, wanted: bytes) -> bytes:
    told = b""
    while wanted not in told:  # each reading waits, but not for ever
        ready, _, _ = select.select([terminal], [], [], LONGEST_WAIT)
        assert ready, told
        told += os.read(terminal, 4096)
    return told


class TestOverride:
    def test_it_survives_sync_move_and_new_key_and_moves_the_item_between_ledgers(
        self, tmp_path: Path
    ) -> None:
        with JiraThread(small_world()) as jira:
            cli = Cli(tmp_path, {"JIRA_TOKEN": jira.account.secret})
            cli.write(configuration(jira, WORK))
            cli.ok("sync")
            before = _ledgers(cli, "network")
            was = _level(cli, "NET-33")

            made = cli.ok("override", "add", "NET-33", "--level", "program", "--author", "Ann Ash")

            assert _level(cli, "NET-33") == ("program", "override")
            assert _ledgers(cli, "network")["program"] == before["program"] + 1
            jira.world.edit("10033", datetime.now(UTC), title="Fix the button of the dialer")
            cli.ok("sync", "--full")
            assert _level(cli, "NET-33") == ("program", "override")
            outreach = _ledgers(cli, "outreach")
            jira.world.move("10033", datetime.now(UTC), container="OUT", key="OUT-33")
            cli.ok("sync")
            assert _level(cli, "OUT-33") == ("program", "override")
            assert _ledgers(cli, "outreach")["program"] == outreach["program"] + 1
            assert _ledgers(cli, "network")["program"] == before["program"]
            cli.ok("override", "undo", made.out.partition(":")[0])
            assert was[1] != "override"
            assert _level(cli, "OUT-33")[1] != "override"
            assert _ledgers(cli, "outreach")["program"] == outreach["program"]

    def test_undo_restores_the_very_verdict(self, synced: Cli) -> None:
        def verdict() -> object:
            rows = synced.ok("items", "--format", "jsonl").lines
            return next(row["classification"] for row in rows if row["key"] == "NET-35")

        before = verdict()
        made = synced.ok("override", "add", "NET-35", "--level", "program", "--children")
        assert verdict() != before
        synced.ok("override", "undo", made.out.partition(":")[0])
        assert verdict() == before

    def test_what_is_exported_trains_the_same_weights_to_the_byte(
        self, synced: Cli, root: Path
    ) -> None:
        for number in range(1, 7):
            level = ("program", "product")[number % 2]
            synced.ok("override", "add", f"NET-{number}", "--level", level)
        exported = [synced.ok("override", "export").out for _ in range(2)]
        assert exported[0] == exported[1]
        synced.write(exported[0], "overrides.jsonl")

        made = [_trained(synced.folder, root, seed) for seed in ("1", "2")]

        assert made[0] == made[1]
        assert b"from 6 items of 1 sources" in made[0]
        assert made[0] != (root / "config" / "classification" / "text.toml").read_bytes()


def _trained(folder: Path, root: Path, seed: str) -> bytes:
    """The weights that `make train-classifier` writes from a folder's export, by a new process."""
    out = folder / f"text-{seed}.toml"
    script = root / "scripts" / "train_classifier.py"
    subprocess.run(
        [sys.executable, script, "--data", folder / "overrides.jsonl", "--out", out],
        env={**os.environ, "PYTHONHASHSEED": seed},
        check=True,
        capture_output=True,
    )
    return out.read_bytes()


class TestSuggest:
    def test_ten_like_overrides_suggest_a_rule_that_the_configuration_takes(
        self, synced: Cli, jira: JiraSimulator
    ) -> None:
        for number in range(1, 10):
            synced.ok("override", "add", f"NET-{number}", "--level", "program")
        nine = synced.ok("rules", "suggest")
        assert (nine.out, "No ten corrections" in nine.err) == ("", True)
        synced.ok("override", "add", "NET-10", "--level", "program")

        rule = synced.ok("rules", "suggest").out

        assert 'select = [{ label = "site" }]\nlevel = "program"' in rule
        assert "# 10 corrections to program, none to another level. It picks 30 items" in rule
        synced.write(configuration(jira, WORK + rule))
        synced.ok("override", "add", "NET-36", "--level", "product")  # judges anew
        assert _level(synced, "NET-20") == ("program", "mapping")
        assert synced.ok("rules", "suggest").out == ""
