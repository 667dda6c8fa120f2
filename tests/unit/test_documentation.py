"""What the documents promise: links that lead somewhere, commands and settings that exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

from typer.core import TyperGroup
from typer.main import get_command

from syncer.cli.main import app
from syncer.settings.load import check_text

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*$", re.MULTILINE)
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`(syncer (?:[^`\n]|\n(?!\n))+)`")
CONNECTION = """
[[connections]]
name = "jira"
kind = "jira"
url = "https://acme.example"
auth = { email = "bot@example.com", token_env = "JIRA_TOKEN" }
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


def commands(root: Path) -> list[str]:
    """What the guides tell people to type, without shell variables and placeholders."""
    found: list[str] = []
    for page in (root / "README.md", *sorted((root / "docs").glob("*.md"))):
        text = page.read_text(encoding="utf-8")
        blocks = (body for kind, body in FENCE.findall(text) if kind == "console")
        lines = (line.strip() for block in blocks for line in block.splitlines())
        found += [line[2:] for line in lines if line.startswith("$ syncer")]
        found += [re.sub(r"\s+", " ", span) for span in SPAN.findall(FENCE.sub("", text))]
    return sorted({one for one in found if "…" not in one})


def refused(command: str) -> str:
    """Why the command line does not take it; empty where it does."""
    words, now = shlex.split(command)[1:], get_command(app)
    while isinstance(now, TyperGroup) and words and not words[0].startswith("-"):
        name = words.pop(0)
        if name not in now.commands:
            return f"{command}: there is no {name}"
        now = now.commands[name]
    known = {"--help"}.union(*(parameter.opts for parameter in now.params))
    wrong = [one for one in words if one.startswith("--") and one not in known]
    return f"{command}: there is no {wrong[0]}" if wrong else ""


def test_every_command_in_the_guides_exists(root: Path) -> None:
    told = commands(root)
    assert len(told) > 15
    assert [why for why in map(refused, told) if why] == []


def test_a_wrong_command_is_found() -> None:
    assert refused("syncer overide add") == "syncer overide add: there is no overide"
    wrong = "syncer override add X --lvl product"
    assert refused(wrong) == f"{wrong}: there is no --lvl"


def test_the_settings_of_the_user_guide_fit_together(root: Path) -> None:
    text = (root / "docs" / "user-guide.md").read_text(encoding="utf-8")
    blocks = [body for kind, body in FENCE.findall(text) if kind == "toml"]
    assert len(blocks) == 3
    check_text(CONNECTION + "".join(blocks), Path("syncer.toml"))


def test_the_rules_of_the_classification_page_are_settings(root: Path) -> None:
    text = (root / "docs" / "classification.md").read_text(encoding="utf-8")
    (block,) = (body for kind, body in FENCE.findall(text) if kind == "toml")
    check_text(CONNECTION + dedent(block), Path("syncer.toml"))
