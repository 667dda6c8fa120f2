"""`syncer quarantine`: items that a tracker sent and that could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncer.cli.context import run
from syncer.cli.status import Format

if TYPE_CHECKING:
    from syncer.service.core import Service
    from syncer.service.quarantine import Retried
    from syncer.store.quarantine import Quarantined

app = typer.Typer(no_args_is_help=True, help="Items that could not be read.")

_COLUMNS = ("Item", "Key", "Container", "Since (UTC)", "Last tried (UTC)", "Tries", "Reason")
_RETRIED = ("Item", "Key", "Outcome", "Reason")
_WITHHELD = "restricted item"

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ITEM]...", help="As listed, or a key.", show_default=False),
]
Name = Annotated[str, typer.Argument(metavar="ITEM", help="As listed, or a key.")]
Form = Annotated[Format, typer.Option("--format", help="How to print.")]


@app.command("list")
def list_(ctx: typer.Context, form: Form = Format.TABLE) -> None:
    """List them with the reasons, longest there first."""
    from syncer.cli.output import tell, write_json, write_table

    async def job(service: Service) -> list[Quarantined]:
        from syncer.service.quarantine import in_quarantine

        return await in_quarantine(service)

    found = run(ctx, job)
    if form is Format.JSON:
        write_json([_machine(one) for one in found])
    elif found:
        write_table(_COLUMNS, (tuple(_machine(one).values())[: len(_COLUMNS)] for one in found))
    else:
        tell("Nothing is in quarantine.")


@app.command()
def show(
    ctx: typer.Context,
    item: Name,
    raw: Annotated[
        bool,
        typer.Option("--raw", help="Print what was sent even if nobody knows who may see it."),
    ] = False,
    form: Form = Format.TABLE,
) -> None:
    """Show one of them with what the tracker sent.

    What was sent of a restricted item is not shown.
    """
    from syncer.cli.output import write_json, write_lines

    async def job(service: Service) -> Quarantined:
        from syncer.service.quarantine import in_quarantine

        return (await in_quarantine(service, [item]))[0]

    found = run(ctx, job)
    told = {**_machine(found), "raw": _raw(found, unknown_too=raw)}
    if form is Format.JSON:
        write_json(told)
    else:
        write_lines(_lines(told, found))


@app.command()
def retry(ctx: typer.Context, items: Names = None, form: Form = Format.TABLE) -> None:
    """Ask the trackers for them again now: for those that are named, or for all.

    Ends with 1 where one still cannot be read.
    """
    from syncer.cli.output import write_json, write_table

    async def job(service: Service) -> list[Retried]:
        from syncer.service.quarantine import in_quarantine
        from syncer.service.quarantine import retry as ask_again

        return await ask_again(service, await in_quarantine(service, items or ()))

    done = run(ctx, job)
    rows = [_outcome(one) for one in done]
    if form is Format.JSON:
        write_json(rows)
    else:
        write_table(_RETRIED, (tuple(row.values()) for row in rows))
    if any(row["outcome"] in {"unreadable", "failed"} for row in rows):
        raise typer.Exit(1)


@app.command()
def drop(
    ctx: typer.Context, items: Annotated[list[str], typer.Argument(metavar="ITEM...")]
) -> None:
    """Give items up. One that its tracker sends again unreadable comes back."""
    from syncer.cli.context import author_or_user
    from syncer.cli.output import counted, tell

    async def job(service: Service) -> int:
        from syncer.service.quarantine import drop as give_up
        from syncer.service.quarantine import in_quarantine

        return await give_up(service, await in_quarantine(service, items), who=author_or_user(""))

    tell(f"{counted(run(ctx, job), 'item')} given up.")


def _machine(one: Quarantined) -> dict[str, Any]:
    """The keys of the machine output, in the order of the columns."""
    from syncer.cli.machine import instant

    hidden = bool(one.restricted)
    return {
        "item": one.unreadable.ref.uid,
        "key": _WITHHELD if hidden else one.unreadable.key or None,
        "container": str(one.container),
        "first_seen_at": instant(one.first_seen_at),
        "last_seen_at": instant(one.last_seen_at),
        "tries": one.tries,
        "reason": None if hidden else one.unreadable.reason,
        "restricted": one.restricted,
    }


def _raw(one: Quarantined, *, unknown_too: bool) -> str | None:
    """What was sent, as far as it may be shown."""
    may = one.restricted is False or (one.restricted is None and unknown_too)
    return one.unreadable.raw if may else None


def _lines(told: dict[str, Any], one: Quarantined) -> list[str]:
    from syncer.cli.output import printable

    names = (*_COLUMNS, "Restricted")
    shown = [f"{name}: {printable(text)}" for name, text in zip(names, told.values(), strict=False)]
    if told["raw"] is not None:
        return [*shown, "", printable(told["raw"])]
    if one.restricted:
        return [*shown, "", "What was sent is not shown: the item is restricted."]
    return [*shown, "", "Nobody knows who may see it, so what was sent needs --raw."]


def _outcome(one: Retried) -> dict[str, Any]:
    known = _machine(one.entry)
    hidden = bool(one.entry.restricted)
    return {
        "item": known["item"],
        "key": known["key"],
        "outcome": one.outcome.value,
        "reason": None if hidden else one.reason or None,
    }
