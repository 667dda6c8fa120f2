"""`syncer demo`: the sample portfolio, through the real code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="Print the digest and end; do not serve pages.")
    ] = False,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="Where to put the files; left out: a new folder."),
    ] = None,
) -> None:
    """Make a digest from a simulated tracker with a year of work, and print it."""
    from syncer.demo.run import run_demo

    run_demo(folder=folder, serve=not no_serve)
