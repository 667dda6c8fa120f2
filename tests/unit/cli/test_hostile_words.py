"""Errors and moments at the command line that hold what nobody should have written."""

from __future__ import annotations

from io import BytesIO

import pytest

from syncer.cli.classify import lines_of
from syncer.cli.context import guarded
from syncer.cli.moments import parse_moment
from syncer.errors import ConfigError, Rejected
from syncer.log import register_secret

SECRET = "tok-0f0f-secret"


@pytest.mark.parametrize("verbose", [False, True])
def test_a69_an_error_neither_drives_the_terminal_nor_tells_a_secret(
    verbose: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    register_secret(SECRET)

    def command() -> None:
        raise Rejected(f"\x1b[31mNET\x07\u202e\r{SECRET}", fix="\x1b]0;title")

    with pytest.raises(SystemExit) as ended:
        guarded(command, verbose=verbose)
    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert not set(told) & set("\x1b\x07\u202e\r")
    assert SECRET not in told
    assert r"\x1b[31mNET\x07\u202e\r***" in told


@pytest.mark.parametrize(
    "text", ["0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "9999-12-31"]
)
def test_the_calendars_ends_are_no_moments(text: str) -> None:
    with pytest.raises(ConfigError, match="beyond"):
        parse_moment(text, "Pacific/Kiritimati")


@pytest.mark.parametrize("text", ["\x00", "x" * 100_000, "2026-11-23T25:00", "2026-13-01", "٢٠٢٦"])
def test_what_is_no_moment_is_said(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_moment(text, "UTC")


def test_a22_of_a_line_without_end_only_the_beginning_is_read() -> None:
    file = BytesIO(b"one\n" + b"x" * 1000 + b"\nthree")
    assert list(lines_of(file, longest=10)) == [b"one\n", b"x" * 10, b"three"]
