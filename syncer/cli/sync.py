"""`syncer sync`: bring the store up to date, and show how far it is."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from syncer.cli.context import run
from syncer.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from syncer.service.core import Service
    from syncer.sync.connection import ConnectionResult
    from syncer.sync.inbox import Worked
    from syncer.sync.reconcile import CensusResult


def sync(
    ctx: typer.Context,
    connection: Annotated[
        str, typer.Option("--connection", metavar="NAME", help="Only this one.", show_default=False)
    ] = "",
    full: Annotated[
        bool, typer.Option("--full", help="Read everything again; nothing stored is lost.")
    ] = False,
    census: Annotated[
        bool,
        typer.Option("--census", help="Also look for items that were deleted, moved or hidden."),
    ] = False,
    confirm: Annotated[
        list[str],
        typer.Option(
            "--confirm",
            metavar="CONTAINER",
            help="With --census: however many items of it are gone, they were deleted.",
            show_default=False,
        ),
    ] = [],  # noqa: B006  typer copies it
) -> None:
    """Read what changed at the trackers, and work off the deliveries that wait.

    A killed sync goes on where it was.
    """
    from syncer.cli.output import write_lines
    from syncer.cli.progress import Bars, Lines
    from syncer.service.inboxing import work_off

    async def job(service: Service) -> tuple[Worked, list[ConnectionResult]]:
        worked = await work_off(service, only=connection)
        return worked, await service.sync(only=connection, full=full, progress=progress)

    if confirm and not census:
        raise ConfigError("--confirm belongs to a census.", fix="Add --census.")
    with Bars() if sys.stderr.isatty() else nullcontext(Lines()) as progress:
        worked, results = run(ctx, job)
    write_lines(inbox_lines(worked))
    if not results:
        write_lines(["There is no connection to sync: add one with [[connections]]."])
    write_lines(line for result in results for line in result_lines(result))
    failed = census and _census(ctx, connection, confirm)
    raise typer.Exit(exit_code(results) or int(failed))


def _census(ctx: typer.Context, connection: str, confirmed: Sequence[str]) -> bool:
    """Take a census of every container and print what it found; whether one failed."""
    from syncer.cli.output import printable, write_lines
    from syncer.service.census import take_censuses

    results = run(ctx, lambda s: take_censuses(s, only=connection, confirmed=confirmed))
    write_lines(printable(line) for result in results for line in census_lines(result))
    return any(result.failure is not None or result.note for result in results)


def census_lines(result: CensusResult) -> Iterator[str]:
    """What a census of one container found."""
    if result.failure is not None:
        yield f"{result.container}: no census: {result.failure}"
    elif result.note:
        yield f"{result.container}: {result.note}"
    else:
        yield (
            f"{result.container}: {result.items} items counted, {result.found} found, "
            f"{result.deleted} deleted, {result.moved} moved, {result.hidden} hidden"
        )


def exit_code(results: Sequence[ConnectionResult]) -> int:
    """0 where all was read; 1 where something failed; 2 where nothing but configuration did."""
    failures = [result.failure for result in results]
    if all(result.ok for result in results):
        return 0
    return min(failure.exit_code if failure else 1 for failure in failures)


def inbox_lines(worked: Worked) -> Iterator[str]:
    """What was done with the deliveries that had waited; nothing where none had."""
    if worked.finished:
        deliveries = "1 delivery" if worked.finished == 1 else f"{worked.finished} deliveries"
        yield f"inbox: {deliveries} worked off, {worked.stored} new or changed"


def result_lines(result: ConnectionResult) -> Iterator[str]:
    """What was done with one connection."""
    from syncer.cli.output import counted, printable

    seen = sum(one.items_seen for one in result.containers)
    stored = sum(one.stored for one in result.containers)
    unreadable = sum(one.unreadable for one in result.containers)
    read = sum(1 for one in result.containers if one.failure is None)
    if not result.containers and result.failure is None and result.identity is None:
        yield f"{result.connection}: nothing to ask, its items are pushed"
    elif not result.containers:
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
