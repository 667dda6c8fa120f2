"""`syncer dispatches`: what went out to whom, and what did not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncer.cli.context import run
from syncer.cli.status import Format

if TYPE_CHECKING:
    from syncer.service.core import Service
    from syncer.store.dispatches import Dispatch

_COLUMNS = ("Edition", "Audience", "Channel", "Recipient", "State", "Tries", "Sent or next try")


def dispatches(
    ctx: typer.Context,
    audience: Annotated[
        str, typer.Option("--audience", metavar="KEY", help="Of whom.", show_default=False)
    ] = "",
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
) -> None:
    """Show each edition's way to each recipient, the newest first."""
    from syncer.cli.output import write_json, write_table

    async def job(service: Service) -> list[Dispatch]:
        from syncer.store.dispatches import load_dispatches

        async with service.store.read() as session:
            found = await load_dispatches(session, audience=audience or None)
        if audience and not found:
            await service.audiences(audience)  # says which ones there are
        return found

    found = run(ctx, job)
    if form is Format.JSON:
        write_json([_machine(one) for one in found])
    else:
        write_table((*_COLUMNS, "Note"), map(_row, found))


def _machine(one: Dispatch) -> dict[str, Any]:
    """The keys of the machine output; unknown is null, instants are UTC with `Z`."""
    from syncer.cli.machine import instant

    return {
        "audience": one.audience,
        "edition": one.edition,
        "version": one.version,
        "channel": one.channel,
        "recipient": one.recipient,
        "state": one.state.value,
        "attempts": one.attempt,
        "in_doubt": one.in_doubt,
        "message_id": one.message_id,
        "sent_at": instant(one.sent_at),
        "next_try_at": instant(one.next_try_at) if one.state == "pending" else None,
        "error": one.error or None,
    }


def _row(one: Dispatch) -> tuple[object, ...]:
    version = f" v{one.version}" if one.version > 1 else ""
    doubt = f" ({one.in_doubt} in doubt)" if one.in_doubt else ""
    due = one.sent_at or (one.next_try_at if one.state == "pending" else None)
    return (
        f"{one.edition}{version}",
        one.audience,
        one.channel,
        one.recipient,
        f"{one.state}{doubt}",
        one.attempt,
        f"{due:%Y-%m-%d %H:%M} UTC" if due else "",
        one.error,
    )
