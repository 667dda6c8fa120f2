"""What people say by command: `decision add|close`, `gate add`, `say`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from syncer.cli.context import author_or_user, run

if TYPE_CHECKING:
    from syncer.domain.statement import (
        Decision,
        GateDefinition,
        HumanRisk,
        OwnerStatus,
        Provenance,
    )
    from syncer.service.core import Service

S = TypeVar("S", "Decision", "GateDefinition", "HumanRisk", "OwnerStatus")

decision_app = typer.Typer(help="Decisions that leadership is asked for.", no_args_is_help=True)
gate_app = typer.Typer(help="Gates: dates by which a part must be done.", no_args_is_help=True)

Scope = Annotated[str, typer.Argument(metavar="SCOPE", help="Such as prog:5g or network.")]
Author = Annotated[
    str, typer.Option("--author", help="Who says so; left out: you.", show_default=False)
]


class Word(StrEnum):
    """The states in which an owner may report a scope."""

    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    OFF_TRACK = "off_track"
    ON_HOLD = "on_hold"
    COMPLETE = "complete"


@decision_app.command("add")
def add_decision(
    ctx: typer.Context,
    scope: Scope,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="As the digest prints it.")],
    decider: Annotated[str, typer.Option("--decider", help="Who decides.")],
    needed_by: Annotated[
        str, typer.Option("--needed-by", metavar="DATE", help="By when.", show_default=False)
    ] = "",
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            metavar="TEXT",
            help="One way to decide; may be repeated. Left out: the levers.",
        ),
    ] = None,
    recommendation: Annotated[
        str,
        typer.Option(
            "--recommendation", metavar="LETTER", help="The recommended option.", show_default=False
        ),
    ] = "",
    author: Author = "",
) -> None:
    """Ask for a decision, which the author confirms by asking. It stands until it is closed."""
    from syncer.cli.moments import parse_day
    from syncer.domain.statement import Decision, DecisionOption, statement_id

    day = parse_day(needed_by, "--needed-by")
    refuse_empty({"QUESTION": question, "--decider": decider})

    def build(full_scope: str, said: Provenance) -> Decision:
        return Decision(
            id=statement_id("D", full_scope, question),
            scope=full_scope,
            question=question,
            decider=decider,
            needed_by=day,
            options=tuple(DecisionOption(text=text) for text in option or ()),
            recommendation=recommendation,
            confirmed_by=said.author,
            provenance=said,
        )

    made = record_statement(ctx, scope, build, author=author, command="decision add")
    tell_line(f"{made.id}: {decider} is asked about {made.scope}: {question}")


@decision_app.command("close")
def close_decision(
    ctx: typer.Context,
    decision: Annotated[str, typer.Argument(metavar="ID", help="Such as D-1f0a2b3c4d.")],
    outcome: Annotated[str, typer.Option("--outcome", help="What was decided.")] = "",
    withdrawn: Annotated[bool, typer.Option("--withdrawn", help="It is no longer asked.")] = False,
    author: Author = "",
) -> None:
    """Record what was decided, or that the question is withdrawn."""
    from syncer.errors import ConfigError

    if not outcome.strip() and not withdrawn:
        raise ConfigError("What was decided?", fix='Say --outcome "…", or --withdrawn.')
    if outcome and withdrawn:
        raise ConfigError("--outcome and --withdrawn contradict each other.", fix="Take one.")
    who = author_or_user(author)
    closed = run(ctx, lambda service: _close(service, decision, outcome=outcome, author=who))
    tell_line(f"{closed.id} is {closed.state}: {outcome or closed.question}")


async def _close(service: Service, identity: str, *, outcome: str, author: str) -> Decision:
    """Record the decision anew, closed; also one that came by another door."""
    from dataclasses import replace

    from syncer.domain.statement import DecisionState
    from syncer.errors import NotFound

    now = service.clock.now()
    known = await service.statements(as_of=now)
    found = next((one for one in known.decisions if one.id == identity), None)
    if found is None:
        ids = ", ".join(one.id for one in known.decisions) or "none"
        raise NotFound(f"There is no decision {identity!r}.", fix=f"There are: {ids}.")
    closed = replace(
        found,
        state=DecisionState.DECIDED if outcome else DecisionState.WITHDRAWN,
        outcome=outcome,
        decided_on=now.astimezone(service.zone).date(),
        provenance=said_now(service, author, "decision close"),
    )
    await service.record(closed)
    return closed


@gate_app.command("add")
def add_gate(
    ctx: typer.Context,
    scope: Scope,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What must be done.")],
    date: Annotated[str, typer.Argument(metavar="DATE", help="By when.")],
    owner: Annotated[str, typer.Option("--owner", help="Who answers for it.")] = "",
    select: Annotated[
        list[str] | None,
        typer.Option("--select", metavar="S", help="Its items; left out: by version or due date."),
    ] = None,
    author: Author = "",
) -> None:
    """Set a gate, or move one of the same name."""
    from syncer.cli.items import parsed_selector
    from syncer.cli.moments import parse_day
    from syncer.domain.statement import GateDefinition
    from syncer.errors import ConfigError

    day = parse_day(date, "DATE")
    refuse_empty({"NAME": name})
    if day is None:
        raise ConfigError("A gate needs a date.", fix="Write it like 2026-12-04.")
    items = tuple(parsed_selector(text) for text in select or ())

    def build(full_scope: str, said: Provenance) -> GateDefinition:
        return GateDefinition(
            scope=full_scope, name=name, on=day, owner=owner, items=items, provenance=said
        )

    made = record_statement(ctx, scope, build, author=author, command="gate add")
    tell_line(f"{made.scope}: {name} by {day}.")


def say(
    ctx: typer.Context,
    scope: Scope,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="One sentence.")],
    status: Annotated[
        Word | None, typer.Option("--status", help="How it stands.", show_default=False)
    ] = None,
    author: Author = "",
) -> None:
    """Say in your own words how a scope stands.

    The digest quotes it; a state that is worse than the computed colour counts.
    """
    from syncer.domain.statement import OwnerStatus, OwnerWord

    refuse_empty({"TEXT": text})
    value = OwnerWord(status) if status else None

    def build(full_scope: str, said: Provenance) -> OwnerStatus:
        return OwnerStatus(scope=full_scope, text=text, value=value, provenance=said)

    made = record_statement(ctx, scope, build, author=author, command="say")
    tell_line(f"{made.provenance.author} on {made.scope}: {text}")


def record_statement(
    ctx: typer.Context,
    scope: str,
    build: Callable[[str, Provenance], S],
    *,
    author: str,
    command: str,
) -> S:
    """Build the statement for the scope that is meant, with author and time, and record it."""
    who = author_or_user(author)

    async def job(service: Service) -> S:
        from syncer.cli.scope import scope_in_service

        full_scope = await scope_in_service(scope, service)
        made = build(full_scope, said_now(service, who, command))
        await service.record(made)
        return made

    return run(ctx, job)


def refuse_empty(texts: Mapping[str, str]) -> None:
    """Refuse words that say nothing, by the names of what holds them."""
    from syncer.errors import ConfigError

    for name, text in texts.items():
        if not text.strip():
            raise ConfigError(f"{name} is empty.", fix="The digest would print nothing.")


def said_now(service: Service, author: str, command: str) -> Provenance:
    """That somebody says something by a command, now."""
    from syncer.domain.statement import Door, Provenance

    return Provenance(author=author, at=service.clock.now(), door=Door.COMMAND, source=command)


def tell_line(line: str) -> None:
    """A line of an answer; what people typed cannot drive the terminal."""
    from syncer.cli.output import printable, write_lines

    write_lines([printable(line)])
