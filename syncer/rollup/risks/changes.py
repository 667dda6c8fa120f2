"""What happened to risks since the last published edition (rollup.md 2.9).

A risk that does not fire is quiet; after two snapshots in a row it is closed, and for four weeks
more it is remembered: firing again it is the old one, reopened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from syncer.domain.report import Risk, RiskChange, Snapshot
from syncer.domain.statement import Roam
from syncer.rollup.risks.scoring import (
    DEFAULTS,
    PreviousRisk,
    ScoringThresholds,
    delta,
    is_resolved,
)

HUMAN = "HUMAN"
"""The rule of a risk that a person wrote down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Risks that fire, with what happened to them, and risks that fire no more."""

    risks: tuple[Risk, ...]
    past: tuple[Risk, ...] = ()


def _known(risk: Risk) -> PreviousRisk:
    return PreviousRisk(
        score=risk.score, closed_on=risk.closed_on, unchanged_weeks=risk.unchanged_weeks
    )


_Told = Mapping[str, Sequence[tuple[int, Risk]]]
"""What the previous edition told, with its place there, by every id that it has or had."""


def _by_name(told: Iterable[Risk]) -> _Told:
    found: dict[str, list[tuple[int, Risk]]] = defaultdict(list)
    for place, old in enumerate(told):
        for name in {old.id, *old.merged}:
            found[name].append((place, old))
    return found


def _earlier(risk: Risk, told: _Told) -> Risk | None:
    """The risk as the previous edition knew it: the one of the same id before its relatives.

    A relative has since merged with others or split from them.
    """
    found = {place: old for name in (risk.id, *risk.merged) for place, old in told.get(name, ())}
    ranked = ((old.closed_on is not None, old.id != risk.id, place) for place, old in found.items())
    best = min(ranked, default=None)
    return None if best is None else found[best[-1]]


def _changed(risk: Risk, told: _Told, today: date, *, scoring: ScoringThresholds) -> Risk:
    before = _earlier(risk, told)
    happened = delta(
        _known(before) if before else None, risk.score, today=today, thresholds=scoring
    )
    change = happened.change if happened else RiskChange.NEW
    is_old = before is not None and change is not RiskChange.NEW
    known = [before.first_seen if before and is_old else None, risk.first_seen]
    return replace(
        risk,
        first_seen=min((day for day in known if day is not None), default=today),
        change=change,
        unchanged_weeks=happened.unchanged_weeks if happened else 0,
    )


def _gone(
    old: Risk, today: date, *, unknown: frozenset[str], scoring: ScoringThresholds
) -> Risk | None:
    """A risk of the previous edition that does not fire now; None once it may be forgotten.

    Where the data of one of its projects is missing nothing is known: it stays what it was. What a
    person wrote down is over when the person takes it back or calls it resolved.
    """
    if old.closed_on is not None:
        recent = today - old.closed_on <= scoring.reopen_within
        return replace(old, change=None) if recent else None
    if not unknown.isdisjoint(old.projects):
        return replace(old, change=None)
    quiet = old.quiet + 1
    if old.rule == HUMAN or old.roam is Roam.RESOLVED or is_resolved(quiet, scoring):
        return replace(old, change=RiskChange.CLOSED, quiet=quiet, closed_on=today)
    return replace(old, change=None, quiet=quiet)


def compared(
    risks: Iterable[Risk],
    previous: Snapshot | None,
    today: date,
    *,
    unknown: frozenset[str] = frozenset(),
    scoring: ScoringThresholds = DEFAULTS,
) -> Compared:
    """Risks with what happened to them since the previous edition; `today` is report-local.

    `unknown` are the keys of projects whose data is missing now.
    """
    now = list(risks)
    if previous is None:
        return Compared(risks=tuple(replace(r, first_seen=r.first_seen or today) for r in now))
    known = (*previous.risks, *previous.past_risks)
    told = _by_name(known)
    shown = tuple(_changed(risk, told, today, scoring=scoring) for risk in now)
    silent = _silent(known, now)
    gone = (_gone(old, today, unknown=unknown, scoring=scoring) for old in silent)
    past = sorted((risk for risk in gone if risk is not None), key=lambda risk: risk.id)
    return Compared(risks=shown, past=tuple(past))


def _silent(known: Sequence[Risk], now: Sequence[Risk]) -> list[Risk]:
    """The known risks that none of the present ones is, or has been merged with."""
    firing = {uid for risk in now for uid in (risk.id, *risk.merged)}
    return [old for old in known if firing.isdisjoint({old.id, *old.merged})]
