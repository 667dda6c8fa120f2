"""The `SYNCER_SECTION__KEY` variables, and secret files that stand for variables."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from syncer.settings.faults import ConfigurationFaults, Fault, Place
from syncer.settings.positions import KeyPath
from syncer.settings.sources import Merged

PREFIX: Final = "SYNCER_"
SECRETS_FOLDER: Final = "SYNCER_SECRETS_DIR"
"""Names a folder in which the file `NAME` holds the value of the variable `NAME`."""

_FOR_TESTS: Final = "SYNCER_TEST_"
_BETWEEN: Final = "__"


class Environment(Mapping[str, str]):
    """Variables of the process, over which lie the files of the secrets folder.

    Values never show in `repr`. `ConfigurationFaults` where the folder or a file in it cannot
    be read.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._values = {**variables, **_secret_files(variables.get(SECRETS_FOLDER, ""))}

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Environment({len(self)} variables)"


def _secret_files(folder: str) -> dict[str, str]:
    if not folder:
        return {}
    try:
        files = [path for path in sorted(Path(folder).iterdir()) if path.is_file()]
        return {path.name: _content(path) for path in files if path.name.isidentifier()}
    except (OSError, UnicodeDecodeError) as error:
        place = Place(f"environment variable {SECRETS_FOLDER}")
        reason = getattr(error, "strerror", None) or "a file in it is not UTF-8 text"
        fix = "It must name a folder of files that this account may read."
        fault = Fault(message=f"the folder cannot be read: {reason}.", place=place, fix=fix)
        raise ConfigurationFaults([fault]) from None


def _content(path: Path) -> str:
    return path.read_text(encoding="utf-8").rstrip("\r\n")


def overlay(merged: Merged, environment: Mapping[str, str]) -> None:
    """Put the `SYNCER_SECTION__KEY` variables over the files' values."""
    for name in sorted(environment):
        if name.startswith(PREFIX) and not name.startswith(_FOR_TESTS) and _BETWEEN in name:
            parts = name.removeprefix(PREFIX).lower().split(_BETWEEN)
            _put(merged, tuple(parts), name=name, text=environment[name])


def _put(merged: Merged, path: tuple[str, ...], *, name: str, text: str) -> None:
    table: dict[str, Any] = merged.data
    for part in path[:-1]:
        inner = table.setdefault(part, {})
        if not isinstance(inner, dict):
            merged.faults.append(_not_a_table(name, part))
            return
        table = inner
    table[path[-1]] = _value(text)
    _forget(merged, path)
    place = Place(f"environment variable {name}")
    for length in range(1, len(path)):
        merged.places.setdefault(path[:length], place)
    merged.places[path] = place


def _not_a_table(name: str, part: str) -> Fault:
    return Fault(
        message=f'"{part}" has no keys that a variable could set.',
        place=Place(f"environment variable {name}"),
        fix="Set it in the configuration file.",
    )


def _forget(merged: Merged, path: KeyPath) -> None:
    for old in [known for known in merged.places if known[: len(path)] == path]:
        del merged.places[old]


def _value(text: str) -> object:
    """Lists and tables are written as in TOML; everything else is text that its key will read."""
    if not text.startswith(("[", "{")):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text
