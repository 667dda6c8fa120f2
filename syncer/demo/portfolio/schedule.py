"""When work of the sample portfolio was started and done: weeks, working days, cycle times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import cycle
from typing import Final

_WEEKDAYS: Final = 5
_SPREAD: Final = (0, 3, 1, 4, 2)


@dataclass(frozen=True, slots=True)
class Slot:
    """One completion: an item is done on `done`, having been started on `started`."""

    started: date
    done: date


def monday(week: int, year: int = 2026) -> date:
    """The Monday of an ISO week."""
    return date.fromisocalendar(year, week, 1)


def working_day_back(day: date, count: int) -> date:
    """The working day from which to `day`, both counted, `count` working days pass."""
    left = count - 1
    while left > 0:
        day -= timedelta(days=1)
        left -= day.weekday() < _WEEKDAYS
    return day


def working_days_after(day: date, count: int) -> date:
    """The `count`-th working day after `day`."""
    while count > 0:
        day += timedelta(days=1)
        count -= day.weekday() < _WEEKDAYS
    return day


def completions(
    first_week: int, weekly: Sequence[int], *, cycle_days: Sequence[int], earliest: date
) -> list[Slot]:
    """A slot for every completion of consecutive ISO weeks, oldest first.

    `cycle_days` are working days from start to done, both counted, used again and again.
    Nothing starts before `earliest`.
    """
    days = cycle(cycle_days)
    return [
        Slot(max(earliest, working_day_back(done, next(days))), done)
        for done in _days_of(first_week, weekly)
    ]


def _days_of(first_week: int, weekly: Sequence[int]) -> Iterator[date]:
    for offset, count in enumerate(weekly):
        start = monday(first_week) + timedelta(weeks=offset)
        turns = sorted(_SPREAD[number % _WEEKDAYS] for number in range(count))
        yield from (start + timedelta(days=turn) for turn in turns)


def repeated(pattern: Sequence[int], count: int) -> list[int]:
    """The first `count` values of a pattern that goes round."""
    return [value for value, _ in zip(cycle(pattern), range(count), strict=False)]


def spread(first: date, last: date, count: int) -> list[date]:
    """`count` working days, evenly spread from `first` to `last`."""
    width = (last - first).days
    steps = max(count - 1, 1)
    days = (first + timedelta(days=width * number // steps) for number in range(count))
    return [day if day.weekday() < _WEEKDAYS else working_day_back(day, 2) for day in days]


def is_every(index: int, count: int, *, first: int = 0) -> bool:
    """Whether an index is `first` or lies a multiple of `count` away from it."""
    return index % count == first % count
