"""`syncer why SCOPE`: the rule that gave the colour, its inputs, and what would turn it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from syncer.cli.context import run
from syncer.cli.status import AsOf, heading, snapshots

if TYPE_CHECKING:
    from syncer.domain.facts import ProgramFacts, ProjectFacts
    from syncer.domain.health import Colour
    from syncer.domain.report import GroupResult, ProjectResult, Risk, Snapshot
    from syncer.rollup.rules import HealthRules
    from syncer.service.core import Service


def why(
    ctx: typer.Context,
    scope: Annotated[str, typer.Argument(metavar="SCOPE", help="Such as prog:5g or network.")],
    as_of: AsOf = "",
) -> None:
    """Explain a colour: its rule, and what would turn it.

    Tells the rule, its inputs, the next rules that fire, the levers, and the risks with evidence.
    """
    from syncer.cli.output import printable, write_lines

    async def job(service: Service) -> list[str]:
        pair = await snapshots(service, as_of)
        return list(explanation(scope, pair.current, service.rules))

    write_lines(printable(line) for line in run(ctx, job))


def explanation(text: str, snapshot: Snapshot, rules: HealthRules) -> Iterator[str]:
    """The lines of the answer; `NotFound` where nothing is called so."""
    from syncer.cli.scope import scope_in_snapshot

    scope = scope_in_snapshot(text, snapshot)
    yield heading(snapshot)
    group = snapshot.group(scope)
    project = snapshot.project(scope.partition(":")[2])
    if scope == "portfolio":
        yield from _portfolio(snapshot)
    elif group is not None:
        yield from _group(group, snapshot)
    elif project is not None:
        yield from _project(project, rules)
    yield from _risks(scope, snapshot)


def _portfolio(snapshot: Snapshot) -> Iterator[str]:
    """No colour of its own: the distribution."""
    from collections import Counter

    for name, results in (
        ("programs", snapshot.programs),
        ("products", snapshot.products),
        ("projects", snapshot.projects),
    ):
        counted = Counter(_word(result.shown) for result in results)
        parts = (f"{count} {word}" for word, count in sorted(counted.items()))
        shown_name = name.removesuffix("s") if len(results) == 1 else name
        yield f"{len(results)} {shown_name}: {', '.join(parts) or 'none'}"


def _word(colour: Colour) -> str:
    return str(colour.health).replace("_", " ")


def _verdict(name: str, computed: Colour, shown: Colour) -> Iterator[str]:
    yield f"{name} is {_word(shown)} by rule {shown.rule}: {shown.reason}"
    if shown != computed:
        yield f"  computed: {_word(computed)} by rule {computed.rule}: {computed.reason}"


def _project(project: ProjectResult, rules: HealthRules) -> Iterator[str]:
    from syncer.publish.reasons import lever_lines, next_rules, rule_line

    yield from _verdict(project.name, project.computed, project.shown)
    yield from _section("Inputs", _inputs(project.facts))
    yield from _section("Next rules that fire", map(rule_line, next_rules(project, rules)))
    yield from _section("What would turn it", lever_lines(project.levers))
    yield from _section(
        "Data", [f"confidence {project.quality.confidence}", *project.quality.reasons]
    )


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


def _risks(scope: str, snapshot: Snapshot) -> Iterator[str]:
    """The scope's own risks with their evidence."""
    key = scope.partition(":")[2]
    mine = (risk for risk in snapshot.risks if risk.scope == scope or key in risk.projects)
    yield from _section("Risks", (line for risk in mine for line in _risk(risk)))


def _risk(risk: Risk) -> Iterator[str]:
    yield f"{risk.id} {risk.rule} {risk.band}: {risk.title}"
    for one in risk.evidence:
        yield f"  {one.label}: {one.value}" + (f" = {one.formula}" if one.formula else "")
