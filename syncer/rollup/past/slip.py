"""How often and how far a target was moved: dates remember their past.

Instants are aware, dates are report-local civil dates (roll-up spec, section 2.5).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from syncer.domain.statement import Baseline, DateMove
from syncer.rollup.calendar import NO_HOLIDAYS, working_days

SETTLED_AFTER: Final = timedelta(hours=48)
"""A date that stood shorter than this was a slip of the pen."""

LEAST_PUSH: Final = 3
"""Working days by which a move must delay the target to count as a push."""

_EXPLAINED_WITHIN: Final = timedelta(days=2)
_LEAST_EXPLANATION: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What somebody wrote at an instant that may explain a move: a comment or a decision."""

    at: datetime
    text: str
    decision: bool = False

    @property
    def explains(self) -> bool:
        """Whether it says enough: any decision, a comment from 20 characters on."""
        return self.decision or len(self.text.strip()) >= _LEAST_EXPLANATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """Where a target began, where it stands, and how it got there.

    ``days`` are working days from ``baseline`` to ``current``, negative when pulled in, None
    without a baseline. ``current`` is the last known target, even if ``removed`` says that it
    was taken away. ``pushes`` are the moves that count, ``explained`` how many have a reason.
    """

    baseline: date | None
    current: date | None
    removed: bool
    days: int | None
    pushes: tuple[DateMove, ...]
    explained: int


@dataclass(frozen=True, slots=True)
class _Stand:
    """A target and the time it stood: from (inclusive) and until (exclusive)."""

    target: date
    since: datetime
    until: datetime


def target_slip(
    moves: Iterable[DateMove],
    *,
    active_since: datetime,
    as_of: datetime,
    standing: date | None = None,
    approved: Baseline | None = None,
    remarks: Sequence[Remark] = (),
    holidays: Collection[date] = NO_HOLIDAYS,
) -> Slip:
    """Return the slip of a target from the record of its moves up to ``as_of``.

    The first move may have ``before`` None: then the target was set at that instant. A target
    that never moved has no move and is given as ``standing``. Slip and pushes are counted from
    the latest ``approved`` baseline that has a target, else from the first target that stood 48
    hours after the project became active (``active_since``).
    """
    real = (m for m in moves if m.at <= as_of and m.before != m.after)
    past = sorted(real, key=lambda move: move.at)
    stands = _stands(past, standing, active_since=active_since, as_of=as_of)
    since, baseline = _baseline(stands, approved, as_of)
    current = stands[-1].target if stands else None
    dated = _carried(past)
    pushes = tuple(m for m in _pushes(dated, holidays) if since is not None and m.at > since)
    return Slip(
        baseline=baseline,
        current=current,
        removed=bool(past) and past[-1].after is None and current is not None,
        days=None
        if baseline is None or current is None
        else working_days(baseline, current, holidays),
        pushes=pushes,
        explained=sum(is_explained(push, remarks) for push in pushes),
    )


def _stands(
    moves: Sequence[DateMove], standing: date | None, *, active_since: datetime, as_of: datetime
) -> list[_Stand]:
    """Return the targets in force from activation on, in order, each with its time."""
    first = moves[0].before if moves else standing
    values = [(active_since, first), *((move.at, move.after) for move in moves)]
    ends = [*(at for at, _ in values[1:]), as_of]
    return [
        _Stand(target, max(at, active_since), max(end, active_since))
        for (at, target), end in zip(values, ends, strict=True)
        if target is not None
    ]


def _baseline(
    stands: Sequence[_Stand], approved: Baseline | None, as_of: datetime
) -> tuple[datetime | None, date | None]:
    if approved is not None and approved.target is not None and approved.at <= as_of:
        return approved.at, approved.target
    settled = (s for s in stands if s.until - s.since >= SETTLED_AFTER)
    first = next(settled, None)
    return (first.since, first.target) if first else (None, None)


def _carried(moves: Sequence[DateMove]) -> list[DateMove]:
    """Return the moves between dates, with removals bridged.

    Taking a date away and setting a later one is one move from the last known date.
    """
    carried: list[DateMove] = []
    known: date | None = None
    for move in moves:
        before = move.before or known
        known = move.after or before
        if before is not None and move.after is not None:
            carried.append(
                DateMove(
                    at=move.at, before=before, after=move.after, by=move.by, reason=move.reason
                )
            )
    return carried


def _pushes(moves: Sequence[DateMove], holidays: Collection[date]) -> list[DateMove]:
    """Return the moves later by three working days or more that nobody undid within 48 hours."""
    return [
        move
        for index, move in enumerate(moves)
        if _delay(move.before, move.after, holidays) >= LEAST_PUSH
        and not _undone(move, moves[index + 1 :], holidays)
    ]


def _undone(move: DateMove, later: Sequence[DateMove], holidays: Collection[date]) -> bool:
    """Return whether the target came back, to less than a push, within 48 hours."""
    return any(
        other.at - move.at <= SETTLED_AFTER
        and _delay(move.before, other.after, holidays) < LEAST_PUSH
        for other in later
    )


def _delay(before: date | None, after: date | None, holidays: Collection[date]) -> int:
    return working_days(before, after, holidays) if before and after else 0


def is_explained(push: DateMove, remarks: Sequence[Remark]) -> bool:
    """Return whether a push has a reason: its own, or a remark within two days of it."""
    if len(push.reason.strip()) >= _LEAST_EXPLANATION:
        return True
    return any(r.explains and abs(r.at - push.at) <= _EXPLAINED_WITHIN for r in remarks)
