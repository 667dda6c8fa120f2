"""`syncer connectors`: which kinds of trackers are installed, and how to begin another one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Kinds of trackers.", no_args_is_help=True)


@app.callback()
def connectors() -> None:
    """Kinds of trackers."""


@app.command("list")
def list_kinds() -> None:
    """List the installed kinds and what each of them can do."""
    from dataclasses import asdict

    from syncer.cli.output import write_lines
    from syncer.connect.registry import connector_class, installed_kinds

    for kind in installed_kinds():
        able = asdict(connector_class(kind).capabilities)
        words = [name.replace("_", " ") for name, has in able.items() if has]
        write_lines([f"{kind}: {', '.join(words) or 'reads items'}"])


@app.command("new")
def new(
    kind: Annotated[str, typer.Argument(help="What it will be called in `kind = …`.")],
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A new folder, for a package of its own.")
    ],
) -> None:
    """Write a package with a connector of a new kind, which passes the conformance suite."""
    from syncer.cli.output import write_lines
    from syncer.connect.testing.scaffold import write_package

    for path in write_package(kind, folder):
        write_lines([str(path)])
