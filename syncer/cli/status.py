"""`syncer status`: the colours, or how fresh the data is."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from syncer.cli.context import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from syncer.domain.completeness import Completeness
    from syncer.domain.report import GroupResult, ProjectResult, Snapshot, SourceState
    from syncer.publish.snapshot import SnapshotPair
    from syncer.service.core import Service


class Format(StrEnum):
    """How to print."""

    TABLE = "table"
    JSON = "json"


AsOf = Annotated[
    str,
    typer.Option(
        "--as-of", metavar="WHEN", help="A date (05:30 that day) or an instant.", show_default=False
    ),
]


def status(
    ctx: typer.Context,
    sources: Annotated[bool, typer.Option("--sources", help="Show how fresh the data is.")] = False,
    as_of: AsOf = "",
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
) -> None:
    """Show every program, product and project with its colour.

    With --sources: every container, and when it was last read.
    """
    from syncer.cli.machine import status_document
    from syncer.cli.output import tell, write_json, write_table

    pair = run(ctx, lambda service: snapshots(service, as_of))
    for line in ending_overrides(pair.current):
        tell(line)
    if not pair.current.sources:
        tell("Nothing has been synced yet: run `syncer sync` first.")
    if form is Format.JSON:
        write_json(status_document(pair.current, pair.previous))
    elif sources:
        write_table(_SOURCE_COLUMNS, source_rows(pair.current))
    else:
        write_table(_COLUMNS, status_rows(pair.current), title=heading(pair.current))


def ending_overrides(snapshot: Snapshot) -> Iterator[str]:
    """A warning to the author of each override that ends within two days."""
    from zoneinfo import ZoneInfo

    from syncer.cli.output import printable
    from syncer.rollup.calendar import report_date
    from syncer.rollup.colours.override_rules import ends_soon
    from syncer.rollup.colours.overrides import active

    today = report_date(snapshot.as_of, ZoneInfo(snapshot.timezone))
    for one in (state.override for state in active(snapshot)):
        if ends_soon(one, today):
            author = one.provenance.author
            yield printable(f"{author}: your override of {one.scope} ends on {one.expires}.")


async def snapshots(service: Service, as_of: str) -> SnapshotPair:
    """The snapshots of an instant as written on the command line."""
    from syncer.cli.moments import parse_moment

    instant = parse_moment(as_of, service.settings.service.timezone)
    loaded = await service.load()
    audiences = await service.audiences(await first_family(service), ground=loaded.ground)
    view = audiences[0].view if audiences else None
    return await service.snapshots(as_of=instant, view=view, loaded=loaded)


async def first_family(service: Service) -> str:
    """The first audience as configured; empty where there is none."""
    configured = service.settings.audiences
    return configured[0].key if configured else ""


def heading(snapshot: Snapshot) -> str:
    """As of when, and whether from history."""
    from zoneinfo import ZoneInfo

    local = snapshot.as_of.astimezone(ZoneInfo(snapshot.timezone))
    made = ", reconstructed from item history" if snapshot.reconstructed else ""
    return f"As of {local:%a %Y-%m-%d %H:%M} {snapshot.timezone}{made}"


_COLUMNS = ("Scope", "Name", "Colour", "Chance", "Target", "Likely", "Safe", "Done", "Why")
_SOURCE_COLUMNS = (
    "Container", "Read up to (UTC)", "Webhooks behind", "Items", "Census",
    "Found late", "Hidden", "Quarantined", "Condition",
)  # fmt: skip


def status_rows(snapshot: Snapshot) -> Iterator[tuple[object, ...]]:
    """Programs with their projects, then products with theirs, then projects of neither."""
    shown: set[str] = set()
    for group in (*snapshot.programs, *snapshot.products):
        yield status_row(group)
        for key in group.projects:
            project = snapshot.project(key)
            if project is not None:
                shown.add(key)
                scope, *rest = status_row(project)
                yield (f"  {scope}", *rest)
    for project in snapshot.projects:
        if project.key not in shown:
            yield status_row(project)


def status_row(result: GroupResult | ProjectResult) -> tuple[object, ...]:
    """The row of a program, product or project."""
    from syncer.domain.report import ProjectResult

    forecast = result.forecast if isinstance(result, ProjectResult) else result
    return (
        result.scope,
        result.name,
        _colour(result),
        _chance(forecast.probability),
        result.target,
        forecast.p50,
        forecast.p85,
        f"{result.done}/{result.total}",
        f"{result.shown.rule}: {result.shown.reason}",
    )


def _colour(result: GroupResult | ProjectResult) -> str:
    """`AMBER`, with a star where a person's override is shown."""
    star = "*" if result.override is not None and result.override.is_shown else ""
    return result.shown.health.replace("_", " ") + star


def _chance(probability: float | None) -> str:
    from syncer.rollup.display import show_probability

    return "" if probability is None else show_probability(probability)


def source_rows(snapshot: Snapshot) -> Iterator[tuple[object, ...]]:
    """One row a container."""
    from syncer.cli.machine import instant

    for source in snapshot.sources:
        detail = source.detail
        yield (
            f"{source.connection}:{source.container}" if source.container else source.connection,
            instant(source.last_success_at) or "never",
            _span(detail.webhook_lag_seconds),
            detail.items,
            _census(detail),
            source.found_by_reconcile,
            source.hidden,
            source.quarantined,
            "; ".join(_condition(source, snapshot.as_of)),
        )


def _census(detail: Completeness) -> str:
    """What the last census counted, on which day."""
    if detail.census_at is None:
        return "none yet"
    counted = "" if detail.census_items is None else f"{detail.census_items} on "
    return f"{counted}{detail.census_at:%Y-%m-%d}"


def _span(seconds: float | None) -> str:
    """`4 s`, `12 min`, `5 h`, `3 d`; a tracker's clock may make a lag less than none."""
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    units = ((172_800, 86_400, "d"), (7_200, 3_600, "h"), (120, 60, "min"), (0, 1, "s"))
    return next(f"{whole // size} {unit}" for least, size, unit in units if whole >= least)


def _condition(source: SourceState, as_of: datetime) -> Iterator[str]:
    """What is amiss, with since when, and when something is asked again."""
    from syncer.cli.machine import instant

    detail, since = source.detail, instant(source.detail.failing_since)
    if detail.lost_since is not None:
        yield f"access lost since {instant(detail.lost_since)}"
    if detail.degraded_since is not None:
        yield f"no answer since {instant(detail.degraded_since)}"
    if source.error:
        yield f"failing since {since}: {source.error}" if since else source.error
    coming = detail.next_attempt(now=as_of)
    if coming is not None:
        yield f"next try {instant(coming[0])}" + (f" ({coming[1]})" if coming[1] else "")
    if detail.census_note:
        yield detail.census_note
    if detail.unmapped:
        yield f"unmapped: {detail.unmapped}"
    if source.missing_detail:
        yield f"missing {', '.join(source.missing_detail)}"
    if detail.former:
        yield f"formerly {', '.join(detail.former)}"
