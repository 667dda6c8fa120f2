"""A package that syncer does not know brings a connector, and syncer works with it as it is."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from syncer.cli.connectors import app
from syncer.clock import FixedClock
from syncer.connect.testing.lab import NOON
from syncer.connect.testing.scaffold import write_package
from syncer.connect.testing.script import Container, ItemState, Person, ScriptedItem
from syncer.connect.testing.suite import ConnectorSuite, require_quality
from syncer.connect.testing.world import World
from syncer.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = """\
[service]
database_url = "sqlite:///syncer.db"

[[connections]]
name = "woods"
kind = "acorn"
url = "{url}"
auth = {{ token_env = "ACORN_TOKEN" }}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the written package was installed, without any network."""
    written = tmp_path_factory.mktemp("third") / "syncer-acorn"
    told = CliRunner().invoke(app, ["new", "acorn", str(written)])
    assert told.exit_code == 0, told.output
    assert str(written / "pyproject.toml") in told.output
    target = tmp_path_factory.mktemp("installed")
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
    where = ("--quiet", "--target", str(target), str(written))
    subprocess.run([sys.executable, "-m", "pip", "install", *offline, *where], check=True)
    return target


def world() -> World:
    made = World()
    made.add_container(Container(id="1", key="OAK", name="Oak"))
    made.add_person(Person(id="kim", name="Kim Lee"))
    for number in (1, 2, 3):
        state = ItemState(container="OAK", key=f"OAK-{number}", title=f"Branch {number}")
        at = NOON - timedelta(days=number)
        made.create(ScriptedItem(id=str(number), created_at=at, reporter="kim", initial=state))
    return made


async def syncer(*arguments: str, folder: Path, env: Mapping[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "syncer", *arguments),
        cwd=folder,
        env=dict(env),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await process.communicate()
    assert process.returncode == 0, error.decode()
    return out.decode()


async def test_an_installed_package_is_synced_without_a_change_in_syncer(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(installed))
    simulator: Any = importlib.import_module("syncer_acorn.simulator")

    async with simulator.AcornSimulator(world(), FixedClock(NOON)) as tracker:
        text = CONFIGURATION.format(url=tracker.url)
        (tmp_path / "syncer.toml").write_text(text, encoding="utf-8")
        env = os.environ | {
            "PYTHONPATH": f"{installed}{os.pathsep}{ROOT}",
            "ACORN_TOKEN": tracker.account.secret,
        }
        await syncer("sync", folder=tmp_path, env=env)
        told = await syncer("items", "--format", "jsonl", folder=tmp_path, env=env)
    items = [json.loads(line) for line in told.splitlines()]
    assert {one["key"]: one["title"] for one in items} == {
        f"OAK-{number}": f"Branch {number}" for number in (1, 2, 3)
    }
    assert {one["container"] for one in items} == {"woods:OAK"}
    assert {one["ref"]["connection"] for one in items} == {"woods"}


def test_what_is_written_passes_the_suite_as_it_stands(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(installed))
    conformance: Any = importlib.import_module("syncer_acorn.conformance")
    assert Path(conformance.__file__).is_relative_to(installed)
    require_quality(conformance.AcornAdapter)
    suite: Any = ConnectorSuite.of(conformance.AcornAdapter)()
    suite.test_probe_names_what_it_sees()
    suite.test_pages_to_the_end()


@pytest.mark.parametrize("kind", ["", "Acorn", "a", "two words", "../x", "a-b", "ä", "x" * 31])
def test_what_cannot_be_a_kind_is_refused(kind: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be a kind"):
        write_package(kind, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_kind_that_is_installed_is_not_written_again(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="installed already"):
        write_package("jira", tmp_path / "new")


def test_nothing_of_anybodys_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work", encoding="utf-8")
    with pytest.raises(ConfigError, match="not empty"):
        write_package("acorn", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
