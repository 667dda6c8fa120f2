"""Finds connectors and simulators by entry points, built-in and third-party alike."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Any, Final

from syncer.connect.protocol import Connector
from syncer.errors import ConfigError

CONNECTORS: Final = "syncer.connectors"
SIMULATORS: Final = "syncer.simulators"


def installed_kinds(group: str = CONNECTORS) -> tuple[str, ...]:
    """The kinds that are installed, sorted by name."""
    return tuple(sorted({point.name for point in entry_points(group=group)}))


@cache
def connector_class(kind: str) -> type[Connector]:
    """The connector class of a kind; `ConfigError` names the installed kinds otherwise."""
    loaded: type[Connector] = _load(CONNECTORS, kind)
    return loaded


@cache
def simulator_class(kind: str) -> type[Any]:
    """The simulator class of a kind; `ConfigError` names the installed kinds otherwise."""
    loaded: type[Any] = _load(SIMULATORS, kind)
    return loaded


def _load(group: str, kind: str) -> Any:  # noqa: ANN401  what a third party registered
    point = next((p for p in entry_points(group=group) if p.name == kind), None)
    if point is None:
        known = ", ".join(installed_kinds(group)) or "none"
        what = group.rpartition(".")[2].removesuffix("s")
        raise ConfigError(f"There is no {what} of kind {kind!r}.", fix=f"Installed kinds: {known}.")
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"The {kind!r} of {group} cannot be loaded ({type(error).__name__}).",
            fix="Install the package that brings it again.",
        ) from error
