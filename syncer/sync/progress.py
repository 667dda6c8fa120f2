"""How a pull tells a person how far it is."""

from __future__ import annotations

from typing import Protocol

from syncer.domain.ref import ContainerKey


class Progress(Protocol):
    """Told of every step of a pull, in the order in which things happen; draws bars, or nothing."""

    def started(self, container: ContainerKey, total: int | None) -> None:
        """A container is being read; `total` is the number of its items, where known."""
        ...

    def advanced(self, container: ContainerKey, seen: int, total: int | None) -> None:
        """`seen` items of this pass, out of `total` where the tracker tells, have been stored."""
        ...

    def finished(self, container: ContainerKey, error: str) -> None:
        """The container is done; `error` is empty where all of it was read."""
        ...


class NoProgress:
    """Draws nothing."""

    def started(self, container: ContainerKey, total: int | None) -> None:
        """Nothing."""

    def advanced(self, container: ContainerKey, seen: int, total: int | None) -> None:
        """Nothing."""

    def finished(self, container: ContainerKey, error: str) -> None:
        """Nothing."""
