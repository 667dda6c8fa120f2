"""`syncer dispatches`: what went out is listed, and a person sends once more or calls off."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest
from typer.main import get_command

from syncer.cli.main import app
from tests.acceptance.cli_world import Cli, Result
from tests.publish.sink import Sink, running_sink
from tests.publish.world import smtp

Run = Callable[..., Awaitable[Result]]
AUDIENCES = """
[[audiences]]
key = "leadership"
channels = [{ kind = "email", to = ["board@example.com", "cto@example.com"] }]

[[audiences]]
key = "desk"
channels = [{ kind = "file", path = "out/" }]
"""


@pytest.fixture
async def sink() -> AsyncGenerator[Sink]:
    async with running_sink() as running:
        running.refused = {"cto@example.com": "550 \x1b[31mnobody here"}
        yield running


@pytest.fixture
async def cli(tmp_path: Path, sink: Sink) -> Cli:
    """An edition of each audience was sent by command; one recipient was refused."""
    made = Cli(tmp_path)
    made.write(smtp(sink, timeout=20) + AUDIENCES)
    await asyncio.to_thread(made, "digest", "--send", "--audience", "leadership")
    await asyncio.to_thread(made.ok, "digest", "--send", "--audience", "desk")
    return made


@pytest.fixture
def run(cli: Cli) -> Run:
    """The command line in a thread, since the mail server answers in this one."""

    async def command(*arguments: str) -> Result:
        return await asyncio.to_thread(cli, "dispatches", *arguments)

    return command


async def the_id(run: Run, recipient: str) -> str:
    rows = (await run("--format", "json")).json
    return next(str(one["id"]) for one in rows if one["recipient"] == recipient)


async def test_they_are_listed_and_chosen(run: Run) -> None:
    every = await run("--format", "json")
    table = await run()
    assert (every.code, table.code) == (0, 0)
    assert "\x1b" not in table.out
    rows = {one["recipient"]: one for one in every.json}
    assert {name: one["state"] for name, one in rows.items()} == {
        "board@example.com": "sent",
        "cto@example.com": "failed",
        "out/": "sent",
    }
    failed = rows["cto@example.com"]
    assert (failed["attempts"], failed["tries"], failed["in_doubt"]) == (1, 1, 0)
    assert failed["created_at"].endswith("Z")
    for one in rows.values():
        assert one["id"][:10] in table.out

    async def chosen(*arguments: str) -> set[str]:
        return {one["recipient"] for one in (await run(*arguments, "--format", "json")).json}

    assert await chosen("--state", "failed") == {"cto@example.com"}
    assert await chosen("--state", "failed", "--state", "sent") == rows.keys()
    assert await chosen("--channel", "file") == await chosen("--audience", "desk") == {"out/"}
    assert await chosen("--since", "2020-01-01") == rows.keys()
    assert await chosen("--since", "2120-01-01") == set()
    wrong = await run("--audience", "nobody")
    assert (wrong.code, "leadership" in wrong.err) == (2, True)


async def test_one_is_sent_once_more_by_the_beginning_of_its_id(run: Run, sink: Sink) -> None:
    name = (await the_id(run, "cto@example.com"))[:12]
    dry = await run("resend", name, "--dry-run", "--format", "json")
    assert (dry.code, dry.json[0]["state"], dry.json[0]["attempts"]) == (0, "failed", 1)
    assert "Would resend 1 dispatch. Nothing was changed." in dry.err
    again = await run("resend", name, "--format", "json")
    assert (again.code, again.json[0]["state"]) == (1, "failed")  # still nobody there
    sink.refused = {}
    done = await run("resend", name, "--reason", "the address was mended", "--format", "json")
    assert (done.code, done.json[0]["state"], done.json[0]["tries"]) == (0, "sent", 1)
    assert sink.recipients() == ["board@example.com", "cto@example.com"]
    late = await run("resend", name)
    assert (late.code, "it was sent" in late.err) == (1, True)
    unknown = await run("resend", "no-such-id")
    assert (unknown.code, "No dispatch has an id" in unknown.err) == (2, True)


async def test_many_are_chosen_only_with_a_yes(run: Run, cli: Cli, sink: Sink) -> None:
    sink.refused = {}
    nothing = await run("resend")
    assert (nothing.code, "Nothing says what to resend." in nothing.err) == (2, True)
    chosen = ("dispatches", "resend", "--audience", "leadership")
    refused = await asyncio.to_thread(cli.process, *chosen, stdin="n\n")
    assert (refused.code, "Nothing was changed." in refused.err) == (2, True)
    assert "email cto@example.com: failed" in refused.err
    assert (await run("--state", "failed", "--format", "json")).json != []
    done = await asyncio.to_thread(cli.process, *chosen, "--format", "json", stdin="y\n")
    assert (done.code, [one["recipient"] for one in done.json]) == (0, ["cto@example.com"])
    none = await run("resend", "--audience", "leadership", "--yes", "--format", "json")
    assert (none.code, none.json) == (0, [])


async def test_one_is_called_off(run: Run) -> None:
    done = await run(
        *("cancel", "--state", "failed", "--yes", "--reason", "left", "--author", "Eve"),
        *("--format", "json"),
    )
    (row,) = done.json
    assert (done.code, row["state"], row["error"]) == (0, "cancelled", "Cancelled by Eve: left")
    again = await run("cancel", str(row["id"]))
    assert (again.code, "cancelled already" in again.err) == (1, True)


async def test_what_chooses_stands_behind_the_command(run: Run) -> None:
    wrong = await run("--audience", "desk", "cancel", "--yes")
    assert (wrong.code, "belong behind it" in wrong.err) == (2, True)


def offered(folder: Path, *words: str) -> list[str]:
    """What the shell is told at the Tab key, as `syncer --install-completion` has it ask."""
    asked = {
        "_SYNCER_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(("syncer", *words)),
        "COMP_CWORD": str(len(words)),
    }
    done = subprocess.run(
        [Path(sys.executable).with_name("syncer")],
        cwd=folder,
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


async def test_the_tab_key_offers_ids_and_audiences(cli: Cli, run: Run) -> None:
    name = await the_id(run, "cto@example.com")
    assert offered(cli.folder, "dispatches", "resend", "") == [name[:10]]
    assert offered(cli.folder, "dispatches", "cancel", name[:12]) == [name[:12]]
    assert offered(cli.folder, "dispatches", "--audience", "d") == ["desk"]


def test_the_tab_key_makes_no_database_and_tells_of_no_fault(tmp_path: Path) -> None:
    asked = ("dispatches", "resend", "")
    assert offered(tmp_path, *asked) == []  # there is no configuration
    (tmp_path / "syncer.toml").write_text("", encoding="utf-8")
    assert offered(tmp_path, *asked) == []
    assert not (tmp_path / "syncer.db").exists()
    (tmp_path / "syncer.db").touch()  # one without tables
    assert offered(tmp_path, *asked) == []
    (tmp_path / "syncer.toml").write_text("nonsense", encoding="utf-8")
    assert offered(tmp_path, *asked) == []


def test_the_help_names_both_orders() -> None:
    commands = getattr(get_command(app), "commands", {})
    assert set(commands["dispatches"].commands) == {"resend", "cancel"}
