"""`syncer plan`: what a changed configuration would do, before it is used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncer.cli.context import run
from syncer.cli.status import Format

if TYPE_CHECKING:
    from syncer.domain.health import Colour
    from syncer.rollup.comparison import Comparison
    from syncer.service.core import Service

_SHOWN = 20


def plan(
    ctx: typer.Context,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="FILE",
            help="Compare with this configuration, not with the one used last.",
            show_default=False,
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="List every change.")] = False,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
) -> None:
    """Show what the configuration would change: items, projects, programs, colours.

    It is compared with the one that was used last, over the same items. Nothing is written.
    """
    from syncer.cli.output import printable, write_json, write_lines

    async def job(service: Service) -> Comparison:
        from syncer.service.planning import plan as planned

        return await planned(service, await _before(service, against))

    found = run(ctx, job)
    if form is Format.JSON:
        write_json(plan_document(found))
    else:
        lines = plan_lines(found, at_most=None if everything else _SHOWN)
        write_lines(printable(line) for line in lines)


async def _before(service: Service, against: Path | None) -> Any:  # noqa: ANN401  the settings
    import os

    from syncer.cli.output import tell
    from syncer.service.planning import configuration_in_use
    from syncer.settings.load import check_text, load_settings

    if against is not None:
        tell(f"Compared with {against}.")
        return load_settings(against, os.environ)
    used = await configuration_in_use(service)
    if used is not None:
        tell("Compared with the configuration that was used last.")
        return used
    tell("No configuration has been used yet: compared with every container on its own.")
    return check_text("", service.settings.file)


def plan_lines(found: Comparison, *, at_most: int | None) -> Iterator[str]:
    """The comparison for people; of each sort at most so many lines."""
    if found.changes_nothing:
        yield "Nothing would change."
    sections = {
        "Projects": _projects(found),
        "Programs and products": _groups(found),
        "Items that would move": _moved(found),
        "Colours that would turn": _turns(found),
        "Items counted twice": _doubled(found),
        "Containers that no project claims (each is a project of its own)": [
            f"{name}: {_items(count)}" for name, count in sorted(found.unmapped.items())
        ],
        "Projects without a single item": list(found.empty),
    }
    for title, lines in sections.items():
        if lines:
            yield f"{title}: {len(lines)}"
            yield from (f"  {line}" for line in lines[:at_most])
            if at_most is not None and len(lines) > at_most:
                yield f"  … and {len(lines) - at_most} more (--all lists them)"


def _projects(found: Comparison) -> Sequence[str]:
    return [
        f"{one.key}: {_size(one.before)} → {_size(one.after)} (+{one.came} −{one.left})"
        for one in found.projects
    ]


def _size(count: int | None) -> str:
    return "none" if count is None else _items(count)


def _items(count: int) -> str:
    from syncer.cli.output import counted

    return counted(count, "item")


def _groups(found: Comparison) -> Sequence[str]:
    return [
        f"{one.scope} ({one.name}): "
        + " ".join([*(f"+{key}" for key in one.came), *(f"−{key}" for key in one.left)])
        for one in found.groups
    ]


def _moved(found: Comparison) -> Sequence[str]:
    return [
        f"{_items(count)} from {old or 'no project'} to {new or 'no project'}"
        for (old, new), count in found.moved.items()
    ]


def _doubled(found: Comparison) -> Sequence[str]:
    return [
        f"{_items(one.items)} in {' and '.join(one.projects)} ({', '.join(one.keys)}"
        + (", …)" if one.items > len(one.keys) else ")")
        for one in found.doubled
    ]


def _turns(found: Comparison) -> Sequence[str]:
    return [
        f"{one.scope} ({one.name}): {_colour(one.before)} → {_colour(one.after)}"
        + (f" ({one.after.rule}: {one.after.reason})" if one.after else "")
        for one in found.turns
    ]


def _colour(colour: Colour | None) -> str:
    return "not there" if colour is None else colour.health.replace("_", " ")


def plan_document(found: Comparison) -> dict[str, Any]:
    """The comparison for machines."""
    return {
        "projects": [
            {
                "key": one.key,
                "name": one.name,
                "before": one.before,
                "after": one.after,
                "came": one.came,
                "left": one.left,
            }
            for one in found.projects
        ],
        "groups": [
            {"scope": one.scope, "name": one.name, "came": one.came, "left": one.left}
            for one in found.groups
        ],
        "moved": [
            {"from": old or None, "to": new or None, "items": count}
            for (old, new), count in found.moved.items()
        ],
        "doubled": [
            {"projects": one.projects, "items": one.items, "keys": one.keys}
            for one in found.doubled
        ],
        "unmapped": [
            {"project": name, "items": count} for name, count in sorted(found.unmapped.items())
        ],
        "empty": found.empty,
        "turns": [
            {
                "scope": one.scope,
                "name": one.name,
                "before": one.before.health if one.before else None,
                "after": one.after.health if one.after else None,
                "rule": one.after.rule if one.after else None,
                "reason": one.after.reason if one.after else None,
            }
            for one in found.turns
        ],
    }
