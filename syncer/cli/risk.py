"""`syncer risk`: write down a risk, and say what is done about one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from syncer.cli.context import author_or_user, run
from syncer.cli.statements import Author, Scope, record_statement, refuse_empty, said_now, tell_line

if TYPE_CHECKING:
    from syncer.domain.report import Risk
    from syncer.domain.statement import HumanRisk, Provenance, RiskResponse
    from syncer.service.core import Service

app = typer.Typer(help="Risks: write one down, or say what is done about it.", no_args_is_help=True)

RiskId = Annotated[str, typer.Argument(metavar="ID", help="Such as R-1f0a2b3c4d, see `risks`.")]
Owner = Annotated[str, typer.Option("--owner", help="Who answers for it.", show_default=False)]
By = Annotated[
    str, typer.Option("--by", metavar="DATE", help="When that is done.", show_default=False)
]
Left = Annotated[int | None, typer.Option(min=1, max=5, help="What is left, 1 to 5.")]


@app.command("add")
def add(
    ctx: typer.Context,
    scope: Scope,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What may happen.")],
    probability: Annotated[int, typer.Option("--probability", min=1, max=5, help="1 to 5.")],
    impact: Annotated[int, typer.Option("--impact", min=1, max=5, help="1 to 5.")],
    owner: Owner = "",
    next_step: Annotated[
        str, typer.Option("--next-step", help="What happens next.", show_default=False)
    ] = "",
    author: Author = "",
) -> None:
    """Write a risk down. One of the same title on the same scope is replaced."""
    from syncer.domain.statement import HumanRisk, statement_id

    refuse_empty({"TITLE": title})

    def build(full_scope: str, said: Provenance) -> HumanRisk:
        return HumanRisk(
            id=statement_id("H", full_scope, title),
            scope=full_scope,
            title=title,
            probability=probability,
            impact=impact,
            owner=owner,
            next_step=next_step,
            provenance=said,
        )

    made = record_statement(ctx, scope, build, author=author, command="risk add")
    tell_line(f"{made.id}: {made.scope}: {made.title}")


@app.command("own")
def own(
    ctx: typer.Context,
    risk: RiskId,
    owner: Annotated[str, typer.Option("--owner", help="Who answers for it.")],
    next_step: Annotated[
        str, typer.Option("--next-step", help="What happens next.", show_default=False)
    ] = "",
    by: By = "",
    ask: Annotated[
        str, typer.Option("--ask", help="What readers are asked to do.", show_default=False)
    ] = "",
    author: Author = "",
) -> None:
    """Name who answers for a risk, what happens next, and when it is looked at again (--by)."""
    from syncer.cli.moments import parse_day
    from syncer.domain.statement import RiskResponse

    refuse_empty({"--owner": owner})
    day = parse_day(by, "--by")

    def build(risk_id: str, said: Provenance) -> RiskResponse:
        return RiskResponse(
            rule=risk_id, owner=owner, next_step=next_step, by=day, ask=ask, provenance=said
        )

    _answer(ctx, risk, build, author=author, command="risk own")
    again = "" if day else " It stays new until you say with --by when it is looked at again."
    tell_line(f"{risk}: {owner} answers for it.{again}")


@app.command("accept")
def accept(
    ctx: typer.Context,
    risk: RiskId,
    until: Annotated[
        str, typer.Option("--until", metavar="DATE", help="The last day, within 90 days.")
    ],
    owner: Owner = "",
    author: Author = "",
) -> None:
    """Accept a risk for a while, under the name of whoever accepts it (--owner, else the author).

    After its last day it is new again, and that it ran out is a risk of its own.
    """
    from syncer.cli.moments import parse_day
    from syncer.domain.statement import LONGEST_ACCEPTANCE, RiskResponse, Roam
    from syncer.errors import ConfigError

    day, longest = parse_day(until, "--until"), LONGEST_ACCEPTANCE.days

    def build(risk_id: str, said: Provenance) -> RiskResponse:
        left = (day - said.at.date()).days if day else -1
        if not 0 <= left <= longest:
            raise ConfigError(
                f"--until {until!r} is not within the next {longest} days.",
                fix="A risk is accepted for a while, and then looked at again.",
            )
        return RiskResponse(
            rule=risk_id,
            owner=owner or said.author,
            roam=Roam.ACCEPTED,
            accept_until=day,
            provenance=said,
        )

    _answer(ctx, risk, build, author=author, command="risk accept")
    tell_line(f"{risk} is accepted until {day}.")


@app.command("mitigate")
def mitigate(
    ctx: typer.Context,
    risk: RiskId,
    item: Annotated[
        list[str] | None,
        typer.Option("--item", metavar="KEY", help="An item that does it; may be repeated."),
    ] = None,
    step: Annotated[str, typer.Option("--step", help="What is done.", show_default=False)] = "",
    by: By = "",
    owner: Owner = "",
    residual_probability: Left = None,
    residual_impact: Left = None,
    author: Author = "",
) -> None:
    """Say what lowers a risk: items, or a step with its day. What is late mitigates nothing."""
    from syncer.cli.moments import parse_day
    from syncer.domain.statement import RiskResponse, Roam
    from syncer.errors import ConfigError

    if not item and not step.strip():
        raise ConfigError("What is done about it?", fix="Name items with --item, or say --step.")
    day, named = parse_day(by, "--by"), tuple(item or ())

    def build(risk_id: str, said: Provenance) -> RiskResponse:
        return RiskResponse(
            rule=risk_id,
            owner=owner,
            next_step=step,
            by=day,
            roam=Roam.MITIGATED,
            mitigations=named,
            residual_probability=residual_probability,
            residual_impact=residual_impact,
            provenance=said,
        )

    _answer(ctx, risk, build, author=author, command="risk mitigate", items=named)
    tell_line(f"{risk} is mitigated by {', '.join(named) or step}.")


@app.command("close")
def close(
    ctx: typer.Context,
    risk: RiskId,
    outcome: Annotated[str, typer.Option("--outcome", help="How it has passed.")] = "",
    withdrawn: Annotated[bool, typer.Option("--withdrawn", help="It is no longer said.")] = False,
    author: Author = "",
) -> None:
    """Record that a risk written down by a person has passed, or is withdrawn, and by whom.

    What syncer found itself closes when it no longer holds.
    """
    from syncer.domain.statement import RiskResponse, Roam
    from syncer.errors import ConfigError

    if bool(outcome.strip()) == withdrawn:
        raise ConfigError("How did it end?", fix='Say --outcome "…", or --withdrawn.')
    if risk.startswith("R-"):
        raise ConfigError(f"{risk} was found, not written down.", fix="Own or accept it.")

    def build(risk_id: str, said: Provenance) -> RiskResponse:
        return RiskResponse(
            rule=risk_id, owner=said.author, next_step=outcome, roam=Roam.RESOLVED, provenance=said
        )

    _answer(ctx, risk, build, author=author, command="risk close")
    tell_line(f"{risk} is {'withdrawn' if withdrawn else 'closed'}.")


def _answer(
    ctx: typer.Context,
    identity: str,
    build: Callable[[str, Provenance], RiskResponse],
    *,
    author: str,
    command: str,
    items: Iterable[str] = (),
) -> None:
    """Record what is done about a risk that is in force now."""
    who = author_or_user(author)

    async def job(service: Service) -> None:
        from syncer.cli.status import snapshots
        from syncer.store.items import find_item

        async with service.store.read() as session:
            for item in items:
                await find_item(session, item)
        snapshot = (await snapshots(service, "")).current
        _refuse_unknown(identity, (*snapshot.risks, *snapshot.unmerged))
        await service.record(build(identity, said_now(service, who, command)))

    run(ctx, job)


def _refuse_unknown(identity: str, risks: Iterable[Risk]) -> None:
    from syncer.errors import NotFound

    known = {one for risk in risks for one in (risk.id, *risk.merged)}
    if identity not in known:
        raise NotFound(f"No risk in force is called {identity!r}.", fix="See `syncer risks`.")
