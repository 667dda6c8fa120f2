"""`syncer history` and `syncer replay`: what was believed, since when, and under other rules."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncer.cli.context import run
from syncer.cli.status import Format

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from syncer.domain.report import GroupResult, ProjectResult, Snapshot
    from syncer.rollup.colours.replay import Turned
    from syncer.service.core import Service

    Said = tuple[Snapshot, GroupResult | ProjectResult]

_COLUMNS = ("As of", "Colour", "Chance", "Target", "Likely", "Safe", "Done", "Why")
_TURNED = ("As of", "Scope", "Name", "Now", "Then", "Why then")

Since = Annotated[
    str,
    typer.Option(
        "--since", metavar="WHEN", help="From this date or instant on.", show_default=False
    ),
]
Form = Annotated[Format, typer.Option("--format", help="How to print.")]


def history(
    ctx: typer.Context,
    scope: Annotated[str, typer.Argument(metavar="SCOPE", help="Such as prog:5g or network.")],
    since: Since = "",
    form: Form = Format.TABLE,
) -> None:
    """Show what each weekly snapshot said of a scope, and when it turned.

    All of one past day: `syncer status --as-of DAY`.
    """
    from syncer.cli.output import tell, write_json, write_table

    said = run(ctx, lambda service: _said(service, scope, since))
    if form is Format.JSON:
        write_json([_document(snapshot, result) for snapshot, result in said])
        return
    write_table(_COLUMNS, (_row(snapshot, result) for snapshot, result in said))
    for line in turns(said):
        tell(line)


async def _said(service: Service, text: str, since: str) -> list[Said]:
    """Each snapshot that knows the scope, with what it says of it."""
    from syncer.cli.scope import scope_in_snapshot

    snapshots = await _weekly(service, since)
    scope = scope_in_snapshot(text, *snapshots)
    found = ((each, _result(each, scope)) for each in snapshots)
    return [(each, result) for each, result in found if result is not None]


async def _weekly(service: Service, since: str) -> list[Snapshot]:
    from syncer.cli.moments import parse_moment
    from syncer.errors import SyncerError
    from syncer.service.history import weekly_snapshots

    first = parse_moment(since, service.settings.service.timezone)
    found = await weekly_snapshots(service, since=first)
    if not found:
        raise SyncerError(
            "No weekly snapshot has been kept yet.",
            fix="`syncer serve` keeps one before each edition; for one day see status --as-of.",
        )
    return found


def _result(snapshot: Snapshot, scope: str) -> GroupResult | ProjectResult | None:
    kind, _, key = scope.partition(":")
    return snapshot.project(key) if kind == "proj" else snapshot.group(scope)


def turns(said: Sequence[Said]) -> Iterator[str]:
    """When a colour was first known, and each time that it turned: a sentence each."""
    if not said:
        return
    snapshot, first = said[0]
    yield f"{_day(snapshot)}: {_word(first)} when first seen: {first.shown.reason}"
    for (_, before), (snapshot, now) in pairwise(said):
        if now.shown.health is not before.shown.health:
            yield f"{_day(snapshot)}: {_word(before)} → {_word(now)}: {now.shown.reason}"
        if now.target != before.target:
            yield f"{_day(snapshot)}: target {before.target or 'none'} → {now.target or 'none'}"


def _day(snapshot: Snapshot) -> str:
    from zoneinfo import ZoneInfo

    return snapshot.as_of.astimezone(ZoneInfo(snapshot.timezone)).date().isoformat()


def _word(result: GroupResult | ProjectResult) -> str:
    return result.shown.health.replace("_", " ")


def _row(snapshot: Snapshot, result: GroupResult | ProjectResult) -> tuple[object, ...]:
    from syncer.cli.status import status_row

    _, _, *figures = status_row(result)
    return (_day(snapshot), *figures)


def _document(snapshot: Snapshot, result: GroupResult | ProjectResult) -> dict[str, Any]:
    """One object: that of `status --format json`, and which snapshot said it."""
    from syncer.cli.machine import instant, scope_document

    return {"as_of": instant(snapshot.as_of), "snapshot": snapshot.id, **scope_document(result)}


def replay(
    ctx: typer.Context,
    rules: Annotated[
        Path,
        typer.Option("--rules", metavar="FILE", help="Thresholds as in health.toml.", exists=True),
    ],
    since: Since = "",
    form: Form = Format.TABLE,
) -> None:
    """Show which colours of past weeks would have turned under other thresholds.

    The file says what differs from the shipped thresholds. Colours are worked out anew from the
    facts that the weekly snapshots keep, so [colour] and [group] count; what detectors found
    then stays as it is.
    """
    from syncer.cli.output import tell, write_json, write_table

    turned, weeks = run(ctx, lambda service: _replayed(service, rules, since))
    if form is Format.JSON:
        write_json([_turned_document(one) for one in turned])
        return
    write_table(_TURNED, map(_turned_row, turned))
    tell(f"{len(turned)} colours in {weeks} weekly snapshots would have been others.")


async def _replayed(service: Service, file: Path, since: str) -> tuple[list[Turned], int]:
    from syncer.rollup.colours.replay import replay as replayed
    from syncer.settings.health import load_health_file

    other = load_health_file(file)
    snapshots = await _weekly(service, since)
    return list(replayed(snapshots, now=service.rules, then=other)), len(snapshots)


def _turned_row(one: Turned) -> tuple[object, ...]:
    now, then = (colour.health.replace("_", " ") for colour in (one.now, one.then))
    return (
        one.as_of.date(),
        one.scope,
        one.name,
        f"{now} ({one.now.rule})",
        f"{then} ({one.then.rule})",
        one.then.reason,
    )


def _turned_document(one: Turned) -> dict[str, Any]:
    from syncer.cli.machine import instant

    return {
        "as_of": instant(one.as_of),
        "scope": one.scope,
        "name": one.name,
        "now": {"state": one.now.health, "rule": one.now.rule, "reason": one.now.reason},
        "then": {"state": one.then.health, "rule": one.then.rule, "reason": one.then.reason},
    }
