"""`syncer risks`: the risks in force, ranked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from syncer.cli.context import run
from syncer.cli.status import AsOf, Format, heading, snapshots

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syncer.domain.report import Snapshot

_COLUMNS = ("Risk", "Rule", "Scope", "Band", "Owner", "Days", "Money", "Title")


def risks(
    ctx: typer.Context,
    as_of: AsOf = "",
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
) -> None:
    """Show the risks in force, the gravest first."""
    from syncer.cli.machine import risk_row
    from syncer.cli.output import write_json, write_table

    snapshot = run(ctx, lambda service: snapshots(service, as_of)).current
    if form is Format.JSON:
        write_json([risk_row(risk) for risk in snapshot.risks])
    else:
        write_table(_COLUMNS, _rows(snapshot), title=heading(snapshot))


def _rows(snapshot: Snapshot) -> Iterator[tuple[object, ...]]:
    for risk in snapshot.risks:
        days, money = risk.exposure_days, risk.exposure_money
        yield (
            risk.id,
            risk.rule,
            risk.scope,
            risk.band,
            risk.owner or "nobody",
            "" if days is None else f"{days:.1f}",
            "" if money is None else f"{money:,.0f} {snapshot.currency}",
            risk.title,
        )
