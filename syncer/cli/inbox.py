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


def _option(name: str, words: str, *, metavar: str | None = None) -> Any:  # noqa: ANN401  typer's own
    return typer.Option(name, metavar=metavar, help=words, show_default=False)


_Numbers = Annotated[
    list[int] | None, _option("--number", "This one; may come again.", metavar="N")
]
_Connection = Annotated[str, _option("--connection", "Of this one.", metavar="NAME")]
_State = Annotated[Ended | None, _option("--state", "In this state.")]
_Since = Annotated[
    str, _option("--since", "That came in since this date or instant.", metavar="WHEN")
]
_Until = Annotated[
    str,
    _option(
        "--until",
        "That came in up to the end of this date, or before this instant.",
        metavar="WHEN",
    ),
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell how many that would be.")]


@app.command()
def replay(
    ctx: typer.Context,
    *,
    number: _Numbers = None,
    connection: _Connection = "",
    state: _State = None,
    since: _Since = "",
    until: _Until = "",
    dry_run: _DryRun = False,
) -> None:
    """Let deliveries be worked off anew: those in quarantine, or those that the options tell.

    A running `serve` takes them at once, else the next one or the next `syncer sync` does. Working
    one off twice has no second effect: a delivery only says which items to fetch.
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
