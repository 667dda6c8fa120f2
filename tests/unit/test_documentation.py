"""What the documents promise: links that lead somewhere, commands and settings that exist."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from textwrap import dedent

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from syncer.cli.main import app
from syncer.clock import FixedClock
from syncer.settings.load import check_text
from syncer.store.dispatches import DispatchState
from syncer.store.inbox import InboxState
from syncer.web.metrics import Metrics

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*$", re.MULTILINE)
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"(?:\$ )?syncer ")
SPAN = re.compile(r"`(syncer (?:[^`\n]|\n(?!\n))+)`")
CONNECTIONS = """
[[connections]]
name = "jira"
kind = "jira"
url = "https://acme.example"
auth = { email = "bot@example.com", token_env = "JIRA_TOKEN" }

[[connections]]
name = "github"
kind = "github"
auth = { token_env = "GITHUB_TOKEN" }
"""
SKIPPED = {".venv", ".git", "node_modules"}


def documents(root: Path) -> list[Path]:
    found = (path for path in root.rglob("*.md") if SKIPPED.isdisjoint(path.parts))
    return sorted(found)


def links(path: Path) -> Iterator[str]:
    """Targets within the sources, outside of code."""
    text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", path.read_text(encoding="utf-8")))
    for match in LINK.finditer(text):
        target = match[1] or match[2]
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(path: Path) -> set[str]:
    """The anchors of the headings, made as forges make them."""
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in HEADING.findall(text)}


def broken(path: Path) -> Iterator[str]:
    for target in links(path):
        name, _, anchor = target.partition("#")
        to = (path.parent / name).resolve() if name else path
        if not to.exists() or (anchor and anchor not in anchors(to)):
            yield f"{path.name}: {target}"


def test_every_link_leads_somewhere(root: Path) -> None:
    pages = documents(root)
    assert sum(len(list(links(page))) for page in pages) > 10
    assert [one for page in pages for one in broken(page)] == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("# One thing, two\n", encoding="utf-8")
    page = tmp_path / "a.md"
    page.write_text("[a](b.md#one-thing-two) [b](b.md#three) [c](c.md)\n", encoding="utf-8")
    assert list(broken(page)) == ["a.md: b.md#three", "a.md: c.md"]


def guides(root: Path) -> list[Path]:
    """What people read to use syncer, without the records of why it is built so."""
    rest = (*(root / "docs").glob("*.md"), *(root / "connectors").glob("*/README.md"))
    return [root / "README.md", *sorted(rest)]


def commands(root: Path) -> list[str]:
    """What the guides tell people to type, without shell variables and placeholders."""
    found: list[str] = []
    for page in guides(root):
        text = page.read_text(encoding="utf-8")
        blocks = (body for kind, body in FENCE.findall(text) if kind == "console")
        lines = (line.strip() for block in blocks for line in block.splitlines())
        found += [line.removeprefix("$ ") for line in lines if TYPED.match(line)]
        found += [re.sub(r"\s+", " ", span) for span in SPAN.findall(FENCE.sub("", text))]
    return sorted({one.split("…")[0] for one in found})


def refused(command: str) -> str:
    """Why the command line does not take it; empty where it does."""
    words, now, known = shlex.split(command, comments=True)[1:], get_command(app), {"--help"}
    while True:
        known |= {name for one in now.params for name in (*one.opts, *one.secondary_opts)}
        if not isinstance(now, TyperGroup) or not words or words[0].startswith("-"):
            break
        name = words.pop(0)
        if name not in now.commands:
            return f"{command}: there is no {name}"
        now = now.commands[name]
    wrong = [one for one in words if one.startswith("--") and one not in known]
    return f"{command}: there is no {wrong[0]}" if wrong else ""


def test_every_command_in_the_guides_exists(root: Path) -> None:
    told = commands(root)
    assert len(told) > 40
    assert [why for why in map(refused, told) if why] == []


def test_a_wrong_command_is_found() -> None:
    assert refused("syncer overide add") == "syncer overide add: there is no overide"
    wrong = "syncer override add X --lvl product"
    assert refused(wrong) == f"{wrong}: there is no --lvl"


def settings_in(page: Path) -> list[str]:
    """The pieces of configuration that a page shows."""
    text = page.read_text(encoding="utf-8")
    return [dedent(body) for kind, body in FENCE.findall(text) if kind == "toml"]


def check_settings(text: str) -> None:
    """Load a piece of configuration, with two connections behind it unless it brings its own."""
    check_text(text if "[[connections]]" in text else f"{text}\n{CONNECTIONS}", Path("syncer.toml"))


def test_the_settings_of_the_user_guide_fit_together(root: Path) -> None:
    blocks = settings_in(root / "docs" / "user-guide.md")
    assert len(blocks) == 3
    check_settings("".join(blocks))


def test_every_piece_of_configuration_loads(root: Path) -> None:
    pages = [page for page in guides(root) if page.name != "user-guide.md"]
    blocks = [block for page in pages for block in settings_in(page)]
    assert len(blocks) > 8
    for block in blocks:
        check_settings(block)


KEY = re.compile(r"`((?:service|smtp|audiences)\.[a-z_.]+)`")


def keys_of_the_reference(root: Path) -> set[str]:
    """`service.timezone`, `audiences.schedule` and so on, by the generated reference."""
    text = (root / "docs" / "configuration.md").read_text(encoding="utf-8")
    section, found = "", set[str]()
    for line in text.splitlines():
        if line.startswith("## "):
            section = line.strip("#[] ")
        elif key := re.match(r"\| `([\w.]+)` \|", line):
            found.add(f"{section}.{key[1]}")
    return found | {key.rpartition(".")[0] for key in found}


def test_every_key_that_is_named_exists(root: Path) -> None:
    known = keys_of_the_reference(root)
    named = {key for page in guides(root) for key in KEY.findall(page.read_text(encoding="utf-8"))}
    assert len(named) > 10
    assert sorted(named - known) == []


def test_operations_tells_every_metric_and_no_other(root: Path) -> None:
    text = (root / "docs" / "operations.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(syncer_\w+)` \|", text, re.MULTILINE))
    used = set(re.findall(r"\bsyncer_\w+", FENCE.sub(lambda found: found[2], text)))
    families = Metrics(["jira"], clock=FixedClock(datetime(2026, 11, 23, tzinfo=UTC)))
    counted = {one.name + "_total" * (one.type == "counter") for one in families.registry.collect()}
    assert told == counted
    assert used == counted


@pytest.mark.parametrize("states", [DispatchState, InboxState])
def test_every_state_is_told(root: Path, states: type[StrEnum]) -> None:
    pages = ("operations.md", "webhooks.md")
    text = "".join((root / "docs" / name).read_text(encoding="utf-8") for name in pages)
    assert [
        state for state in states if not re.search(rf"`{state}`|^\| {state} \|", text, re.MULTILINE)
    ] == []


def messages(root: Path) -> list[str]:
    """What the tables "what you see" quote of the program's own words."""
    found: list[str] = []
    for name in ("user-guide.md", "operations.md"):
        text = (root / "docs" / name).read_text(encoding="utf-8")
        table = text.partition("| what you see |")[2]
        for row in re.findall(r"^\| (.*?) \|", table, re.MULTILINE):
            found += re.findall(r"`([^`]*…[^`]*|[^`]* [^`]*)`", row)
    return found


def words_of_the_program(root: Path) -> list[str]:
    """All constant parts of the texts in the code."""
    nodes = (
        node
        for folder in ("syncer", "connectors")
        for path in (root / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )
    return [
        one.value for one in nodes if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]


def test_the_messages_that_are_explained_are_the_programs(root: Path) -> None:
    quoted, said = messages(root), words_of_the_program(root)
    assert len(quoted) > 15
    for message in quoted:
        for part in filter(None, map(str.strip, message.split("…"))):
            assert any(part in one for one in said), (message, part)


def test_the_rules_of_the_classification_page_are_settings(root: Path) -> None:
    (block,) = settings_in(root / "docs" / "classification.md")
    check_settings(block)
