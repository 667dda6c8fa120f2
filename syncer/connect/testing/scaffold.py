"""Writes a third-party package with a connector of its own, made from the small one kept here.

What is written passes the conformance suite as it stands. Whoever writes a connector then puts the
true tracker in the place of the made-up one, file by file, and the suite says what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Final

from syncer.connect.registry import installed_kinds
from syncer.errors import ConfigError

_KIND: Final = re.compile(r"[a-z][a-z0-9]{1,29}")
_HERE: Final = "syncer.connect.testing.sample"
_SOURCE: Final = Path(__file__).resolve().parent / "sample"
_COPIED: Final = (
    "__init__.py", "config.py", "text.py", "mapping.py", "webhook.py", "connector.py",
    "simulator.py", "conformance.py", "quality.toml",
)  # fmt: skip

_PROJECT: Final = Template("""\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "syncer-$kind"
version = "0.1.0"
description = "Lets syncer read $Kind."
requires-python = ">=3.11"
dependencies = ["program-syncer"]

# syncer finds a connector by this, and nothing else has to be told of it.
[project.entry-points."syncer.connectors"]
$kind = "syncer_$kind.connector:${Kind}Connector"

[project.entry-points."syncer.simulators"]
$kind = "syncer_$kind.simulator:${Kind}Simulator"

[tool.hatch.build.targets.wheel]
packages = ["syncer_$kind"]

[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["."]
""")
_TEST: Final = Template('''\
"""The connector under every rule that connectors keep."""

from __future__ import annotations

from syncer.connect.testing.suite import ConnectorSuite
from syncer_$kind.conformance import ${Kind}Adapter

Test$Kind = ConnectorSuite.of(${Kind}Adapter)
''')
_README: Final = Template("""\
# syncer-$kind

A connector for syncer, of kind `$kind`. As it was written it reads a made-up tracker, and keeps all
rules of the conformance suite with that. Put the true one in its place, in this order:

1. `simulator.py`: let it answer as your tracker does, from recorded answers.
2. `mapping.py`, `text.py`: what an item of yours means; pure, so easily tried.
3. `connector.py`: where to ask, page by page.
4. `webhook.py`: what signs a delivery, and which items it names.
5. `conformance.py`: your tracker's own ways to ask for patience, to be malformed, to write text.
6. `quality.toml`: a rule that you do not keep is said there with the reason.

    pip install -e . pytest && pytest

In `syncer.toml`:

    [[connections]]
    name = "$kind"
    kind = "$kind"
    url = "https://$kind.example.com"
    auth = { token_env = "TOKEN" }
    webhook_secret_env = "WEBHOOK_SECRET"
""")


def write_package(kind: str, folder: Path) -> tuple[Path, ...]:
    """Write the package of a new kind into a folder that is new or empty; gives its files.

    `ConfigError` for a kind that is no short lower-case word or is installed already, and for a
    folder that holds something or cannot be written.
    """
    if not _KIND.fullmatch(kind):
        raise ConfigError(
            f"{kind!r} cannot be a kind.", fix="Use one word of lower-case letters and digits."
        )
    if kind in installed_kinds():
        raise ConfigError(
            f"A connector of kind {kind!r} is installed already.", fix="Take another."
        )
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ConfigError(f"{str(folder)!r} is not empty.", fix="Name a new folder.")
        return tuple(_write(folder / name, text) for name, text in _files(kind))
    except OSError as error:
        raise ConfigError(
            f"{str(folder)!r} cannot be written ({error.strerror}).", fix="Name another folder."
        ) from None


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _files(kind: str) -> Iterator[tuple[str, str]]:
    """The names of the files, from the package's folder, and their texts."""
    names = {"kind": kind, "Kind": kind.capitalize()}
    yield "pyproject.toml", _PROJECT.substitute(names)
    yield "README.md", _README.substitute(names)
    yield "tests/test_conformance.py", _TEST.substitute(names)
    for name in _COPIED:
        text = (_SOURCE / name).read_text(encoding="utf-8")
        yield f"syncer_{kind}/{name}", _renamed(text, kind)


def _renamed(text: str, kind: str) -> str:
    moved = text.replace(_HERE, f"syncer_{kind}")
    return moved.replace("Sample", kind.capitalize()).replace("sample", kind)
