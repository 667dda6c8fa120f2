"""`syncer dispatches`: what went out to whom, what did not, and what a person decides about it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from syncer.cli.completion import audience_keys, dispatch_ids
from syncer.cli.context import author_or_user, run
from syncer.cli.status import Format

if TYPE_CHECKING:
    from syncer.service.core import Service
    from syncer.store.dispatches import Dispatch, Wanted

app = typer.Typer(invoke_without_command=True)

_COLUMNS = (
    *("Id", "Edition", "Audience", "Channel", "Recipient"),
    *("State", "Tries", "Sent or next try", "Note"),
)
_SHORT = 10
"""As many characters of an id tell dispatches apart."""


class State(StrEnum):
    """The states of a dispatch."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    HELD = "held"
    CANCELLED = "cancelled"


class Channel(StrEnum):
    """The channels."""

    EMAIL = "email"
    FILE = "file"


Ids = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ID]...",
        help="As listed: an id, or as much of its beginning as no other has.",
        show_default=False,
        autocompletion=dispatch_ids,
    ),
]
States = Annotated[
    list[State] | None,
    typer.Option("--state", help="Only in this state; may come again.", show_default=False),
]
OfAudience = Annotated[
    str,
    typer.Option(
        "--audience",
        metavar="KEY",
        help="Only of this audience.",
        show_default=False,
        autocompletion=audience_keys,
    ),
]
Through = Annotated[
    Channel | None,
    typer.Option("--channel", help="Only through this channel.", show_default=False),
]
Since = Annotated[
    str,
    typer.Option(
        "--since",
        metavar="WHEN",
        help="Only of editions published since this date or instant.",
        show_default=False,
    ),
]
Form = Annotated[Format, typer.Option("--format", help="How to print.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show which ones it would be, and change nothing.")
]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="Do not ask before doing it to all that are chosen.")
]
Reason = Annotated[
    str, typer.Option("--reason", help="Why, for the audit log.", show_default=False)
]
Author = Annotated[
    str, typer.Option("--author", help="Who says so; left out: you.", show_default=False)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """What the arguments choose."""

    ids: Sequence[str] = ()
    states: Sequence[State] = ()
    audience: str = ""
    channel: Channel | None = None
    since: str = ""

    def __bool__(self) -> bool:
        return bool(self.ids or self.states or self.audience or self.channel or self.since)

    def wanted(self, service: Service, *, default: Sequence[State] = ()) -> Wanted:
        """For the store; one that is named by its id may be in any state."""
        from syncer.cli.moments import parse_moment
        from syncer.store.dispatches import DispatchState, Wanted

        states = self.states or (() if self.ids else default)
        return Wanted(
            ids=self.ids,
            states=[DispatchState(one.value) for one in states],
            audience=self.audience,
            channel=self.channel.value if self.channel else "",
            since=parse_moment(self.since, service.settings.service.timezone),
        )


@app.callback()
def dispatches(
    ctx: typer.Context,
    audience: OfAudience = "",
    state: States = None,
    channel: Through = None,
    since: Since = "",
    form: Form = Format.TABLE,
) -> None:
    """Show each edition's way to each recipient, the newest first."""
    chosen = _Chosen(states=state or (), audience=audience, channel=channel, since=since)
    if ctx.invoked_subcommand is not None:
        _refuse_misplaced(chosen, ctx.invoked_subcommand)
        return

    async def job(service: Service) -> list[Dispatch]:
        from syncer.service.dispatches import listed

        found = await listed(service, chosen.wanted(service))
        if audience and not found:
            await service.audiences(audience)  # says which ones there are
        return found

    _show(run(ctx, job), form)


def _refuse_misplaced(chosen: _Chosen, command: str) -> None:
    from syncer.errors import ConfigError

    if chosen:
        raise ConfigError(
            f"Options that choose dispatches for {command!r} belong behind it.",
            fix=f"Write syncer dispatches {command} --audience KEY.",
        )


@app.command()
def resend(
    ctx: typer.Context,
    ids: Ids = None,
    audience: OfAudience = "",
    state: States = None,
    channel: Through = None,
    since: Since = "",
    reason: Reason = "",
    author: Author = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    form: Form = Format.TABLE,
) -> None:
    """Send some once more, now.

    Those that are named, or of those that the options choose all that are held or failed. A copy
    that may be one too many says so. Ends with 1 where one was not sent.
    """
    chosen = _Chosen(
        ids=ids or (), states=state or (), audience=audience, channel=channel, since=since
    )
    order = _Order("resend", who=author_or_user(author), why=reason, dry_run=dry_run, yes=yes)
    done = _ordered(ctx, chosen, order)
    _show(done, form)
    if not dry_run and not {one.state.value for one in done} <= _ON_ITS_WAY:
        raise typer.Exit(1)


@app.command()
def cancel(
    ctx: typer.Context,
    ids: Ids = None,
    audience: OfAudience = "",
    state: States = None,
    channel: Through = None,
    since: Since = "",
    reason: Reason = "",
    author: Author = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    form: Form = Format.TABLE,
) -> None:
    """Call some off.

    Those that are named, or of those that the options choose all that were not sent.
    """
    chosen = _Chosen(
        ids=ids or (), states=state or (), audience=audience, channel=channel, since=since
    )
    order = _Order("cancel", who=author_or_user(author), why=reason, dry_run=dry_run, yes=yes)
    _show(_ordered(ctx, chosen, order), form)


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be done, by whom and why."""

    name: str
    who: str
    why: str
    dry_run: bool
    yes: bool

    def told(self, number: int) -> str:
        """`resend 1 dispatch`, `cancel 2 dispatches`."""
        return f"{self.name} {number} {'dispatch' if number == 1 else 'dispatches'}"


_ON_ITS_WAY: Final = frozenset({"claimed", "sending", "sent"})
"""A daemon may have been quicker than the command, and be at work on it still."""

_USUAL: Final = {
    "resend": (State.HELD, State.FAILED),
    "cancel": (State.PENDING, State.HELD, State.FAILED),
}
"""In which states what is chosen without an id or a state has to be."""


def _ordered(ctx: typer.Context, chosen: _Chosen, order: _Order) -> list[Dispatch]:
    """The dispatches as they are afterwards; with --dry-run those that it would be, as they are."""
    from syncer.cli.output import tell
    from syncer.errors import ConfigError

    if not chosen:
        raise ConfigError(
            f"Nothing says what to {order.name}.",
            fix="Name ids, or choose with --state, --audience, --channel or --since.",
        )
    found = run(ctx, lambda service: _possible(service, chosen, order))
    if order.dry_run or not found:
        would = f"Would {order.told(len(found))}." if found else f"There is none to {order.name}."
        tell(f"{would} Nothing was changed.")
        return found
    if not chosen.ids and not order.yes:
        _ask(found, order)
    return run(ctx, lambda service: _carry_out(service, [one.id for one in found], order))


async def _possible(service: Service, chosen: _Chosen, order: _Order) -> list[Dispatch]:
    from syncer.service.dispatches import Order, orderable

    wanted = chosen.wanted(service, default=_USUAL[order.name])
    return await orderable(service, wanted, Order(order.name))


async def _carry_out(service: Service, ids: Sequence[str], order: _Order) -> list[Dispatch]:
    import os
    import socket

    from syncer.service.dispatches import Command, Order, carry_out

    owner = f"dispatches {socket.gethostname()} (pid {os.getpid()})"
    command = Command(order=Order(order.name), who=order.who, why=order.why, owner=owner)
    return await carry_out(service, ids, command)


def _ask(found: Sequence[Dispatch], order: _Order) -> None:
    """Let a person see what is chosen before it is done."""
    from syncer.cli.output import printable, tell
    from syncer.errors import ConfigError

    for one in found:
        told = f"{one.edition} for {one.audience}, {one.channel} {one.recipient}: {one.state}"
        tell(f"  {printable(told)}")
    sys.stderr.write(f"Really {order.told(len(found))}? [y/N]: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().casefold() not in {"y", "yes"}:
        raise ConfigError("Nothing was changed.", fix="Answer y, or give --yes.")


def _show(found: Sequence[Dispatch], form: Format) -> None:
    from syncer.cli.output import write_json, write_table

    if form is Format.JSON:
        write_json([_machine(one) for one in found])
    else:
        write_table(_COLUMNS, map(_row, found))


def _machine(one: Dispatch) -> dict[str, Any]:
    """The keys of the machine output; unknown is null, instants are UTC with `Z`."""
    from syncer.cli.machine import instant

    return {
        "id": one.id,
        "audience": one.audience,
        "edition": one.edition,
        "version": one.version,
        "channel": one.channel,
        "recipient": one.recipient,
        "state": one.state.value,
        "attempts": one.attempt,
        "tries": one.tries,
        "in_doubt": one.in_doubt,
        "message_id": one.message_id,
        "created_at": instant(one.created_at),
        "sent_at": instant(one.sent_at),
        "next_try_at": instant(one.next_try_at) if one.state == "pending" else None,
        "error": one.error or None,
    }


def _row(one: Dispatch) -> tuple[object, ...]:
    version = f" v{one.version}" if one.version > 1 else ""
    doubt = f" ({one.in_doubt} in doubt)" if one.in_doubt else ""
    due = one.sent_at or (one.next_try_at if one.state == "pending" else None)
    return (
        one.id[:_SHORT],
        f"{one.edition}{version}",
        one.audience,
        one.channel,
        one.recipient,
        f"{one.state}{doubt}",
        one.attempt,
        f"{due:%Y-%m-%d %H:%M} UTC" if due else "",
        one.error,
    )
