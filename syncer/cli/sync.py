"""`syncer sync`: bring the store up to date, and show how far it is."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from syncer.cli.context import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from syncer.sync.connection import ConnectionResult


def sync(
    ctx: typer.Context,
    connection: Annotated[
        str, typer.Option("--connection", metavar="NAME", help="Only this one.", show_default=False)
    ] = "",
    full: Annotated[
        bool, typer.Option("--full", help="Read everything again; nothing stored is lost.")
    ] = False,
) -> None:
    """Read what changed at the trackers. A killed sync goes on where it was."""
    from syncer.cli.output import write_lines
    from syncer.cli.progress import Bars, Lines

    with Bars() if sys.stderr.isatty() else nullcontext(Lines()) as progress:
        results = run(
            ctx, lambda service: service.sync(only=connection, full=full, progress=progress)
        )
    if not results:
        write_lines(["There is no connection to sync: add one with [[connections]]."])
    write_lines(line for result in results for line in result_lines(result))
    raise typer.Exit(exit_code(results))


def exit_code(results: Sequence[ConnectionResult]) -> int:
    """0 where all was read; 1 where something failed; 2 where nothing but configuration did."""
    failures = [result.failure for result in results]
    if all(result.ok for result in results):
        return 0
    return min(failure.exit_code if failure else 1 for failure in failures)


def result_lines(result: ConnectionResult) -> Iterator[str]:
    """What was done with one connection."""
    from syncer.cli.output import counted, printable

    seen = sum(one.items_seen for one in result.containers)
    stored = sum(one.stored for one in result.containers)
    unreadable = sum(one.unreadable for one in result.containers)
    read = sum(1 for one in result.containers if one.failure is None)
    if not result.containers:
        yield f"{result.connection}: " + ("not read" if result.failure else "no container to read")
    else:
        text = f"{result.connection}: {read} of {len(result.containers)} containers read, "
        text += f"{counted(seen, 'item')} seen, {stored} new or changed"
        yield text + (f", {unreadable} unreadable (kept in quarantine)" if unreadable else "")
    for one in result.containers:
        if one.failure is not None and one.failure is not result.failure:
            yield printable(f"  {one.container}: {one.failure}")
    if result.failure is not None:
        yield printable(f"  {result.connection}: {result.failure}")
