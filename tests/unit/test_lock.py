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


LOCKS = ("requirements.lock", "deploy/requirements.lock", "deploy/lint.lock")


@pytest.fixture(scope="module", params=LOCKS)
def any_lock(root: Path, request: pytest.FixtureRequest) -> str:
    return (root / str(request.param)).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def lock(root: Path) -> str:
    return (root / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def image_lock(root: Path) -> str:
    return (root / "deploy" / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def test_no_place_is_named(any_lock: str) -> None:
    options = [line for line in any_lock.splitlines() if line.startswith("-")]
    assert options == []
    assert not re.search(r"://|(?:^|\s)/|\b(?:index|find-links)\b", any_lock)


def test_a75_every_package_is_pinned_with_a_hash(any_lock: str) -> None:
    blocks = re.split(r"\n(?=\S)", any_lock.strip())
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


@pytest.mark.parametrize("python", SUPPORTED)
def test_an_image_holds_what_was_tested_and_no_test_tool(
    lock: str, image_lock: str, python: str
) -> None:
    tested, shipped = _pins(lock, python=python), _pins(image_lock, python=python)
    assert shipped.items() <= tested.items()
    assert "pytest" not in shipped


def _wanted(project: dict[str, Any]) -> Iterator[Requirement]:
    lists = [
        project["build-system"]["requires"],
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        *(group for name, group in project["dependency-groups"].items() if name != "deploy"),
    ]
    for requirements in lists:
        yield from (Requirement(one) for one in requirements if isinstance(one, str))


def _pins(lock: str, *, python: str) -> dict[str, str]:
    """What the lock installs on Linux with one version of Python."""
    environment = {"python_version": python, "python_full_version": f"{python}.0"}
    return {
        canonicalize_name(pin["name"]): pin["version"]
        for pin in PIN.finditer(lock)
        if pin["marker"] is None or Marker(pin["marker"]).evaluate(environment)
    }
