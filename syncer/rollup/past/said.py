"""What people had said by an instant, in an order that does not depend on how it came in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from syncer.domain.statement import Door, HumanRisk, RiskResponse, Roam, Statements


def said_by(statements: Statements, as_of: datetime) -> Statements:
    """What people had said by an instant; a risk that somebody has closed is said no more."""
    responses = tuple(r for r in statements.responses if r.provenance.at <= as_of)
    return replace(
        statements,
        owner_statuses=tuple(s for s in statements.owner_statuses if s.provenance.at <= as_of),
        risks=tuple(
            risk
            for risk in statements.risks
            if risk.provenance.at <= as_of and not _is_closed(risk, responses)
        ),
        responses=responses,
        baselines=tuple(b for b in statements.baselines if b.at <= as_of),
        colour_overrides=tuple(o for o in statements.colour_overrides if o.provenance.at <= as_of),
    )


def _is_closed(risk: HumanRisk, responses: Iterable[RiskResponse]) -> bool:
    """Whether it was closed since it was last written down."""
    word = closing_word(risk.id, responses)
    if word is None:
        return False
    stands = risk.provenance.door is Door.CONFIGURATION  # it is said anew each time it is read
    return stands or word.provenance.at >= risk.provenance.at


def closing_word(risk_id: str, responses: Iterable[RiskResponse]) -> RiskResponse | None:
    """The last that was said about a risk by its id, where that closed it."""
    mine = [response for response in responses if response.rule == risk_id]
    last = max(mine, key=lambda r: (r.provenance.at, repr(r)), default=None)
    return last if last is not None and last.roam is Roam.RESOLVED else None


def in_order(statements: Statements) -> Statements:
    """The same statements in an order that does not depend on how they came in."""
    return replace(
        statements,
        owner_statuses=tuple(sorted(statements.owner_statuses, key=repr)),
        gates=tuple(sorted(statements.gates, key=repr)),
        decisions=tuple(
            sorted(statements.decisions, key=lambda d: (d.needed_by or date.max, repr(d)))
        ),
        risks=tuple(sorted(statements.risks, key=repr)),
        responses=tuple(sorted(statements.responses, key=repr)),
        baselines=tuple(
            sorted(statements.baselines, key=lambda b: (b.at, repr(b.target), sorted(b.item_uids)))
        ),
        colour_overrides=tuple(sorted(statements.colour_overrides, key=repr)),
        target_moves=tuple(sorted(statements.target_moves, key=repr)),
    )
