"""Cells of CSV, printable text, and where global options may stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncer.cli.context import globals_first, message_of
from syncer.cli.moments import parse_moment
from syncer.cli.output import csv_cell, printable
from syncer.errors import ConfigError, Unreachable


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        pytest.param("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0", id="A44 formula"),
        pytest.param("+1+1", "'+1+1", id="A44 plus"),
        pytest.param("-1+1", "'-1+1", id="A44 minus"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="A44 at"),
        pytest.param("\t=1", "'\t=1", id="A44 tab"),
        pytest.param("\r=1", "'\r=1", id="A44 return"),
        pytest.param('=HYPERLINK("x")', '\'=HYPERLINK("x")', id="A44 hyperlink"),
        pytest.param("＝1+1", "'＝1+1", id="A44 full width"),
        pytest.param(["=1", "b"], "'=1, b", id="A44 list"),
        pytest.param(-5, "-5", id="A44 negative number"),
        pytest.param("-5.5", "-5.5", id="A44 negative number as text"),
        pytest.param("-٣", "'-٣", id="A44 other digits"),
        pytest.param("a=b", "a=b", id="A44 inside"),
        (None, ""),
        (True, "true"),
        (0.5, "0.5"),
        ([], ""),
        ({"a": 1}, '{"a":1}'),
    ],
)
def test_csv_cell(value: Any, cell: str) -> None:
    assert csv_cell(value) == cell


def test_printable_is_one_harmless_line() -> None:
    assert printable("a\nb\x1b[31m\u202e") == "a\\nb\\x1b[31m\\u202e"
    assert printable(None) == ""


@pytest.mark.parametrize(
    ("arguments", "ordered"),
    [
        (["status", "--config", "x", "-v"], ["--config", "x", "-v", "status"]),
        (["status", "--config=x"], ["--config=x", "status"]),
        (["say", "a", "--", "-v"], ["say", "a", "--", "-v"]),
        (["--config", "--config", "status"], ["--config", "--config", "status"]),
        ([], []),
    ],
)
def test_global_options_come_first(arguments: list[str], ordered: list[str]) -> None:
    assert globals_first(arguments) == ordered


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23", "2026-11-23T04:30:00+00:00"),
        ("2026-07-06", "2026-07-06T03:30:00+00:00"),
        ("2026-11-23T18:00", "2026-11-23T17:00:00+00:00"),
        ("2026-11-23T18:00Z", "2026-11-23T18:00:00+00:00"),
    ],
)
def test_moment(text: str, moment: str) -> None:
    parsed = parse_moment(text, "Europe/Berlin")
    assert parsed is not None
    assert parsed.isoformat() == moment


def test_no_moment() -> None:
    assert parse_moment("", "UTC") is None
    with pytest.raises(ConfigError, match="neither a date nor an instant"):
        parse_moment("yesterday", "UTC")


def test_errors_in_words(tmp_path: Path) -> None:
    assert message_of(Unreachable("No answer.", fix="Wait.")) == "syncer: No answer.\nWait."
    with pytest.raises(OSError, match="No such file") as caught:
        (tmp_path / "none").read_text()
    assert "No such file" in message_of(caught.value)
    assert "KeyError" in message_of(KeyError("x"))
