"""Every row of the list of attacks that concerns what exists is named by a test.

The rows are those of spec/attacks.md. A test names a row by its name (`test_a20_…`) or by the id of
one of its cases (`A20 too long`); what a docstring or a comment mentions counts for nothing.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

LAST: Final = 77

ABSENT: Final[Mapping[int, str]] = {
    11: "neither GitHub nor Jira signs an instant: an old delivery is known again by its id and "
    "its body (A9, A10), and the tokens of Jira's apps expire (A12, A15)",
    39: "there is no channel to Slack",
    40: "there is no channel to Teams",
    41: "there is no channel to Confluence",
    42: "nothing makes a PDF or loads a picture",
    46: "nobody can hand in a template",
    49: "no address comes from a tracker or a form and is then asked (A48, A50, A51)",
    57: "nobody signs in on a page of ours",
    58: "no route changes anything (A60), so there is nothing to forge",
    59: "there are no sessions",
    61: "there are no passwords of people",
    77: "nothing summarises text",
}
"""Rows that no test can name, since what they attack does not exist, and why."""

RULES_OF_COLOUR: Final = "unit/rollup"
"""Where an A with a number is a rule that makes a project amber."""

_IN_NAME: Final = re.compile(r"_a(\d+)(?=_)")
_IN_ID: Final = re.compile(r"A(\d+)(?= )")
_WHOLE_ID: Final = re.compile(r"A(\d+)")


def _named(tree: ast.AST) -> Iterator[int]:
    """The rows that the tests of a module name, in the order of its nodes."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if name.startswith("test_"):
                    yield from map(int, _IN_NAME.findall(name))
            case ast.keyword(arg="id", value=value):
                yield from _texts([value], _WHOLE_ID)
            case ast.keyword(arg="ids", value=ast.List(elts=elements)):
                yield from _texts(elements, _IN_ID)
            case ast.Dict(keys=keys):
                yield from _texts([key for key in keys if key is not None], _IN_ID)


def _texts(nodes: list[ast.expr], form: re.Pattern[str]) -> Iterator[int]:
    """The rows with which texts begin; of a text with places for values, its first part."""
    for node in nodes:
        first = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else node
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            found = form.match(first.value)
            if found:
                yield int(found[1])


@cache
def index(tests: Path) -> Mapping[int, set[str]]:
    """The files in which each row is tested."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    for path in sorted(tests.rglob("test_*.py")):
        name = path.relative_to(tests).as_posix()
        if name.startswith(RULES_OF_COLOUR):
            continue
        for row in _named(ast.parse(path.read_text(encoding="utf-8"))):
            found[row].add(name)
    return found


def test_every_row_is_tested_or_concerns_nothing_that_exists(root: Path) -> None:
    found = index(root / "tests")
    missing = [row for row in range(1, LAST + 1) if row not in found and row not in ABSENT]
    assert missing == []


def test_no_row_is_both_tested_and_said_to_concern_nothing(root: Path) -> None:
    assert sorted(index(root / "tests").keys() & ABSENT.keys()) == []
    assert [row for row in ABSENT if not 1 <= row <= LAST] == []


def test_the_words_of_a_docstring_or_of_an_item_name_no_row(tmp_path: Path) -> None:
    (tmp_path / "test_planted.py").write_text(
        '"""A1 to A3."""\n'
        "CASES = {'A4 long': 1, 'A5': 2, 'PUB-A6': 3}\n"
        "@mark('x', [param(1, id='A7'), param(2, id=f'A8 {x}')], ids=['A9 a', 'b'])\n"
        "async def test_a10_a11_words() -> None:\n"
        "    assert key == 'A12 title'  # A13\n"
        "def helper_a14_is_no_test() -> None: ...\n",
        encoding="utf-8",
    )
    assert sorted(index(tmp_path)) == [4, 7, 8, 9, 10, 11]
