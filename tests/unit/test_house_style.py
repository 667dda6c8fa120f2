"""The measures of the house style that no linter checks: size, and where types are ignored."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

LONGEST_FUNCTION = 50
LONGEST_MODULE = 400
SOURCES = ("syncer", "connectors")


def test_functions_are_short(root: Path) -> None:
    functions = [found for path in _modules(root) for found in _functions(path)]
    assert len(functions) > LONGEST_FUNCTION
    assert [name for name, lines in functions if lines > LONGEST_FUNCTION] == []


def test_modules_are_short(root: Path) -> None:
    lengths = {path: path.read_text(encoding="utf-8").count("\n") for path in _modules(root)}
    assert [str(path) for path, lines in lengths.items() if lines > LONGEST_MODULE] == []


def test_every_ignore_names_its_code_and_its_reason(root: Path) -> None:
    """As in `# noqa: DTZ001  the naive value is the case`."""
    ignore = re.compile(r"# (?:type: ignore|noqa)\b")
    reasoned = re.compile(r"# (?:type: ignore\[[\w, -]+\]|noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*)\s+\S")
    found = [
        f"{path}:{number}: {line.strip()}"
        for path in _modules(root)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(ignore.findall(line)) > len(reasoned.findall(line))
    ]
    assert found == []


def _modules(root: Path) -> list[Path]:
    return sorted(path for source in SOURCES for path in (root / source).rglob("*.py"))


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    """Every function with its length in lines, from `def` to its end, decorators not counted."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1
