"""Every row of the failure model that concerns what exists is named by a test.

The rows are those of spec/reliability.md, section 3. A test names a row by its name
(`test_f22_f21_…`); what a docstring or a comment mentions counts for nothing.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

LAST: Final = 56

ABSENT: Final[Mapping[int, str]] = {
    41: "there is no channel to Slack",
    42: "there is no channel to Slack",
    43: "there is no channel to Confluence",
}
"""Rows that no test can name, since what they concern does not exist, and why."""

ELSEWISE: Final[Mapping[int, str]] = {
    8: "a tracker's clock is shifted, not the machine's: syncer asks its own clock in one place",
    23: "the standby is a copy of the database from some commits ago, not a promoted server",
    25: "files are kept from growing by RLIMIT_FSIZE, which needs no right to mount a small disk",
    55: "the kernel ends a process without memory by SIGKILL, so the test of that stands for it",
}
"""Rows that are tested in another way than the page names, and how."""

_IN_NAME: Final = re.compile(r"_f(\d+)(?=_)")


def _named(tree: ast.AST) -> Iterator[int]:
    """The rows that the tests of a module name."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if name.startswith("test_"):
                    yield from map(int, _IN_NAME.findall(name))


@cache
def index(tests: Path) -> Mapping[int, set[str]]:
    """The files in which each row is tested."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    for path in sorted(tests.rglob("test_*.py")):
        for row in _named(ast.parse(path.read_text(encoding="utf-8"))):
            found[row].add(path.relative_to(tests).as_posix())
    return found


def test_every_row_is_tested_or_concerns_nothing_that_exists(root: Path) -> None:
    found = index(root / "tests")
    missing = [row for row in range(1, LAST + 1) if row not in found and row not in ABSENT]
    assert missing == []


def test_no_row_is_both_tested_and_said_to_concern_nothing(root: Path) -> None:
    found = index(root / "tests")
    assert sorted(found.keys() & ABSENT.keys()) == []
    assert sorted(ELSEWISE.keys() - found.keys()) == []
    assert [row for row in (*found, *ABSENT) if not 1 <= row <= LAST] == []


def test_the_words_of_a_docstring_or_a_helper_name_no_row(tmp_path: Path) -> None:
    (tmp_path / "test_planted.py").write_text(
        '"""F1 to F3: test_f4_x."""\n'
        "async def test_f5_f06_words() -> None:\n"
        "    assert 'test_f7_x'  # test_f8_x\n"
        "def helper_f9_is_no_test() -> None: ...\n"
        "class TestMore:\n"
        "    def test_f10_within(self) -> None: ...\n",
        encoding="utf-8",
    )
    assert sorted(index(tmp_path)) == [5, 6, 10]
