"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent

hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")

_FOR_TESTS = ("SYNCER_TEST_", "SYNCER_SHARED_DATA", "SYNCER_REQUIRE_")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of the person who runs the tests must not reach the code under test."""
    for name in list(os.environ):
        if name.startswith("SYNCER_") and not name.startswith(_FOR_TESTS):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def root() -> Path:
    """The top folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Recorded tracker data: the folder SYNCER_SHARED_DATA, else the one beside the checkout."""
    named = os.environ.get("SYNCER_SHARED_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no shared data: set SYNCER_SHARED_DATA (looked in {folder})")
    return folder
