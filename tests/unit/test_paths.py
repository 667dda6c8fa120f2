"""Shipped folders: the packaged one first, the checkout's only beside pyproject.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncer.paths import _shipped, shipped


def test_a_checkout_serves_its_own_folders(root: Path) -> None:
    assert shipped("config") == root / "config"


def test_the_packaged_folder_comes_first(tmp_path: Path) -> None:
    package = tmp_path / "syncer"
    (package / "_config").mkdir(parents=True)
    (tmp_path / "config").mkdir()
    (tmp_path / "pyproject.toml").touch()
    assert _shipped("config", package=package) == package / "_config"


def test_somebody_elses_folder_is_never_read(tmp_path: Path) -> None:
    package = tmp_path / "syncer"
    package.mkdir()
    (tmp_path / "config").mkdir()
    with pytest.raises(FileNotFoundError, match="'config'"):
        _shipped("config", package=package)
    (tmp_path / "pyproject.toml").touch()
    assert _shipped("config", package=package) == tmp_path / "config"


def test_an_unknown_folder_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match="'nothing'"):
        shipped("nothing")
