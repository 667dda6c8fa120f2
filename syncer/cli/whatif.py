"""`syncer whatif PROJECT`: the figures of a decision before anyone takes it."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from syncer.cli.context import run
from syncer.cli.status import Format

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from syncer.domain.item import WorkItem
    from syncer.domain.report import GroupResult, ProjectResult, Risk, Snapshot
    from syncer.rollup.whatif import Assumption
    from syncer.service.core import Service
    from syncer.service.whatif import Supposed

_COLUMNS = ("Scope", "", "Colour", "Chance", "Target", "Likely", "Safe", "Open", "Why")
_PACE: Final = re.compile(r"([+-]\d+(?:\.\d+)?)\s*%")
_MOST_PACE: Final = 10.0


def whatif(
    ctx: typer.Context,
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="Its key, or proj:KEY.")],
    drop: Annotated[
        list[str] | None,
        typer.Option(
            "--drop",
            metavar="KEY|N",
            help="Leave out this item, or the N items that can best be spared; may come again.",
        ),
    ] = None,
    target: Annotated[
        str, typer.Option("--target", metavar="DATE", help="Another target.", show_default=False)
    ] = "",
    pace: Annotated[
        str,
        typer.Option(
            "--pace", metavar="±P%", help="Finish so much more or less a week.", show_default=False
        ),
    ] = "",
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
) -> None:
    """Show what would follow if items were dropped, the target moved, or the pace changed.

    The whole roll-up runs over it, so that programs, dependencies and risks follow; a moved target
    counts as moved. Nothing is stored. Gates keep the pace of today.
    """
    from syncer.cli.output import tell, write_json, write_table

    found = run(
        ctx, lambda service: _supposed(service, project, drop or (), target=target, pace=pace)
    )
    rows = list(_compared(found))
    if form is Format.JSON:
        write_json(_document(found, rows))
        return
    write_table(_COLUMNS, (line for pair in rows for line in _rows(*pair)))
    for line in risk_changes(found):
        tell(line)


async def _supposed(
    service: Service, text: str, drop: Sequence[str], *, target: str, pace: str
) -> Supposed:
    from syncer.cli.moments import parse_day
    from syncer.cli.scope import scope_in_snapshot
    from syncer.errors import ConfigError
    from syncer.rollup.whatif import Assumption
    from syncer.service.whatif import what_if

    if not (drop or target or pace):
        raise ConfigError(
            "Nothing is assumed.", fix="Add --drop, --target or --pace, or several of them."
        )
    day, factor = parse_day(target, "--target"), pace_factor(pace)

    def assume(now: Snapshot, items: Sequence[WorkItem]) -> Assumption:
        kind, _, key = scope_in_snapshot(text, now).partition(":")
        found = now.project(key)
        if kind != "proj" or found is None:
            raise ConfigError(f"{text!r} is no project.", fix="Name one of its projects.")
        dropped = frozenset(uid for one in drop for uid in _uids(one, found, items))
        return Assumption(project=key, drop=dropped, target=day, pace=factor)

    return await what_if(service, assume)


def pace_factor(text: str) -> float:
    """`+20%` as 1.2; 1 for an empty text, `ConfigError` for anything else."""
    from syncer.errors import ConfigError

    if not text:
        return 1.0
    match = _PACE.fullmatch(text.strip())
    factor = 1 + float(match[1]) / 100 if match else 0.0
    if not 0 < factor <= _MOST_PACE:
        raise ConfigError(f"--pace: {text!r} is no change of pace.", fix="Write +20% or -10%.")
    return factor


def _uids(text: str, project: ProjectResult, items: Sequence[WorkItem]) -> list[str]:
    """The open items that `--drop` names: one by its key, or so many that can be spared."""
    from syncer.errors import ConfigError

    if text.isdigit():
        spare = project.levers.candidates if project.levers else ()
        if int(text) > len(spare):
            raise ConfigError(
                f"--drop {text}: {len(spare)} items of {project.key} can be spared.",
                fix="Name items by their keys, or a smaller number.",
            )
        return [one.uid for one in spare[: int(text)]]
    named = [one for one in items if one.is_open and text in {one.key, one.uid}]
    if not named:
        raise ConfigError(f"--drop: no open item is called {text!r}.", fix="See `syncer items`.")
    return [one.uid for one in named]


Row = tuple["GroupResult | ProjectResult", "GroupResult | ProjectResult"]


def _compared(found: Supposed) -> Iterator[Row]:
    """Every scope of which something differs, as it is and as it would be."""
    then: dict[str, GroupResult | ProjectResult] = {one.scope: one for one in found.then.projects}
    then |= {one.scope: one for one in (*found.then.programs, *found.then.products)}
    groups: Iterable[GroupResult | ProjectResult] = (*found.now.programs, *found.now.products)
    for one in chain(groups, found.now.projects):
        other = then.get(one.scope)
        if other is not None and _row_of(one) != _row_of(other):
            yield one, other


def _row_of(result: GroupResult | ProjectResult) -> tuple[object, ...]:
    from syncer.cli.status import status_row

    _, _, colour, chance, target, likely, safe, _, why = status_row(result)
    return (colour, chance, target, likely, safe, result.remaining, why)


def _rows(
    now: GroupResult | ProjectResult, then: GroupResult | ProjectResult
) -> Iterator[tuple[object, ...]]:
    yield (now.scope, "now", *_row_of(now))
    yield ("", "then", *_row_of(then))


def risk_changes(found: Supposed) -> Iterator[str]:
    """Which risks would end and which would begin, a line each."""
    ended, begun = _turned(found)
    yield from (f"no more: {risk.title}" for risk in ended)
    yield from (f"new: {risk.title}" for risk in begun)


def _turned(found: Supposed) -> tuple[list[Risk], list[Risk]]:
    """The risks that end and those that begin.

    One that only stands under another of its cause, or no longer does, was there all the time.
    """
    return _only_in(found.now, found.then), _only_in(found.then, found.now)


def _only_in(one: Snapshot, other: Snapshot) -> list[Risk]:
    known = {risk.id for risk in (*other.risks, *other.unmerged)}
    return [risk for risk in one.risks if risk.id not in known]


def _document(found: Supposed, rows: Sequence[Row]) -> dict[str, Any]:
    """Each scope that differs, with the keys of `status --format json` on both sides."""
    from syncer.cli.machine import instant, risk_row, scope_document

    ended, begun = _turned(found)
    return {
        "as_of": instant(found.now.as_of),
        "scopes": [
            {"scope": one.scope, "now": scope_document(one), "then": scope_document(other)}
            for one, other in rows
        ],
        "risks_ended": [risk_row(risk) for risk in ended],
        "risks_begun": [risk_row(risk) for risk in begun],
    }
