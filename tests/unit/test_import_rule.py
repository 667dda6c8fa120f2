"""The import rule: the tree keeps it, and a planted breach is reported by name."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

LAYERS = "Layers"
ENTRY_POINTS = "syncer finds connectors by entry points"
KIT_ONLY = "Connectors use the kit, the domain and the base modules only"
INDEPENDENT = "Connectors are independent of each other"
PURE = "Pure parts do no I/O and know no clock"
APSCHEDULER = "APScheduler only in jobs"
SQLMODEL = "SQLModel only in store"
JIRA = "The jira package only in its connector"


class Plant(NamedTuple):
    """Files to write into a copy of the tree, and the contracts that they break."""

    files: dict[str, str]
    broken: set[str]


PLANTS = {
    "domain imports an upper layer": Plant(
        {"syncer/domain/planted.py": "import syncer.store\n"}, {LAYERS}
    ),
    "siblings import each other": Plant(
        {"syncer/sync/planted.py": "import syncer.publish\n"}, {LAYERS}
    ),
    "a module outside every layer": Plant({"syncer/planted.py": ""}, {LAYERS}),
    "a layer that comes later has its place": Plant(
        {
            "syncer/web/__init__.py": "",
            "syncer/web/planted.py": "import syncer.cli\n",
        },
        {LAYERS},
    ),
    "syncer imports a connector": Plant(
        {
            "connectors/planted/__init__.py": "",
            "syncer/sync/planted.py": "import connectors.planted\n",
        },
        {ENTRY_POINTS},
    ),
    "a connector imports the store": Plant(
        {
            "connectors/planted/__init__.py": "",
            "connectors/planted/connector.py": "import syncer.store\n",
        },
        {KIT_ONLY},
    ),
    "connectors import each other": Plant(
        {
            "connectors/planted/__init__.py": "",
            "connectors/planted/wire.py": "import connectors.other\n",
            "connectors/other/__init__.py": "",
        },
        {INDEPENDENT},
    ),
    "the roll-up asks the machine": Plant({"syncer/rollup/planted.py": "import asyncio\n"}, {PURE}),
    "the roll-up reaches a clock through the domain": Plant(
        {
            "syncer/domain/planted.py": "from syncer import clock\n",
            "syncer/rollup/planted.py": "from syncer.domain import planted\n",
        },
        {PURE},
    ),
    "a connector's mapping does I/O": Plant(
        {
            "connectors/planted/__init__.py": "",
            "connectors/planted/mapping.py": "import aiohttp\n",
        },
        {PURE},
    ),
    "the scheduler outside jobs": Plant(
        {"syncer/sync/planted.py": "import apscheduler.triggers.cron\n"}, {APSCHEDULER}
    ),
    "tables outside the store": Plant(
        {"syncer/publish/planted.py": "from sqlmodel import SQLModel\n"}, {SQLMODEL}
    ),
    "the jira package outside its connector": Plant(
        {"syncer/sync/planted.py": "import jira\n"}, {JIRA}
    ),
}


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS.keys())
def test_a_planted_breach_is_reported(tmp_path: Path, root: Path, plant: Plant) -> None:
    tree = _copy_of_the_tree(root, tmp_path)
    for name, text in plant.files.items():
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text(text)
    code, output = _lint_imports(tree)
    assert code == 1, output
    assert plant.broken <= _broken(output), output
    assert "planted" in output


def test_what_the_rule_allows_is_not_reported(tmp_path: Path, root: Path) -> None:
    tree = _copy_of_the_tree(root, tmp_path)
    allowed = {
        "connectors/planted/__init__.py": "",
        "connectors/planted/connector.py": "import aiohttp\nfrom syncer import connect, errors\n",
        "syncer/jobs/__init__.py": "",
        "syncer/jobs/planted.py": "import apscheduler.triggers.cron\nimport syncer.sync\n",
        "syncer/store/planted.py": "from sqlmodel import SQLModel\n",
        "syncer/web/__init__.py": "",
        "syncer/web/planted.py": "import syncer.publish\nimport syncer.store\n",
    }
    for name, text in allowed.items():
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text(text)
    code, output = _lint_imports(tree)
    assert code == 0, output


def test_the_tree_keeps_every_contract(root: Path) -> None:
    code, output = _lint_imports(root)
    names = {contract["name"] for contract in _contracts(root)}
    assert code == 0, output
    assert names == {LAYERS, ENTRY_POINTS, KIT_ONLY, INDEPENDENT, PURE, APSCHEDULER, SQLMODEL, JIRA}
    assert all(f"{name} KEPT" in output for name in names), output


def test_package_inits_import_nothing(root: Path) -> None:
    """The contracts of the pure parts are transitive: an import in an __init__ would taint them."""
    inits = [*(root / "syncer").rglob("__init__.py"), *(root / "connectors").rglob("__init__.py")]
    imports = {path.parent.name: _imports(path) for path in inits}
    assert len(imports) > len(["syncer", "connectors"])
    assert {name: found for name, found in imports.items() if found} == {
        "classify": ["from syncer.classify.classifier import classify_portfolio"]  # decision 0006
    }


def _imports(path: Path) -> list[str]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def _copy_of_the_tree(root: Path, folder: Path) -> Path:
    for name in ("syncer", "connectors"):
        shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", folder)
    return folder


def _lint_imports(tree: Path) -> tuple[int, str]:
    """Run the linter in `tree`; the current folder comes first on its import path."""
    run = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-logo", "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout + run.stderr


def _broken(output: str) -> set[str]:
    return set(re.findall(r"^(.+) BROKEN\b", output, re.MULTILINE))


def _contracts(root: Path) -> list[dict[str, str]]:
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    contracts: list[dict[str, str]] = settings["tool"]["importlinter"]["contracts"]
    return contracts
