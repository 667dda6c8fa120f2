"""`syncer inbox`: the webhook deliveries that came in, and letting them be worked off anew."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncer.cli.context import run
from syncer.cli.status import Format

if TYPE_CHECKING:
    from datetime import datetime

    from syncer.service.core import Service
    from syncer.store.inbox import Delivery

app = typer.Typer(no_args_is_help=True, help="Webhook deliveries that came in.")

_COLUMNS = ("Number", "Received (UTC)", "Connection", "Event", "State", "Tries", "Items", "Note")


class State(StrEnum):
    """Which deliveries to list."""

    PENDING = "pending"
    DONE = "done"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"


class Ended(StrEnum):
    """Which deliveries can be worked off anew."""

    DONE = "done"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"


@app.command("list")
def list_(
    ctx: typer.Context,
    state: Annotated[
        State | None, typer.Option("--state", help="Only these.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 100,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
) -> None:
    """List deliveries, the newest first."""
    from syncer.cli.output import write_json, write_table

    async def job(service: Service) -> list[Delivery]:
        from syncer.store.inbox import InboxState, list_deliveries

        async with service.store.read() as session:
            chosen = None if state is None else InboxState(state.value)
            return await list_deliveries(session, state=chosen, limit=limit)

    found = run(ctx, job)
    if form is Format.JSON:
        write_json([_machine(one) for one in found])
    else:
        write_table(_COLUMNS, (tuple(_machine(one).values()) for one in found))


def _machine(one: Delivery) -> dict[str, Any]:
    """The keys of the machine output, in the order of the columns."""
    from syncer.cli.machine import instant

    return {
        "number": one.id,
        "received_at": instant(one.received_at),
        "connection": one.connection,
        "event": one.event,
        "state": one.state.value,
        "tries": one.tries,
        "items": len(one.refs),
        "note": one.note,
    }


@app.command()
def replay(
    ctx: typer.Context,
    *,
    number: Annotated[
        list[int] | None,
        typer.Option("--number", metavar="N", help="This one; may come again.", show_default=False),
    ] = None,
    connection: Annotated[
        str, typer.Option("--connection", metavar="NAME", help="Of this one.", show_default=False)
    ] = "",
    state: Annotated[
        Ended | None, typer.Option("--state", help="In this state.", show_default=False)
    ] = None,
    since: Annotated[
        str,
        typer.Option(
            "--since",
            metavar="WHEN",
            help="That came in since this date or instant.",
            show_default=False,
        ),
    ] = "",
    until: Annotated[
        str,
        typer.Option(
            "--until",
            metavar="WHEN",
            help="That came in up to the end of this date, or before this instant.",
            show_default=False,
        ),
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell how many that would be.")
    ] = False,
) -> None:
    """Let deliveries be worked off anew: those in quarantine, or those that the options tell.

    A running `serve` takes them at once, else the next one does. Working one off twice has no
    second effect: a delivery only says which items to fetch.
    """
    from syncer.cli.output import tell
    from syncer.errors import ConfigError

    if number and (since or until or connection or state):
        raise ConfigError("--number excludes the other options.", fix="Give one or the others.")

    async def job(service: Service) -> int:
        from syncer.store import inbox

        zone = service.settings.service.timezone
        chosen = inbox.Chosen(
            ids=number or None,
            connection=connection or None,
            state=inbox.InboxState(state.value) if state else None,
            since=_moment(since, zone, days=0),
            until=_moment(until, zone, days=1),
        )
        if dry_run:
            async with service.store.read() as session:
                return await inbox.count_chosen(session, chosen)
        async with service.store.write() as session:
            return await inbox.replay(session, chosen)

    done = run(ctx, job)
    would = "would" if dry_run else "will"
    tell(f"{done} {'delivery' if done == 1 else 'deliveries'} {would} be worked off anew.")


def _moment(text: str, zone: str, *, days: int) -> datetime | None:
    """An instant; of a date its beginning, so many days later."""
    from contextlib import suppress
    from datetime import date, time, timedelta

    from syncer.cli.moments import parse_moment

    with suppress(ValueError):
        day = date.fromisoformat(text) + timedelta(days=days)
        return parse_moment(f"{day}T{time()}", zone)
    return parse_moment(text, zone)
