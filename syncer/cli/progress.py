"""Showing how far a sync is, on standard error: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from syncer.cli.output import counted, printable, tell
from syncer.domain.ref import ContainerKey

_EVERY: Final = 1000
"""Plain lines tell every so many items."""


class Bars:
    """A bar for each container, while open as a context manager."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._tasks: dict[ContainerKey, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def started(self, container: ContainerKey, total: int | None) -> None:
        """Show a new bar."""
        self._tasks[container] = self._progress.add_task(printable(container), total=total)

    def advanced(self, container: ContainerKey, seen: int, total: int | None) -> None:
        """Move the container's bar."""
        self._progress.update(self._tasks[container], completed=seen, total=total)

    def finished(self, container: ContainerKey, error: str) -> None:
        """Fill the container's bar, or leave it where it stopped."""
        task = self._tasks[container]
        if error:
            self._progress.update(task, description=f"{printable(container)}: failed")
            return
        done = self._progress.tasks[self._progress.task_ids.index(task)].completed
        self._progress.update(task, total=done, completed=done)


class Lines:
    """A line at the start and end of each container, and now and then between."""

    def __init__(self) -> None:
        self._told: dict[ContainerKey, int] = {}

    def started(self, container: ContainerKey, total: int | None) -> None:
        """Tell that the container is being read."""
        of = "" if total is None else f" ({counted(total, 'item')})"
        tell(printable(f"{container}: reading{of}"))

    def advanced(self, container: ContainerKey, seen: int, total: int | None) -> None:
        """Tell every thousandth item."""
        if seen // _EVERY > self._told.get(container, 0) // _EVERY:
            of = "" if total is None else f" of {total}"
            tell(printable(f"{container}: {seen}{of} items"))
        self._told[container] = seen

    def finished(self, container: ContainerKey, error: str) -> None:
        """Tell how it ended; why it failed is among the results."""
        seen = self._told.get(container, 0)
        ended = "failed" if error else f"done, {counted(seen, 'item')}"
        tell(printable(f"{container}: {ended}"))
