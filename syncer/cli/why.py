"""`syncer why SCOPE`: the rule that gave the colour, its inputs, and what would turn it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from syncer.cli.context import run
from syncer.cli.status import AsOf, first_family, heading, snapshots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncer.domain.facts import ProgramFacts, ProjectFacts
    from syncer.domain.health import Colour
    from syncer.domain.product import ProductView
    from syncer.domain.report import (
        Evidence,
        GroupResult,
        ItemMention,
        ProjectResult,
        Risk,
        Snapshot,
    )
    from syncer.publish.audience import AudienceView
    from syncer.publish.digest.context import Context
    from syncer.publish.snapshot import SnapshotPair
    from syncer.rollup.rules import HealthRules
    from syncer.service.core import Service

_MOST_ITEMS = 12


def why(
    ctx: typer.Context,
    scope: Annotated[str, typer.Argument(metavar="SCOPE", help="Such as prog:5g or network.")],
    as_of: AsOf = "",
    colour: Annotated[
        bool, typer.Option("--colour", help="Of the portfolio: one colour for all of it.")
    ] = False,
) -> None:
    """Explain a colour: its rule, and what would turn it.

    Tells the rule, its inputs, the next rules that fire, the levers, and the risks with evidence.
    The portfolio has no colour of its own unless one is demanded.
    """
    from syncer.cli.output import printable, write_lines

    async def job(service: Service) -> list[str]:
        pair = await snapshots(service, as_of)
        view = await _everything(service)
        told = list(explanation(scope, pair.current, service.rules, view))
        if scope == "portfolio":
            told[1:1] = portfolio_lines(pair, colour=colour)
        return told

    write_lines(printable(line) for line in run(ctx, job))


async def _everything(service: Service) -> AudienceView | None:
    """What the first audience may read, of all programs and in full depth."""
    from dataclasses import replace

    from syncer.publish.audience import Lens

    audiences = await service.audiences(await first_family(service))
    if not audiences:
        return None
    every = ("*",)
    return replace(audiences[0].view, lens=Lens.PROGRAM, programs=every, products=every)


def explanation(
    text: str, snapshot: Snapshot, rules: HealthRules, view: AudienceView | None = None
) -> Iterator[str]:
    """The lines of the answer; `NotFound` where nothing is called so.

    `view` says what may be told and linked to; by default nothing restricted and no address.
    """
    from syncer.cli.scope import scope_in_snapshot

    scope = scope_in_snapshot(text, snapshot)
    yield heading(snapshot)
    group = snapshot.group(scope)
    project = snapshot.project(scope.partition(":")[2])
    if scope == "portfolio":
        yield from _portfolio(snapshot)
    elif group is not None:
        yield from _group(group, snapshot)
        if group.product is not None:
            yield from _product(group.product, snapshot, rules, view)
    elif project is not None:
        yield from _project(project, rules)
    yield from _risks(scope, snapshot)
    entry = group or project
    if entry is not None:
        yield from _section("Evidence", _evidence(entry, snapshot, rules, view))


def portfolio_lines(pair: SnapshotPair, *, colour: bool) -> Iterator[str]:
    """How many are Red and have turned; with `colour` the one colour of everything."""
    from syncer.rollup.colours.portfolio import portfolio_colour, portfolio_line

    yield portfolio_line(pair.current, pair.previous)
    if colour:
        found = portfolio_colour(pair.current)
        yield f"Portfolio is {_word(found)} by rule {found.rule}: {found.reason}"


def _portfolio(snapshot: Snapshot) -> Iterator[str]:
    """No colour of its own: the distribution."""
    from collections import Counter

    from syncer.publish.reasons import backtest_line

    for name, results in (
        ("programs", snapshot.programs),
        ("products", snapshot.products),
        ("projects", snapshot.projects),
    ):
        counted = Counter(_word(result.shown) for result in results)
        parts = (f"{count} {word}" for word, count in sorted(counted.items()))
        shown_name = name.removesuffix("s") if len(results) == 1 else name
        yield f"{len(results)} {shown_name}: {', '.join(parts) or 'none'}"
    yield from _section("Past forecasts", filter(None, [backtest_line(snapshot.backtest)]))


def _word(colour: Colour) -> str:
    return str(colour.health).replace("_", " ")


def _verdict(name: str, computed: Colour, shown: Colour) -> Iterator[str]:
    from syncer.publish.digest.wording import because

    yield f"{name} is {_word(shown)} by rule {shown.rule}: {because(shown.reason)}"
    if shown != computed:
        why = because(computed.reason)
        yield f"  computed: {_word(computed)} by rule {computed.rule}: {why}"


def _project(project: ProjectResult, rules: HealthRules) -> Iterator[str]:
    from syncer.publish.progress import progress_line
    from syncer.publish.reasons import backtest_line, lever_lines, next_rules, rule_line
    from syncer.rollup.tolerance import round_half_up

    yield from _verdict(project.name, project.computed, project.shown)
    if line := progress_line(project):
        yield f"  {line}"
    if project.total and project.baseline_progress is not None:
        shares = (
            round_half_up(100 * (project.done / project.total)),
            round_half_up(100 * project.baseline_progress),
        )
        yield f"  {shares[0]} % of the items done; {shares[1]} % of what the baseline held"
    yield from _section("Inputs", _inputs(project.facts))
    yield from _section("Next rules that fire", map(rule_line, next_rules(project, rules)))
    yield from _section("What would turn it", lever_lines(project.levers))
    yield from _section(
        "Data", [f"confidence {project.quality.confidence}", *project.quality.reasons]
    )
    yield from _section("Past forecasts", filter(None, [backtest_line(project.backtest)]))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield f"{title}:"
        yield from (f"  {line}" for line in found)


def _inputs(facts: ProjectFacts | ProgramFacts) -> Iterator[str]:
    from syncer.publish.reasons import inputs

    return (f"{name}: {value}" for name, value in inputs(facts))


def _group(group: GroupResult, snapshot: Snapshot) -> Iterator[str]:
    yield from _verdict(group.name, group.computed, group.shown)
    yield from _section("Inputs", _inputs(group.facts))
    members = filter(None, (snapshot.project(key) for key in group.projects))
    yield from _section(
        "Projects",
        (
            f"{one.scope} {_word(one.shown)} ({one.criticality}): {one.shown.reason}"
            for one in members
        ),
    )


def _product(
    product: ProductView,
    snapshot: Snapshot,
    rules: HealthRules,
    view: AudienceView | None,
) -> Iterator[str]:
    """Readiness with the whole checklist, the roadmap, and the rest of a product's page."""
    from syncer.publish.product_lines import sections

    context = _context(snapshot, rules, view)
    for title, lines in sections(product, context):
        yield from _section(title, lines)


def _risks(scope: str, snapshot: Snapshot) -> Iterator[str]:
    """The scope's own risks with their evidence."""
    key = scope.partition(":")[2]
    mine = (risk for risk in snapshot.risks if risk.scope == scope or key in risk.projects)
    yield from _section("Risks", (line for risk in mine for line in _risk(risk)))


def _risk(risk: Risk) -> Iterator[str]:
    yield f"{risk.id} {risk.rule} {risk.band}: {risk.title}"
    if risk.text:
        yield f"  {risk.text}"
    for one in risk.evidence:
        yield f"  {one.label}: {one.value}" + (f" = {one.formula}" if one.formula else "")


def _evidence(
    entry: GroupResult | ProjectResult,
    snapshot: Snapshot,
    rules: HealthRules,
    view: AudienceView | None,
) -> Iterator[str]:
    """Every figure with its formula, rule, inputs, thresholds, and the items behind it."""
    from syncer.publish.digest.dossier import dossier
    from syncer.publish.digest.shown import mentions

    context = _context(snapshot, rules, view)
    known = {one.uid: one for one in mentions(snapshot)}
    for figure in dossier(entry, context):
        yield f"{figure.name}: {figure.text}"
        yield from (f"  {line}" for piece in figure.evidence for line in _piece(piece))
        yield from _items([known[uid] for uid in figure.items if uid in known], context)


def _context(snapshot: Snapshot, rules: HealthRules, view: AudienceView | None) -> Context:
    """The snapshot as it may be told; by default nothing restricted and no address."""
    from syncer.publish.audience import AudienceView, Lens
    from syncer.publish.digest.context import Context

    shown = view or AudienceView(
        key="why", name="why", lens=Lens.PROGRAM, timezone=snapshot.timezone
    )
    return Context(
        snapshot=snapshot,
        previous=None,
        colour_changes=(),
        view=shown,
        version=1,
        correction="",
        rules=rules,
    )


def _piece(piece: Evidence) -> Iterator[str]:
    from syncer.publish.render.phrases import derivation

    yield f"{piece.label}: {piece.value}" if piece.value else piece.label
    yield from (f"  {line}" for line in derivation(piece))
    if piece.url:
        yield f"  {piece.url}"


def _items(behind: Sequence[ItemMention], context: Context) -> Iterator[str]:
    """The items behind a figure by key, title and address; a restricted one is only counted."""
    for mention in behind[:_MOST_ITEMS]:
        item = context.shown.item(mention)
        yield "  " + "  ".join(part for part in (item.key, item.label, item.url) if part)
    more = len(behind) - _MOST_ITEMS
    if more > 0:
        yield f"  and {more} more"
