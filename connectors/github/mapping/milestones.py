"""What the milestones of a repository looked like, and when: no history tells their moves.

GitHub tells a milestone's present date only, and changing it does not touch its issues. So the
cursor remembers the dates that each one was seen with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from connectors.github.mapping.times import civil_date
from connectors.github.wire import Milestone
from syncer.connect.times import utc_instant
from syncer.connect.unreadable import Unmappable

_MOST_DATES: Final = 50


@dataclass(frozen=True, slots=True)
class Seen:
    """A date that a milestone was first seen with, and since when; `since` None: from its start."""

    since: datetime | None
    due: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """One milestone with the dates it had, oldest first."""

    number: int
    title: str
    closed: bool
    dates: tuple[Seen, ...]

    @property
    def due(self) -> date | None:
        """The present date."""
        return self.dates[-1].due

    def due_at(self, at: datetime) -> date | None:
        """The date that stood at an instant, as far as was seen."""
        stood = [seen.due for seen in self.dates if seen.since is None or seen.since <= at]
        return stood[-1] if stood else self.dates[0].due


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestones:
    """The milestones of one repository by number. `known` is false where nobody has looked."""

    by_number: Mapping[int, Dated] = field(default_factory=dict)
    known: bool = False

    def titled(self, title: str) -> Dated | None:
        """The milestone of this title; GitHub keeps titles of one repository apart."""
        return next((one for one in self.by_number.values() if one.title == title), None)

    def changed_since(self, earlier: Milestones) -> tuple[int, ...]:
        """The numbers of those that were known and look otherwise now."""
        if not earlier.known:
            return ()
        return tuple(
            number
            for number, now in sorted(self.by_number.items())
            if (before := earlier.by_number.get(number)) is not None and before != now
        )

    def seen_with(self, raw: Iterable[Milestone], *, now: datetime) -> Milestones:
        """The milestones as they are now, with the dates that were known before."""
        found = [one for milestone in raw if (one := self._seen(milestone, now)) is not None]
        return Milestones(by_number={one.number: one for one in found}, known=True)

    def _seen(self, raw: Milestone, now: datetime) -> Dated | None:
        if raw.number is None:
            return None
        due = due_of(raw)
        before = self.by_number.get(raw.number)
        dates = before.dates if before else (Seen(None, due),)
        if dates[-1].due != due:
            dates = (*dates, Seen(_changed_at(raw, now, dates[-1].since), due))[-_MOST_DATES:]
        closed = raw.state == "closed"
        return Dated(number=raw.number, title=raw.title or "", closed=closed, dates=dates)

    def saved(self) -> list[Any] | None:
        """As JSON holds it, None where nobody has looked."""
        if not self.known:
            return None
        return [
            [one.number, one.title, one.closed, [[_text(s.since), _text(s.due)] for s in one.dates]]
            for one in self.by_number.values()
        ]

    @classmethod
    def of_saved(cls, saved: list[Any] | None) -> Milestones:
        """From what `saved` gave; `TypeError`, `ValueError` or `KeyError` for anything else."""
        if saved is None:
            return cls()
        found = [_dated(entry) for entry in saved]
        return cls(by_number={one.number: one for one in found}, known=True)


UNKNOWN_MILESTONES: Final = Milestones()
"""Where nobody has looked."""


def due_of(raw: Milestone | None) -> date | None:
    """The milestone's day, None where it has none or none that can be read."""
    try:
        return civil_date(raw.due_on) if raw is not None and raw.due_on else None
    except Unmappable:
        return None


def _changed_at(raw: Milestone, now: datetime, after: datetime | None) -> datetime:
    """When the change was made: the milestone's own time of change where that is believable."""
    try:
        told = utc_instant(raw.updated_at) if raw.updated_at else now
    except Unmappable:
        told = now
    return now if told > now or (after is not None and told <= after) else told


def _text(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _dated(entry: Any) -> Dated:  # noqa: ANN401  whatever was saved
    number, title, closed, dates = entry
    seen = tuple(
        Seen(datetime.fromisoformat(at) if at else None, date.fromisoformat(due) if due else None)
        for at, due in dates
    )
    if not isinstance(number, int) or not isinstance(title, str) or not seen:
        raise TypeError
    return Dated(number=number, title=title, closed=bool(closed), dates=seen)
