"""`syncer discover`: draft programs, products, teams and gates from what the trackers hold."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncer.cli.context import load, run

if TYPE_CHECKING:
    from syncer.rollup.discovery import Discovery
    from syncer.service.core import Service


def discover(
    ctx: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write there.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Draft programs, products, teams and gates from initiatives, labels and versions.

    What was synced is looked through; before the first sync it syncs. The draft goes to standard
    output, or to a file that the configuration can include.
    """
    from syncer.cli.output import counted, tell, write_text
    from syncer.errors import ConfigError

    if out is not None and out.exists() and not force:
        raise ConfigError(f"{out} is already there.", fix="Overwrite it with --force.")
    found = run(ctx, _discovered)
    text = _checked(ctx, found)
    if out is None:
        write_text(text)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
        tell(f"Wrote {out}. See `syncer plan` once {load(ctx).file.name} includes it.")
    parts = (
        counted(len(found.programs), "program"),
        counted(len(found.products), "product"),
        counted(len(found.teams), "team"),
        counted(len(found.gates), "gate"),
    )
    tell(f"Found {', '.join(parts)}; {counted(len(found.alone), 'container')} on their own.")


async def _discovered(service: Service) -> Discovery:
    from syncer.rollup.calendar import report_date
    from syncer.rollup.discovery import discover as look
    from syncer.service.portfolio import load_ground

    async with service.store.read() as session:
        ground = await load_ground(session)
    if not ground.items:
        await _sync(service)
        async with service.store.read() as session:
            ground = await load_ground(session)
    today = report_date(service.clock.now(), service.settings.service.timezone)
    return look(ground.items, ground.containers, today=today)


async def _sync(service: Service) -> None:
    from syncer.cli.output import printable, tell
    from syncer.cli.progress import Bars, Lines
    from syncer.cli.sync import result_lines

    with Bars() if sys.stderr.isatty() else nullcontext(Lines()) as progress:
        results = await service.sync(progress=progress)
    for result in results:
        for line in result_lines(result):
            tell(printable(line))


def _checked(ctx: typer.Context, found: Discovery) -> str:
    """The draft, once it can be read beside the connections of the configuration."""
    from syncer.settings.draft import draft_text
    from syncer.settings.load import check_text

    text = draft_text(found)
    settings = load(ctx)
    connections = "".join(
        f'[[connections]]\nname = "{one.name}"\nkind = "{one.kind}"\n'
        for one in settings.connections
    )
    check_text(connections + text, settings.file)
    return text
