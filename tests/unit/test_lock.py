"""The lock: complete, hashed, and silent about where packages come from."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PIN = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?: ; (?P<marker>[^\\]+))?", re.MULTILINE
)
SUPPORTED = ("3.11", "3.12", "3.13")


@pytest.fixture(scope="module")
def lock(root: Path) -> str:
    return (root / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def test_no_place_is_named(lock: str) -> None:
    options = [line for line in lock.splitlines() if line.startswith("-")]
    assert options == []
    assert not re.search(r"://|(?:^|\s)/|\b(?:index|find-links)\b", lock)


def test_every_package_is_pinned_with_a_hash(lock: str) -> None:
    blocks = re.split(r"\n(?=\S)", lock.strip())
    assert len(blocks) > len(SUPPORTED)
    for block in blocks:
        assert PIN.match(block), block
        assert "--hash=sha256:" in block, block


@pytest.mark.parametrize("python", SUPPORTED)
def test_all_that_the_project_names_is_in_the_lock(
    lock: str, project: dict[str, Any], python: str
) -> None:
    pins = _pins(lock, python=python)
    missing = [
        str(wanted)
        for wanted in _wanted(project)
        if not wanted.specifier.contains(pins.get(canonicalize_name(wanted.name), "0"))
    ]
    assert missing == []


def _wanted(project: dict[str, Any]) -> Iterator[Requirement]:
    lists = [
        project["build-system"]["requires"],
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        *project["dependency-groups"].values(),
    ]
    for requirements in lists:
        yield from map(Requirement, requirements)


def _pins(lock: str, *, python: str) -> dict[str, str]:
    """What the lock installs on Linux with one version of Python."""
    environment = {"python_version": python, "python_full_version": f"{python}.0"}
    return {
        canonicalize_name(pin["name"]): pin["version"]
        for pin in PIN.finditer(lock)
        if pin["marker"] is None or Marker(pin["marker"]).evaluate(environment)
    }
