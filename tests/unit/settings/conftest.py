"""A folder to write configuration files into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from syncer.settings.faults import ConfigurationFaults
from syncer.settings.load import load_settings
from syncer.settings.root import Settings


@dataclass(frozen=True)
class Folder:
    """Writes files and loads `syncer.toml` from among them."""

    path: Path

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")

    def load(self, environ: Mapping[str, str] | None = None) -> Settings:
        return load_settings(self.path / "syncer.toml", environ or {})

    def settings(self, text: str, environ: Mapping[str, str] | None = None) -> Settings:
        self.write("syncer.toml", text)
        return self.load(environ)

    def faults(self, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
        self.write("syncer.toml", text)
        with pytest.raises(ConfigurationFaults) as caught:
            self.load(environ)
        return [str(fault) for fault in caught.value.faults]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)
