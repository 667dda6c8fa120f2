"""`syncer override`: correct verdicts, take corrections back, list and export them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from syncer.cli.context import author_or_user, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncer.domain.item import WorkItem
    from syncer.domain.statement import VerdictOverride
    from syncer.service.core import Service

app = typer.Typer(help="Corrections of verdicts.", no_args_is_help=True)

_COLUMNS = ("Id", "Item", "Level", "Children", "By", "When (UTC)", "Undone", "Reason")

Author = Annotated[
    str, typer.Option("--author", help="Who says so; left out: you.", show_default=False)
]


class Level(StrEnum):
    """The verdicts."""

    PROGRAM = "program"
    PRODUCT = "product"
    UNCLASSIFIED = "unclassified"


@app.command("add")
def add(
    ctx: typer.Context,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="A key, such as jira:NET-12.")],
    level: Annotated[Level, typer.Option("--level", help="What the item really is.")],
    children: Annotated[
        bool, typer.Option("--children", help="Also everything below the item.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why.", show_default=False)] = "",
    author: Author = "",
) -> None:
    """Say what an item is. It holds until it is undone, and moves the item between the ledgers."""
    from syncer.cli.output import write_lines
    from syncer.domain.verdict import VerdictLevel

    who = author_or_user(author)

    async def job(service: Service) -> VerdictOverride:
        return await service.override(
            item, VerdictLevel(level), children=children, reason=reason, author=who
        )

    made = run(ctx, job)
    below = " and everything below it" if children else ""
    write_lines([f"{made.id}: {item}{below} is {level.value}, says {who}."])


@app.command("undo")
def undo(
    ctx: typer.Context,
    override: Annotated[str, typer.Argument(metavar="ID", help="See `override list`.")],
    author: Author = "",
) -> None:
    """Take a correction back; it stays on record."""
    from syncer.cli.output import write_lines

    who = author_or_user(author)
    run(ctx, lambda service: service.undo_override(override, author=who))
    write_lines([f"{override} is undone."])


@app.command("list")
def list_overrides(
    ctx: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Also those that were undone.")] = False,
) -> None:
    """List the corrections, oldest first."""
    from syncer.cli.machine import instant
    from syncer.cli.output import write_table

    found, items = run(ctx, lambda service: _load(service, every=every))
    write_table(
        _COLUMNS,
        (
            (
                one.id,
                items[one.item_uid].key if one.item_uid in items else one.item_uid,
                one.level,
                "yes" if one.children else "",
                one.provenance.author,
                instant(one.provenance.at),
                "yes" if one.undone else "",
                one.reason,
            )
            for one in found
        ),
    )


@app.command("export")
def export(ctx: typer.Context) -> None:
    """Write the corrections as examples for training.

    One JSON object a line, as `make train-classifier` reads them.
    """
    from syncer.cli.output import write_json_lines

    found, items = run(ctx, lambda service: _load(service, every=False))
    write_json_lines(_example(one, items[one.item_uid]) for one in found if one.item_uid in items)


async def _load(
    service: Service, *, every: bool
) -> tuple[Sequence[VerdictOverride], dict[str, WorkItem]]:
    from syncer.store.items import load_items
    from syncer.store.verdicts import load_overrides

    async with service.store.read() as session:
        found = await load_overrides(session, with_undone=every)
        items = await load_items(session, uids=[one.item_uid for one in found])
    return found, {item.uid: item for item in items}


def _example(override: VerdictOverride, item: WorkItem) -> dict[str, object]:
    """As the development set of the classifier is written: a portfolio of one item."""
    return {
        "id": override.id,
        "source": str(item.container),
        "projects": [{"key": item.container.key, "name": item.container.key}],
        "items": [
            {
                "key": item.key,
                "project": item.container.key,
                "type": item.native_type,
                "title": item.title,
                "body": item.body,
                "labels": list(item.labels),
            }
        ],
        "target": item.key,
        "label": override.level,
        "rationale": override.reason,
    }
