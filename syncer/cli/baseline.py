"""`syncer baseline set`: approve the plan of a project as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from syncer.cli.context import run
from syncer.cli.statements import tell_line

if TYPE_CHECKING:
    from datetime import date

    from syncer.domain.statement import Baseline
    from syncer.service.core import Service

app = typer.Typer(help="Approved plans of projects.", no_args_is_help=True)


@app.command("set")
def set_baseline(
    ctx: typer.Context,
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="Such as network.")],
    approved_by: Annotated[str, typer.Option("--approved-by", help="Who approves it.")],
    target: Annotated[
        str,
        typer.Option("--target", metavar="DATE", help="Left out: the target in force."),
    ] = "",
    start: Annotated[
        str, typer.Option("--start", metavar="DATE", help="Left out: the start in force.")
    ] = "",
) -> None:
    """Approve start, target and items of a project: slip and scope count from here on.

    The moves of the date before stay on record, and the next edition is Amber for it.
    """
    from syncer.cli.moments import parse_day
    from syncer.cli.statements import refuse_empty

    refuse_empty({"--approved-by": approved_by})
    days = parse_day(start, "--start"), parse_day(target, "--target")
    made = run(ctx, lambda service: _approve(service, project, approved_by, days))
    held = len(made.item_uids)
    tell_line(
        f"proj:{made.project}: {held} item{'' if held == 1 else 's'}, target "
        f"{made.target or 'none'}, approved by {made.approved_by}."
    )


async def _approve(
    service: Service, text: str, approved_by: str, days: tuple[date | None, date | None]
) -> Baseline:
    from syncer.cli.scope import scope_in_service
    from syncer.cli.status import snapshots
    from syncer.domain.statement import Baseline
    from syncer.errors import NotFound
    from syncer.rollup.calendar import report_date
    from syncer.rollup.view import View
    from syncer.store.items import load_items

    scope = await scope_in_service(text, service)
    key = scope.removeprefix("proj:")
    result = (await snapshots(service, "")).current.project(key)
    if result is None or not scope.startswith("proj:"):
        raise NotFound(f"{scope} is no project.", fix="A baseline belongs to a project.")
    async with service.store.read() as session:
        items = await load_items(session)
    now = service.clock.now()
    view = View(await service.portfolio(), items, {}, report_date(now, service.zone))
    made = Baseline(
        project=key,
        approved_by=approved_by,
        at=now,
        start=days[0] or result.start,
        target=days[1] or result.target,
        item_uids=view.countables[key].uids,
    )
    await service.record(made)
    return made
