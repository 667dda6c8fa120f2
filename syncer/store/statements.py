"""What people said by command, and dates that the configuration moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Text, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from syncer.domain.selector import (
    InArea,
    InContainer,
    InQuery,
    InVersion,
    Under,
    WithField,
    WithLabel,
    Written,
)
from syncer.domain.statement import (
    Baseline,
    ColourOverride,
    DateMove,
    Decision,
    Door,
    GateDefinition,
    HumanRisk,
    OwnerStatus,
    Provenance,
    RiskResponse,
    Statements,
    statement_id,
)
from syncer.errors import NotFound
from syncer.store.audit import AuditEvent, record
from syncer.store.bulk import by_code_point, upsert
from syncer.store.locks import one_writer
from syncer.store.rows import table_of
from syncer.store.tables import StatementRow
from syncer.store.types import to_json
from syncer.store.verdicts import load_overrides

_STATEMENTS: Final = table_of(StatementRow)
_PAYLOAD: Final = cast(_STATEMENTS.c.payload, Text)

Statement = (
    OwnerStatus | Decision | GateDefinition | HumanRisk | RiskResponse | Baseline | ColourOverride
)


class Sort(StrEnum):
    """The sorts of statements that are kept."""

    OWNER_STATUS = "owner_status"
    DECISION = "decision"
    GATE = "gate"
    RISK = "risk"
    RESPONSE = "response"
    BASELINE = "baseline"
    COLOUR_OVERRIDE = "colour_override"
    TARGET = "target"
    TARGET_MOVE = "target_move"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetMove:
    """A literal target date of a project that moved in the configuration."""

    project: str
    move: DateMove


@dataclass(frozen=True, slots=True)
class _Target:
    """The literal target that the configuration held when it was last read."""

    on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    sort: Sort
    id: str
    scope: str
    said: Provenance
    value: object


_ADAPTERS: Final[Mapping[Sort, TypeAdapter[Any]]] = {
    Sort.OWNER_STATUS: TypeAdapter(OwnerStatus),
    Sort.DECISION: TypeAdapter(Decision),
    Sort.GATE: TypeAdapter(GateDefinition),
    Sort.RISK: TypeAdapter(HumanRisk),
    Sort.RESPONSE: TypeAdapter(RiskResponse),
    Sort.BASELINE: TypeAdapter(Baseline),
    Sort.COLOUR_OVERRIDE: TypeAdapter(ColourOverride),
    Sort.TARGET: TypeAdapter(_Target),
    Sort.TARGET_MOVE: TypeAdapter(TargetMove),
}
_SELECTORS: Final[Mapping[str, type[Written]]] = {
    kind.__name__: kind
    for kind in (InContainer, Under, WithLabel, WithField, InVersion, InArea, InQuery)
}


async def save_statement(session: AsyncSession, statement: Statement, *, why: str = "") -> None:
    """Record a statement, with audit; one with the same identity is replaced by the newer word.

    The identity is the id of a decision, risk or colour's override, scope and name of a gate, rule
    and place of a response; every owner status and every baseline is one of its own.
    """
    await _save(session, _entry(statement), why=why)


def _entry(statement: Statement) -> _Entry:
    match statement:
        case OwnerStatus(scope=scope, provenance=said):
            identity = statement_id("S", scope, said.at.isoformat(), statement.text)
            return _Entry(
                sort=Sort.OWNER_STATUS, id=identity, scope=scope, said=said, value=statement
            )
        case Baseline(project=project, approved_by=author, at=at):
            said = Provenance(author=author, at=at, door=Door.COMMAND)
            identity = statement_id("B", project, at.isoformat())
            return _Entry(
                sort=Sort.BASELINE, id=identity, scope=f"proj:{project}", said=said, value=statement
            )
        case _:
            return _identified(statement)


def _identified(
    statement: Decision | GateDefinition | HumanRisk | RiskResponse | ColourOverride,
) -> _Entry:
    match statement:
        case Decision(id=identity):
            sort = Sort.DECISION
        case ColourOverride(id=identity):
            sort = Sort.COLOUR_OVERRIDE
        case HumanRisk(id=identity):
            sort = Sort.RISK
        case GateDefinition(scope=scope, name=name):
            sort, identity = Sort.GATE, statement_id("G", scope, name)
        case RiskResponse(rule=rule, scope=scope, item=item):
            sort, identity = Sort.RESPONSE, statement_id("A", rule, scope, item)
    return _Entry(
        sort=sort,
        id=identity,
        scope=statement.scope,
        said=statement.provenance,
        value=statement,
    )


async def _alone(session: AsyncSession) -> None:
    """Let nobody else say anything until this transaction ends: what was said before is audited."""
    await one_writer(session, "statements")


async def _save(
    session: AsyncSession, entry: _Entry, *, why: str, by: str = "", at: datetime | None = None
) -> None:
    """Write it, with audit; `by` and `at` are those of the act where it is not the saying."""
    await _alone(session)
    payload = _payload(entry)
    before = await _payload_of(session, entry)
    row = {
        "sort": entry.sort,
        "id": entry.id,
        "scope": entry.scope,
        "author": entry.said.author,
        "at": entry.said.at,
        "door": entry.said.door,
        "source": entry.said.source,
        "payload": payload,
    }
    await upsert(session, _STATEMENTS, [row])
    event = AuditEvent(
        at=at or entry.said.at,
        who=by or entry.said.author,
        what=f"{entry.sort}.{'add' if before is None else 'change'}",
        subject=entry.id,
        before=before,
        after=payload,
        why=why,
    )
    await record(session, event)


async def _payload_of(session: AsyncSession, entry: _Entry) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = await session.scalar(
        select(_STATEMENTS.c.payload).where(
            _STATEMENTS.c.sort == entry.sort, _STATEMENTS.c.id == entry.id
        )
    )
    return found


def _payload(entry: _Entry) -> dict[str, Any]:
    content: dict[str, Any] = orjson.loads(to_json(entry.value))
    if isinstance(entry.value, GateDefinition):
        # Selectors have the same fields, so their JSON must say which one it is.
        content["items"] = [
            [type(selector).__name__, orjson.loads(to_json(selector))]
            for selector in entry.value.items
        ]
    return content


def _decode(sort: Sort, payload: str) -> Any:  # noqa: ANN401  the type that belongs to the sort
    if sort is not Sort.GATE:
        return _ADAPTERS[sort].validate_json(payload)
    content = orjson.loads(payload)
    tagged: list[tuple[str, dict[str, str]]] = content.pop("items")
    gate: GateDefinition = _ADAPTERS[sort].validate_json(orjson.dumps(content))
    return replace(gate, items=tuple(_SELECTORS[name](**fields) for name, fields in tagged))


async def load_statements(session: AsyncSession, *, until: datetime | None = None) -> Statements:
    """Everything that was said by command and is in force, oldest first; `until` an instant."""
    found = {sort: await _load(session, sort, until=until) for sort in Sort}
    moves = [(move.project, move.move) for move in found[Sort.TARGET_MOVE]]
    return Statements(
        owner_statuses=tuple(found[Sort.OWNER_STATUS]),
        gates=tuple(found[Sort.GATE]),
        decisions=tuple(found[Sort.DECISION]),
        risks=tuple(found[Sort.RISK]),
        responses=tuple(found[Sort.RESPONSE]),
        overrides=tuple(await load_overrides(session, until=until)),
        colour_overrides=tuple(found[Sort.COLOUR_OVERRIDE]),
        baselines=tuple(found[Sort.BASELINE]),
        target_moves=tuple(moves),
    )


async def _load(session: AsyncSession, sort: Sort, *, until: datetime | None) -> Sequence[Any]:
    query = select(_PAYLOAD).where(_STATEMENTS.c.sort == sort)
    if until is not None:
        query = query.where(_STATEMENTS.c.at <= until)
    ordered = query.order_by(_STATEMENTS.c.at, by_code_point(_STATEMENTS.c.id))
    return [_decode(sort, payload) for payload in await session.scalars(ordered)]


async def find_decision(session: AsyncSession, identity: str) -> Decision:
    """The decision that was recorded by command under this id; `NotFound` where there is none."""
    for decision in await _load(session, Sort.DECISION, until=None):
        if isinstance(decision, Decision) and decision.id == identity:
            return decision
    raise NotFound(f"No decision is called {identity!r}.")


async def undo_colour_override(
    session: AsyncSession, identity: str, *, who: str, at: datetime
) -> ColourOverride:
    """Take a colour's override back, with audit; it stays on record.

    `NotFound` where none of this id is in force.
    """
    await _alone(session)
    known = await _load(session, Sort.COLOUR_OVERRIDE, until=None)
    found = next((one for one in known if one.id == identity and one.undone_at is None), None)
    if not isinstance(found, ColourOverride):
        raise NotFound(f"No override {identity!r} is in force.", fix="See `override list`.")
    undone = replace(found, undone_at=at, undone_by=who)
    await _save(session, _identified(undone), why="taken back", by=who, at=at)
    return undone


async def record_target(
    session: AsyncSession, project: str, on: date | None, *, at: datetime, by: str
) -> DateMove | None:
    """Note the literal target that the configuration holds now.

    A literal that differs from the one before is a date move with its time; the first one is none.
    """
    said = Provenance(author=by, at=at, door=Door.CONFIGURATION)
    entry = _Entry(
        sort=Sort.TARGET, id=project, scope=f"proj:{project}", said=said, value=_Target(on)
    )
    await _alone(session)
    before = await _payload_of(session, entry)
    if before is None and on is None:
        return None
    known = date.fromisoformat(before["on"]) if before and before["on"] else None
    if before is not None and known == on:
        return None
    await _save(session, entry, why="configuration")
    if before is None:
        return None
    move = DateMove(at=at, before=known, after=on, by=by, reason="configuration")
    await save_target_move(session, project, move)
    return move


async def save_target_move(session: AsyncSession, project: str, move: DateMove) -> None:
    """Record a move of a project's literal target."""
    entry = _Entry(
        sort=Sort.TARGET_MOVE,
        id=statement_id("M", project, move.at.isoformat()),
        scope=f"proj:{project}",
        said=Provenance(author=move.by, at=move.at, door=Door.CONFIGURATION),
        value=TargetMove(project=project, move=move),
    )
    await _save(session, entry, why=move.reason)
