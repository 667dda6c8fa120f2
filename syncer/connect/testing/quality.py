"""What a connector says of itself in `quality.toml`: which rules it keeps, why not others."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from syncer.connect.protocol import Connector
from syncer.errors import ConfigError

FILE: Final = "quality.toml"
State = Literal["done", "missing", "not applicable"]
_STATES: Final[Mapping[str, State]] = {
    "done": "done",
    "missing": "missing",
    "not applicable": "not applicable",
}


@dataclass(frozen=True, slots=True)
class Tick:
    """What is said of one rule; `why` is empty only where it is kept."""

    state: State
    why: str = ""


def quality_file(connector: type[Connector]) -> Path:
    """The `quality.toml` in the folder of the connector's own module."""
    return Path(inspect.getfile(connector)).parent / FILE


def ticks_of(file: Path, edition: str = "") -> dict[str, Tick]:
    """What the file says of each rule by its id; what it says of an edition goes before.

    `ConfigError` for a file that cannot be read, an unknown state, or a rule that is not kept
    without a reason.
    """
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{file} cannot be read ({type(error).__name__}).",
            fix="Write what the connector keeps; see docs/adding-a-connector.md.",
        ) from error
    of_edition = told.get("editions", {}).get(edition, {}) if edition else {}
    rules = {**told.get("rules", {}), **of_edition.get("rules", {})}
    return {name: _tick(name, value) for name, value in rules.items()}


def _tick(name: str, value: Any) -> Tick:  # noqa: ANN401  whatever somebody wrote
    told = value if isinstance(value, dict) else {"state": value}
    state, why = _STATES.get(str(told.get("state"))), str(told.get("why", ""))
    if state is None:
        raise ConfigError(
            f"quality.toml: {name!r} is {told.get('state')!r}.",
            fix=f"Write one of {', '.join(_STATES)}.",
        )
    if state != "done" and not why:
        raise ConfigError(f"quality.toml: {name!r} is {state} without `why`.", fix="Say why.")
    return Tick(state, why)
