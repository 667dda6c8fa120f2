"""`syncer plan`: what a changed configuration would do, before it is used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncer.cli.context import run
from syncer.cli.status import Format

if TYPE_CHECKING:
    from syncer.domain.health import Colour
    from syncer.rollup.colours.comparison import Comparison, Membership, ProjectChange, Totals
    from syncer.service.core import Service

_SHOWN = 20
_FEW = 5
"""So many names stand in one line."""


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
        from syncer.cli.output import tell
        from syncer.service.planning import plan as planned

        before = await _before(service, against)
        return await planned(service, before, progress=tell)

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
    """The comparison for people: totals, then what matters; of each sort at most so many lines."""
    yield from _totals(found.totals)
    if found.changes_nothing:
        yield "Nothing would change."
    whole = at_most is None
    sections = {
        "Programs and products that would change": _groups(found, whole=whole),
        "Colours that would turn": _turns(found, whole=whole),
        "Items that would move": _moved(found) if whole else _gathered(found),
        "Items in several projects": _doubled(found),
        "Projects that would change": _projects(found) if whole else _old_projects(found),
        "Projects without a single item": list(found.empty),
        "Containers in no project, program or product (each is a project of its own)": _unmapped(
            found, whole=whole
        ),
    }
    for title, lines in sections.items():
        if lines:
            yield f"{title}:"
            yield from (f"  {line}" for line in lines[:at_most])
            if at_most is not None and len(lines) > at_most:
                yield f"  … and {len(lines) - at_most} more (--all lists them)"


def _totals(totals: Totals) -> Iterator[str]:
    sizes = {
        "projects": totals.projects,
        "programs": totals.programs,
        "products": totals.products,
    }
    told = (
        f"{name} {old} → {new}" if old != new else f"{name} {new}"
        for name, (old, new) in sizes.items()
    )
    yield f"{_items(totals.items)}: " + ", ".join(told) + "."
    yield (
        f"{_items(totals.moved)} would move, {totals.doubled} be in several projects, "
        f"{totals.homeless} in none; {totals.unmapped} in containers of their own."
    )


def _groups(found: Comparison, *, whole: bool) -> Sequence[str]:
    return [_group(one, found, whole=whole) for one in found.groups]


def _group(one: Membership, found: Comparison, *, whole: bool) -> str:
    from syncer.cli.output import counted

    colours = {turn.scope: turn for turn in found.turns}
    turn = colours.get(one.scope)
    size = f"{counted(one.projects, 'project')}, {_items(one.items)}"
    colour = f", {_colour(turn.after)}" if turn is not None and turn.after is not None else ""
    how = "new, " if one.before is None else "" if one.projects else "would go, "
    signed = [*(f"+{key}" for key in one.came), *(f"−{key}" for key in one.left)]
    few = one.before is not None and len(signed) <= _FEW
    names = f": {' '.join(signed)}" if whole or few else ""
    counts = "" if one.before is None or few else f" (+{len(one.came)} −{len(one.left)})"
    return f"{one.scope} ({one.name}): {how}{size}{counts}{colour}{names}"


def _old_projects(found: Comparison) -> Sequence[str]:
    """What would become of projects that there are, and in one line of those that would be new."""
    from syncer.cli.output import counted

    colours = Counter(
        _colour(turn.after)
        for turn in found.turns
        if turn.scope.startswith("proj:") and turn.before is None
    )
    new = sum(one.before is None for one in found.projects)
    told = ", ".join(f"{count} {colour}" for colour, count in colours.most_common())
    gone = [one for one in found.projects if one.after is None]
    changed = [one for one in found.projects if None not in {one.before, one.after}]
    lines = [f"{counted(new, 'project')} new ({told})"] if new else []
    if gone:
        lines.append(f"{counted(len(gone), 'project')} would go: {_some(one.key for one in gone)}")
    if len(changed) > _FEW:
        names = _some(f"{one.key} {one.before} → {one.after}" for one in changed)
        return [*lines, f"{len(changed)} with other items: {names}"]
    return [*lines, *map(_project, changed)]


def _some(names: Iterable[str]) -> str:
    known = list(names)
    more = f" and {len(known) - _FEW} more" if len(known) > _FEW else ""
    return ", ".join(known[:_FEW]) + more


def _projects(found: Comparison) -> Sequence[str]:
    return [_project(one) for one in found.projects]


def _project(one: ProjectChange) -> str:
    return f"{one.key}: {_size(one.before)} → {_size(one.after)} (+{one.came} −{one.left})"


def _size(count: int | None) -> str:
    return "none" if count is None else _items(count)


def _items(count: int) -> str:
    from syncer.cli.output import counted

    return counted(count, "item")


def _unmapped(found: Comparison, *, whole: bool) -> Sequence[str]:
    named = sorted(found.unmapped.items())
    if whole:
        return [f"{name}: {_items(count)}" for name, count in named]
    largest = sorted(named, key=lambda one: (-one[1], one[0]))
    told = f"{len(named)} with {_items(sum(found.unmapped.values()))}: "
    return [told + _some(f"{name} {count}" for name, count in largest)] if named else []


def _gathered(found: Comparison) -> Sequence[str]:
    return [
        f"{_items(one.items)} to {one.scope or 'no project'} from "
        + _some(f"{name or 'no project'} {count}" for name, count in one.sources.items())
        for one in found.gathered
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


def _turns(found: Comparison, *, whole: bool) -> Sequence[str]:
    """Colours that would turn; those of what would be new or go are told with it."""
    return [
        f"{one.scope} ({one.name}): {_colour(one.before)} → {_colour(one.after)}"
        + (f" ({one.after.rule}: {one.after.reason})" if one.after else "")
        for one in found.turns
        if whole or (one.before is not None and one.after is not None)
    ]


def _colour(colour: Colour | None) -> str:
    return "not there" if colour is None else colour.health.replace("_", " ")


def plan_document(found: Comparison) -> dict[str, Any]:
    """The comparison for machines."""
    return {
        "totals": _totals_document(found.totals),
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
            {
                "scope": one.scope,
                "name": one.name,
                "projects": one.projects,
                "items": one.items,
                "came": one.came,
                "left": one.left,
            }
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


def _totals_document(totals: Totals) -> dict[str, Any]:
    pairs = {"projects": totals.projects, "programs": totals.programs, "products": totals.products}
    return {
        "items": totals.items,
        **{name: {"before": old, "after": new} for name, (old, new) in pairs.items()},
        "moved": totals.moved,
        "doubled": totals.doubled,
        "homeless": totals.homeless,
        "unmapped": totals.unmapped,
    }
