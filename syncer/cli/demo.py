"""`syncer demo`: the sample portfolio, through the real code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from syncer.cli.context import configure_log, options


def demo(
    ctx: typer.Context,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="Print the digest and end; do not serve pages.")
    ] = False,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="Where to put the files; left out: a new folder."),
    ] = None,
) -> None:
    """Make a sample digest from two simulated trackers.

    Lives through a year of simulated work with the real code; without --no-serve, the pages are
    served until you press Ctrl-C.
    """
    from syncer.demo.run import run_demo

    configure_log(verbose=options(ctx).verbose)
    run_demo(folder=folder, serve=not no_serve)
