"""Overrides of colours by command (rollup.md 3.5): checked against what is computed, recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from syncer.domain.portfolio import Portfolio
from syncer.domain.report import GroupResult, ProjectResult, Snapshot
from syncer.domain.statement import ColourOverride, Door, Provenance
from syncer.errors import ConfigError, NotFound
from syncer.rollup.calendar import report_date
from syncer.rollup.colours.override_rules import Circumstances, Wanted, made, refusals, workers
from syncer.rollup.colours.overrides import own_colour
from syncer.rollup.view import View
from syncer.service.core import Service
from syncer.store.items import load_items
from syncer.store.locks import one_writer
from syncer.store.statements import load_statements, save_statement, undo_colour_override


async def override_colour(service: Service, wanted: Wanted, snapshot: Snapshot) -> ColourOverride:
    """Record that a person shows another colour than the one computed in a snapshot, with audit.

    `ConfigError` with every rule that this breaks, `NotFound` where the scope has no colour.
    """
    result = _result(wanted.scope, snapshot)
    portfolio, now = await service.portfolio(), service.clock.now()
    today = report_date(now, service.zone)
    async with service.store.read() as session:
        items = await load_items(session)
    at_work = _workers(View(portfolio, items, {}, today), wanted.scope)
    async with service.store.write() as session:
        await one_writer(session, "statements")
        known = (await load_statements(session)).colour_overrides
        around = Circumstances(
            today=today,
            own=own_colour(result).health,
            target=result.target,
            workers=at_work,
            entitled=frozenset(_entitled(wanted.scope, portfolio)),
            people=portfolio.people,
            earlier=tuple(one for one in known if one.scope == wanted.scope),
        )
        refused = list(refusals(wanted, around))
        if refused:
            raise ConfigError(" ".join(refused), fix="How overrides work: docs/user-guide.md.")
        said = Provenance(author=wanted.author, at=now, door=Door.COMMAND, source="override add")
        override = made(wanted, around, said)
        await save_statement(session, override, why=override.reason)
    return override


async def undo_colour(service: Service, identity: str, *, author: str) -> ColourOverride:
    """Take a colour's override back; `NotFound` where none of this id is in force."""
    async with service.store.write() as session:
        now = service.clock.now()
        return await undo_colour_override(session, identity, who=author, at=now)


async def colour_overrides(service: Service) -> Sequence[ColourOverride]:
    """Every override of a colour that was ever made, oldest first."""
    async with service.store.read() as session:
        return (await load_statements(session)).colour_overrides


def _result(scope: str, snapshot: Snapshot) -> ProjectResult | GroupResult:
    if scope.startswith("proj:"):
        found: ProjectResult | GroupResult | None = snapshot.project(scope.removeprefix("proj:"))
    else:
        found = snapshot.group(scope)
    if found is None:
        raise NotFound(
            f"{scope} has no colour to override.", fix="Name a program, product or project."
        )
    return found


def _workers(view: View, scope: str) -> frozenset[str]:
    """Who is assigned to the open countable items of the scope."""
    return workers(view.union(view.projects_in(scope)).open_items, view.portfolio.people)


def _entitled(scope: str, portfolio: Portfolio) -> Iterator[str]:
    """The owners and sponsors of the programs and products that hold the scope, and of itself."""
    key = scope.removeprefix("proj:")
    for program in portfolio.programs:
        if scope == program.scope or key in program.projects:
            yield from filter(None, (program.owner, program.sponsor))
    for product in portfolio.products:
        if scope == product.scope or key in product.projects:
            yield from filter(None, (product.owner,))
