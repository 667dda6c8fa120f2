"""`syncer override`: correct verdicts and colours, take that back, list and export it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from syncer.cli.context import author_or_user, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from syncer.domain.item import WorkItem
    from syncer.domain.statement import ColourOverride, VerdictOverride
    from syncer.rollup.colours.override_rules import Wanted
    from syncer.service.core import Service

app = typer.Typer(help="Corrections of verdicts and colours.", no_args_is_help=True)

_COLUMNS = ("Id", "Of", "Says", "By", "When (UTC)", "Until", "Undone", "State", "Reason")
_OF_COLOURS = "C-"
"""How the ids of colours' overrides begin."""


class Level(StrEnum):
    """The verdicts."""

    PROGRAM = "program"
    PRODUCT = "product"
    UNCLASSIFIED = "unclassified"


class ShownColour(StrEnum):
    """The colours that a person may show."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"


What = Annotated[str, typer.Argument(metavar="ITEM|SCOPE", help="Such as jira:NET-12 or prog:5g.")]
OfItem = Annotated[
    Level | None, typer.Option("--level", help="What the item really is.", show_default=False)
]
OfScope = Annotated[
    ShownColour | None,
    typer.Option(
        "--colour",
        help="What the scope shows instead of the computed colour.",
        case_sensitive=False,
        show_default=False,
    ),
]
Children = Annotated[bool, typer.Option("--children", help="Also everything below the item.")]
Reason = Annotated[
    str, typer.Option("--reason", help="Why; for a colour in 20 characters.", show_default=False)
]
Expires = Annotated[
    str,
    typer.Option(
        "--expires",
        metavar="DATE",
        help="The last day of a colour, within 14 days.",
        show_default=False,
    ),
]
Approver = Annotated[
    str, typer.Option("--approver", help="Who else stands for a colour.", show_default=False)
]
Url = Annotated[
    str,
    typer.Option(
        "--evidence", metavar="URL", help="What shows that a colour is right.", show_default=False
    ),
]
Author = Annotated[
    str, typer.Option("--author", help="Who says so; left out: you.", show_default=False)
]


@app.command("add")
def add(
    ctx: typer.Context,
    what: What,
    level: OfItem = None,
    colour: OfScope = None,
    children: Children = False,
    reason: Reason = "",
    expires: Expires = "",
    approver: Approver = "",
    evidence: Url = "",
    author: Author = "",
) -> None:
    """Say what an item is (--level), or show another colour than the computed one (--colour).

    A level holds until it is undone, and moves the item between the ledgers. A darker colour needs
    only a reason. A lighter one needs its last day, and somebody else who approves it where it is
    two steps lighter or a program's; it lapses when the computed colour gets worse, the target
    moves or the work ends. The computed colour stays visible.
    """
    from syncer.errors import ConfigError

    who = author_or_user(author)
    of_colour = bool(expires or approver or evidence)
    if level is not None and colour is None and not of_colour:
        _add_level(ctx, what, level, children=children, reason=reason, author=who)
    elif colour is not None and level is None and not children:
        wanted = _wanted(
            colour, reason=reason, author=who, expires=expires, approver=approver, evidence=evidence
        )
        _add_colour(ctx, what, wanted)
    else:
        raise ConfigError(
            "What is it to be: what an item is, or the colour of a scope?",
            fix="Say --level with --children, or --colour with --expires, --approver, --evidence.",
        )


def _add_level(
    ctx: typer.Context, item: str, level: Level, *, children: bool, reason: str, author: str
) -> None:
    from syncer.cli.output import write_lines
    from syncer.domain.verdict import VerdictLevel

    async def job(service: Service) -> VerdictOverride:
        return await service.override(
            item, VerdictLevel(level), children=children, reason=reason, author=author
        )

    made = run(ctx, job)
    below = " and everything below it" if children else ""
    write_lines([f"{made.id}: {item}{below} is {level.value}, says {author}."])


def _wanted(
    colour: ShownColour, *, reason: str, author: str, expires: str, approver: str, evidence: str
) -> Wanted:
    """What is asked for, its scope left open."""
    from syncer.cli.moments import parse_day
    from syncer.domain.health import Health
    from syncer.rollup.colours.override_rules import Wanted

    return Wanted(
        scope="",
        colour=Health(colour.upper()),
        reason=reason,
        author=author,
        approver=approver,
        expires=parse_day(expires, "--expires"),
        evidence=evidence,
    )


def _add_colour(ctx: typer.Context, text: str, wanted: Wanted) -> None:
    from dataclasses import replace

    from syncer.cli.output import printable, write_lines
    from syncer.cli.scope import scope_in_service
    from syncer.cli.status import snapshots
    from syncer.service.overriding import override_colour

    async def job(service: Service) -> ColourOverride:
        scope = await scope_in_service(text, service)
        pair = await snapshots(service, "")
        return await override_colour(service, replace(wanted, scope=scope), pair.current)

    made = run(ctx, job)
    by = f", approved by {made.approver}" if made.approver else ""
    again = f", renewal {made.renewals}" if made.renewals else ""
    write_lines(
        [
            printable(
                f"{made.id}: {made.scope} shows {made.colour.capitalize()}* (computed "
                f"{_plain(made.computed)}) until {made.expires}{again}, says "
                f"{made.provenance.author}{by}."
            )
        ]
    )


def _plain(health: str) -> str:
    return health.replace("_", " ").capitalize()


@app.command("undo")
def undo(
    ctx: typer.Context,
    override: Annotated[str, typer.Argument(metavar="ID", help="See `override list`.")],
    author: Author = "",
) -> None:
    """Take a correction back; it stays on record."""
    from syncer.cli.output import write_lines

    who = author_or_user(author)

    async def job(service: Service) -> None:
        from syncer.service.overriding import undo_colour

        if override.startswith(_OF_COLOURS):
            await undo_colour(service, override, author=who)
        else:
            await service.undo_override(override, author=who)

    run(ctx, job)
    write_lines([f"{override} is undone."])


@app.command("list")
def list_overrides(
    ctx: typer.Context,
    every: Annotated[
        bool, typer.Option("--all", help="Also those that were undone or have lapsed.")
    ] = False,
) -> None:
    """List the corrections, of verdicts and then of colours, oldest first."""
    from syncer.cli.output import write_table

    async def job(service: Service) -> list[tuple[object, ...]]:
        verdicts, items = await _load(service, every=every)
        rows = [_verdict_row(one, items) for one in verdicts]
        return [*rows, *await _colour_rows(service, every=every)]

    write_table(_COLUMNS, run(ctx, job))


def _verdict_row(one: VerdictOverride, items: dict[str, WorkItem]) -> tuple[object, ...]:
    from syncer.cli.machine import instant

    return (
        one.id,
        items[one.item_uid].key if one.item_uid in items else one.item_uid,
        f"{one.level} and all below" if one.children else one.level,
        one.provenance.author,
        instant(one.provenance.at),
        "",
        "yes" if one.undone else "",
        "undone" if one.undone else "in force",
        one.reason,
    )


async def _colour_rows(service: Service, *, every: bool) -> list[tuple[object, ...]]:
    """The overrides of colours; how they stand is what the roll-up of now says."""
    from syncer.cli.machine import instant
    from syncer.cli.status import snapshots
    from syncer.rollup.calendar import report_date
    from syncer.rollup.colours.overrides import states
    from syncer.service.overriding import colour_overrides

    known = await colour_overrides(service)
    if not known:
        return []
    found = {one.override.id: one for one in states((await snapshots(service, "")).current)}
    today = report_date(service.clock.now(), service.zone)
    return [
        (
            one.id,
            one.scope,
            f"{_plain(one.colour)}* (computed {_plain(one.computed)})",
            f"{one.provenance.author} / {one.approver}".rstrip("/ "),
            instant(one.provenance.at),
            one.expires,
            "yes" if one.undone_at else "",
            _state(one, found[one.id].lapse if one.id in found else "replaced", today),
            one.reason,
        )
        for one in known
        if every or (one.id in found and found[one.id].is_active)
    ]


def _state(override: ColourOverride, lapse: str | None, today: date) -> str:
    from syncer.rollup.colours.override_rules import ends_soon

    if override.undone_at is not None:
        return "undone"
    if lapse is not None:
        return f"lapsed: {lapse}"
    return "ends soon" if ends_soon(override, today) else "in force"


@app.command("export")
def export(
    ctx: typer.Context,
    colours: Annotated[
        bool, typer.Option("--colours", help="The overrides of colours instead, all there were.")
    ] = False,
) -> None:
    """Write the corrections of verdicts as examples for training, or the overrides of colours.

    One JSON object a line; the examples are what `make train-classifier` reads.
    """
    from syncer.cli.output import write_json_lines

    if colours:
        write_json_lines(_colour_lines(ctx))
        return
    found, items = run(ctx, lambda service: _load(service, every=False))
    write_json_lines(_example(one, items[one.item_uid]) for one in found if one.item_uid in items)


def _colour_lines(ctx: typer.Context) -> Iterator[dict[str, object]]:
    from syncer.cli.machine import override_row
    from syncer.service.overriding import colour_overrides

    yield from map(override_row, run(ctx, colour_overrides))


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
