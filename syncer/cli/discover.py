"""`syncer discover`: draft programs, products, teams and gates from what the trackers hold."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncer.cli.context import load, run

if TYPE_CHECKING:
    from syncer.rollup.discovery.drafts import Discovery
    from syncer.service.core import Service
    from syncer.settings.root import Settings


def discover(
    ctx: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write there.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    connection: Annotated[
        str, typer.Option("--connection", metavar="NAME", help="Only what this connection holds.")
    ] = "",
) -> None:
    """Draft programs, products, teams and gates from initiatives, labels and versions.

    What was synced is looked through; before the first sync it syncs. What the configuration says
    already is not drafted again. The draft goes to standard output, or to a file that the
    configuration can include.
    """
    from syncer.cli.output import counted, tell, write_text

    settings = load(ctx)
    if out is not None:
        _refuse(settings, out, force=force)
    if connection:
        _refuse_unknown(settings, connection)
    found = run(ctx, partial(_discovered, only=connection))
    text = _checked(settings, found)
    if out is None:
        write_text(text)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
        tell(f"Wrote {out}. Edit it; `syncer plan` shows what it does once it is included.")
    parts = (
        counted(len(found.programs), "program"),
        counted(len(found.products), "product"),
        counted(len(found.families), "group") + " of containers",
        counted(len(found.teams), "team"),
        counted(len(found.gates), "gate"),
    )
    own = "its own" if len(found.alone) == 1 else "their own"
    tell(f"Found {', '.join(parts)}; {counted(len(found.alone), 'container')} on {own}.")


def _refuse(settings: Settings, out: Path, *, force: bool) -> None:
    """Keep an existing file, and one in use in any case: it would lose what it says."""
    from syncer.errors import ConfigError

    if not out.exists():
        return
    used = {(settings.folder / place.source).resolve() for place in settings.places.values()}
    if out.resolve() in {*used, settings.file.resolve()}:
        raise ConfigError(
            f"{out} is part of the configuration, and what it says is not drafted again.",
            fix="Name another file, or remove this one first.",
        )
    if not force:
        raise ConfigError(f"{out} is already there.", fix="Overwrite it with --force.")


def _refuse_unknown(settings: Settings, connection: str) -> None:
    from syncer.errors import NotFound

    names = [one.name for one in settings.connections]
    if connection not in names:
        known = ", ".join(names) or "none"
        raise NotFound(f"There is no connection {connection!r}.", fix=f"There are: {known}.")


async def _discovered(service: Service, *, only: str) -> Discovery:
    from syncer.errors import NotFound
    from syncer.service.planning import discovered

    found = await discovered(service, only=only)
    if found is None:
        await _sync(service, only)
        found = await discovered(service, only=only)
    if found is None:
        raise NotFound(
            "There is not a single item to look at.", fix="See `syncer check` for what is seen."
        )
    return found


async def _sync(service: Service, only: str) -> None:
    from syncer.cli.output import printable, tell
    from syncer.cli.progress import Bars, Lines
    from syncer.cli.sync import result_lines

    with Bars() if sys.stderr.isatty() else nullcontext(Lines()) as progress:
        results = await service.sync(only=only, progress=progress)
    for result in results:
        for line in result_lines(result):
            tell(printable(line))


def _checked(settings: Settings, found: Discovery) -> str:
    """The draft, once it can be read beside the connections of the configuration."""
    from syncer.settings.draft import draft_text
    from syncer.settings.load import check_text

    text = draft_text(found)
    connections = "".join(
        f'[[connections]]\nname = "{one.name}"\nkind = "{one.kind}"\n'
        for one in settings.connections
    )
    check_text(connections + text, settings.file)
    return text
