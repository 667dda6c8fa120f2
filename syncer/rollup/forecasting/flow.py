"""Flow of work: cycle time, age, blocked time, and what a team can finish.

Dates are report-local civil dates, durations whole calendar days (roll-up spec, sections 2.6
and 2.7).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, TypeVar

from syncer.rollup.forecasting.convolution import quantile_total
from syncer.rollup.tolerance import ceil_tolerant

AGING_PERCENTILE: Final = 0.85
LEAST_CYCLE_TIMES: Final = 10
DEFAULT_AGING_DAYS: Final = 14
LOAD_WEEKS: Final = 4

N = TypeVar("N", int, float)


def nearest_rank(values: Iterable[N], p: float) -> N | None:
    """Return the smallest value that at least the share ``p`` of the values does not exceed.

    None without values. ``p`` is more than 0 and at most 1.

    Raises:
        ValueError: if ``p`` lies outside.
    """
    if not 0.0 < p <= 1.0:
        raise ValueError(f"a percentile lies above 0 and up to 1, not {p}")
    ordered = sorted(values)
    return ordered[ceil_tolerant(p * len(ordered)) - 1] if ordered else None


def cycle_time(started: date, done: date) -> int:
    """Return the days from start to done, both counted; at least 1."""
    return max(1, (done - started).days + 1)


def age(started: date, today: date) -> int:
    """Return the days an unfinished item has been worked on, both ends counted; at least 1."""
    return cycle_time(started, today)


def aging_limit(
    cycle_times: Sequence[int],
    *,
    least: int = LEAST_CYCLE_TIMES,
    default: int = DEFAULT_AGING_DAYS,
) -> int:
    """Return the age beyond which an item is aging: P85 of the cycle times of its level.

    With fewer than ten cycle times (of the last 90 days) it is 14 days; a company may set both.
    """
    p85 = nearest_rank(cycle_times, AGING_PERCENTILE)
    return default if p85 is None or len(cycle_times) < least else p85


def blocked_days(
    intervals: Iterable[tuple[date, date | None]], *, started: date, until: date
) -> int:
    """Count the days on which an item was blocked, each once however many blocks it had.

    Intervals include both ends; an end of None is still open. Only days from ``started`` to
    ``until`` (done, else today) count: an item that nobody works on cannot be held up.
    """
    count, covered = 0, started.toordinal() - 1
    for first, last in sorted((first, min(last or until, until)) for first, last in intervals):
        begin = max(first.toordinal(), covered + 1)
        count += max(0, last.toordinal() - begin + 1)
        covered = max(covered, last.toordinal())
    return count


def flow_efficiency(cycle_days: int, waiting_days: int) -> float | None:
    """Return the share of the cycle time in which the item could be worked on."""
    return (cycle_days - waiting_days) / cycle_days if cycle_days else None


def likely_total(
    weekly_throughput: Sequence[int], weeks: int = LOAD_WEEKS, *, probability: float = 0.5
) -> int:
    """Return how many items ``weeks`` weeks finish with at least this chance, drawn exactly.

    ``probability`` 0.5 is the median, 0.85 what can be promised.

    Raises:
        ValueError: if there is no week of throughput.
    """
    return quantile_total(weekly_throughput, weeks, probability)


def load(due_items: int, weekly_throughput: Sequence[int]) -> float | None:
    """Return the items due in the next four weeks over the median that four weeks finish.

    None where that median is 0 or nothing is known: a load cannot be given then.
    """
    likely = likely_total(weekly_throughput) if weekly_throughput else 0
    return due_items / likely if likely else None
