"""What people had said by an instant, in an order that does not depend on how it came in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from syncer.domain.statement import Statements


def said_by(statements: Statements, as_of: datetime) -> Statements:
    """What people had said by an instant."""
    return replace(
        statements,
        owner_statuses=tuple(s for s in statements.owner_statuses if s.provenance.at <= as_of),
        risks=tuple(r for r in statements.risks if r.provenance.at <= as_of),
        responses=tuple(r for r in statements.responses if r.provenance.at <= as_of),
        baselines=tuple(b for b in statements.baselines if b.at <= as_of),
        colour_overrides=tuple(o for o in statements.colour_overrides if o.provenance.at <= as_of),
    )


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
