"""`syncer hooks`: the webhooks that trackers send us, registered and watched."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncer.cli.context import run
from syncer.cli.status import Format

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from syncer.connect.hooking import HookPlace
    from syncer.service.core import Service
    from syncer.service.hooking import HookHealth, HookPlan

app = typer.Typer(no_args_is_help=True, help="Webhooks of trackers: registering and watching them.")

_COLUMNS = (
    "Connection",
    "Kind",
    "Secret",
    "Last delivery (UTC)",
    "Event",
    "Refused since",
    "Found late",
    "Address",
)

Connection = Annotated[
    str, typer.Option("--connection", metavar="NAME", help="Only this one.", show_default=False)
]
Form = Annotated[Format, typer.Option("--format", help="How to print.")]


@app.command()
def plan(ctx: typer.Context, connection: Connection = "", form: Form = Format.TABLE) -> None:
    """Ask each tracker which webhooks to us it has, and tell what is missing. Changes nothing.

    Ends with 1 where something is to be done or could not be asked.
    """
    found = run(ctx, lambda service: _planned(service, connection))
    _show(found, form)
    raise typer.Exit(0 if all(map(_is_settled, found)) else 1)


@app.command()
def apply(
    ctx: typer.Context,
    connection: Connection = "",
    *,
    renew_secrets: Annotated[
        bool, typer.Option("--renew-secrets", help="Enter the present secret everywhere.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, and change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before doing it.")] = False,
    form: Form = Format.TABLE,
) -> None:
    """Register what is missing and mend what is wrong, where the tracker's API allows.

    Twice is as good as once. Steps that only a person can take are printed. Ends with 1 where
    something is still to be done.
    """
    from syncer.cli.context import author_or_user
    from syncer.cli.output import tell

    found = run(ctx, lambda service: _planned(service, connection))
    changes = list(_changes(found, renew_secrets=renew_secrets))
    if dry_run or not changes:
        for line in changes:
            tell(f"Would {line}")
        tell("Nothing was changed.")
    else:
        if not yes:
            _ask(changes)
        who = author_or_user("")
        found = run(ctx, lambda service: _applied(service, found, who, renew_secrets))
    _show(found, form)
    raise typer.Exit(0 if all(map(_is_settled, found)) else 1)


@app.command()
def status(ctx: typer.Context, form: Form = Format.TABLE) -> None:
    """Show how each connection's webhooks fare, without asking its tracker."""
    from syncer.cli.output import write_json, write_table

    async def job(service: Service) -> list[HookHealth]:
        from syncer.service.hooking import hook_health

        return await hook_health(service)

    rows = [_health(one) for one in run(ctx, job)]
    if form is Format.JSON:
        write_json(rows)
    else:
        write_table(_COLUMNS, (tuple(_told(row).values())[: len(_COLUMNS)] for row in rows))


async def _planned(service: Service, connection: str) -> list[HookPlan]:
    from syncer.service.hooking import plan_hooks

    return await plan_hooks(service, only=connection)


async def _applied(
    service: Service, plans: Sequence[HookPlan], who: str, renew_secrets: bool
) -> list[HookPlan]:
    from syncer.service.hooking import apply_hooks

    return [await apply_hooks(service, one, who=who, renew_secrets=renew_secrets) for one in plans]


def _changes(plans: Sequence[HookPlan], *, renew_secrets: bool) -> Iterator[str]:
    """What would be done, a line a place."""
    for one in plans:
        for place in one.places:
            if place in one.to_do:
                verb = "register" if place.state == "missing" else "mend"
                yield f"{verb} the webhook of {one.connection} at {place.where}"
            elif renew_secrets and place.state == "good":
                yield f"enter the secret of {one.connection} at {place.where}"


def _ask(changes: Sequence[str]) -> None:
    """Let a person see what is about to be changed at trackers."""
    from syncer.cli.output import printable, tell
    from syncer.errors import ConfigError

    for line in changes:
        tell(f"  {printable(line)}")
    sys.stderr.write("Really change this at the trackers? [y/N]: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().casefold() not in {"y", "yes"}:
        raise ConfigError("Nothing was changed.", fix="Answer y, or give --yes.")


def _is_settled(one: HookPlan) -> bool:
    """Whether nothing is left to do that we know of; without a secret webhooks are not wanted."""
    waits = any(place.state != "good" for place in one.places)
    return one.error is None and not waits


def _show(plans: Sequence[HookPlan], form: Format) -> None:
    from syncer.cli.output import printable, write_json, write_lines

    if form is Format.JSON:
        write_json([_machine(one) for one in plans])
    else:
        write_lines(printable(line) for one in plans for line in _lines(one))


def _lines(one: HookPlan) -> Iterator[str]:
    if not one.url:
        why = one.error.message if one.error else "no webhook secret, so it is only polled."
        yield f"{one.connection} ({one.kind}): {why}"
        fix = one.error.fix if one.error else "Set webhook_secret_env in its table."
        yield f"  {fix}"
        return
    yield f"{one.connection} ({one.kind}): {one.url}"
    if one.local:
        yield "  It is this machine's own; set public_url in [service] hooks for one outside."
    if one.error is not None:
        yield f"  failed: {one.error}"
    for place in one.places:
        yield f"  {_place_line(place)}"
    for step in one.steps:
        yield f"  By hand: {step}"


def _place_line(place: HookPlace) -> str:
    told = "; ".join(place.problems)
    last = f", last answer {place.last_result}" if place.last_result else ""
    ends = f", ends {place.expires_at:%Y-%m-%d}" if place.expires_at else ""
    return f"{place.where}: {place.state.value}{last}{ends}" + (f": {told}" if told else "")


def _machine(one: HookPlan) -> dict[str, Any]:
    from syncer.cli.machine import instant

    return {
        "connection": one.connection,
        "kind": one.kind,
        "url": one.url or None,
        "error": None if one.error is None else str(one.error),
        "places": [
            {
                "where": place.where,
                "state": place.state.value,
                "problems": list(place.problems),
                "covers": list(place.covers),
                "secret_set": place.secret_set,
                "last_result": place.last_result or None,
                "expires_at": instant(place.expires_at),
            }
            for place in one.places
        ],
        "steps": list(one.steps),
    }


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """The same for people."""
    return row | {"secret": "yes" if row["secret"] else "no"}


def _health(one: HookHealth) -> dict[str, Any]:
    """The keys of the machine output, in the order of the columns."""
    from syncer.cli.machine import instant

    known = one.endpoint
    return {
        "connection": one.connection,
        "kind": one.kind,
        "secret": one.has_secret,
        "last_delivery_at": instant(known.last_delivery_at) if known else None,
        "last_event": (known.last_event or None) if known else None,
        "refused": known.refused if known else 0,
        "found_by_reconcile": one.found_by_reconcile,
        "url": one.url or None,
        "fault": one.fault or None,
    }
