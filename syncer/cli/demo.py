"""`syncer demo`: the sample portfolio, through the real code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TextIO

import typer

from syncer.cli.context import configure_log, options


def demo(
    ctx: typer.Context,
    serve: Annotated[
        bool | None,
        typer.Option(
            "--serve/--no-serve",
            help="Serve the pages after the digest, or print it and end. Left out: serve when "
            "standard output is a terminal.",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="Where to put the files; left out: a new folder."),
    ] = None,
) -> None:
    """Make a sample digest from four simulated trackers, then serve its pages.

    Lives through a year of simulated work with the real code and prints the digest. On a terminal
    it then runs the daemon: webhooks of the trackers change a colour on the pages within half a
    minute. Ctrl-C ends it. In a pipe or a file it only prints, unless --serve is given.
    """
    import sys

    from syncer.demo.run import run_demo

    configure_log(verbose=options(ctx).verbose)
    run_demo(folder=folder, serve=is_served(serve, sys.stdout))


def is_served(asked: bool | None, out: TextIO) -> bool:
    """Whether to serve: as asked, else only where a person reads, so that no pipe ever hangs."""
    return out.isatty() if asked is None else asked
