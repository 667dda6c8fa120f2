"""`syncer connectors list`: which kinds of trackers are installed."""

from __future__ import annotations

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
