"""What the sources may not do, whatever comes in: rows A18 and A56 of spec/attacks.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

SIGNING: Final = "syncer/connect/signing.py"
FAKE: Final = "syncer/connect/testing/server.py"
"""The tracker that tests and the demo talk to: it guards nothing."""

_SECRET: Final = re.compile(r"signature|secret|password|token|hexdigest|hmac|^mac$", re.IGNORECASE)
_NO_SECRETS: Final = ("syncer/classify/", "syncer/rollup/", "syncer/domain/", "syncer/demo/")
"""Where a token is a word of a title."""


def sources(root: Path) -> Iterator[tuple[str, ast.AST]]:
    for folder in ("syncer", "connectors"):
        for path in sorted((root / folder).rglob("*.py")):
            yield path.relative_to(root).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def compares_secrets(tree: ast.AST) -> list[str]:
    """Comparisons by `==` or `!=` in which a value stands that is called like a secret."""
    return [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and any(isinstance(operator, ast.Eq | ast.NotEq) for operator in node.ops)
        and any(_is_secret(side) for side in (node.left, *node.comparators))
    ]


def _is_secret(side: ast.expr) -> bool:
    """Whether a name or attribute in it sounds like one; constants and lengths are none."""
    if isinstance(side, ast.Call) and isinstance(side.func, ast.Name) and side.func.id == "len":
        return False
    names = (
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(side)
        if isinstance(node, ast.Name | ast.Attribute)
    )
    return any(_SECRET.search(name) for name in names)


def names_in(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name):
                found.add(name)
            case ast.Import(names=names):
                found.update(one.name for one in names)
            case ast.ImportFrom(module=module, names=names):
                found.update({module or "", *(one.name for one in names)})
    return found


def test_a18_one_function_compares_secrets(root: Path) -> None:
    comparing = [path for path, tree in sources(root) if "compare_digest" in names_in(tree)]
    assert comparing == [SIGNING, FAKE]


def test_a18_nothing_compares_a_secret_like_any_text(root: Path) -> None:
    found = {
        path: comparisons
        for path, tree in sources(root)
        if not path.startswith(_NO_SECRETS)
        if (comparisons := compares_secrets(tree))
    }
    assert found == {}


@pytest.mark.parametrize(
    "line",
    [
        "header == expected_signature",
        "config.secret.get_secret_value() != told",
        "hmac.new(key, body).hexdigest() == told",
        "self.token == request.query['token']",
    ],
)
def test_a18_a_planted_comparison_is_found(line: str) -> None:
    assert compares_secrets(ast.parse(f"if {line}: ...")) == [line]


def test_a56_nothing_is_unpickled_and_no_job_is_stored(root: Path) -> None:
    unsafe = {"pickle", "dill", "marshal", "shelve", "cloudpickle", "add_jobstore", "PickleType"}
    found = {path: sorted(names_in(tree) & unsafe) for path, tree in sources(root)}
    assert {path: names for path, names in found.items() if names} == {}
    stores = [path for path, tree in sources(root) if any("jobstores" in n for n in names_in(tree))]
    assert stores == []
